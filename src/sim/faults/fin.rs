//! The Notification Service, or a middlebox before it, ends the TCP connection without a word.

use super::{Fault, over};

/// FIN, with no Close frame and no close_notify before it.
pub(super) const FAULT: Fault = Fault {
    name: "fin",
    about: "the TCP connection is ended without a goodbye, as an idle timer of a middlebox does",
    wire: "FIN from the server without Close and, under TLS, without close_notify",
    begin: |node| node.lines.websockets().iter().for_each(|line| line.fin()),
    end: over,
};
