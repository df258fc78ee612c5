//! The node is put into maintenance mode (12.6 and later).

use super::Fault;

/// SystemInfo says so; sockets that are up live on until the desktop leaves by itself.
pub(super) const FAULT: Fault = Fault {
    name: "maintenance-mode",
    about: "the node is put into maintenance mode and taken back",
    wire: "an Update of /finesse/api/SystemInfo with finesseMMode true, then 503 for /ws/; finesseMMode false at the end",
    begin: |node| node.set_maintenance(true),
    end: |node| node.set_maintenance(false),
};
