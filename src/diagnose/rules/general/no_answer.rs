//! A ping without an answer, where nothing tells whether the path or the server is to blame.

use crate::diagnose::attempt::Stage;
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
        return in_a_login(case);
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

/// A login that came no further.
fn in_a_login(case: &Case<'_>) -> Opinion {
    let Some((attempt, waited, _)) = case.given_up() else {
        return Opinion::Silent;
    };
    // Of a request for a WebSocket upgrade-refused knows more.
    if attempt.stage != Stage::GivenUp(waited) {
        return Opinion::Silent;
    }
    let says = format!(
        "A login came no further for {}, and was given up",
        duration(waited)
    );
    Verdict::new(Confidence::Likely, says)
        .because(
            "the server had accepted the connection, and then left the login without an answer",
        )
        .lacking("nothing tells whether the path or the server is to blame")
        .shown(attempt.at, "the last step of the login")
        .matches()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;
    use crate::event::Direction::ToServer;

    fn waits(seconds: f64) -> Option<(&'static str, Confidence)> {
        let script = Script::new().connects().opens_socket().asks_in();
        let script = script.after(seconds).closes(ToServer, None, "");
        script.gone().cause()
    }

    #[test]
    fn a_login_that_came_no_further_is_one_and_one_that_was_left_soon_is_not() {
        assert_eq!(waits(20.0), Some((RULE.name, Confidence::Likely)));
        assert_ne!(waits(4.0).unwrap().0, RULE.name);
    }
}
