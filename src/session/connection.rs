//! One client connection with its two legs, from accept to the last byte.

use std::net::SocketAddr;

use super::{At, Exchanges, Socket, Ways, keep};
use crate::event::{
    Attempt, AttemptOutcome, Authority, CertificateFacts, Closed, ConnectionId, DialFailure,
    Direction, Ended, Event, EventKind, HttpViolation, Leg, Manner, Micros, Refusal, Stalled,
    TcpSample, TlsEstablished, TlsFailed, TlsFailure, Verified, Way,
};

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its number.
    pub id: ConnectionId,
    /// The first that was seen of it.
    pub opened: At,
    /// The client's address.
    pub client: Option<SocketAddr>,
    /// The way in.
    pub way: Option<Way>,
    /// What it leads to.
    pub target: Option<Authority>,
    /// Whether finspect looks inside.
    pub intercepted: bool,
    /// The server's address, once TCP stood.
    pub server: Option<SocketAddr>,
    /// Dials, in order: of the upstream's addresses, or of the proxy that leads there.
    pub attempts: Vec<(At, Attempt)>,
    /// Why finspect would not serve it.
    pub refused: Option<(At, Refusal)>,
    /// Why no connection to the server came about.
    pub failed: Option<(At, DialFailure)>,
    /// TLS handshakes, in order.
    pub handshakes: Vec<Handshake>,
    /// HTTP on it.
    pub exchanges: Exchanges,
    /// What was wrong with the HTTP.
    pub violations: Vec<(At, HttpViolation)>,
    /// The WebSocket that it became.
    pub socket: Option<Socket>,
    /// The last byte that made sense, from each sender.
    pub last: Ways<Option<At>>,
    /// The longest time in which nobody sent anything and after which somebody did, and when it was over.
    pub quiet: Option<(Micros, At)>,
    /// Receivers that took nothing for a while; the direction is that of the bytes.
    pub stalls: Vec<(At, Direction, Stalled)>,
    /// What the kernel knew of both TCP connections, the latest samples.
    pub tcp: Vec<(At, TcpSample)>,
    /// How senders ended, in order.
    pub ends: Vec<End>,
    /// Both directions have ended.
    pub closed: Option<(At, Closed)>,
}

/// A TLS handshake, successful or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// When it was over.
    pub at: At,
    /// On which leg.
    pub leg: Leg,
    /// Why it failed, if it did.
    pub failure: Option<TlsFailure>,
    /// What the upstream presented, leaf first; empty on the client's leg.
    pub chain: Vec<CertificateFacts>,
    /// Why the upstream's certificate was accepted, if it was.
    pub verified: Option<Verified>,
}

/// A sender will send no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// When that was seen.
    pub at: At,
    /// The direction that ended: to-server means that the browser ended.
    pub direction: Direction,
    /// How.
    pub manner: Manner,
    /// Bytes sent until then.
    pub bytes: u64,
    /// The last byte before it that made sense, from each sender.
    pub heard: Ways<Option<At>>,
}

impl End {
    /// How long nobody had sent anything when it came.
    #[must_use]
    pub fn quiet(&self) -> Option<Micros> {
        let last = self.heard.to_server.max(self.heard.to_client)?;
        Some(self.at.time.since(last.time))
    }
}

impl Handshake {
    fn done(done: &TlsEstablished, at: At) -> Self {
        Self {
            at,
            leg: done.leg,
            failure: None,
            chain: done.chain.clone(),
            verified: done.verified,
        }
    }

    fn failed(failed: &TlsFailed, at: At) -> Self {
        Self {
            at,
            leg: failed.leg,
            failure: Some(failed.reason.clone()),
            chain: failed.chain.clone(),
            verified: None,
        }
    }
}

impl Connection {
    pub(super) fn new(id: ConnectionId, opened: At) -> Self {
        Self {
            id,
            opened,
            client: None,
            way: None,
            target: None,
            intercepted: false,
            server: None,
            attempts: Vec::new(),
            refused: None,
            failed: None,
            handshakes: Vec::new(),
            exchanges: Exchanges::default(),
            violations: Vec::new(),
            socket: None,
            last: Ways::default(),
            quiet: None,
            stalls: Vec::new(),
            tcp: Vec::new(),
            ends: Vec::new(),
            closed: None,
        }
    }

    /// The first end: who moved first, and how.
    #[must_use]
    pub fn first_end(&self) -> Option<&End> {
        self.ends.first()
    }

    /// Whether it is over.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.closed.is_some()
    }

    /// Whether it was nothing but HTTP, all of it answered with success, and ended in order.
    pub(super) fn is_ordinary(&self) -> bool {
        let orderly = |end: &End| {
            matches!(
                end.manner,
                Manner::Fin | Manner::CloseNotify | Manner::Stopped
            )
        };
        self.socket.is_none()
            && self.refused.is_none()
            && self.failed.is_none()
            && self.violations.is_empty()
            && self.stalls.is_empty()
            && self.exchanges.failures.is_empty()
            && self.exchanges.open().next().is_none()
            && self.handshakes.iter().all(|one| one.failure.is_none())
            && self.ends.iter().all(orderly)
    }

    #[deny(
        clippy::wildcard_enum_match_arm,
        clippy::match_wildcard_for_single_variants
    )]
    pub(super) fn take(&mut self, event: &Event, at: At) {
        match &event.kind {
            EventKind::Accepted(accepted) => self.client = Some(accepted.client),
            EventKind::Entered(entered) => {
                self.way = Some(entered.way);
                self.target = Some(entered.target.clone());
                self.intercepted = entered.intercepted;
            }
            EventKind::Refused(refusal) => self.refused = Some((at, refusal.clone())),
            EventKind::Attempt(attempt) => {
                if attempt.outcome == AttemptOutcome::Connected {
                    self.server = Some(attempt.address);
                }
                keep(&mut self.attempts, (at, attempt.clone()));
            }
            EventKind::UpstreamFailed(failed) => self.failed = Some((at, failed.reason.clone())),
            EventKind::TlsEstablished(done) => {
                keep(&mut self.handshakes, Handshake::done(done, at));
            }
            EventKind::TlsFailed(failed) => {
                keep(&mut self.handshakes, Handshake::failed(failed, at));
            }
            EventKind::HttpRequest(_) | EventKind::HttpResponse(_) | EventKind::HttpBody(_) => {
                self.heard(event, at);
                self.exchanges.take(event, at);
            }
            EventKind::HttpViolation(violation) => {
                keep(&mut self.violations, (at, violation.clone()))
            }
            EventKind::WebSocketOpened(opened) => {
                self.heard(event, at);
                self.socket = Some(Socket::opened(opened, at));
            }
            EventKind::WebSocketMessage(_)
            | EventKind::WebSocketPing(_)
            | EventKind::WebSocketPong(_)
            | EventKind::WebSocketClose(_)
            | EventKind::WebSocketViolation(_)
            | EventKind::XmppStanza(_) => {
                self.heard(event, at);
                // Where the recording begins in the middle, the first that is seen of a socket is what it carries.
                let socket = self.socket.get_or_insert_with(|| Socket::unseen(at));
                socket.take(event, at);
            }
            EventKind::Stalled(stalled) => {
                if let Some(direction) = event.direction {
                    keep(&mut self.stalls, (at, direction, stalled.clone()));
                }
            }
            EventKind::TcpInfo(sample) => {
                if self.tcp.len() >= SAMPLES {
                    self.tcp.remove(0);
                }
                self.tcp.push((at, (**sample).clone()));
            }
            EventKind::Ended(ended) => self.end(event.direction, ended, at),
            EventKind::Closed(closed) => self.closed = Some((at, closed.clone())),
            EventKind::SessionStarted(_)
            | EventKind::Listening(_)
            | EventKind::Resolved(_)
            | EventKind::Protocol(_)
            | EventKind::ClientHello(_)
            | EventKind::Minted(_)
            | EventKind::Rewritten(_)
            | EventKind::Host(_)
            | EventKind::Recorder(_)
            | EventKind::Gap(_)
            | EventKind::SessionEnded(_) => {}
        }
    }

    fn heard(&mut self, event: &Event, at: At) {
        let Some(direction) = event.direction else {
            return;
        };
        if let Some(last) = self.last.to_server.max(self.last.to_client) {
            let quiet = at.time.since(last.time);
            if self.quiet.is_none_or(|(longest, _)| quiet > longest) {
                self.quiet = Some((quiet, at));
            }
        }
        self.last[direction] = Some(at);
    }

    fn end(&mut self, direction: Option<Direction>, ended: &Ended, at: At) {
        if let Some(direction) = direction {
            let end = End {
                at,
                direction,
                manner: ended.manner.clone(),
                bytes: ended.bytes,
                heard: self.last,
            };
            keep(&mut self.ends, end);
        }
    }
}

/// Samples of TCP remembered: half an hour of a busy connection, or the latest trouble.
const SAMPLES: usize = 32;
