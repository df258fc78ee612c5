//! Finesse's three health signals (`finesse.md` 4.1): its word of itself, the XMPP connection, the presence of the user
//! `finesse`. Which of them failed, and when.

use super::{At, Connection, Service, Session};

/// One of the three, in the order in which Finesse's own clients test them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// `SystemInfo` says `IN_SERVICE`.
    SystemInfo,
    /// The agent's socket is signed in.
    Xmpp,
    /// The user `finesse` is available.
    Finesse,
}

/// A signal came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: At,
    /// Which.
    pub signal: Signal,
    /// Whether it is well from then on.
    pub well: bool,
}

impl Session {
    /// What became of the three signals on an agent's sockets, in order; of nobody's in particular, on all.
    #[must_use]
    pub fn health(&self, agent: Option<&str>) -> Vec<Change> {
        let sockets = self.connections().filter(|one| is_of(one, agent));
        let mut changes: Vec<Change> = sockets.flat_map(of_socket).collect();
        let services = self.service().iter();
        let told = services.filter(|one| agent.is_none() || self.is_told_to(one, agent));
        changes.extend(told.map(|one| change(one.at, Signal::SystemInfo, one.is_in())));
        changes.sort_by_key(|one| one.at);
        changes
    }

    /// Whether it is the word of a server at which the agent has a socket, or said on one of no other agent.
    fn is_told_to(&self, service: &Service, agent: Option<&str>) -> bool {
        let host = |one: &Connection| one.target.as_ref().map(|target| target.host.clone());
        let mut own = self.connections().filter(|one| is_of(one, agent));
        service.host.is_empty() || own.any(|one| host(one).as_ref() == Some(&service.host))
    }
}

fn is_of(connection: &Connection, agent: Option<&str>) -> bool {
    let user = connection.socket.as_ref().and_then(|one| one.stream.user());
    user.is_some_and(|user| agent.is_none_or(|agent| agent.eq_ignore_ascii_case(user)))
}

/// The signals that stand on a socket: signed in, its first word of an end, and the presence of `finesse`.
fn of_socket(connection: &Connection) -> Vec<Change> {
    let Some(socket) = &connection.socket else {
        return Vec::new();
    };
    let stream = &socket.stream;
    let bound = stream.bound.as_ref().map(|(at, _)| *at);
    let ends = [
        stream.client_said_goodbye(),
        stream.errors.first().map(|(at, ..)| *at),
        stream.closed.to_client,
        socket.closes.first().map(|one| one.at),
        connection.first_end().map(|one| one.at),
    ];
    let over = ends.into_iter().flatten().min();
    let xmpp = [(bound, true), (over, false)];
    let xmpp = xmpp.map(|(at, well)| Some(change(at?, Signal::Xmpp, well)));
    let presence = stream.finesse.iter();
    let presence = presence.map(|one| change(one.at, Signal::Finesse, one.available));
    xmpp.into_iter().flatten().chain(presence).collect()
}

const fn change(at: At, signal: Signal, well: bool) -> Change {
    Change { at, signal, well }
}
