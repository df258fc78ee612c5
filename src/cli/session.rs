//! A session: the bus, the redactor, and who listens; `run` and `demo` have one each.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::findings::{Findings, Shared};
use crate::bus::{Bus, Clock};
use crate::cli::record::Record;
use crate::cli::{Exit, Failed};
use crate::event::{EventKind, Micros, Redaction, SessionEnded, SessionStarted, Source, Times};
use crate::host::Watch;
use crate::redact::Redactor;
use crate::sink::console::{self, Colour, Console, Format, Renderer};
use crate::sink::filter::Filter;
use crate::sink::recorder::{self, Recorder};

/// How the session is shown.
#[derive(Debug)]
pub(super) struct View {
    pub(super) format: Format,
    pub(super) filter: Option<Filter>,
}

/// What a session is to be.
pub(super) struct Plan {
    pub(super) view: View,
    pub(super) redactor: Redactor,
    /// Absent where nothing is recorded.
    pub(super) record: Option<Record>,
    /// Hosts named for interception.
    pub(super) intercepted: Vec<String>,
    /// What changes the traffic, for the record.
    pub(super) options: Vec<String>,
}

/// A running session.
pub(super) struct Session {
    bus: Arc<Bus>,
    redactor: Arc<Redactor>,
    console: JoinHandle<console::Summary>,
    findings: Shared,
    recorder: Option<Recorder>,
    watch: Watch,
}

/// Events that wait for a slow terminal, in bytes.
const CONSOLE_BUDGET: usize = 64 * 1024 * 1024;

/// How long the end waits for a terminal that has stopped reading.
const END_PATIENCE: Duration = Duration::from_secs(10);

/// How long the end waits for a disk, and for finished parts to be compressed.
const RECORDING_PATIENCE: Duration = Duration::from_secs(60);

impl View {
    /// Reads `--format` and `--filter`.
    pub(super) fn new(format: Option<&str>, filter: Option<&str>) -> Result<Self, Failed> {
        let format = match format {
            None | Some("pretty") => Format::Pretty,
            Some("compact") => Format::Compact,
            Some("json") => Format::Json,
            Some(other) => {
                return Err(Failed::usage(format!(
                    "`{other}` is no format; there is pretty, compact and json"
                )));
            }
        };
        let filter = filter
            .map(Filter::parse)
            .transpose()
            .map_err(|error| Failed::usage(format!("--filter: {error}")))?;
        Ok(Self { format, filter })
    }
}

impl Session {
    /// Starts the listeners of a session and publishes its first event.
    pub(super) fn start(plan: Plan) -> Result<Self, Failed> {
        let Plan {
            view,
            redactor,
            record,
            intercepted,
            options,
        } = plan;
        let clock = Clock::start();
        let bus = Arc::new(Bus::new(clock));
        let renderer = Renderer::new(view.format, colour(), TimeZone::system());
        let findings = Shared::new(TimeZone::system());
        let looking = Box::new(Findings::new(findings.clone(), clock));
        let aside: Option<Box<dyn io::Write + Send>> = match view.format {
            Format::Json => Some(Box::new(io::stderr())),
            Format::Pretty | Format::Compact => None,
        };
        let console = Console::new(io::stdout(), renderer, view.filter)
            .watched(looking, aside)
            .spawn(bus.subscribe(CONSOLE_BUDGET))
            .map_err(|error| Failed::usage(format!("cannot start the console: {error}")))?;
        let started = SessionStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            wall_clock: clock.wall_at_start(),
            source: Source::Live,
            time_zone: TimeZone::system().iana_name().map(ToOwned::to_owned),
            intercepted,
            options,
            redaction: redactor.level(),
            pseudonyms: redactor.key_name(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        };
        let mut started = EventKind::SessionStarted(started);
        redactor.redact(&mut started);
        let recorder = match (&started, record) {
            (EventKind::SessionStarted(session), Some(record)) => {
                Some(record.start(session, &bus)?)
            }
            _ => None,
        };
        bus.publish(Times::at(Micros(0)), None, None, started);
        if redactor.level() == Redaction::Off {
            say(
                "WARNING: redaction is off: passwords, tokens and cookies are shown and recorded in clear",
            );
        }
        let redactor = Arc::new(redactor);
        let watch = watch(clock, Arc::clone(&bus), Arc::clone(&redactor))
            .map_err(|error| Failed::usage(format!("cannot watch the machine: {error}")))?;
        Ok(Self {
            bus,
            redactor,
            console,
            findings,
            recorder,
            watch,
        })
    }

    pub(super) fn bus(&self) -> Arc<Bus> {
        Arc::clone(&self.bus)
    }

    /// The recording's first file.
    pub(super) fn recording(&self) -> Option<&Path> {
        self.recorder.as_ref().map(Recorder::path)
    }

    pub(super) fn redactor(&self) -> Arc<Redactor> {
        Arc::clone(&self.redactor)
    }

    /// Publishes the last event, waits until everything is printed, and says how it went.
    pub(super) fn end(self, connections: u64) -> Exit {
        self.end_with(connections, || ())
    }

    /// Like [`Session::end`], with something to be said between the last event and the closing summary.
    pub(super) fn end_with(self, connections: u64, farewell: impl FnOnce()) -> Exit {
        self.watch.stop();
        self.bus.close_with(|events| {
            EventKind::SessionEnded(SessionEnded {
                events,
                connections,
            })
        });
        let events = self.bus.published();
        let printed = printed(self.console);
        farewell();
        say(&format!(
            "finspect saw {events} events on {connections} connections"
        ));
        let recording = self.recorder.as_ref().map(|one| one.path().to_owned());
        let recorded = self.recorder.map_or(Exit::Done, recorded);
        say(&self.findings.summary(recording.as_deref()));
        worse(printed, recorded)
    }
}

/// Makes events of what happens to the machine.
fn watch(clock: Clock, bus: Arc<Bus>, redactor: Arc<Redactor>) -> io::Result<Watch> {
    Watch::start(clock, move |at, host| {
        let mut kind = EventKind::Host(host);
        redactor.redact(&mut kind);
        bus.publish(Times::at(at), None, None, kind);
    })
}

/// Waits until everything is printed.
fn printed(console: JoinHandle<console::Summary>) -> Exit {
    if !wait_until(END_PATIENCE, || console.is_finished()) {
        say("the output does not take the rest of the session: what waited for it is lost");
        return Exit::Incomplete;
    }
    match console.join() {
        Ok(summary) => conclude(&summary),
        Err(_) => Exit::Bug,
    }
}

/// Waits until everything is recorded, and says where.
fn recorded(recorder: Recorder) -> Exit {
    let path = recorder.path().to_owned();
    if !wait_until(RECORDING_PATIENCE, || recorder.is_finished()) {
        say(&format!(
            "the disk does not take the rest of the session: the recording {} has no end",
            path.display()
        ));
        return Exit::Incomplete;
    }
    let Some(recorder::Summary {
        events,
        bytes,
        parts,
        lost,
        failed,
    }) = recorder.finish()
    else {
        return Exit::Bug;
    };
    let parts = if parts > 1 {
        format!(" in {parts} parts")
    } else {
        String::new()
    };
    say(&format!(
        "recorded {events} events ({}){parts} to {}",
        console::bytes(bytes),
        path.display()
    ));
    if lost.is_empty() {
        return Exit::Done;
    }
    let why = failed.map_or_else(
        || "the disk was too slow or not there".to_owned(),
        |why| format!("the recording ended early: {why}"),
    );
    say(&format!(
        "{} events are NOT in the recording ({}): {why}",
        lost.events,
        console::bytes(lost.bytes)
    ));
    Exit::Incomplete
}

/// A bug is worse than an incomplete session, and that is worse than none of it.
const fn worse(one: Exit, other: Exit) -> Exit {
    match (one, other) {
        (Exit::Bug, _) | (_, Exit::Bug) => Exit::Bug,
        (Exit::Done, other) => other,
        (one, _) => one,
    }
}

/// Whether `done` came true within `patience`.
fn wait_until(patience: Duration, done: impl Fn() -> bool) -> bool {
    const STEP: Duration = Duration::from_millis(5);
    let mut waited = Duration::ZERO;
    while !done() {
        if waited > patience {
            return false;
        }
        std::thread::sleep(STEP);
        waited += STEP;
    }
    true
}

/// What the console's end means for the session.
fn conclude(summary: &console::Summary) -> Exit {
    if let Some(error) = &summary.error {
        say(&format!(
            "the session could not be printed to its end: {error}"
        ));
        return Exit::Incomplete;
    }
    if summary.lost > 0 {
        say(&format!(
            "{} events were not shown: the output was too slow for them",
            summary.lost
        ));
        return Exit::Incomplete;
    }
    Exit::Done
}

/// Colour where a person looks, unless `NO_COLOR` is set to anything (no-color.org).
pub(super) fn colour() -> Colour {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stdout().is_terminal() && !refused {
        Colour::Always
    } else {
        Colour::Never
    }
}

/// Talk that nobody reads must not stop a session.
pub(super) fn say(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}
