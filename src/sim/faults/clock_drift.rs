//! The server's clock is wrong.

use super::Fault;

/// Seven minutes ahead.
pub(super) const FAULT: Fault = Fault {
    name: "clock-drift",
    about: "the server's clock is seven minutes ahead",
    wire: "Date, currentTimestamp and stateChangeTime are seven minutes ahead of the time of their arrival",
    begin: |node| node.users.set_clock(7 * 60),
    end: |node| node.users.set_clock(0),
};
