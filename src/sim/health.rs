//! What works on a server and what does not.

use std::time::Duration;

use http::StatusCode;

/// What works and what does not; the default is a healthy server.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// The CTI server is lost: OUT_OF_SERVICE, REST answers 503.
    pub(super) cti_lost: bool,
    /// The Notification Service is down: REST and SystemInfo answer 503.
    pub(super) notifications_down: bool,
    /// The web application is down: `finesse@` is away, REST answers 503.
    pub(super) webapp_down: bool,
    /// The Notification Service hangs: new sockets hang too.
    pub(super) stalled: bool,
    /// What an upgrade to `/ws/` is answered instead of 101.
    pub(super) refusal: Option<StatusCode>,
    /// What everything is answered instead, by a proxy before a server that is down.
    pub(super) gateway: Option<StatusCode>,
    /// The stream error that an `<open/>` is answered with.
    pub(super) stream_error: Option<&'static str>,
    /// The SASL condition that the right password is answered with.
    pub(super) sasl_failure: Option<&'static str>,
    /// `finesse@` is in nobody's roster: no presence of it after a login.
    pub(super) finesse_absent: bool,
    /// The CTI server is lost and Finesse has not noticed: REST answers 500.
    pub(super) cti_unnoticed: bool,
    /// The token has expired: REST answers 401 to all but a forced sign-out.
    pub(super) token_expired: bool,
    /// The node is put into maintenance mode.
    pub(super) maintenance: bool,
    /// A middlebox ends connections that are idle for too long.
    pub(super) idle_cut: bool,
    /// A gateway between looks into TLS, with a certificate of its own.
    pub(super) inspected: bool,
    /// Notifications come without end.
    pub(super) busy: bool,
    /// How much later than it came everything on `/ws/` is read.
    pub(super) latency: Duration,
    /// What is done about a client that is quiet.
    pub(super) patience: Patience,
}

/// What the Notification Service does about a client that is quiet (finesse.md 4.3 rows 23 and 24, and 8b).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Openfire 4.2 to 4.7: a WebSocket PING each minute, and nothing when it stays unanswered.
    #[default]
    Pings,
    /// Jetty's own idle timer: after 300 s without a frame, Openfire's error and Jetty's Close.
    Jetty,
    /// Openfire 4.8 and later: an XMPP ping at 180 s, `connection-timeout` at 360 s.
    Openfire48,
    /// ejabberd: Close 1000 at 120 s and no word of XMPP.
    Closes,
}
