//! What the system does with the agent: no fault of any connection.

use super::{ORDINARY, Scenario, begin, end};

/// Its scenarios.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "supervisor-logout",
        about: "a supervisor signs the agent out",
        signs: "an Update of the user with LOGOUT and code 999 that nobody asked for, a clean end of the socket; 20 s later a new sign-in",
        steps: &[begin(35, "supervisor-logout")],
        ..ORDINARY
    },
    Scenario {
        name: "supervisor-logout-ccx",
        about: "a supervisor signs the agent out, on CCX",
        signs: "an Update of the user with LOGOUT and code 22 that nobody asked for, a clean end of the socket; 20 s later a new sign-in",
        steps: &[begin(35, "supervisor-logout-ccx")],
        ..ORDINARY
    },
    Scenario {
        name: "inactivity-logout",
        about: "the agent was not ready for too long",
        signs: "an Update of the user with LOGOUT and code 50004 that nobody asked for, a clean end of the socket; 20 s later a new sign-in",
        steps: &[begin(35, "inactivity-logout")],
        ..ORDINARY
    },
    Scenario {
        name: "device-error",
        about: "the agent's phone is lost to CCE",
        signs: "an Update of the user with LOGOUT and code 50003 that nobody asked for, a clean end of the socket; 20 s later a new sign-in",
        steps: &[begin(35, "device-error")],
        ..ORDINARY
    },
    Scenario {
        name: "phone-down",
        about: "the agent's phone is down for 20 s, on CCX",
        signs: "an Update of the user with NOT_READY and code 32759 that nobody asked for, 20 s later code 32756; the socket stays",
        steps: &[begin(35, "phone-down"), end(55, "phone-down")],
        ..ORDINARY
    },
    Scenario {
        name: "call-not-answered",
        about: "the agent does not answer a call",
        signs: "an Update of the user with NOT_READY and code 32767 that nobody asked for; the socket stays",
        steps: &[begin(35, "call-not-answered")],
        ..ORDINARY
    },
    Scenario {
        name: "pg-reset",
        about: "the peripheral gateway starts anew",
        signs: "an Update of the user with LOGOUT and code 65534 that nobody asked for, a clean end of the socket; 20 s later a new sign-in",
        steps: &[begin(35, "pg-reset")],
        ..ORDINARY
    },
    Scenario {
        name: "late-logout",
        about: "the connection is reset, and 90 s later the other node signs the agent out",
        signs: "RST and a new login; 90 s after the RST an Update of the user with LOGOUT and code 255 on the healthy socket",
        steps: &[begin(35, "reset"), begin(125, "late-logout")],
        pace: 15.0,
        ..ORDINARY
    },
    Scenario {
        name: "late-not-ready",
        about: "the connection is cut, and 100 s later the other node makes the agent not ready",
        signs: "FIN without Close and a new login; 100 s later an Update of the user with NOT_READY and code 50002 on the healthy socket",
        steps: &[begin(35, "fin"), begin(135, "late-not-ready")],
        pace: 15.0,
        ..ORDINARY
    },
];
