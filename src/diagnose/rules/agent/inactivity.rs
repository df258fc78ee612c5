//! The agent was logged out because nothing was done for long (`finesse.md` 4.3, row 25).

use super::{taken, verdict};
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Opinion, Rule, Severity};
use crate::finesse::Actor;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "inactivity-logout",
    title: "The agent was logged out for inactivity",
    severity: Severity::Notice,
    explains: &["page-closed", "signed-out"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    taken(case, &[Actor::Inactivity]).map_or(Opinion::Silent, |(change, reason)| {
        verdict(case, change, reason).matches()
    })
}

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::Certain;
    use crate::diagnose::testing::Script;

    fn state(state: &str, code: &str) -> Script {
        let script = Script::new().logs_in("1001002").pings(4);
        script.state("1001002", state, code).pings(2)
    }

    #[test]
    fn the_code_of_inactivity_is_certain() {
        let cause = state("LOGOUT", "50004").cause();
        assert_eq!(cause, Some(("inactivity-logout", Certain)));
    }

    #[test]
    fn a_break_that_the_agent_chose_is_no_incident() {
        assert_eq!(state("NOT_READY", "17").cause(), None);
    }
}
