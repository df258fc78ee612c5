//! The servlet container is stopped.

use super::super::pubsub::Ending;
use super::{Fault, over};

/// Close 1001 as Jetty sends it when it stops, with no XMPP before it.
pub(super) const FAULT: Fault = Fault {
    name: "server-closed",
    about: "the servlet container of the Notification Service closes the sockets as it stops",
    wire: "Close 1001 \"Shutdown\" from the server, no stream error and no <close/> before it",
    begin: |node| {
        let ending = Ending::Frame(1001, "Shutdown".to_owned());
        node.pubsub.end_all(&ending);
    },
    end: over,
};
