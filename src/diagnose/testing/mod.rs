//! Scripted sessions: what the wire would have shown, and what the rules make of it.

mod connection;
mod finesse;
mod xmpp;

pub(crate) use connection::tcp;

use std::net::Ipv4Addr;

use jiff::tz::TimeZone;

use super::{Profile, Report, Subject, diagnose};
use crate::event::*;
use crate::session::Session;

/// A session that is written down event by event.
pub(crate) struct Script {
    events: Vec<Event>,
    now: Micros,
    connection: Option<ConnectionId>,
    connections: u64,
    pings: u64,
    client: Ipv4Addr,
}

impl Script {
    /// A live session that began at 2026-03-02 12:00:00 UTC.
    pub(crate) fn new() -> Self {
        Self::with_clock(0)
    }

    /// The same on a machine whose clock is so many seconds ahead.
    pub(crate) fn with_clock(ahead: i64) -> Self {
        let mut script = Self {
            events: Vec::new(),
            now: Micros(0),
            connection: None,
            connections: 0,
            pings: 0,
            client: Ipv4Addr::LOCALHOST,
        };
        script.fact(
            None,
            EventKind::SessionStarted(SessionStarted {
                wall_clock: 1_772_452_800_000_000 + ahead * 1_000_000,
                ..SessionStarted::default()
            }),
        );
        script
    }

    /// Connections come from this address from now on.
    pub(crate) fn from(mut self, client: [u8; 4]) -> Self {
        self.client = Ipv4Addr::from(client);
        self
    }

    /// Moves on to so many seconds after the start.
    pub(crate) fn at(mut self, seconds: f64) -> Self {
        self.now = Micros((seconds * 1e6) as u64);
        self
    }

    /// Moves on by so many seconds.
    pub(crate) fn after(self, seconds: f64) -> Self {
        let now = self.now.0 as f64 / 1e6;
        self.at(now + seconds)
    }

    /// What time it is.
    pub(crate) const fn time(&self) -> Micros {
        self.now
    }

    /// Goes on with another connection, by its number.
    pub(crate) fn on(mut self, connection: u64) -> Self {
        self.connection = Some(ConnectionId(connection));
        self
    }

    /// A fact of the connection without a direction.
    pub(crate) fn event(mut self, kind: EventKind) -> Self {
        self.fact(None, kind);
        self
    }

    /// A fact of the connection with a direction.
    pub(crate) fn way(mut self, direction: Direction, kind: EventKind) -> Self {
        self.fact(Some(direction), kind);
        self
    }

    /// A fact of no connection.
    pub(crate) fn host(mut self, host: Host) -> Self {
        let connection = self.connection.take();
        self.fact(None, EventKind::Host(host));
        self.connection = connection;
        self
    }

    fn fact(&mut self, direction: Option<Direction>, kind: EventKind) {
        self.events.push(Event {
            number: self.events.len() as u64 + 1,
            time: Times::at(self.now),
            connection: self.connection,
            direction,
            kind,
        });
    }

    /// All events.
    pub(crate) fn events(self) -> Vec<Event> {
        self.events
    }

    /// What the rules make of it; the session ends now.
    pub(crate) fn diagnosed(self) -> Report {
        report(&self.session())
    }

    /// The session, which ends now.
    pub(crate) fn session(self) -> Session {
        let mut session = Session::default();
        for event in &self.events {
            session.take(event);
        }
        // The clock went on after the last event.
        session.take(&Event {
            number: self.events.len() as u64 + 1,
            time: Times::at(self.now),
            connection: None,
            direction: None,
            kind: EventKind::SessionEnded(SessionEnded {
                events: self.events.len() as u64 + 1,
                connections: self.connections,
            }),
        });
        session
    }

    /// The cause of the first incident: its rule, and how sure it is; `None` where there is no incident.
    pub(crate) fn cause(self) -> Option<(&'static str, super::rule::Confidence)> {
        let report = self.diagnosed();
        let first = report.incidents.first()?;
        let cause = first.cause.as_ref().expect("a rule for every incident");
        Some((cause.rule, cause.confidence))
    }

    /// The rules that the first incident was not, each with why.
    pub(crate) fn ruled_out(self) -> Vec<(&'static str, String)> {
        let report = self.diagnosed();
        let incident = report.incidents.first().expect("an incident");
        let all = incident.alternatives.iter();
        all.map(|one| (one.rule, one.why.clone())).collect()
    }
}

/// What the rules make of a session.
pub(crate) fn report(session: &Session) -> Report {
    let subject = Subject {
        name: "script",
        session,
        offset: 0,
    };
    diagnose(&[subject], &Profile::default(), &TimeZone::UTC)
}
