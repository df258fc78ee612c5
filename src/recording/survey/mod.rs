//! What a recording holds, in a few words: a fold over its events, with bounded memory.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::files::Recording;
use super::outline::{Kind, Outline, Stanza};
use super::reader::Item;
use super::source::{OpenError, Source};
use crate::event::{Closing, ConnectionId, Direction, Manner, Micros, SessionStarted, StanzaKind};

/// What a recording holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// What the session is, by the recording's header.
    pub session: SessionStarted,
    /// From the session's start to the last event.
    pub lasted: Micros,
    /// Whether the session's end is there.
    pub ended: bool,
    /// Events.
    pub events: u64,
    /// Events that are missing: numbers that skip, damaged lines, and what the recorder itself had to let go.
    pub missing: u64,
    /// WebSocket connections that ended otherwise than by the client's own sign-out, and while the session ran.
    pub disconnects: u64,
    /// The intercepted hosts that were asked for, in the order in which they came; [`Survey::NAMES`] at most.
    pub hosts: Vec<String>,
    /// The agents, by what they sign in with or what their desktop asks for; [`Survey::NAMES`] at most.
    pub agents: Vec<String>,
    /// WebSocket connections that are open.
    sockets: BTreeMap<ConnectionId, Socket>,
}

/// A WebSocket connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Socket {
    #[default]
    Open,
    /// The client has said that it leaves, before anything else ended the connection.
    SignedOut,
    /// The server, or something on the way, has begun to end it.
    BrokenOff,
    /// finspect was told to stop.
    Stopped,
}

impl Survey {
    /// Hosts and agents remembered.
    pub const NAMES: usize = 256;
    /// Open WebSocket connections remembered; the oldest is forgotten.
    const SOCKETS: usize = 4096;

    /// Reads a recording from start to end.
    ///
    /// # Errors
    /// Where its first part is no recording.
    pub fn of(recording: &Recording) -> Result<Self, OpenError> {
        let mut source: Source<Outline> = Source::of_parts(recording)?;
        let mut survey = Self {
            session: source.header().session.clone(),
            ..Self::default()
        };
        while let Some(item) = source.advance() {
            match item {
                Item::Event(event) => survey.take(*event),
                Item::Trouble(trouble) => {
                    survey.missing = survey.missing.saturating_add(trouble.lost());
                }
            }
        }
        survey.ended = source.ended();
        Ok(survey)
    }

    fn take(&mut self, event: Outline) {
        self.events += 1;
        self.lasted = self.lasted.max(event.time.arrived);
        let (id, direction) = (event.connection, event.direction);
        match event.kind {
            Kind::Entered(entered) if entered.intercepted => {
                remember(&mut self.hosts, entered.target.host);
            }
            Kind::Request(target) => {
                if let Some(agent) = agent_in(&target) {
                    remember(&mut self.agents, agent.to_owned());
                }
            }
            Kind::SocketOpened => self.opened(id),
            Kind::SocketClose(closing) => {
                self.step(id, ends_by_close(direction, &closing));
            }
            Kind::Stanza(stanza) => {
                self.step(id, ends_by_stanza(direction, &stanza));
                let agent = agent_of(stanza.kind);
                if let Some(agent) = agent {
                    remember(&mut self.agents, agent);
                }
            }
            Kind::Ended(ended) => self.step(
                id,
                Some(match ended.manner {
                    Manner::Stopped => Socket::Stopped,
                    _ => Socket::BrokenOff,
                }),
            ),
            Kind::Closed => {
                let socket = id.and_then(|id| self.sockets.remove(&id));
                if let Some(Socket::Open | Socket::BrokenOff) = socket {
                    self.disconnects += 1;
                }
            }
            Kind::Gap(gap) => self.missing = self.missing.saturating_add(gap.events),
            Kind::Entered(_) | Kind::SessionEnded | Kind::Other => {}
        }
    }

    fn opened(&mut self, id: Option<ConnectionId>) {
        if let Some(id) = id {
            if self.sockets.len() >= Self::SOCKETS {
                self.sockets.pop_first();
            }
            self.sockets.insert(id, Socket::Open);
        }
    }

    /// What ends a connection is what began to end it first.
    fn step(&mut self, id: Option<ConnectionId>, next: Option<Socket>) {
        let socket = id.and_then(|id| self.sockets.get_mut(&id));
        if let (Some(socket @ Socket::Open), Some(next)) = (socket, next) {
            *socket = next;
        }
    }
}

/// A Close frame: of the client, with 1000 or 1001, it is a sign-out.
fn ends_by_close(direction: Option<Direction>, closing: &Closing) -> Option<Socket> {
    Some(match (direction, closing.code) {
        (Some(Direction::ToServer), Some(1000 | 1001)) => Socket::SignedOut,
        _ => Socket::BrokenOff,
    })
}

/// Unavailable presence to everybody, and `close` (RFC 7395 section 3.6), of the client are a sign-out.
fn ends_by_stanza(direction: Option<Direction>, stanza: &Stanza) -> Option<Socket> {
    let leaves = direction == Some(Direction::ToServer);
    match &stanza.kind {
        StanzaKind::Presence { .. } => {
            let unavailable = stanza.kind_attribute.as_deref() == Some("unavailable");
            (leaves && unavailable && stanza.to.is_none()).then_some(Socket::SignedOut)
        }
        StanzaKind::Close if leaves => Some(Socket::SignedOut),
        StanzaKind::Close | StanzaKind::StreamError(_) => Some(Socket::BrokenOff),
        _ => None,
    }
}

/// The agent that a stanza signs in or binds.
fn agent_of(kind: StanzaKind) -> Option<String> {
    let name = match kind {
        StanzaKind::Auth { user, .. } => user?,
        StanzaKind::Bind { jid, .. } => jid?,
        _ => return None,
    };
    let local = name.split_once('@').map(|(local, _)| local);
    Some(local.map_or_else(|| name.clone(), ToOwned::to_owned)).filter(|name| !name.is_empty())
}

/// The agent of `/finesse/api/User/{id}` and what is below it.
fn agent_in(target: &str) -> Option<&str> {
    let (path, _) = target.split_once(['?', '#']).unwrap_or((target, ""));
    let (_, below) = path.split_once("/finesse/api/User/")?;
    let id = below.split('/').next()?;
    (!id.is_empty()).then_some(id)
}

fn remember(names: &mut Vec<String>, name: String) {
    if names.len() < Survey::NAMES && !names.contains(&name) {
        names.push(name);
    }
}
