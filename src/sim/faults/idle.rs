//! Sockets of quiet clients are ended by the server's own rules.

use super::super::health::Patience;
use super::{Fault, Shared};

/// Jetty's timer.
pub(super) const JETTY: Fault = Fault {
    name: "jetty-idle-timeout",
    about: "Jetty ends sockets that were idle for 300 s (Openfire 4.2 to 4.7, no PINGs)",
    wire: "<stream:error><internal-server-error/>, <close/>, Close 1001 \"Idle Timeout\" after 300 s of silence",
    begin: |node| have(node, Patience::Jetty),
    end: |node| have(node, Patience::Pings),
};

/// Openfire's own rule since 4.8.
pub(super) const OPENFIRE: Fault = Fault {
    name: "openfire-idle-timeout",
    about: "Openfire 4.8 or later ends sessions that were idle for 360 s",
    wire: "an XMPP ping of the server's after 180 s of silence, <stream:error><connection-timeout/>, <close/>, an empty Close after 360 s",
    begin: |node| have(node, Patience::Openfire48),
    end: |node| have(node, Patience::Pings),
};

/// ejabberd's rule, as it was measured.
pub(super) const CLOSES: Fault = Fault {
    name: "quiet-close",
    about: "the Notification Service closes sockets that were quiet for 120 s, as ejabberd does",
    wire: "Close 1000 after 120 s of silence, no stream error",
    begin: |node| have(node, Patience::Closes),
    end: |node| have(node, Patience::Pings),
};

fn have(node: &Shared, patience: Patience) {
    node.health().patience = patience;
}
