//! The one projection: what a session was, folded from its events, live or from a file.
//!
//! Everything that shows meaning reads it and nothing keeps its own. It states what was seen and what belongs together;
//! why something happened is no part of it. Bounded: what is forgotten is counted.

mod agent;
mod clock;
mod connection;
mod context;
mod exchange;
mod kept;
mod pings;
mod rest;
mod socket;
mod stream;
mod texts;
mod ways;

#[cfg(test)]
mod tests;

pub use agent::{Agent, Call, StateChange};
pub use clock::{Reading, ServerClocks};
pub use connection::{Connection, End, Handshake};
pub use context::{Asked, Asking, Context, Contexts};
pub use exchange::{Exchange, Exchanges, Failure};
pub use kept::Kept;
pub use pings::{Ping, Pings};
pub use rest::{Pair, Pairs, Poll, Rest, Wish};
pub use socket::{Close, Socket};
pub use stream::{Presence, Stream};
pub use ways::Ways;

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{
    Authority, CertificateFacts, ConnectionId, Event, EventKind, Gap, Host, Leg, Micros,
    SessionStarted, Source, StanzaKind, WallClock, XmppStanza,
};
use crate::finesse::{Reason, Update};
use kept::clip;

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
    hosts: Vec<String>,
    users: Vec<String>,
    service: Kept<Service>,
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

/// What Finesse said of itself (`SystemInfo`, `finesse.md` 3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// When.
    pub at: At,
    /// On which connection.
    pub connection: ConnectionId,
    /// `IN_SERVICE`, `OUT_OF_SERVICE` and the like.
    pub status: String,
    /// Why, in its words.
    pub reason: Option<String>,
    /// Whether Finesse or the CTI server is in maintenance mode.
    pub maintenance: bool,
}

/// Who issued a server's certificate that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its name, as an RFC 4514 style string.
    pub name: String,
    /// When it was first seen.
    pub first: At,
    /// When it was last seen.
    pub last: At,
}

impl Service {
    /// Whether Finesse serves agents.
    #[must_use]
    pub fn is_in(&self) -> bool {
        self.status.eq_ignore_ascii_case("IN_SERVICE")
    }
}

/// finspect's own delay: from the arrival of a unit's last byte until it had been handed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delay {
    /// Units that were handed on.
    pub units: u64,
    /// All of it, in microseconds.
    pub total: u64,
    /// The longest, and where.
    pub worst: Option<(Micros, At)>,
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
                    remember(&mut self.users, user);
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

    /// What the session is, as its first event says.
    #[must_use]
    pub const fn started(&self) -> Option<&SessionStarted> {
        self.started.as_ref()
    }

    /// The end, if it was reached in order.
    #[must_use]
    pub const fn ended(&self) -> Option<At> {
        self.ended
    }

    /// What the machine's wall clock showed at a moment, in microseconds since the Unix epoch.
    #[must_use]
    pub fn wall(&self, at: Micros) -> Option<i64> {
        self.wall.as_ref().map(|wall| wall.at(at))
    }

    /// The first and the last moment that events tell of.
    #[must_use]
    pub const fn span(&self) -> Option<(At, At)> {
        self.span
    }

    /// Whether what came before the first event is missing.
    #[must_use]
    pub fn begins_late(&self) -> bool {
        self.span.is_some_and(|(first, _)| first.number > 1)
    }

    /// Connections in the order of their numbers: those that are open, and those that were more than an exchange of
    /// HTTP that ended in order.
    pub fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.connections.values()
    }

    /// The connection of that number, if it is remembered.
    #[must_use]
    pub fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(&id)
    }

    /// Agents, each over all sockets, nodes and reconnects.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values()
    }

    /// The agent of that user, in lower case.
    #[must_use]
    pub fn agent(&self, user: &str) -> Option<&Agent> {
        self.agents.get(user)
    }

    /// The intercepted hosts that were asked for, in the order in which they came.
    #[must_use]
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// Users that signed in, or that a desktop asked for by REST, in the order in which they came.
    #[must_use]
    pub fn users(&self) -> &[String] {
        &self.users
    }

    /// What Finesse said of itself (`SystemInfo`), in order.
    #[must_use]
    pub fn service(&self) -> &[Service] {
        &self.service
    }

    /// REST over all connections.
    #[must_use]
    pub const fn rest(&self) -> &Rest {
        &self.rest
    }

    /// How far the servers' clocks are from this machine's.
    #[must_use]
    pub const fn server_clocks(&self) -> &ServerClocks {
        &self.server_clocks
    }

    /// Where a browser has accepted finspect's certificate, and when it first did.
    #[must_use]
    pub const fn accepting(&self) -> &BTreeMap<Authority, At> {
        &self.accepted
    }

    /// Who issued the certificates that were accepted from a host and port.
    #[must_use]
    pub fn issuers(&self, target: &Authority) -> &[Issuer] {
        self.issuers.get(target).map_or(&[], Vec::as_slice)
    }

    /// When finspect last made a certificate, and when that expires, in seconds since the Unix epoch.
    #[must_use]
    pub const fn minted(&self) -> Option<(At, i64)> {
        self.minted
    }

    /// What happened to the machine.
    #[must_use]
    pub fn host(&self) -> &[(At, Host)] {
        &self.host
    }

    /// Where events are missing: told by the recording, or by numbers that skip.
    #[must_use]
    pub fn gaps(&self) -> &[(At, Gap)] {
        &self.gaps
    }

    /// finspect's own delay.
    #[must_use]
    pub const fn delay(&self) -> Delay {
        self.delay
    }

    /// Connections that were nothing but HTTP that ended in order; they are not kept.
    #[must_use]
    pub const fn ordinary(&self) -> u64 {
        self.ordinary
    }

    /// Connections that were forgotten because there were too many.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
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

    /// What an event of HTTP says beyond its own connection.
    fn http(&mut self, id: ConnectionId, event: &Event, at: At, when: When) {
        let (number, wanted) = match &event.kind {
            EventKind::HttpRequest(head) => (head.exchange, When::After),
            EventKind::HttpResponse(head) => (head.exchange, When::Before),
            EventKind::HttpBody(body) => (body.exchange, When::Before),
            _ => return,
        };
        let Some(connection) = self.connections.get(&id).filter(|_| when == wanted) else {
            return;
        };
        if let Some(exchange) = connection.exchanges.get(number) {
            self.rest.take(event, connection, exchange, at);
        }
        if let (EventKind::HttpResponse(head), Some(target)) = (&event.kind, &connection.target)
            && let Some(date) = exchange::field(&head.headers, "date")
            // What a cache has kept has the date of then (RFC 9111 section 5.1).
            && exchange::field(&head.headers, "age").is_none()
        {
            let wall = self.wall.as_ref().map(|wall| wall.at(at.time));
            if let Some(wall) = wall {
                self.server_clocks.answered(&target.host, &date, at, wall);
            }
        }
    }

    /// What a stanza says beyond its own connection: of an agent, of Finesse.
    fn stanza(&mut self, id: ConnectionId, at: At, stanza: &XmppStanza) {
        match &stanza.stanza.kind {
            StanzaKind::Auth {
                user: Some(user), ..
            } => remember(&mut self.users, local_part(user)),
            StanzaKind::Bind { jid: Some(jid), .. } => {
                let user = local_part(jid);
                remember(&mut self.users, user);
                self.of_agent(user, |agent| agent.bound(id, at));
            }
            StanzaKind::Notification { node, .. } => {
                if let Some(update) = stanza.xml.text().and_then(Update::find) {
                    self.update(id, at, node.as_deref().unwrap_or_default(), &update);
                }
            }
            _ => {}
        }
    }

    fn update(&mut self, id: ConnectionId, at: At, node: &str, update: &Update) {
        if let Some(request_id) = &update.request_id {
            self.rest.pairs.echoed(request_id, at);
        }
        let fact = |name: &str| {
            let found = update.facts.iter().find(|(fact, _)| fact == name);
            found.map(|(_, text)| text.clone())
        };
        let object = update.object.as_deref().unwrap_or_default();
        if object.eq_ignore_ascii_case("systemInfo") {
            if let Some(status) = fact("status") {
                let service = Service {
                    at,
                    connection: id,
                    status,
                    reason: fact("statusReason"),
                    maintenance: ["finesseMMode", "ctiMMode"]
                        .iter()
                        .any(|name| fact(name).is_some_and(|mode| is_on(&mode))),
                };
                self.service.keep(service);
            }
        } else if object.eq_ignore_ascii_case("user") {
            if let (Some(user), Some(state)) = (fact("loginId"), fact("state")) {
                let change = StateChange {
                    at,
                    connection: id,
                    state,
                    reason_code: fact("code").or_else(|| system_code(update)),
                    reason: fact("label"),
                };
                self.of_agent(&user, |agent| agent.changed(change));
            }
        } else if object.eq_ignore_ascii_case("dialog") || object.eq_ignore_ascii_case("dialogs") {
            let user = node.strip_prefix("/finesse/api/User/");
            let user = user.and_then(|rest| rest.split('/').next());
            if let (Some(user), Some(call)) = (user, fact("id")) {
                let over = update.event.as_deref() == Some("DELETE");
                let state = fact("state");
                self.of_agent(user, |agent| agent.call(&call, state, over, at));
            }
        }
    }

    /// A server's certificate was accepted.
    fn vouched(&mut self, id: ConnectionId, at: At, chain: &[CertificateFacts]) {
        let target = self.connections.get(&id).and_then(|one| one.target.clone());
        let (Some(target), Some(leaf)) = (target, chain.first()) else {
            return;
        };
        if self.issuers.len() >= TARGETS && !self.issuers.contains_key(&target) {
            return;
        }
        let issuers = self.issuers.entry(target).or_default();
        let issuer = clip(&leaf.issuer);
        if let Some(known) = issuers.iter_mut().find(|one| one.name == issuer) {
            known.last = at;
        } else if issuers.len() < ISSUERS {
            issuers.push(Issuer {
                name: issuer.to_owned(),
                first: at,
                last: at,
            });
        }
    }

    /// A browser went through with TLS.
    fn accepted(&mut self, id: ConnectionId, at: At) {
        let target = self.connections.get(&id).and_then(|one| one.target.clone());
        if let Some(target) = target.filter(|_| self.accepted.len() < TARGETS) {
            self.accepted.entry(target).or_insert(at);
        }
    }

    /// What is said of an agent. Where there are too many, or they are too heavy, some are forgotten.
    fn of_agent(&mut self, user: &str, say: impl FnOnce(&mut Agent)) {
        let user = clip(user).to_lowercase();
        let known = self.agents.get(&user).map_or(0, Agent::weight);
        let agent = self
            .agents
            .entry(user.clone())
            .or_insert_with(|| Agent::new(user));
        say(agent);
        self.weight.1 = (self.weight.1 + agent.weight()).saturating_sub(known);
        while self.agents.len() > AGENTS || self.weight.1 > AGENTS_WEIGH {
            let Some((_, gone)) = self.agents.pop_first() else {
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

/// Whether an event is taken in before or after its connection knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Before,
    After,
}

/// `reasonCodeId` where it can be nothing but a code of the system: the ids of other reasons are small.
fn system_code(update: &Update) -> Option<String> {
    let id = update.reason_code_id.as_ref()?;
    let reason = Reason::of(id).filter(|reason| !reason.ambiguous)?;
    Some(reason.code.to_string())
}

/// The user of a JID.
fn local_part(jid: &str) -> &str {
    jid.split_once('@').map_or(jid, |(user, _)| user)
}

/// Remembers a name once.
fn remember(names: &mut Vec<String>, name: &str) {
    let name = clip(name);
    if !name.is_empty() && names.len() < NAMES && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// Whether Finesse's word for a mode says that it is on.
fn is_on(mode: &str) -> bool {
    !["false", "off", "no", "0", "none"]
        .iter()
        .any(|off| mode.eq_ignore_ascii_case(off))
}

impl Delay {
    fn take(&mut self, event: &Event, at: At) {
        let Some(delay) = event.time.delay() else {
            return;
        };
        self.units += 1;
        self.total = self.total.saturating_add(delay.0);
        if self.worst.is_none_or(|(worst, _)| delay > worst) {
            self.worst = Some((delay, at));
        }
    }
}

/// A session's first event may be anybody's, and so may its lists.
fn begun(started: &SessionStarted) -> SessionStarted {
    let few = |all: &[String]| {
        all.iter()
            .take(NAMES)
            .map(|one| clip(one).to_owned())
            .collect()
    };
    let text = |text: &String| clip(text).to_owned();
    SessionStarted {
        version: text(&started.version),
        source: match &started.source {
            Source::Live => Source::Live,
            Source::Har(program) => Source::Har(text(program)),
            Source::Netlog(program) => Source::Netlog(text(program)),
        },
        wall_clock: started.wall_clock,
        time_zone: started.time_zone.as_ref().map(text),
        intercepted: few(&started.intercepted),
        options: few(&started.options),
        redaction: started.redaction,
        pseudonyms: started.pseudonyms.as_ref().map(text),
        platform: text(&started.platform),
    }
}

/// The same gap with no more than some of its kinds.
fn shortened(gap: &Gap) -> Gap {
    let kinds = gap.kinds.iter().take(KINDS);
    Gap {
        events: gap.events,
        bytes: gap.bytes,
        kinds: kinds
            .map(|(kind, count)| (clip(kind).to_owned(), *count))
            .collect(),
    }
}

/// Hosts and users remembered.
const NAMES: usize = 256;
/// Connections remembered.
const CONNECTIONS: usize = 8192;
/// Issuers remembered of each target.
const ISSUERS: usize = 16;
/// Targets remembered.
const TARGETS: usize = 256;
/// Agents remembered.
const AGENTS: usize = 4096;
/// Kinds of lost events remembered of a gap: as many as there are.
const KINDS: usize = 32;
/// Bytes that connections may hold together, and agents.
const CONNECTIONS_WEIGH: usize = 80 * 1024 * 1024;
const AGENTS_WEIGH: usize = 16 * 1024 * 1024;
