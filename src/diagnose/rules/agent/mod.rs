//! What the agent, a supervisor or a device wished: look-alikes of a connection fault.

pub(super) mod call;
pub(super) mod inactivity;
pub(super) mod late_logout;
pub(super) mod phone;
pub(super) mod signed_out;
pub(super) mod supervisor;

use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Verdict};
use crate::diagnose::symptom;
use crate::finesse::{Actor, Reason};
use crate::session::StateChange;

/// The first state in the incident that one of these took from the agent, and the reason that was given.
fn taken<'a>(case: &Case<'a>, by: &[Actor]) -> Option<(&'a StateChange, &'static Reason)> {
    case.incident.forced().find_map(|change| {
        let reason = symptom::reason(change).filter(|reason| by.contains(&reason.by))?;
        Some((change, reason))
    })
}

/// Whether a reason's meaning but repeats who acted.
fn is_said(by: &str, meaning: &str) -> bool {
    let mut words = by.split(' ').filter(|word| word.len() > 5);
    words.any(|word| meaning.contains(word))
}

/// What is to be said of it: the code says it in words.
fn verdict(case: &Case<'_>, change: &StateChange, reason: &Reason) -> Verdict {
    let by = reason.by.to_string();
    let meaning = if is_said(&by, reason.meaning) {
        String::new()
    } else {
        format!(": {}", reason.meaning)
    };
    let says = match change.state.as_str() {
        "LOGOUT" => format!("The agent was logged out by {by}{meaning}"),
        "NOT_READY" => format!("The agent was made not ready by {by}{meaning}"),
        state => format!("The agent's state was set to {state} by {by}{meaning}"),
    };
    let verdict = Verdict::new(Confidence::Certain, says)
        .because(format!("Finesse said so itself: reason code {reason}"))
        .shown(
            change.at,
            format!("{}, reason code {}", change.state, reason.code),
        );
    let socket = case.session.get(change.connection);
    let pings = socket.and_then(|one| Some(&one.socket.as_ref()?.stream.pings.to_server));
    let verdict = match pings.map(|pings| pings.outstanding(change.at.time).is_none()) {
        Some(true) => verdict.because("the socket was healthy: no ping was waiting for its answer"),
        _ => verdict,
    };
    verdict.only(case.role(change.at))
}
