//! A supervisor or an administrator took the agent's state (`finesse.md` 4.3, row 25).

use super::{taken, verdict};
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity};
use crate::finesse::Actor;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "supervisor-logout",
    title: "A supervisor or an administrator took the agent's state",
    severity: Severity::Notice,
    explains: &["page-closed", "signed-out"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some((change, reason)) = taken(case, &[Actor::Supervisor, Actor::Administrator]) else {
        return Opinion::Silent;
    };
    let mut verdict = verdict(case, change, reason);
    let label = change.reason.as_deref().unwrap_or_default();
    if reason.ambiguous && !reason.is_named_by(label) {
        verdict.confidence = Confidence::Possible;
        verdict = verdict.lacking(format!(
            "where the contact centre is not CCX, {} can be the number of a reason that agents choose",
            reason.code
        ));
    }
    verdict.matches()
}

#[cfg(test)]
mod tests {
    use crate::diagnose::Outcome;
    use crate::diagnose::rule::Confidence::{Certain, Possible};
    use crate::diagnose::testing::Script;

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(4)
    }

    #[test]
    fn a_supervisors_code_is_certain() {
        for code in ["999", "20001", "20002", "20003", "32748", "50020"] {
            let script = healthy().state("1001002", "LOGOUT", code).pings(2);
            assert_eq!(
                script.cause(),
                Some(("supervisor-logout", Certain)),
                "{code}"
            );
        }
    }

    #[test]
    fn who_it_was_is_said_once() {
        for code in ["999", "22"] {
            let script = healthy().state_for("1001002", "LOGOUT", code, "");
            let cause = script.diagnosed().incidents[0].cause.clone().unwrap();
            assert_eq!(cause.says, "The agent was logged out by a supervisor");
        }
    }

    #[test]
    fn a_code_that_agents_may_choose_too_is_as_sure_as_its_label() {
        for code in ["22", "33"] {
            let cause = |label| {
                let script = healthy().state_for("1001002", "NOT_READY", code, label);
                script.pings(2).cause()
            };
            assert_eq!(cause(""), Some(("supervisor-logout", Possible)), "{code}");
            let named = "Supervisor initiated change to Not Ready";
            assert_eq!(cause(named), Some(("supervisor-logout", Certain)), "{code}");
            assert_eq!(cause("Lunch"), None, "{code}");
        }
    }

    #[test]
    fn such_a_code_that_the_agent_asked_for_is_no_incident() {
        let script = healthy().rest_wishes("1001002", "NOT_READY").after(0.2);
        let script = script.state_for("1001002", "NOT_READY", "33", "");
        let script = script.pings(2);
        assert_eq!(script.cause(), None);
    }

    #[test]
    fn the_desktop_that_leaves_then_is_part_of_it_and_a_notice() {
        let report = healthy()
            .state("1001002", "LOGOUT", "999")
            .after(3.0)
            .says_goodbye()
            .diagnosed();
        assert_eq!(report.incidents.len(), 1);
        assert_eq!(report.outcome, Outcome::Notice);
    }

    #[test]
    fn a_supervisor_after_a_lost_socket_did_not_cause_the_loss() {
        let script = healthy().after(1.0).stream_error("reset").after(2.0);
        let script = script.on(1).state("1001002", "LOGOUT", "999");
        assert_eq!(script.cause(), Some(("stream-error", Certain)));
    }
}
