//! What the agent experienced, in order.

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::super::deed::Deed;

/// One thing that the agent experienced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentMoment {
    /// Real time since the agent's start, not multiplied by the pace.
    pub at: Duration,
    /// What it was.
    pub what: Experience,
}

/// What an agent's client can experience; its `Display` is one plain line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Experience {
    /// A REST call was answered.
    Answered {
        /// Method and object, such as `PUT User/1001002`.
        request: String,
        /// The HTTP status.
        status: u16,
        /// The `requestId` that was sent.
        request_id: Option<String>,
    },
    /// A REST call was not answered.
    Unanswered {
        /// Method and object.
        request: String,
        /// Why not.
        why: String,
    },
    /// The client opens a WebSocket.
    Connecting,
    /// No WebSocket, or no login on it.
    NotConnected(String),
    /// A stanza was sent; its name in short.
    Sent(String),
    /// A stanza came; its name in short.
    Received(String),
    /// `finesse@` was seen, so the client counts itself connected, as this full JID.
    Connected(String),
    /// A notification came.
    Notified {
        /// Its node.
        node: String,
        /// The `requestId` in it, empty for what nobody asked for.
        request_id: String,
        /// The agent's state, where it is the agent's own.
        state: Option<String>,
    },
    /// `finesse@` left (false) or came back (true).
    FinessePresent(bool),
    /// SystemInfo said IN_SERVICE (true) or not.
    InService(bool),
    /// A second ping was sent without an answer to the first: disconnected, though the socket is open.
    GaveUp,
    /// The socket that was given up is closed at last, with an empty Close.
    ClosedTheOld,
    /// The socket ended; how.
    Ended(Death),
    /// Somebody else took the resource.
    Conflict,
    /// The server signed the agent out while the client was away.
    SignedOutMeanwhile,
    /// The system signed the agent out while the client was there.
    SignedOutBySystem,
    /// The agent's side did something of itself.
    Did(Deed),
    /// The agent signed out.
    SignedOut,
}

/// How a socket ended, as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Death {
    /// With a Close frame: code and reason, no code for an empty one.
    Close(Option<u16>, String),
    /// Without a Close frame: what a browser calls 1006.
    Bare(String),
}

impl fmt::Display for Experience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered {
                request, status, ..
            } => write!(f, "{request}: {status}"),
            Self::Unanswered { request, why } => write!(f, "{request}: no answer, {why}"),
            Self::Connecting => f.write_str("opens a socket"),
            Self::NotConnected(why) => write!(f, "not connected: {why}"),
            Self::Sent(stanza) => write!(f, "sends {stanza}"),
            Self::Received(stanza) => write!(f, "gets {stanza}"),
            Self::Connected(jid) => write!(f, "connected as {jid}"),
            Self::Notified { node, state, .. } => match state {
                Some(state) => write!(f, "is told: state {state}"),
                None => write!(f, "is told of {node}"),
            },
            Self::FinessePresent(true) => f.write_str("Finesse is back"),
            Self::FinessePresent(false) => f.write_str("Finesse has left, the socket stays"),
            Self::InService(true) => f.write_str("Finesse is in service again"),
            Self::InService(false) => f.write_str("Finesse is out of service, the socket stays"),
            Self::GaveUp => f.write_str("gives up: a second ping sent, the first still unanswered"),
            Self::ClosedTheOld => f.write_str("closes the socket that it had given up"),
            Self::Ended(Death::Close(Some(code), reason)) => {
                write!(f, "disconnected: Close {code} {reason}")
            }
            Self::Ended(Death::Close(None, _)) => f.write_str("disconnected: an empty Close"),
            Self::Ended(Death::Bare(how)) => write!(f, "disconnected without a Close: {how}"),
            Self::Conflict => f.write_str("somebody else signed in as this agent"),
            Self::SignedOutMeanwhile => f.write_str("was signed out meanwhile"),
            Self::SignedOutBySystem => f.write_str("is signed out by the system"),
            Self::Did(deed) => deed.fmt(f),
            Self::SignedOut => f.write_str("signs out"),
        }
    }
}

/// Where the client notes what it experiences.
#[derive(Debug)]
pub(super) struct Diary {
    started: Instant,
    moments: watch::Sender<Vec<AgentMoment>>,
}

impl Diary {
    /// An empty diary and its reader.
    pub(super) fn new() -> (Self, watch::Receiver<Vec<AgentMoment>>) {
        let (moments, reader) = watch::channel(Vec::new());
        let started = Instant::now();
        (Self { started, moments }, reader)
    }

    /// Notes it; a full diary takes no more.
    pub(super) fn note(&self, what: Experience) {
        let at = self.started.elapsed();
        self.moments.send_if_modified(|moments| {
            let room = moments.len() < MOMENTS;
            if room {
                moments.push(AgentMoment { at, what });
            }
            room
        });
    }
}

/// Most moments that a diary holds.
const MOMENTS: usize = 100_000;
