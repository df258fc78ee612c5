//! Nothing of the server can be reached.

use http::StatusCode;

use super::super::pubsub::Ending;
use super::Fault;

/// Every connection is reset and new ones are refused.
pub(super) const FAULT: Fault = Fault {
    name: "unreachable",
    about: "the server's host is down, and up again",
    wire: "RST on every connection; then TCP is refused",
    begin: |node| {
        node.open_door(false);
        node.lines.all().iter().for_each(|line| line.reset());
    },
    end: |node| node.open_door(true),
};

/// A proxy before the server answers for it.
pub(super) const GATEWAY: Fault = Fault {
    name: "bad-gateway",
    about: "the proxy before the server cannot reach it",
    wire: "the sockets end in order without a Close frame; then 502 for whatever is asked, over REST and on /ws/",
    begin: |node| {
        node.health().gateway = Some(StatusCode::BAD_GATEWAY);
        node.pubsub.end_all(&Ending::Nothing);
    },
    end: |node| node.health().gateway = None,
};
