//! Something before the Notification Service refuses new sockets.

use http::StatusCode;

use super::Fault;

/// Upgrades get 403; sockets that are up live on, and so does REST.
pub(super) const FAULT: Fault = Fault {
    name: "refuse",
    about: "new WebSockets are refused, as a rule in a proxy does",
    wire: "403 instead of 101 on /ws/",
    begin: |node| node.health().refusal = Some(StatusCode::FORBIDDEN),
    end: |node| node.health().refusal = None,
};
