//! The CTI server is lost, on both Finesse servers at once.

use super::Fault;

/// SystemInfo says OUT_OF_SERVICE, REST answers 503, the sockets stay healthy.
pub(super) const FAULT: Fault = Fault {
    name: "out-of-service",
    about: "the CTI server is lost and comes back",
    wire: "an Update of /finesse/api/SystemInfo with OUT_OF_SERVICE, REST 503 SERVER_OUT_OF_SERVICE; pings are answered",
    begin: |node| node.set_in_service(false),
    end: |node| node.set_in_service(true),
};
