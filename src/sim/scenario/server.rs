//! The server: the Notification Service, the web application, CTI.

use super::super::deed::Deed;
use super::{ORDINARY, Scenario, begin, does, end};

/// Its scenarios.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "stall",
        about: "the Notification Service hangs for 45 s",
        signs: "a ping without an answer, a second one 10 s later, then silence; an empty Close 5 s after that, a new login once it wakes",
        steps: &[begin(35, "stall"), end(80, "stall")],
        ..ORDINARY
    },
    Scenario {
        name: "latency-spike",
        about: "the Notification Service answers 5 s late, then 18 s late",
        signs: "round trips of 5 s, then a ping that is answered after the desktop has given up and closed its socket; a new login once it is fast",
        steps: &[
            begin(25, "slow"),
            begin(45, "latency-spike"),
            end(75, "latency-spike"),
        ],
        ..ORDINARY
    },
    Scenario {
        name: "zombie-conflict",
        about: "the Notification Service no longer reads from the sockets that are up",
        signs: "a ping without an answer, a second one, an empty Close; a new login, and with its bind a conflict on the old socket",
        steps: &[begin(35, "deaf")],
        until: 75,
        ..ORDINARY
    },
    Scenario {
        name: "upload-blocked",
        about: "the Notification Service reads no more while the page sends 16 MiB",
        signs: "a message that does not leave, and no ping behind it; the page gives up, an empty Close that does not leave either, a new login",
        steps: &[begin(30, "deaf"), does(32, Deed::Upload)],
        until: 75,
        ..ORDINARY
    },
    Scenario {
        name: "close",
        about: "the servlet container closes the socket",
        signs: "Close 1001 \"Idle Timeout\" from the server without a stream error, then a new login",
        steps: &[begin(35, "close")],
        ..ORDINARY
    },
    Scenario {
        name: "server-closed",
        about: "the servlet container is stopped",
        signs: "Close 1001 \"Shutdown\" from the server without a stream error, then a new login",
        steps: &[begin(35, "server-closed")],
        ..ORDINARY
    },
    Scenario {
        name: "jetty-idle-timeout",
        about: "the page stands still for 310 s, and Jetty's idle timer runs out",
        signs: "silence for 300 s, then internal-server-error, <close/> and Close 1001 \"Idle Timeout\", then a new login",
        steps: &[
            begin(0, "jetty-idle-timeout"),
            does(35, Deed::Freeze),
            does(345, Deed::Thaw),
        ],
        pace: 40.0,
        ..ORDINARY
    },
    Scenario {
        name: "openfire-idle-timeout",
        about: "the page stands still for 370 s, and Openfire's idle limit is reached",
        signs: "silence, an XMPP ping of the server's after 180 s, connection-timeout and an empty Close after 360 s, then a new login",
        steps: &[
            begin(0, "openfire-idle-timeout"),
            does(35, Deed::Freeze),
            does(405, Deed::Thaw),
        ],
        pace: 40.0,
        ..ORDINARY
    },
    Scenario {
        name: "shutdown",
        about: "the Notification Service is restarted within 30 s",
        signs: "system-shutdown and an empty Close, 503 for SystemInfo and /ws/, then a new login",
        steps: &[begin(35, "shutdown"), end(65, "shutdown")],
        ..ORDINARY
    },
    Scenario {
        name: "crash",
        about: "the Notification Service crashes and is back after 30 s",
        signs: "RST from the server, 502 for /ws/ and 503 for SystemInfo, then a new login",
        steps: &[begin(35, "crash"), end(65, "crash")],
        ..ORDINARY
    },
    Scenario {
        name: "crash-behind-proxy",
        about: "the Notification Service crashes behind its front proxy and is back after 30 s",
        signs: "TLS and TCP end in order without a Close frame, 503 for /ws/ and SystemInfo, then a new login",
        steps: &[
            begin(35, "crash-behind-proxy"),
            end(65, "crash-behind-proxy"),
        ],
        ..ORDINARY
    },
    Scenario {
        name: "internal-server-error",
        about: "the Notification Service fails at a stanza",
        signs: "internal-server-error and an empty Close, then a new login",
        steps: &[begin(35, "internal-server-error")],
        ..ORDINARY
    },
    Scenario {
        name: "host-unknown",
        about: "the Notification Service has another name for 40 s",
        signs: "host-unknown and an empty Close instead of features, at each attempt; then a login",
        steps: &[begin(0, "host-unknown"), end(40, "host-unknown")],
        ..ORDINARY
    },
    Scenario {
        name: "not-authorized",
        about: "the Notification Service does not let the address connect for 40 s",
        signs: "not-authorized and an empty Close instead of features, at each attempt; then a login",
        steps: &[begin(0, "not-authorized"), end(40, "not-authorized")],
        ..ORDINARY
    },
    Scenario {
        name: "out-of-service",
        about: "the CTI server is lost for 40 s",
        signs: "an Update of SystemInfo with OUT_OF_SERVICE, 503 for REST, no disconnect, IN_SERVICE again",
        steps: &[begin(35, "out-of-service"), end(75, "out-of-service")],
        ..ORDINARY
    },
    Scenario {
        name: "cti-failover",
        about: "the CTI server fails over: 10 s unnoticed, then 50 s out of service",
        signs: "500 for REST, then an Update of SystemInfo with OUT_OF_SERVICE and 503, no disconnect, IN_SERVICE again",
        steps: &[
            begin(35, "cti-unnoticed"),
            does(37, Deed::Read),
            does(40, Deed::Ask("NOT_READY")),
            begin(45, "out-of-service"),
            end(45, "cti-unnoticed"),
            does(60, Deed::Ask("NOT_READY")),
            end(95, "out-of-service"),
            does(98, Deed::Ask("READY")),
        ],
        ..ORDINARY
    },
    Scenario {
        name: "finesse-presence-lost",
        about: "the Finesse web application is down for 40 s",
        signs: "finesse@ unavailable on a healthy socket, 503 for REST, finesse@ available again",
        steps: &[
            begin(35, "finesse-presence-lost"),
            end(75, "finesse-presence-lost"),
        ],
        ..ORDINARY
    },
    Scenario {
        name: "finesse-absent",
        about: "the Notification Service does not know of the web application for 48 s",
        signs: "a login without a presence from finesse@, pings that are answered; the page is loaded again, then finesse@ is there",
        steps: &[
            begin(0, "finesse-absent"),
            does(45, Deed::ClosePage),
            end(48, "finesse-absent"),
            does(50, Deed::OpenPage),
        ],
        ..ORDINARY
    },
    Scenario {
        name: "maintenance-mode",
        about: "the node is put into maintenance mode for 40 s",
        signs: "an Update of SystemInfo with finesseMMode true, the page leaves in order, SystemInfo OUT_OF_SERVICE; a new login once the node is back",
        steps: &[
            begin(35, "maintenance-mode"),
            does(48, Deed::ClosePage),
            does(52, Deed::OpenPage),
            end(75, "maintenance-mode"),
        ],
        ..ORDINARY
    },
    Scenario {
        name: "clock-drift",
        about: "the server's clock is seven minutes ahead",
        signs: "Date, currentTimestamp and stateChangeTime are seven minutes ahead; nothing else is wrong",
        steps: &[begin(0, "clock-drift")],
        ..ORDINARY
    },
];
