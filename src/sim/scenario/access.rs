//! Whether somebody may in: passwords, tokens, certificates.

use super::super::deed::{Deed, Habits};
use super::{DESKTOP, ORDINARY, Scenario, begin, does, end};

/// Its scenarios.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "wrong-password",
        about: "the person types a wrong password twice",
        signs: "401 for the sign-in twice, then 202 and a login",
        habits: Habits {
            wrong_passwords: 2,
            ..DESKTOP
        },
        ..ORDINARY
    },
    Scenario {
        name: "locked-out",
        about: "the person types a wrong password five times, which locks the account for 5 minutes",
        signs: "401 for the sign-in, also with the right password; after 5 minutes 202 and a login",
        habits: Habits {
            wrong_passwords: 5,
            ..DESKTOP
        },
        pace: 40.0,
        ..ORDINARY
    },
    Scenario {
        name: "sasl-failure",
        about: "the Notification Service does not take the password for 30 s",
        signs: "202 for the sign-in over REST, <failure><not-authorized/></failure> and an empty Close on the socket; a login once the person tries again",
        steps: &[
            begin(0, "sasl-failure"),
            end(30, "sasl-failure"),
            does(35, Deed::SignIn),
        ],
        ..ORDINARY
    },
    Scenario {
        name: "session-expired",
        about: "the token of the session expires",
        signs: "401 for what the page reads over REST, then its own PUT of LOGOUT and a clean end of the socket; later a new sign-in",
        steps: &[
            begin(35, "token-expired"),
            does(36, Deed::Read),
            does(46, Deed::Read),
            does(48, Deed::SessionEnds),
            end(60, "token-expired"),
            does(62, Deed::SignIn),
        ],
        ..ORDINARY
    },
    Scenario {
        name: "token-not-renewed",
        about: "single sign-on, and the refresh token comes to its end",
        signs: "401 for the renewal of the access token; 401 for what is read over REST once that token has expired too; then LOGOUT and a clean end of the socket; later new tokens and a new sign-in",
        steps: &[
            does(100, Deed::Read),
            begin(200, "token-expired"),
            does(225, Deed::RenewToken),
            end(301, "token-expired"),
            does(302, Deed::Read),
            does(310, Deed::SessionEnds),
            does(330, Deed::SignIn),
        ],
        habits: Habits {
            single_sign_on: true,
            ..DESKTOP
        },
        pace: 40.0,
        ..ORDINARY
    },
    Scenario {
        name: "certificate-not-accepted",
        about: "the browser does not know the certificate, until the person accepts it",
        signs: "the browser breaks TLS off with the alert certificate_unknown, twice; then a login",
        habits: Habits {
            distrust: 2,
            ..DESKTOP
        },
        ..ORDINARY
    },
];
