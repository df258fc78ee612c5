//! The Notification Service hangs: a long garbage collection, a deadlock.

use super::Fault;

/// Nothing is read and nothing sent on WebSockets, old and new; TCP acknowledges and REST answers as before.
pub(super) const FAULT: Fault = Fault {
    name: "stall",
    about: "the Notification Service hangs, its TCP connections stay",
    wire: "a ping without a result, 10 s later a second one, then silence; the old pings are answered when it ends",
    begin: |node| {
        node.health().stalled = true;
        node.lines.websockets().iter().for_each(|line| line.stall());
    },
    end: |node| {
        node.health().stalled = false;
        node.lines
            .websockets()
            .iter()
            .for_each(|line| line.resume());
    },
};
