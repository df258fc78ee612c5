//! What the clients send on sockets that are up no longer arrives, and new sockets are as good as ever.

use super::Fault;

/// Nothing is read any more; what the server has to say still goes out.
pub(super) const FAULT: Fault = Fault {
    name: "deaf",
    about: "the Notification Service reads no more from the sockets that are up, and serves new ones",
    wire: "pings without a result and an unanswered Close; after the new bind a conflict on the old socket",
    begin: |node| {
        node.lines
            .websockets()
            .iter()
            .for_each(|line| line.deafen())
    },
    end: |node| {
        node.lines
            .websockets()
            .iter()
            .for_each(|line| line.resume());
    },
};
