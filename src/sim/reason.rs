//! Reason codes that Finesse or CTI give a state by themselves (finesse.md 3.4).

use super::element::element;
use super::users::AgentState;

/// The `ReasonCode` of a user in such a state: its code, its label, the category that it belongs to.
pub(super) fn reason_xml(code: i32, state: AgentState) -> String {
    let known = LABELS.iter().find(|(known, ..)| *known == code);
    let Some((_, logged_out, not_ready)) = known else {
        // A code that a person chose: its text is not known here.
        return String::new();
    };
    let (category, label) = match state {
        AgentState::Logout => ("LOGOUT", logged_out),
        _ => ("NOT_READY", not_ready),
    };
    let fields = [
        ("uri", format!("/finesse/api/ReasonCode/{code}")),
        ("code", code.to_string()),
        ("label", (*label).to_owned()),
        ("category", category.to_owned()),
        ("id", code.to_string()),
    ]
    .map(|(name, text)| element(name, &text));
    format!("<ReasonCode>{}</ReasonCode>", fields.concat())
}

/// Codes, and what they are called when they sign out and when they make not ready.
const LABELS: &[(i32, &str, &str)] = &[
    (
        22,
        "Supervisor Initiated Logout",
        "Supervisor Initiated Logout",
    ),
    (
        33,
        "Supervisor Initiated Not Ready",
        "Supervisor Initiated Not Ready",
    ),
    (
        255,
        "Logged Out - Connection Failure",
        "Not Ready - Connection Failure",
    ),
    (999, "Supervisor", "Supervisor"),
    (32756, "Phone Up", "Phone Up"),
    (32759, "Phone Down", "Phone Down"),
    (32767, "Call Not Answered", "Call Not Answered"),
    (
        50002,
        "Logged Out - System Failure",
        "Not Ready - Connection Failure",
    ),
    (50003, "Device Error", "Device Error"),
    (50004, "Inactivity Timeout", "Inactivity Timeout"),
    (65534, "PG Reset", "PG Reset"),
];
