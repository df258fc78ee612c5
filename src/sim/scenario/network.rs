//! What is between: middleboxes, proxies, the way itself.

use super::super::deed::Deed;
use super::{ORDINARY, Scenario, begin, does, end};

/// Its scenarios.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "fin",
        about: "a middlebox ends the connection",
        signs: "FIN from the server without Close and close_notify between two answered pings, then a new login",
        steps: &[begin(35, "fin")],
        ..ORDINARY
    },
    Scenario {
        name: "reset",
        about: "the Notification Service crashes",
        signs: "RST from the server, then a new login",
        steps: &[begin(35, "reset")],
        ..ORDINARY
    },
    Scenario {
        name: "idle-timeout",
        about: "the tab goes to the background, and a middlebox ends what is idle for 30 s",
        signs: "no ping for 30 s, FIN from the server without Close and close_notify, a new login; the same again, three times in all",
        steps: &[
            begin(0, "idle-cut"),
            does(15, Deed::HideTab),
            does(150, Deed::ShowTab),
        ],
        pace: 15.0,
        ..ORDINARY
    },
    Scenario {
        name: "unreachable",
        about: "the server's host is down for 40 s",
        signs: "RST on every connection, TCP refused, then a new login",
        steps: &[begin(35, "unreachable"), end(75, "unreachable")],
        ..ORDINARY
    },
    Scenario {
        name: "bad-gateway",
        about: "the proxy before the server cannot reach it for 40 s",
        signs: "TLS and TCP end in order without a Close frame, 502 for REST and /ws/ alike, then a new login",
        steps: &[begin(35, "bad-gateway"), end(75, "bad-gateway")],
        ..ORDINARY
    },
    Scenario {
        name: "tls-inspected",
        about: "a gateway looks into TLS for 40 s, with a certificate that finspect does not know",
        signs: "RST on every connection, then no TLS with the server: its certificate has another issuer; a new login once the old one is back",
        steps: &[begin(35, "tls-inspected"), end(75, "tls-inspected")],
        ..ORDINARY
    },
    Scenario {
        name: "refuse",
        about: "the connection is reset and new sockets are refused for 30 s",
        signs: "RST, then 403 for /ws/ while SystemInfo answers 200, then a new login",
        steps: &[begin(35, "refuse"), begin(35, "reset"), end(65, "refuse")],
        ..ORDINARY
    },
    Scenario {
        name: "refuse-403",
        about: "a rule in a proxy refuses WebSockets for 40 s",
        signs: "403 instead of 101 on /ws/ at each attempt while SystemInfo answers 200, then a login",
        steps: &[begin(0, "refuse"), end(40, "refuse")],
        ..ORDINARY
    },
    Scenario {
        name: "refuse-400",
        about: "a proxy strips the headers of the upgrade for 40 s",
        signs: "400 instead of 101 on /ws/ at each attempt while SystemInfo answers 200, then a login",
        steps: &[begin(0, "refuse-400"), end(40, "refuse-400")],
        ..ORDINARY
    },
    Scenario {
        name: "refuse-401",
        about: "a proxy wants a sign-in of its own for 40 s",
        signs: "401 instead of 101 on /ws/ at each attempt while SystemInfo answers 200, then a login",
        steps: &[begin(0, "refuse-401"), end(40, "refuse-401")],
        ..ORDINARY
    },
    Scenario {
        name: "refuse-404",
        about: "a proxy does not know /ws/ for 40 s",
        signs: "404 instead of 101 on /ws/ at each attempt while SystemInfo answers 200, then a login",
        steps: &[begin(0, "refuse-404"), end(40, "refuse-404")],
        ..ORDINARY
    },
    Scenario {
        name: "refuse-429",
        about: "a proxy limits the rate for 40 s",
        signs: "429 instead of 101 on /ws/ at each attempt while SystemInfo answers 200, then a login",
        steps: &[begin(0, "refuse-429"), end(40, "refuse-429")],
        ..ORDINARY
    },
    Scenario {
        name: "refuse-502",
        about: "the front proxy cannot reach the Notification Service for 40 s",
        signs: "502 instead of 101 on /ws/ at each attempt while SystemInfo answers 200, then a login",
        steps: &[begin(0, "refuse-502"), end(40, "refuse-502")],
        ..ORDINARY
    },
];
