//! One client connection with its two legs, from accept to the last byte.

use std::net::SocketAddr;

use super::kept::{Kept, LONGEST, cut};
use super::{At, Exchanges, Socket, Ways};
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
    pub attempts: Kept<(At, Attempt)>,
    /// Why finspect would not serve it.
    pub refused: Option<(At, Refusal)>,
    /// Why no connection to the server came about.
    pub failed: Option<(At, DialFailure)>,
    /// TLS handshakes, in order.
    pub handshakes: Kept<Handshake>,
    /// HTTP on it.
    pub exchanges: Exchanges,
    /// What was wrong with the HTTP.
    pub violations: Kept<(At, HttpViolation)>,
    /// The WebSocket that it became.
    pub socket: Option<Socket>,
    /// The last byte that made sense, from each sender.
    pub last: Ways<Option<At>>,
    /// The longest time in which nobody sent anything and after which somebody did, and when it was over.
    pub quiet: Option<(Micros, At)>,
    /// Receivers that took nothing for a while; the direction is that of the bytes.
    pub stalls: Kept<(At, Direction, Stalled)>,
    /// What the kernel knew of both TCP connections, the latest samples.
    pub tcp: Kept<(At, TcpSample), SAMPLES>,
    /// How senders ended, in order.
    pub ends: Kept<End>,
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
            chain: shortened(&done.chain),
            verified: done.verified,
        }
    }

    fn failed(failed: &TlsFailed, at: At) -> Self {
        Self {
            at,
            leg: failed.leg,
            failure: Some(failed.reason.clone()),
            chain: shortened(&failed.chain),
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
            attempts: Kept::default(),
            refused: None,
            failed: None,
            handshakes: Kept::default(),
            exchanges: Exchanges::default(),
            violations: Kept::default(),
            socket: None,
            last: Ways::default(),
            quiet: None,
            stalls: Kept::default(),
            tcp: Kept::default(),
            ends: Kept::default(),
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

    /// Whether it was to be looked into and nothing at all came of it: no dial was answered before its browser left.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        self.intercepted
            && self.server.is_none()
            && self.failed.is_none()
            && self.refused.is_none()
            && self.handshakes.is_empty()
            && self.last[Direction::ToServer].is_none()
            && self.closed.is_some()
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
            && !self.is_unanswered()
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
                let mut target = entered.target.clone();
                cut(&mut target);
                self.target = Some(target);
                self.intercepted = entered.intercepted;
            }
            EventKind::Refused(refusal) => {
                let mut refused = (at, refusal.clone());
                cut(&mut refused);
                self.refused = Some(refused);
            }
            EventKind::Attempt(attempt) => {
                if attempt.outcome == AttemptOutcome::Connected {
                    self.server = Some(attempt.address);
                }
                self.attempts.keep((at, attempt.clone()));
            }
            EventKind::UpstreamFailed(failed) => {
                let mut failed = (at, failed.reason.clone());
                cut(&mut failed);
                self.failed = Some(failed);
            }
            EventKind::TlsEstablished(done) => self.handshakes.keep(Handshake::done(done, at)),
            EventKind::TlsFailed(failed) => self.handshakes.keep(Handshake::failed(failed, at)),
            EventKind::HttpRequest(_) | EventKind::HttpResponse(_) | EventKind::HttpBody(_) => {
                self.heard(event, at);
                self.exchanges.take(event, at);
            }
            EventKind::HttpViolation(violation) => {
                self.violations.keep((at, violation.clone()));
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
                    self.stalls.keep((at, direction, stalled.clone()));
                }
            }
            EventKind::TcpInfo(sample) => {
                self.tcp.keep((at, (**sample).clone()));
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

    /// Roughly the bytes that it holds.
    pub(super) fn weight(&self) -> usize {
        let socket = self.socket.as_ref().map_or(0, Socket::weight);
        let http = self.exchanges.weight() + self.violations.weight();
        let tls = self.handshakes.weight();
        let tcp = self.attempts.weight() + self.stalls.weight() + self.tcp.weight();
        // Nodes of a map are half empty at worst.
        let own = 2 * size_of::<Self>() + TEXTS * LONGEST;
        own + socket + http + tls + tcp + self.ends.weight()
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
            self.ends.keep(end);
        }
    }
}

/// What of a chain is worth remembering.
fn shortened(chain: &[CertificateFacts]) -> Vec<CertificateFacts> {
    let shortened = chain.iter().take(CHAIN).map(|one| CertificateFacts {
        subject: one.subject.clone(),
        issuer: one.issuer.clone(),
        names: one.names.iter().take(NAMES).cloned().collect(),
        sha256: one.sha256.clone(),
        ..*one
    });
    shortened.collect()
}

/// Certificates of a chain remembered: as many as an event of our own describes.
const CHAIN: usize = 8;
/// Names of a certificate remembered.
const NAMES: usize = 64;
/// Texts outside of lists, at most.
const TEXTS: usize = 12;
/// Samples of TCP remembered: half an hour of a busy connection, or the latest trouble.
const SAMPLES: usize = 32;
