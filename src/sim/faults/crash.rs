//! The Notification Service is gone without a goodbye, and comes back.

use http::StatusCode;

use super::super::pubsub::Ending;
use super::{Fault, Shared};

/// Seen without a proxy that softens it: RST.
pub(super) const FAULT: Fault = Fault {
    name: "crash",
    about: "the Notification Service crashes and is started again",
    wire: "RST from the server; then 502 for /ws/ and 503 for SystemInfo",
    begin: |node| {
        down(node, StatusCode::BAD_GATEWAY);
        node.lines.websockets().iter().for_each(|line| line.reset());
    },
    end: up,
};

/// Seen through the front proxy, which ends its own TLS in order.
pub(super) const BEHIND_PROXY: Fault = Fault {
    name: "crash-behind-proxy",
    about: "the Notification Service crashes behind its front proxy and is started again",
    wire: "TLS and TCP end in order without a Close frame; then 503 for /ws/ and SystemInfo",
    begin: |node| {
        down(node, StatusCode::SERVICE_UNAVAILABLE);
        node.pubsub.end_all(&Ending::Nothing);
    },
    end: up,
};

fn down(node: &Shared, status: StatusCode) {
    let mut health = node.health();
    health.notifications_down = true;
    health.refusal = Some(status);
}

fn up(node: &Shared) {
    let mut health = node.health();
    health.notifications_down = false;
    health.refusal = None;
}
