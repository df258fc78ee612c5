//! A loss, or a failed attempt, that fits no other rule: what is known of it, and no guess.

use crate::diagnose::case::Case;
use crate::diagnose::kin;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::story;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "unexplained",
    title: "The connection was lost, and nothing tells why",
    severity: Severity::Trouble,
    explains: &[],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return attempted(case);
    };
    let lacking = if kin::is_imported(case.session) {
        "a browser's file does not tell how its connections ended; a recording of finspect does"
    } else {
        "the events around the loss fit no cause that finspect knows"
    };
    Verdict::new(
        Confidence::Possible,
        "The desktop's socket was lost, and nothing in the recording tells why",
    )
    .lacking(lacking)
    .shown(loss.over, "the first word of the end")
    .matches()
}

fn attempted(case: &Case<'_>) -> Opinion {
    let Some(attempt) = case.incident.attempts().next() else {
        return Opinion::Silent;
    };
    let outcome = story::outcome(&attempt.stage);
    let says = format!(
        "The desktop did not get a socket, and nothing in the recording tells why: {outcome}"
    );
    Verdict::new(Confidence::Possible, says)
        .lacking("what the attempt met fits no cause that finspect knows")
        .shown(attempt.at, outcome)
        .matches()
}
