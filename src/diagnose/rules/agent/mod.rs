//! What the agent, a supervisor or a device wished: look-alikes of a connection fault.

pub(super) mod inactivity;
pub(super) mod late_logout;
pub(super) mod phone;
pub(super) mod signed_out;
pub(super) mod supervisor;

use crate::diagnose::case::Case;
use crate::diagnose::incident;
use crate::diagnose::rule::{Confidence, Verdict};
use crate::finesse::{Actor, Reason};
use crate::session::StateChange;

/// The first state in the incident that one of these took from the agent, and the reason that was given.
fn taken<'a>(case: &Case<'a>, by: &[Actor]) -> Option<(&'a StateChange, &'static Reason)> {
    case.incident.forced().find_map(|change| {
        let reason = incident::reason(change).filter(|reason| by.contains(&reason.by))?;
        Some((change, reason))
    })
}

/// What is to be said of it: the code says it in words.
fn verdict(case: &Case<'_>, change: &StateChange, reason: &Reason) -> Verdict {
    let what = match change.state.as_str() {
        "LOGOUT" => "logged the agent out".to_owned(),
        "NOT_READY" => "made the agent not ready".to_owned(),
        state => format!("set the agent's state to {state}"),
    };
    let who = reason.by.to_string();
    let mut letters = who.chars();
    let who: String = letters.next().map_or(who.clone(), |first| {
        first.to_uppercase().chain(letters).collect()
    });
    let verdict = Verdict::new(
        Confidence::Certain,
        format!("{who} {what}: {}", reason.meaning),
    )
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
