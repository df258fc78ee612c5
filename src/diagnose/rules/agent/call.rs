//! The way in which a call was treated took the agent's state: it is part of the work (`finesse.md` 3.4; 4.3, row 25).

use super::{taken, verdict};
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Opinion, Rule, Severity};
use crate::finesse::Actor;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "call-event",
    title: "A call that was not answered, or an off-hook phone, took the agent's state",
    severity: Severity::Notice,
    explains: &["page-closed"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    taken(case, &[Actor::Call]).map_or(Opinion::Silent, |(change, reason)| {
        verdict(case, change, reason).matches()
    })
}

#[cfg(test)]
mod tests {
    use crate::diagnose::Outcome;
    use crate::diagnose::rule::Confidence::Certain;
    use crate::diagnose::testing::Script;

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(4)
    }

    #[test]
    fn codes_of_calls_are_certain_and_a_notice() {
        for code in ["32742", "32762", "32763", "32767", "50006", "50010"] {
            let script = healthy().state("1001002", "NOT_READY", code);
            let report = script.pings(2).diagnosed();
            let cause = report.incidents[0].cause.clone().unwrap();
            assert_eq!((cause.rule, cause.confidence), ("call-event", Certain));
            assert!(cause.because[0].contains(code), "{:?}", cause.because);
            assert_eq!(report.outcome, Outcome::Notice);
        }
    }

    #[test]
    fn nobody_is_sent_to_the_phones_registration() {
        let script = healthy().state("1001002", "NOT_READY", "32767").pings(2);
        let answer = script.diagnosed().answer;
        assert!(answer.contains("call not answered"), "{answer}");
        assert!(!answer.contains("registration"), "{answer}");
    }

    #[test]
    fn a_call_that_was_missed_after_the_socket_was_lost_did_not_cause_the_loss() {
        let script = healthy().stream_error("internal-server-error").after(2.0);
        let script = script.state("1001002", "NOT_READY", "32767");
        assert_eq!(script.cause(), Some(("stream-error", Certain)));
    }
}
