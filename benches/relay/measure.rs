//! The scenarios.

use std::io::{self, Write as _};
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::Outcome;
use crate::apart::looking;
use crate::load::{ping_pong, pipelined};
use crate::machine::{self, cpu_time, now, resident};
use crate::options::Options;
use crate::peer::Scripts;
use crate::script::topics;
use crate::subject::{Ending, Server, Setup, Stdout, Subject};
use crate::table::{Column, Table};

/// Runs every scenario that was asked for, and prints a table for each.
pub(crate) fn all(options: &Options, runtime: &Runtime) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let setup = Setup {
        folder: folder.path().to_owned(),
        finspect: options.finspect.clone(),
        topic: options.topic.clone(),
    };
    let bench = Bench {
        scripts: Scripts::about(&setup.topic)?,
        setup,
        runtime,
        options,
        sizes: if options.quick { QUICK } else { FULL },
    };
    let mut out = io::stdout();
    writeln!(out, "{}", machine::described())?;
    writeln!(
        out,
        "messages of 1,500 bytes about `{}`; medians of {} rounds (lowest to highest)",
        options.topic, options.rounds
    )?;
    if options.wants("tap") {
        bench.apart()?;
    }
    if options.wants("latency") {
        bench.latency()?;
    }
    if options.wants("pipelined") {
        bench.pipelined()?;
    }
    if options.wants("idle") {
        bench.idle()?;
    }
    Ok(())
}

/// How much each scenario does.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    /// Round trips of the one socket.
    pings: usize,
    /// Sockets that are busy together.
    busy: usize,
    /// Round trips of each of them.
    trips: u64,
    /// Sockets that are open and idle.
    idle: usize,
}

const FULL: Sizes = Sizes {
    pings: 20_000,
    busy: 50,
    trips: 4_000,
    idle: 1_000,
};

const QUICK: Sizes = Sizes {
    pings: 200,
    busy: 8,
    trips: 100,
    idle: 50,
};

/// Messages of each busy socket that are under way at one time.
const IN_FLIGHT: u64 = 16;

/// The first is the one that the aims are about: what `run` prints, somebody who reads it, and a recording.
const FINSPECT: [Subject; 5] = [
    Subject::Finspect("compact", Stdout::Recorded),
    Subject::Finspect("compact", Stdout::Read),
    Subject::Finspect("compact", Stdout::Null),
    Subject::Finspect("compact", Stdout::Closed),
    Subject::Finspect("json", Stdout::Read),
];

/// Where processes run: the relay, and everything else.
#[derive(Debug, Clone, Copy)]
struct Cores {
    relay: usize,
    others: usize,
}

struct Bench<'a> {
    setup: Setup,
    scripts: Scripts,
    runtime: &'a Runtime,
    options: &'a Options,
    sizes: Sizes,
}

impl Bench<'_> {
    /// What looking costs, without relaying.
    fn apart(&self) -> Outcome<()> {
        let columns = [
            Column::new("tap", "µs"),
            Column::new("redaction", "µs"),
            Column::new("strict redaction", "µs"),
        ];
        let mut table = Table::new("the tap and the redaction alone, a message", columns.into());
        for _ in 0..self.options.rounds {
            for topic in topics() {
                let count = if self.options.quick { 1_000 } else { 50_000 };
                table.add(topic, looking(topic, count)?.map(Some));
            }
        }
        table.print()
    }

    /// One WebSocket, one message at a time.
    fn latency(&self) -> Outcome<()> {
        let Some((one, two)) = machine::two_cores() else {
            let title =
                "ping-pong (taskset or a second core is not available here: nothing is pinned)";
            return self.latency_on(None, title);
        };
        let apart = Cores {
            relay: one,
            others: two,
        };
        let together = Cores {
            relay: one,
            others: one,
        };
        self.latency_on(Some(apart), "ping-pong, the relay alone on one core")?;
        self.latency_on(Some(together), "ping-pong, everything on one core")
    }

    fn latency_on(&self, cores: Option<Cores>, title: &str) -> Outcome<()> {
        let allowed = machine::allowed_cores();
        if let Some(cores) = cores {
            machine::keep_to(&[cores.others]);
        }
        let columns = [
            Column::new("p50", "µs").compared(),
            Column::new("p99", "µs").compared(),
            Column::new("CPU a message", "µs").compared(),
        ];
        let mut table = Table::new(title, columns.into());
        let subjects = [&[Subject::Direct, Subject::Bare], &FINSPECT[..]].concat();
        for _ in 0..self.options.rounds {
            for subject in self.options.wanted(&subjects) {
                let (took, cpu) = self.ping_pong(subject, cores.map(|cores| cores.relay))?;
                let at = |share: usize| took.get(took.len() * share / 100).map(micros);
                table.add(&subject.name(), [at(50), at(99), cpu]);
            }
        }
        if let Some(allowed) = allowed {
            machine::keep_to(&allowed);
        }
        table.print()
    }

    /// How long each round trip took, and the relay's CPU time for each of its two messages.
    fn ping_pong(
        &self,
        subject: Subject,
        core: Option<usize>,
    ) -> Outcome<(Vec<Duration>, Option<f64>)> {
        let pings = self.sizes.pings;
        let origin = Server::origin(&self.setup)?;
        let server = subject.start(&self.setup, &origin, core)?;
        let target = subject.target(server.as_ref(), &origin)?;
        let cpu = || cpu_time(server.as_ref()?.process());
        let mut peer = self.runtime.block_on(async {
            let mut peer = target.open(self.scripts.clone()).await?;
            ping_pong(&mut peer, pings / 10).await?;
            Outcome::Ok(peer)
        })?;
        let before = cpu();
        let took = self.runtime.block_on(ping_pong(&mut peer, pings))?;
        server.as_ref().inspect(|server| server.settle());
        let used = before.zip(cpu()).map(|(before, after)| after - before);
        server.map(Server::end).transpose()?;
        Ok((took, used.map(|used| micros(&used) / (2 * pings) as f64)))
    }

    /// Many busy WebSockets.
    fn pipelined(&self) -> Outcome<()> {
        let Sizes { busy, trips, .. } = self.sizes;
        let title = format!(
            "{busy} sockets, {IN_FLIGHT} messages in flight on each, {} messages relayed",
            2 * busy as u64 * trips
        );
        let columns = [
            Column::new("CPU a message", "µs").compared(),
            Column::new("messages a second", "k"),
            Column::new("events shown", "k"),
        ];
        let mut table = Table::new(&title, columns.into());
        let subjects = [&[Subject::Bare], &FINSPECT[..]].concat();
        for _ in 0..self.options.rounds {
            for subject in self.options.wanted(&subjects) {
                let (figures, ending) = self.flood(subject)?;
                table.add(&subject.name(), figures);
                if ending.incomplete {
                    table.remark(&format!("{}: events were lost", subject.name()));
                }
            }
        }
        table.print()
    }

    fn flood(&self, subject: Subject) -> Outcome<([Option<f64>; 3], Ending)> {
        let Sizes { busy, trips, .. } = self.sizes;
        let origin = Server::origin(&self.setup)?;
        let server = subject
            .start(&self.setup, &origin, None)?
            .ok_or("no relay")?;
        let target = subject.target(Some(&server), &origin)?;
        let peers = self.runtime.block_on(async {
            let peers = target.open_many(busy, &self.scripts).await?;
            pipelined(peers, trips / 10, IN_FLIGHT).await
        })?;
        server.settle();
        let (before, began) = (cpu_time(server.process()), now());
        let peers = self.runtime.block_on(pipelined(peers, trips, IN_FLIGHT))?;
        let took = began.elapsed();
        server.settle();
        let after = cpu_time(server.process());
        drop(peers);
        let ending = server.end()?;
        let messages = (2 * busy as u64 * trips) as f64;
        let cpu = before.zip(after).map(|(before, after)| after - before);
        let figures = [
            cpu.map(|cpu| micros(&cpu) / messages),
            Some(messages / took.as_secs_f64() / 1000.0),
            ending.lines.map(|lines| lines as f64 / 1000.0),
        ];
        Ok((figures, ending))
    }

    /// Many WebSockets that are open and silent.
    fn idle(&self) -> Outcome<()> {
        let wanted = self.sizes.idle;
        let fit = machine::open_files().map_or(wanted, |files| {
            usize::try_from(files.saturating_sub(100) / 2).unwrap_or(wanted)
        });
        let sockets = wanted.min(fit);
        let mut title = format!("{sockets} idle sockets");
        if sockets < wanted {
            title += " (the limit of open files allows no more; see `ulimit -n`)";
        }
        let column = Column::new("memory a socket", "KiB").compared();
        let mut table = Table::new(&title, vec![column]);
        for _ in 0..self.options.rounds {
            for subject in self.options.wanted(&[Subject::Bare, FINSPECT[0]]) {
                table.add(&subject.name(), [self.memory(subject, sockets)?]);
            }
        }
        table.print()
    }

    fn memory(&self, subject: Subject, sockets: usize) -> Outcome<Option<f64>> {
        let origin = Server::origin(&self.setup)?;
        let server = subject
            .start(&self.setup, &origin, None)?
            .ok_or("no relay")?;
        let target = subject.target(Some(&server), &origin)?;
        server.settle();
        let before = resident(server.process());
        let peers = self
            .runtime
            .block_on(target.open_many(sockets, &self.scripts))?;
        server.settle();
        let after = resident(server.process());
        drop(peers);
        server.end()?;
        let grown = before
            .zip(after)
            .map(|(before, after)| after as f64 - before as f64);
        Ok(grown.map(|bytes| bytes / sockets as f64 / 1024.0))
    }
}

fn micros(duration: &Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
