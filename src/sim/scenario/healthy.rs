//! Nothing is wrong.

use super::super::deed::Deed;
use super::{ORDINARY, Scenario, begin, does, end};

/// Its scenarios.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "calm",
        about: "nothing goes wrong",
        signs: "a ping and its answer every 10 s",
        ..ORDINARY
    },
    Scenario {
        name: "busy",
        about: "many notifications",
        signs: "queue statistics every second and calls that ring and go; every ping is answered",
        steps: &[begin(5, "busy"), end(45, "busy")],
        ..ORDINARY
    },
    Scenario {
        name: "slow",
        about: "the Notification Service answers 5 s late for a minute",
        signs: "every ping is answered, for a minute 5 s late; no disconnect",
        steps: &[begin(25, "slow"), end(85, "slow")],
        ..ORDINARY
    },
    Scenario {
        name: "sign-out",
        about: "the person signs out",
        signs: "a PUT of LOGOUT and its event, unsubscribe, unavailable, <close/> and an empty Close from the page",
        steps: &[does(35, Deed::SignOut)],
        ..ORDINARY
    },
    Scenario {
        name: "reload",
        about: "the page is loaded again",
        signs: "unsubscribe, unavailable, <close/> and an empty Close from the page, a new login within 5 s",
        steps: &[does(35, Deed::ClosePage), does(38, Deed::OpenPage)],
        ..ORDINARY
    },
    Scenario {
        name: "planned-restart",
        about: "the Notification Service is restarted while the person is signed out",
        signs: "a clean sign-out, nothing for 45 s, a new sign-in and login",
        steps: &[
            does(30, Deed::SignOut),
            begin(40, "shutdown"),
            end(70, "shutdown"),
            does(75, Deed::SignIn),
        ],
        ..ORDINARY
    },
];
