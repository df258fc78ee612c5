//! What is worth a look before anything comes of it: a list of watches over the projection.
//!
//! A watch says what stands at one moment: now, of a session that is still going on, or at the end of a recording.

mod sockets;
mod standing;
mod tokens;

#[cfg(test)]
mod tests;

use crate::event::{ConnectionId, Micros};
use crate::session::{At, Session};

use super::clocks::Clocks;

/// Something that is worth a look, as long as it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// Its name.
    pub name: &'static str,
    /// What it is about: with the name it tells whether a sign is the same as one before.
    pub about: About,
    /// The event that shows it first.
    pub at: At,
    /// What was seen.
    pub says: String,
}

/// What a sign is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// A connection.
    Connection(ConnectionId),
    /// A server.
    Host(String),
    /// Somebody who signed in.
    Person(String),
    /// This machine, or finspect.
    Machine,
    /// Requests over all connections.
    Requests,
}

/// What a watch looks at.
struct Scene<'a> {
    session: &'a Session,
    clocks: &'a Clocks,
    now: Micros,
}

/// All signs that stand at the session's last moment.
#[must_use]
pub fn signs(session: &Session, clocks: &Clocks) -> Vec<Sign> {
    let Some((_, last)) = session.span() else {
        return Vec::new();
    };
    let now = last.time;
    let scene = Scene {
        session,
        clocks,
        now,
    };
    let mut signs = Vec::new();
    for watch in WATCHES {
        watch(&scene, &mut signs);
    }
    signs
}

/// A watch adds what it sees.
type Watch = fn(&Scene<'_>, &mut Vec<Sign>);

const WATCHES: [Watch; 9] = [
    sockets::ping_outstanding,
    sockets::pings_slower,
    sockets::round_trips_rising,
    sockets::retransmitting,
    standing::certificates,
    tokens::tokens,
    standing::clocks_differ,
    standing::starved,
    standing::events_missing,
];
