//! One person, whatever the socket, the node and the attempt.

use super::At;
use super::kept::{Kept, LONGEST, clip};
use crate::event::ConnectionId;

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// The user as the JID has it, in lower case; a pseudonym in a strict recording.
    pub user: String,
    /// The connections whose socket was bound for this user, in order.
    pub sockets: Kept<(At, ConnectionId)>,
    /// What Finesse said of the agent's state, in order.
    pub states: Kept<StateChange>,
    /// Calls, in the order in which they were first seen.
    pub calls: Kept<Call>,
    /// The turn in which something was last said of them.
    pub(super) heard: u64,
}

/// A call (`Dialog`) of an agent, as far as notifications tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The dialog's id.
    pub id: String,
    /// The first that was seen of it.
    pub first: At,
    /// The last.
    pub last: At,
    /// Its state then, such as `ACTIVE`, `DROPPED`.
    pub state: Option<String>,
    /// Whether Finesse said that it is over.
    pub over: bool,
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
    pub(super) fn new(user: String, heard: u64) -> Self {
        Self {
            user,
            heard,
            sockets: Kept::default(),
            states: Kept::default(),
            calls: Kept::default(),
        }
    }

    /// Roughly the bytes that it holds.
    pub(super) const fn weight(&self) -> usize {
        let lists = self.sockets.weight() + self.states.weight() + self.calls.weight();
        2 * size_of::<Self>() + 3 * LONGEST + lists
    }

    pub(super) fn bound(&mut self, connection: ConnectionId, at: At) {
        let known = self.sockets.iter().any(|(_, id)| *id == connection);
        if !known {
            self.sockets.keep((at, connection));
        }
    }

    pub(super) fn call(&mut self, id: &str, state: Option<String>, over: bool, at: At) {
        let over = over || state.as_deref() == Some("DROPPED");
        let id = clip(id);
        if let Some(place) = self.calls.iter().rposition(|call| call.id == id) {
            self.calls.change(place, |call| {
                call.last = at;
                call.over |= over;
                call.state = state.or_else(|| call.state.take());
            });
        } else {
            let call = Call {
                id: id.to_owned(),
                first: at,
                last: at,
                state,
                over,
            };
            self.calls.keep(call);
        }
    }

    /// Remembers a state that differs from the one before.
    pub(super) fn changed(&mut self, change: StateChange) {
        let same = |last: &StateChange| {
            (&last.state, &last.reason_code) == (&change.state, &change.reason_code)
        };
        if !self.states.last().is_some_and(same) {
            self.states.keep(change);
        }
    }
}
