//! The Notification Service crashes, or a firewall drops the connection aloud.

use super::{Fault, over};

/// RST.
pub(super) const FAULT: Fault = Fault {
    name: "reset",
    about: "the TCP connection is reset, as a crash or a firewall does",
    wire: "RST from the server",
    begin: |node| node.lines.websockets().iter().for_each(|line| line.reset()),
    end: over,
};
