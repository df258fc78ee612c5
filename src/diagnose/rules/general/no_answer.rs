//! A ping without an answer, where nothing tells whether the path or the server is to blame.

use crate::diagnose::case::Case;
use crate::diagnose::loss::Word;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::duration;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "no-answer",
    title: "A ping was not answered in time",
    severity: Severity::Trouble,
    explains: &["zombie-conflict", "late-logout"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some((loss, sent)) = case.loss().and_then(|loss| Some((loss, loss.unanswered?))) else {
        return Opinion::Silent;
    };
    let waited = duration(loss.waited().unwrap_or_default());
    let says = if matches!(loss.word, Word::Open) {
        format!("A ping had stayed without an answer for {waited} when the recording ended")
    } else if loss.is_given_up() {
        format!(
            "The desktop gave the connection up because a ping stayed without an answer for {waited}"
        )
    } else {
        format!(
            "The connection was of no use any more: a ping stayed without an answer for {waited}"
        )
    };
    Verdict::new(Confidence::Likely, says)
        .because(case.clocks.gives_up())
        .lacking("nothing tells whether the path or the server is to blame")
        .shown(sent, "the ping that was never answered in time")
        .matches()
}
