//! The names of kinds, as in the JSON form.

#![deny(
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants
)]

use super::EventKind;

impl EventKind {
    /// The name of the kind in the JSON form.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SessionStarted(_) => "session-started",
            Self::Listening(_) => "listening",
            Self::Accepted(_) => "accepted",
            Self::Entered(_) => "entered",
            Self::Refused(_) => "refused",
            Self::Resolved(_) => "resolved",
            Self::Attempt(_) => "attempt",
            Self::UpstreamFailed(_) => "upstream-failed",
            Self::Protocol(_) => "protocol",
            Self::ClientHello(_) => "client-hello",
            Self::Minted(_) => "minted",
            Self::TlsEstablished(_) => "tls-established",
            Self::TlsFailed(_) => "tls-failed",
            Self::Rewritten(_) => "rewritten",
            Self::HttpRequest(_) => "http-request",
            Self::HttpResponse(_) => "http-response",
            Self::HttpBody(_) => "http-body",
            Self::HttpViolation(_) => "http-violation",
            Self::WebSocketOpened(_) => "web-socket-opened",
            Self::WebSocketMessage(_) => "web-socket-message",
            Self::WebSocketPing(_) => "web-socket-ping",
            Self::WebSocketPong(_) => "web-socket-pong",
            Self::WebSocketClose(_) => "web-socket-close",
            Self::WebSocketViolation(_) => "web-socket-violation",
            Self::XmppStanza(_) => "xmpp-stanza",
            Self::Stalled(_) => "stalled",
            Self::TcpInfo(_) => "tcp-info",
            Self::Ended(_) => "ended",
            Self::Closed(_) => "closed",
            Self::Host(_) => "host",
            Self::Recorder(_) => "recorder",
            Self::Gap(_) => "gap",
            Self::SessionEnded(_) => "session-ended",
        }
    }

    /// All names.
    pub const NAMES: &[&str] = &[
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
        "tcp-info",
        "ended",
        "closed",
        "host",
        "recorder",
        "gap",
        "session-ended",
    ];
}
