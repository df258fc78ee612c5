//! Which host a connection leads to: what a filter must remember of the events before.

use std::collections::BTreeMap;

use crate::event::{ConnectionId, Event, EventKind};

/// The hosts of the connections that are open; the oldest is forgotten where there are too many.
#[derive(Debug, Default)]
pub struct Hosts {
    hosts: BTreeMap<ConnectionId, String>,
    /// Closed, and to be forgotten with the next event: the closing event itself still has its host.
    closed: Option<ConnectionId>,
}

impl Hosts {
    /// Takes an event in; call it with every event, before a filter looks at it.
    pub fn take(&mut self, event: &Event) {
        if let Some(closed) = self.closed.take() {
            self.hosts.remove(&closed);
        }
        let Some(id) = event.connection else { return };
        if let EventKind::Entered(entered) = &event.kind {
            if self.hosts.len() >= CONNECTIONS {
                self.hosts.pop_first();
            }
            self.hosts.insert(id, entered.target.to_string());
        } else if let EventKind::Closed(_) = event.kind {
            self.closed = Some(id);
        }
    }

    /// `host:port` of the connection, once it is known.
    pub(super) fn of(&self, connection: Option<ConnectionId>) -> Option<&str> {
        self.hosts.get(&connection?).map(String::as_str)
    }
}

/// Connections remembered.
const CONNECTIONS: usize = 4096;
