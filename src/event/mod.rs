//! The one type that crosses walls: a fact of the wire or of the host.
//!
//! Everything that finspect knows, live or from a file, is a sequence of [`Event`]s. Producers push
//! [`EventKind`]s, the bus gives them a number, consumers read `&Event`. An event states what was seen;
//! pairings, latencies and findings are folds over events and stand nowhere in here.
//!
//! The JSON form of these types is the recording format: externally tagged, kebab-case.

mod connection;
mod host;
mod http;
mod names;
mod payload;
mod said;
mod session;
mod tcp;
mod tls;
mod wall;
mod websocket;
mod weight;
mod xmpp;

pub use connection::{
    Accepted, Attempt, AttemptOutcome, Authority, Closed, DialFailure, Ended, Entered, Manner,
    Protocol, Refusal, Resolved, Rewritten, Stalled, UpstreamFailed, Via, Way,
};
pub use host::{ClockJumped, DefaultRoute, Host, Interface, Slept, Starved};
pub use http::{
    BodyFraming, Header, HttpBody, HttpRequest, HttpResponse, HttpVersion, HttpViolation,
};
pub use payload::{Content, Payload};
pub use said::Digits;
pub use session::{Gap, Listening, Recorder, Redaction, SessionEnded, SessionStarted, Source};
pub use tcp::{TcpInfo, TcpLast, TcpOccasion, TcpSample, TcpState};
pub use tls::{
    CertificateFacts, ClientHello, Leg, Minted, TlsEstablished, TlsFailed, TlsFailure, Verified,
};
pub use wall::WallClock;
pub use websocket::{
    Closing, DataOpcode, Deflate, FrameFacts, MessageFacts, Pong, WebSocketMessage,
    WebSocketOpened, WebSocketViolation,
};
pub use xmpp::{Carrier, QName, Stanza, StanzaError, StanzaKind, XmppStanza};

use std::fmt;

use serde::{Deserialize, Serialize};

/// One fact, with its place in the session's one total order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Event {
    /// Consecutive from 1 within a session; a hole means a lost event.
    pub number: u64,
    /// When it was seen, on the session's monotonic clock.
    pub time: Times,
    /// The client connection that it belongs to, if it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionId>,
    /// Which way the bytes flowed, for facts that have a way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// What was seen.
    pub kind: EventKind,
}

/// Microseconds on the session's monotonic clock, which starts at 0 with the session.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Micros(pub u64);

impl Micros {
    /// The time from `earlier` to `self`, 0 if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

/// When a unit of the wire (a head, a frame, a message) was seen and handed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Times {
    /// When its last byte arrived.
    pub arrived: Micros,
    /// When its first byte arrived, where that was in an earlier chunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Micros>,
    /// When its last byte had been handed to the other side; absent for facts that are not relayed
    /// bytes, and for bytes that the other side had not yet taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Micros>,
}

impl Times {
    /// The times of a fact that is not made of relayed bytes.
    #[must_use]
    pub const fn at(arrived: Micros) -> Self {
        Self {
            arrived,
            first: None,
            forwarded: None,
        }
    }

    /// finspect's own delay: from the arrival of the last byte until it was handed on.
    #[must_use]
    pub fn delay(&self) -> Option<Micros> {
        self.forwarded.map(|at| at.since(self.arrived))
    }

    /// When the unit's first byte arrived.
    #[must_use]
    pub fn began(&self) -> Micros {
        self.first.unwrap_or(self.arrived)
    }
}

/// A client connection, consecutive from 1 within a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Which way bytes flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the browser to Finesse.
    ToServer,
    /// From Finesse to the browser.
    ToClient,
}

impl Direction {
    /// The other direction.
    #[must_use]
    pub const fn reverse(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}

/// What was seen. One row a fact; the payload types say the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// The session began; always event 1.
    SessionStarted(SessionStarted),
    /// A listener stands.
    Listening(Listening),
    /// A client connected to a listener.
    Accepted(Accepted),
    /// What the client asked for is known: the way in and the target.
    Entered(Entered),
    /// We would not serve the client.
    Refused(Refusal),
    /// A name was looked up.
    Resolved(Resolved),
    /// A dial of one upstream address ended.
    Attempt(Attempt),
    /// No connection to the upstream came about.
    UpstreamFailed(UpstreamFailed),
    /// The first bytes inside a tunnel said what is spoken there.
    Protocol(Protocol),
    /// The client opened a TLS handshake.
    ClientHello(ClientHello),
    /// A leaf certificate was minted for a host.
    Minted(Minted),
    /// A TLS handshake succeeded on one leg.
    TlsEstablished(TlsEstablished),
    /// A TLS handshake failed on one leg.
    TlsFailed(TlsFailed),
    /// The rewriting relay changed something.
    Rewritten(Rewritten),
    /// The head of an HTTP request.
    HttpRequest(HttpRequest),
    /// The head of an HTTP response, 1xx included.
    HttpResponse(HttpResponse),
    /// The end of an HTTP body.
    HttpBody(HttpBody),
    /// HTTP was broken; the decoder is silent in this direction from here on.
    HttpViolation(HttpViolation),
    /// An upgrade to WebSocket was agreed.
    WebSocketOpened(WebSocketOpened),
    /// A data message that is no XMPP.
    WebSocketMessage(WebSocketMessage),
    /// A ping frame (opcode 9), with its payload.
    WebSocketPing(Payload),
    /// A pong frame (opcode 10), with its payload.
    WebSocketPong(Pong),
    /// A Close frame (opcode 8).
    WebSocketClose(Closing),
    /// RFC 6455 or RFC 7692 was broken; the decoder is silent in this direction from here on unless it says otherwise.
    WebSocketViolation(WebSocketViolation),
    /// An XMPP stanza or stream element.
    XmppStanza(Box<XmppStanza>),
    /// The other side has not taken bytes for a while.
    Stalled(Stalled),
    /// What the kernel knows of the TCP connections of a relay.
    TcpInfo(Box<TcpSample>),
    /// One direction of a relay ended.
    Ended(Ended),
    /// Both directions have ended and the connection is gone.
    Closed(Closed),
    /// A fact of the machine that the desktop runs on.
    Host(Host),
    /// How the recorder is, where that is not as it should be.
    Recorder(Recorder),
    /// A bound was hit and events were lost here: this stands for as many events, from its own number on.
    Gap(Gap),
    /// The session ended in order; always the last event.
    SessionEnded(SessionEnded),
}
