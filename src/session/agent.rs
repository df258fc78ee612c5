//! One person, whatever the socket, the node and the attempt.

use super::{At, keep};
use crate::event::ConnectionId;

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// The user as the JID has it, in lower case; a pseudonym in a strict recording.
    pub user: String,
    /// The connections whose socket was bound for this user, in order.
    pub sockets: Vec<(At, ConnectionId)>,
    /// What Finesse said of the agent's state, in order.
    pub states: Vec<StateChange>,
}

/// Finesse said that an agent has a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// When.
    pub at: At,
    /// On which connection it was said.
    pub connection: ConnectionId,
    /// The state, such as `READY`, `NOT_READY`, `LOGOUT`.
    pub state: String,
    /// The reason code, such as 255.
    pub reason_code: Option<String>,
    /// The reason's label.
    pub reason: Option<String>,
}

impl Agent {
    pub(super) const fn new(user: String) -> Self {
        Self {
            user,
            sockets: Vec::new(),
            states: Vec::new(),
        }
    }

    pub(super) fn bound(&mut self, connection: ConnectionId, at: At) {
        let known = self.sockets.iter().any(|(_, id)| *id == connection);
        if !known {
            keep(&mut self.sockets, (at, connection));
        }
    }

    /// Remembers a state that differs from the one before.
    pub(super) fn changed(&mut self, change: StateChange) {
        let same = |last: &StateChange| {
            (&last.state, &last.reason_code) == (&change.state, &change.reason_code)
        };
        if !self.states.last().is_some_and(same) {
            keep(&mut self.states, change);
        }
    }
}
