//! The servlet container ends a socket with a code of its own.

use super::super::pubsub::Ending;
use super::{Fault, over};

/// Close 1001 as Jetty sends it, with no XMPP before it.
pub(super) const FAULT: Fault = Fault {
    name: "close",
    about: "the WebSocket is closed with code 1001 \"Idle Timeout\", as Jetty does",
    wire: "a Close frame with code and reason from the server, no stream error and no <close/> before it",
    begin: |node| {
        let ending = Ending::Frame(1001, "Idle Timeout".to_owned());
        node.pubsub.end_all(&ending);
    },
    end: over,
};
