//! The names that a filter knows kinds of events and stanzas by: those of the JSON form.

#![deny(
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants
)]

use crate::event::{EventKind, StanzaKind};

/// The name of an event's kind.
pub(super) const fn kind(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::SessionStarted(_) => "session-started",
        EventKind::Listening(_) => "listening",
        EventKind::Accepted(_) => "accepted",
        EventKind::Entered(_) => "entered",
        EventKind::Refused(_) => "refused",
        EventKind::Resolved(_) => "resolved",
        EventKind::Attempt(_) => "attempt",
        EventKind::UpstreamFailed(_) => "upstream-failed",
        EventKind::Protocol(_) => "protocol",
        EventKind::ClientHello(_) => "client-hello",
        EventKind::Minted(_) => "minted",
        EventKind::TlsEstablished(_) => "tls-established",
        EventKind::TlsFailed(_) => "tls-failed",
        EventKind::Rewritten(_) => "rewritten",
        EventKind::HttpRequest(_) => "http-request",
        EventKind::HttpResponse(_) => "http-response",
        EventKind::HttpBody(_) => "http-body",
        EventKind::HttpViolation(_) => "http-violation",
        EventKind::WebSocketOpened(_) => "web-socket-opened",
        EventKind::WebSocketMessage(_) => "web-socket-message",
        EventKind::WebSocketPing(_) => "web-socket-ping",
        EventKind::WebSocketPong(_) => "web-socket-pong",
        EventKind::WebSocketClose(_) => "web-socket-close",
        EventKind::WebSocketViolation(_) => "web-socket-violation",
        EventKind::XmppStanza(_) => "xmpp-stanza",
        EventKind::Stalled(_) => "stalled",
        EventKind::Ended(_) => "ended",
        EventKind::Closed(_) => "closed",
        EventKind::Gap(_) => "gap",
        EventKind::SessionEnded(_) => "session-ended",
    }
}

/// The name of a stanza's purpose.
pub(super) const fn purpose(kind: &StanzaKind) -> &'static str {
    match kind {
        StanzaKind::Open => "open",
        StanzaKind::Close => "close",
        StanzaKind::Features { .. } => "features",
        StanzaKind::Auth { .. } => "auth",
        StanzaKind::Challenge => "challenge",
        StanzaKind::Response => "response",
        StanzaKind::Success => "success",
        StanzaKind::SaslFailure(_) => "sasl-failure",
        StanzaKind::Bind { .. } => "bind",
        StanzaKind::Session => "session",
        StanzaKind::Ping => "ping",
        StanzaKind::Pubsub { .. } => "pubsub",
        StanzaKind::Notification { .. } => "notification",
        StanzaKind::Presence { .. } => "presence",
        StanzaKind::Message => "message",
        StanzaKind::Iq { .. } => "iq",
        StanzaKind::StreamError(_) => "stream-error",
        StanzaKind::Other => "other",
        StanzaKind::Whitespace => "whitespace",
        StanzaKind::Empty => "empty",
        StanzaKind::Malformed { .. } => "malformed",
    }
}

/// All kinds, as [`kind`] names them.
pub(super) const KINDS: &[&str] = &[
    "session-started",
    "listening",
    "accepted",
    "entered",
    "refused",
    "resolved",
    "attempt",
    "upstream-failed",
    "protocol",
    "client-hello",
    "minted",
    "tls-established",
    "tls-failed",
    "rewritten",
    "http-request",
    "http-response",
    "http-body",
    "http-violation",
    "web-socket-opened",
    "web-socket-message",
    "web-socket-ping",
    "web-socket-pong",
    "web-socket-close",
    "web-socket-violation",
    "xmpp-stanza",
    "stalled",
    "ended",
    "closed",
    "gap",
    "session-ended",
];
