//! A loss that fits no other rule: what is known of it, and no guess.

use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};

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
        return Opinion::Silent;
    };
    Verdict::new(
        Confidence::Possible,
        "The desktop's socket was lost, and nothing in the recording tells why",
    )
    .lacking("the events around the loss fit no cause that finspect knows")
    .shown(loss.over, "the first word of the end")
    .matches()
}
