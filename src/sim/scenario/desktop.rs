//! The agent's machine, browser and page.

use super::super::deed::{Deed, Habits, Presence};
use super::{DESKTOP, ORDINARY, Scenario, begin, does};

/// Its scenarios.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "conflict",
        about: "somebody else signs in as the agent",
        signs: "a conflict on the socket; the desktop stays away until the agent signs in again",
        steps: &[begin(35, "conflict")],
        ..ORDINARY
    },
    Scenario {
        name: "second-tab",
        about: "the desktop is opened in a second tab",
        signs: "a second login binds the same full JID, a conflict on the first socket; 20 s later the first tab takes it back in the same way",
        steps: &[does(35, Deed::SecondTab)],
        ..ORDINARY
    },
    Scenario {
        name: "tab-throttled",
        about: "the tab is in the background, and its connection is lost there",
        signs: "pings 60 s apart instead of 10 s, each answered; FIN from the server without Close between two of them, then a new login",
        steps: &[
            does(35, Deed::HideTab),
            begin(180, "fin"),
            does(190, Deed::ShowTab),
        ],
        pace: 20.0,
        ..ORDINARY
    },
    Scenario {
        name: "host-suspended",
        about: "the agent's machine sleeps for 145 s",
        signs: "silence from the agent on every connection; Close 1000 from the server after 120 s, a new login when the machine wakes",
        steps: &[
            begin(0, "quiet-close"),
            does(35, Deed::Freeze),
            does(180, Deed::Thaw),
        ],
        pace: 20.0,
        ..ORDINARY
    },
    Scenario {
        name: "page-closed",
        about: "the page is closed",
        signs: "unsubscribe, unavailable, <close/> and an empty Close from the page, no PUT of LOGOUT, no new login",
        steps: &[does(35, Deed::ClosePage)],
        ..ORDINARY
    },
    Scenario {
        name: "page-left",
        about: "the person leaves the page and is back after 75 s",
        signs: "unsubscribe, unavailable, <close/> and an empty Close from the page; 75 s later a new login of an agent who was signed out meanwhile",
        steps: &[does(35, Deed::ClosePage), does(110, Deed::OpenPage)],
        ..ORDINARY
    },
    Scenario {
        name: "page-lost",
        about: "the page is gone before its handlers ran",
        signs: "Close 1001 from the browser and no word of XMPP, then a new login",
        steps: &[does(35, Deed::LosePage), does(40, Deed::OpenPage)],
        ..ORDINARY
    },
    Scenario {
        name: "browser-died",
        about: "the browser dies and is started again",
        signs: "FIN from the browser without Close and close_notify on every connection at once, then a new sign-in and login",
        steps: &[does(35, Deed::KillBrowser), does(50, Deed::SignIn)],
        ..ORDINARY
    },
    Scenario {
        name: "page-not-reading",
        about: "the page reads nothing for 30 s while much is published",
        signs: "notifications that the page does not take, no pings; then all of them at once, and the pings go on",
        steps: &[
            does(30, Deed::Freeze),
            begin(31, "flood"),
            does(60, Deed::Thaw),
        ],
        ..ORDINARY
    },
    Scenario {
        name: "no-presence",
        about: "the client sends no presence",
        signs: "a login without a presence, 202 for each PUT and no event after it; pings are answered",
        steps: &[does(32, Deed::Ask("NOT_READY"))],
        habits: Habits {
            presence: Presence::None,
            ..DESKTOP
        },
        ..ORDINARY
    },
    Scenario {
        name: "negative-priority",
        about: "the client sends a presence with priority -1",
        signs: "presence and that of finesse@, 202 for each PUT and no event after it; pings are answered",
        steps: &[does(32, Deed::Ask("NOT_READY"))],
        habits: Habits {
            presence: Presence::Negative,
            ..DESKTOP
        },
        ..ORDINARY
    },
    Scenario {
        name: "message-too-large",
        about: "the page sends a message of more than 1 MiB",
        signs: "a message of 1 MiB, Close 1009 from the server, then a new login",
        steps: &[does(35, Deed::SendLarge)],
        ..ORDINARY
    },
];
