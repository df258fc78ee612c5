//! The CTI server is lost and Finesse has not noticed: up to three missed heartbeats of 5 s.

use super::Fault;

/// REST answers 500, SystemInfo still says IN_SERVICE.
pub(super) const FAULT: Fault = Fault {
    name: "cti-unnoticed",
    about: "the CTI server is lost and Finesse has not noticed yet",
    wire: "500 for REST while SystemInfo says IN_SERVICE; pings are answered",
    begin: |node| node.health().cti_unnoticed = true,
    end: |node| node.health().cti_unnoticed = false,
};
