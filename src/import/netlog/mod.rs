//! NetLog, Chromium's own log of its network stack: events of sources become facts of connections.
//!
//! It knows sockets, TLS, heads and frames, and no content at all: of messages and bodies it says the size.

mod constants;
mod frames;
mod record;
mod sockets;
mod streams;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::de::{MapAccess, SeqAccess};

use super::collector::Collector;
use super::failure;
use super::json::{Array, Elements, Members, Object, pass, scalar};
use super::shorten::Mark;
use super::spool::Fact;
use super::{Form, ImportError, session};
use crate::event::{self, Authority, EventKind, Host, SessionStarted};

use constants::{Constants, Kind, Phase, Source, whole};
use record::Record;
use sockets::Socket;
use streams::Request;

/// The file's object: `{"constants": {…}, "events": […]}`.
pub(super) struct File<'a> {
    log: Log<'a>,
}

/// Who wrote the log.
#[derive(Debug, Default)]
struct Client {
    /// Program and version.
    name: String,
    /// The system that it ran on.
    platform: String,
}

/// What is known of the sources that are alive.
struct Log<'a> {
    collector: Collector<'a>,
    constants: Constants,
    requests: Live<Request>,
    jobs: Live<Job>,
    connect_jobs: Live<ConnectJob>,
    sockets: Live<Socket>,
    /// The request of each WebSocket channel, and the channel that has none yet.
    channels: Live<u64>,
    new_channel: Option<u64>,
    /// The proxy settings at the start of the log.
    proxy: Option<String>,
    suspended: Option<i64>,
}

/// A job that finds a stream for a request.
#[derive(Debug, Default)]
struct Job {
    target: Option<Authority>,
    connect_job: Option<u64>,
    socket: Option<u64>,
}

/// A job that makes a connection.
#[derive(Debug, Default)]
struct ConnectJob {
    target: Option<Authority>,
    /// The last connection that it made, and when it began to.
    made: Option<(usize, i64)>,
}

/// Sources by number; where there are too many, the oldest is forgotten.
struct Live<T>(BTreeMap<u64, T>);

impl<T> Live<T> {
    const fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn get(&mut self, id: u64) -> Option<&mut T> {
        self.0.get_mut(&id)
    }

    fn insert(&mut self, id: u64, value: T) {
        if self.0.len() >= ALIVE {
            self.0.pop_first();
        }
        self.0.insert(id, value);
    }

    fn entry(&mut self, id: u64) -> &mut T
    where
        T: Default,
    {
        if self.0.len() >= ALIVE && !self.0.contains_key(&id) {
            self.0.pop_first();
        }
        self.0.entry(id).or_default()
    }
}

impl<'a> Form<'a> for File<'a> {
    fn new(collector: Collector<'a>, _mark: Mark) -> Self {
        Self {
            log: Log {
                collector,
                constants: Constants::default(),
                requests: Live::new(),
                jobs: Live::new(),
                connect_jobs: Live::new(),
                sockets: Live::new(),
                channels: Live::new(),
                new_channel: None,
                proxy: None,
                suspended: None,
            },
        }
    }

    fn finish(mut self) -> Result<(SessionStarted, Collector<'a>), ImportError> {
        if !self.log.constants.is_netlog() {
            return Err(ImportError::NoNetlog);
        }
        self.log.enter_the_rest();
        let Log {
            constants,
            collector,
            proxy,
            ..
        } = self.log;
        let Client { name, platform } = constants.client;
        let source = event::Source::Netlog(name.trim().to_owned());
        let options = proxy
            .map(|proxy| format!("the browser's proxy settings: {proxy}"))
            .into_iter()
            .collect();
        Ok((session(source, platform, options), collector))
    }
}

impl Object for File<'_> {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "constants" => map.next_value_seed(Members(&mut self.log.constants)),
            // Events before the constants are numbers without a meaning.
            "events" if self.log.constants.is_netlog() => {
                map.next_value_seed(Elements(&mut self.log))
            }
            _ => pass(map),
        }
    }
}

impl Object for Client {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let short = |text: String| text.chars().take(NAME).collect::<String>();
        match name {
            "name" => self.name = format!("{} {}", short(scalar(map)?.into_string()), self.name),
            "version" => {
                let version = short(scalar(map)?.into_string());
                self.name = format!("{} {version}", self.name.trim());
            }
            "os_type" => self.platform = short(scalar(map)?.into_string()),
            _ => pass(map)?,
        }
        Ok(())
    }
}

impl Array for Log<'_> {
    fn element<'de, A: SeqAccess<'de>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        self.collector.check()?;
        let mut record = Record::default();
        let more = seq.next_element_seed(Members(&mut record))?.is_some();
        if more && let Some(kind) = self.constants.kind(record.kind) {
            self.take(kind, record);
        }
        Ok(more)
    }
}

/// An event with its numbers read.
#[derive(Debug)]
struct Seen {
    at: i64,
    kind: Kind,
    phase: Phase,
    id: u64,
    /// The name of the error that it ended with.
    error: Option<String>,
}

impl Log<'_> {
    fn take(&mut self, kind: Kind, record: Record) {
        let Some(ticks) = record.time.number() else {
            self.collector.report.lost += 1;
            return;
        };
        let number = record.params.error.map(whole).filter(|number| *number != 0);
        let seen = Seen {
            at: whole(ticks)
                .saturating_add(self.constants.tick_offset)
                .clamp(0, LAST)
                * 1000,
            kind,
            phase: self.constants.phase(record.phase),
            id: record.source.id,
            error: number.map(|number| self.constants.error(number)),
        };
        if let Some(host) = seen.error.as_deref().and_then(failure::host) {
            self.host(seen.at, host);
        }
        match self.constants.source(record.source.kind) {
            Source::Request => self.request(&seen, record.params),
            Source::StreamJob => self.job(&seen, &record.params),
            Source::ConnectJob => self.connect_job(&seen, &record.params),
            Source::Socket => self.socket(&seen, &record.params),
            Source::Channel => self.channel(&seen, &record.params),
            Source::Other => self.global(&seen, record.params),
        }
    }

    /// An event of no source that matters: one of the machine.
    fn global(&mut self, seen: &Seen, params: record::Params) {
        let words = params.words.0;
        match seen.kind {
            Kind::Network(name) => {
                let words = format!("{name} {words}").trim_end().to_owned();
                self.host(seen.at, Host::NetworkChanged(words));
            }
            Kind::ProxyConfig if params.has_old_config => {
                self.host(seen.at, Host::ProxyChanged(words))
            }
            Kind::ProxyConfig if !words.is_empty() => self.proxy = Some(words),
            _ => {}
        }
    }

    /// A fact of the machine. Errors that say the same come in swarms, one from each connection.
    fn host(&mut self, at: i64, host: Host) {
        if host == Host::Suspended {
            if self.suspended.is_some_and(|before| at - before < SWARM) {
                return;
            }
            self.suspended = Some(at);
        } else if let Host::NetworkChanged(words) = &host
            && words.starts_with("ERR_")
        {
            // The change itself is an event of its own.
            return;
        }
        let kind = EventKind::Host(host);
        self.collector.push(Fact {
            at,
            connection: None,
            direction: None,
            kind,
        });
    }

    fn channel(&mut self, seen: &Seen, params: &record::Params) {
        match (seen.kind, seen.phase) {
            (Kind::ChannelAlive, Phase::Begin) => self.new_channel = Some(seen.id),
            (Kind::CloseTimeout | Kind::InvalidFrame | Kind::UpgradeFailure, _) => {
                if let Some(request) = self.channels.get(seen.id).copied() {
                    self.socket_trouble(seen, request, &params.reason);
                }
            }
            _ => {}
        }
    }
}

/// Sources of a sort that are remembered.
const ALIVE: usize = 4096;
/// The last millisecond of the year 9999.
const LAST: i64 = 253_402_300_799_999;
/// Errors of a suspend that are this close tell of the same one, in microseconds.
const SWARM: i64 = 5_000_000;
/// Characters of a name that are kept.
const NAME: usize = 200;
