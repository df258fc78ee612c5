//! The one projection: what a session was, folded from its events, live or from a file.
//!
//! Everything that shows meaning reads it and nothing keeps its own. It states what was seen and what belongs together;
//! why something happened is no part of it. Bounded: what is forgotten is counted.

mod agent;
mod clock;
mod connection;
mod context;
mod exchange;
mod facts;
mod health;
mod kept;
mod meaning;
mod names;
mod pings;
mod rest;
mod socket;
mod stream;
mod successes;
mod texts;
mod tokens;
mod view;
mod ways;

#[cfg(test)]
mod tests;

pub use agent::{Agent, Call, StateChange};
pub use clock::{Reading, ServerClocks};
pub use connection::{Connection, End, Handshake};
pub use context::{Asked, Asking, Context, Contexts};
pub use exchange::{Exchange, Exchanges, Failure};
pub use facts::{Delay, Issuer, Service};
pub use health::{Change, Signal};
pub use kept::Kept;
pub use pings::{Ping, Pings};
pub use rest::{Pair, Pairs, Poll, Rest, Wish, is_call};
pub use socket::{Close, Socket};
pub use stream::{Presence, Stream};
pub use successes::{Success, Successes};
pub use tokens::{Grant, is_token_service};
pub use ways::Ways;

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{
    Authority, ConnectionId, Event, EventKind, Gap, Host, Leg, Micros, SessionStarted, WallClock,
};
use facts::{begun, shortened};
use kept::clip;
use meaning::When;
use names::{Users, remember};

/// A moment of the session, and the event that told of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// When, on the session's clock.
    pub time: Micros,
    /// The event's number.
    pub number: u64,
}

impl At {
    /// When the event's last byte arrived.
    #[must_use]
    pub const fn of(event: &Event) -> Self {
        Self {
            time: event.time.arrived,
            number: event.number,
        }
    }
}

/// A session so far.
#[derive(Debug, Default)]
pub struct Session {
    started: Option<SessionStarted>,
    wall: Option<WallClock>,
    ended: Option<At>,
    span: Option<(At, At)>,
    /// The number that the next event has if none is missing.
    next: u64,
    connections: BTreeMap<ConnectionId, Connection>,
    /// Those of them that are over.
    over: BTreeSet<ConnectionId>,
    /// Bytes that they hold, and those that agents do.
    weight: (usize, usize),
    agents: BTreeMap<String, Agent>,
    /// Their users, by the turn in which something was last said of them.
    heard: BTreeMap<u64, String>,
    hosts: Vec<String>,
    users: Users,
    service: Kept<Service>,
    maintenance_warnings: Kept<At>,
    rest: Rest,
    server_clocks: ServerClocks,
    accepted: BTreeMap<Authority, At>,
    issuers: BTreeMap<Authority, Vec<Issuer>>,
    minted: Option<(At, i64)>,
    host: Kept<(At, Host)>,
    gaps: Kept<(At, Gap)>,
    delay: Delay,
    ordinary: u64,
    forgotten: u64,
}

impl Session {
    /// Takes the next event in.
    pub fn take(&mut self, event: &Event) {
        let at = At::of(event);
        let (first, last) = self.span.get_or_insert((at, at));
        *first = at.min(*first);
        *last = at.max(*last);
        self.hole(event, at);
        self.delay.take(event, at);
        if let Some(wall) = &mut self.wall {
            wall.take(event);
        }
        match &event.kind {
            EventKind::SessionStarted(started) => {
                self.wall = Some(WallClock::starting(started.wall_clock));
                self.started = Some(begun(started));
            }
            EventKind::SessionEnded(_) => self.ended = Some(at),
            EventKind::Host(host) => self.host.keep((at, host.clone())),
            EventKind::Entered(entered) if entered.intercepted => {
                remember(&mut self.hosts, &entered.target.host);
            }
            EventKind::HttpRequest(head) => {
                if let Some(user) = rest::user_in(&head.target) {
                    self.users.asked_for(user);
                }
            }
            EventKind::Gap(gap) => self.gaps.keep((at, shortened(gap))),
            _ => {}
        }
        if let Some(id) = event.connection {
            // The end of an exchange forgets it, and this belongs to it.
            self.http(id, event, at, When::Before);
            self.of_connection(id, event, at);
            self.http(id, event, at, When::After);
            match &event.kind {
                EventKind::XmppStanza(stanza) => self.stanza(id, at, stanza),
                EventKind::TlsEstablished(done) if done.leg == Leg::Client => self.accepted(id, at),
                EventKind::TlsEstablished(done) => self.vouched(id, at, &done.chain),
                EventKind::Minted(minted) => self.minted = Some((at, minted.not_after)),
                EventKind::Closed(_) => self.closed(id),
                _ => {}
            }
        }
    }

    /// Says that time has passed without an event: a session that is still going on ends later than its last event.
    pub fn pass(&mut self, now: Micros) {
        if let Some((_, last)) = &mut self.span {
            last.time = last.time.max(now);
        }
    }

    /// Notices numbers that skip. What stands for lost events takes their numbers up.
    fn hole(&mut self, event: &Event, at: At) {
        let skipped = event.number.saturating_sub(self.next.max(1));
        if skipped > 0 {
            let gap = Gap {
                events: skipped,
                ..Gap::default()
            };
            self.gaps.keep((at, gap));
        }
        let taken = match &event.kind {
            EventKind::Gap(gap) => gap.events.max(1),
            _ => 1,
        };
        self.next = self.next.max(event.number.saturating_add(taken));
    }

    /// What an event says of its connection. Where there are too many, or they are too heavy, some are forgotten.
    fn of_connection(&mut self, id: ConnectionId, event: &Event, at: At) {
        let known = self.connections.get(&id).map_or(0, Connection::weight);
        let connection = self
            .connections
            .entry(id)
            .or_insert_with(|| Connection::new(id, at));
        connection.take(event, at);
        self.weight.0 = (self.weight.0 + connection.weight()).saturating_sub(known);
        if connection.is_over() {
            self.over.insert(id);
        }
        while self.connections.len() > CONNECTIONS || self.weight.0 > CONNECTIONS_WEIGH {
            // The oldest that is over, or else the oldest.
            let over = self.over.iter().find(|over| **over != id);
            let oldest = self.connections.keys().find(|oldest| **oldest != id);
            let Some(oldest) = over.or(oldest).copied() else {
                break;
            };
            self.forget(oldest);
            self.forgotten += 1;
        }
    }

    fn forget(&mut self, id: ConnectionId) {
        self.over.remove(&id);
        if let Some(gone) = self.connections.remove(&id) {
            self.weight.0 = self.weight.0.saturating_sub(gone.weight());
        }
    }

    /// What is said of an agent. Where there are too many, or they are too heavy, those are forgotten that were heard of
    /// longest ago.
    fn of_agent(&mut self, user: &str, say: impl FnOnce(&mut Agent)) {
        let user = clip(user).to_lowercase();
        let known = self.agents.get(&user).map_or(0, Agent::weight);
        let turn = self.heard.last_key_value().map_or(0, |(last, _)| last + 1);
        let agent = self
            .agents
            .entry(user.clone())
            .or_insert_with(|| Agent::new(user.clone(), turn));
        self.heard.remove(&agent.heard);
        agent.heard = turn;
        self.heard.insert(turn, user);
        say(agent);
        self.weight.1 = (self.weight.1 + agent.weight()).saturating_sub(known);
        while self.agents.len() > AGENTS || self.weight.1 > AGENTS_WEIGH {
            let quietest = self.heard.pop_first();
            let Some(gone) = quietest.and_then(|(_, user)| self.agents.remove(&user)) else {
                break;
            };
            self.weight.1 = self.weight.1.saturating_sub(gone.weight());
            self.forgotten += 1;
        }
    }

    /// A connection that is over is kept if there is anything to say of it.
    fn closed(&mut self, id: ConnectionId) {
        let ordinary = self
            .connections
            .get(&id)
            .is_some_and(Connection::is_ordinary);
        if ordinary {
            self.forget(id);
            self.ordinary += 1;
        }
    }
}

/// Connections remembered.
const CONNECTIONS: usize = 8192;
/// Agents remembered.
const AGENTS: usize = 4096;
/// Bytes that connections may hold together, and agents.
const CONNECTIONS_WEIGH: usize = 80 * 1024 * 1024;
const AGENTS_WEIGH: usize = 16 * 1024 * 1024;
