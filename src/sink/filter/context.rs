//! What a filter must remember of the events before: hosts of connections, and questions that wait for an answer.

use std::collections::{BTreeMap, VecDeque};

use super::names;
use crate::event::{Authority, ConnectionId, Direction, Event, EventKind, XmppStanza};

/// The session as far as a filter needs it; bounded, the oldest is forgotten.
#[derive(Debug, Default)]
pub struct Context {
    connections: BTreeMap<ConnectionId, Connection>,
    /// Closed, and to be forgotten with the next event: the closing event itself still has its host.
    closed: Option<ConnectionId>,
    answers: Option<Asked>,
}

#[derive(Debug, Default)]
struct Connection {
    target: Option<Authority>,
    asked: VecDeque<Asked>,
}

/// An iq that waits for its answer.
#[derive(Debug)]
pub(super) struct Asked {
    id: String,
    direction: Option<Direction>,
    pub(super) purpose: &'static str,
    pub(super) node: Option<String>,
}

impl Context {
    /// Takes an event in; call it with every event, before a filter looks at it.
    pub fn take(&mut self, event: &Event) {
        self.answers = None;
        if let Some(closed) = self.closed.take() {
            self.connections.remove(&closed);
        }
        let Some(id) = event.connection else { return };
        if self.connections.len() >= CONNECTIONS && !self.connections.contains_key(&id) {
            self.connections.pop_first();
        }
        let connection = self.connections.entry(id).or_default();
        if let EventKind::Entered(entered) = &event.kind {
            connection.target = Some(entered.target.clone());
        } else if let EventKind::XmppStanza(stanza) = &event.kind {
            self.answers = connection.iq(event.direction, stanza);
        } else if let EventKind::Closed(_) = event.kind {
            self.closed = Some(id);
        }
    }

    /// Where the connection leads to, once that is known.
    #[must_use]
    pub fn host(&self, connection: Option<ConnectionId>) -> Option<&Authority> {
        self.connections.get(&connection?)?.target.as_ref()
    }

    /// What the event that was taken last answers.
    pub(super) const fn answers(&self) -> Option<&Asked> {
        self.answers.as_ref()
    }
}

impl Connection {
    fn iq(&mut self, direction: Option<Direction>, stanza: &XmppStanza) -> Option<Asked> {
        let outline = &stanza.stanza;
        let id = outline.id.as_ref().filter(|_| outline.root.name == "iq")?;
        if matches!(outline.kind_attribute.as_deref(), Some("get" | "set")) {
            self.asked.push_back(Asked {
                id: id.clone(),
                direction,
                purpose: names::purpose(&outline.kind),
                node: super::node_of(&outline.kind).map(ToOwned::to_owned),
            });
            if self.asked.len() > WAITING {
                self.asked.pop_front();
            }
            return None;
        }
        let fits = |asked: &Asked| asked.id == *id && asked.direction != direction;
        let at = self.asked.iter().position(fits)?;
        self.asked.remove(at)
    }
}

/// Connections remembered.
const CONNECTIONS: usize = 4096;
/// Questions remembered for each connection.
const WAITING: usize = 128;
