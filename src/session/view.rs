//! What there is to know of a session.

use std::collections::BTreeMap;

use super::{Agent, At, Connection, Delay, Issuer, Rest, ServerClocks, Service, Session};
use crate::event::{Authority, ConnectionId, Gap, Host, Micros, SessionStarted};

impl Session {
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

    /// What a server's clock showed at a moment, in seconds since the Unix epoch; this machine's where nothing tells of
    /// the server's.
    #[must_use]
    pub fn server_time(&self, host: &str, at: Micros) -> Option<i64> {
        let ahead = self.server_clocks.of(host).last();
        let ahead = ahead.map_or(0, |reading| reading.ahead);
        let millis = self.wall(at)? / 1_000;
        Some(millis.saturating_add(ahead).div_euclid(1_000))
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

    /// Agents: who has a socket here, each over all sockets, nodes and reconnects. The team of a supervisor is not.
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

    /// Users that signed in, in the order in which they came; where none is seen to, those that a desktop asked for by
    /// REST, which may be a supervisor's team.
    #[must_use]
    pub fn users(&self) -> &[String] {
        self.users.all()
    }

    /// What Finesse said of itself (`SystemInfo`), in order.
    #[must_use]
    pub fn service(&self) -> &[Service] {
        &self.service
    }

    /// When Finesse warned desktops that they will be moved for maintenance, in order.
    #[must_use]
    pub fn maintenance_warnings(&self) -> &[At] {
        &self.maintenance_warnings
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
}
