//! The Notification Service is restarted in good order.

use http::StatusCode;

use super::super::pubsub::Ending;
use super::Fault;

/// Every session is told; then upgrades and REST get 503 until it is over.
pub(super) const FAULT: Fault = Fault {
    name: "shutdown",
    about: "the Notification Service is stopped in good order and started again",
    wire: "<stream:error><system-shutdown/>, <close/>, an empty Close; then 503 for /ws/ and SystemInfo",
    begin: |node| {
        let mut health = node.health();
        health.notifications_down = true;
        health.refusal = Some(StatusCode::SERVICE_UNAVAILABLE);
        drop(health);
        node.pubsub
            .end_all(&Ending::Stream(Some("system-shutdown")));
    },
    end: |node| {
        let mut health = node.health();
        health.notifications_down = false;
        health.refusal = None;
    },
};
