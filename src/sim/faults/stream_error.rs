//! The stream is refused or ended with an error that has a name (finesse.md 4.3 row 21).

use super::super::pubsub::Ending;
use super::{Fault, Shared, over};

/// The name that the client asks for is not the server's.
pub(super) const HOST_UNKNOWN: Fault = Fault {
    name: "host-unknown",
    about: "the server does not count the name that the client asks for as its own",
    wire: "<stream:error><host-unknown/>, <close/>, an empty Close in answer to <open/>",
    begin: |node| refuse(node, Some("host-unknown")),
    end: |node| refuse(node, None),
};

/// The address may not connect (newer Openfire).
pub(super) const NOT_AUTHORIZED: Fault = Fault {
    name: "not-authorized",
    about: "the server does not let the client's address connect",
    wire: "<stream:error><not-authorized/>, <close/>, an empty Close in answer to <open/>",
    begin: |node| refuse(node, Some("not-authorized")),
    end: |node| refuse(node, None),
};

/// The server fails at a stanza (Openfire 4.8 and later).
pub(super) const INTERNAL: Fault = Fault {
    name: "internal-server-error",
    about: "the Notification Service fails while it handles a stanza",
    wire: "<stream:error><internal-server-error/>, <close/>, an empty Close in the middle of the session",
    begin: |node| {
        let ending = Ending::Stream(Some("internal-server-error"));
        node.pubsub.end_all(&ending);
    },
    end: over,
};

fn refuse(node: &Shared, condition: Option<&'static str>) {
    node.health().stream_error = condition;
}
