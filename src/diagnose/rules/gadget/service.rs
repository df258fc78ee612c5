//! The application behind a gadget is down, while Finesse is well.

use super::application;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::symptom::Symptom;
use crate::diagnose::words::duration;
use crate::session::{At, Connection, End};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "gadget-service-down",
    title: "The application behind a gadget was down",
    severity: Severity::Notice,
    explains: &["gadget-tunnel"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let mut symptoms = case.incident.symptoms.iter();
    let gone = symptoms.find_map(|symptom| match symptom {
        Symptom::GadgetsGone(connection, gone) => Some((*connection, *gone)),
        _ => None,
    });
    let Some((connection, gone)) = gone else {
        return Opinion::Silent;
    };
    let over = went_with_it(case, connection, gone.at);
    let lasted = case.until().time.since(gone.at.time);
    let says = format!(
        "The application behind a gadget went down, {}: its user {} was unavailable for {}, while Finesse's own was not",
        application(&gone.user),
        gone.user,
        duration(lasted)
    );
    let sure = if over {
        Confidence::Possible
    } else {
        Confidence::Certain
    };
    let verdict = Verdict::new(sure, says)
        .because(format!(
            "the notification service said so: presence unavailable from the user {}",
            gone.user
        ))
        .shown(gone.at, format!("{} becomes unavailable", gone.user));
    if over {
        let verdict = verdict.no_worse_than(Severity::Info);
        return verdict
            .lacking("the connection on which it was said ended right after that: the notification service itself may have gone")
            .matches();
    }
    verdict.matches()
}

/// Whether the notification service may have gone itself: it takes leave of its users then, and they of it.
fn went_with_it(case: &Case<'_>, connection: &Connection, at: At) -> bool {
    let stream = connection.socket.as_ref().map(|socket| &socket.stream);
    let left = stream.is_some_and(|stream| stream.client_said_goodbye().is_some());
    let soon = |end: &End| end.at >= at && end.at.time.since(at.time) <= case.seconds(TOGETHER);
    !left && connection.first_end().is_some_and(soon)
}

/// Seconds within which two things happen together.
const TOGETHER: u64 = 20;
