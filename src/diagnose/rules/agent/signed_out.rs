//! The agent signed out: nothing is wrong.

use crate::diagnose::case::Case;
use crate::diagnose::loss::Loss;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::rules::identity::session_expired;
use crate::diagnose::symptom::Symptom;
use crate::diagnose::words::duration;
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "signed-out",
    title: "The agent signed out",
    severity: Severity::Info,
    explains: &["page-closed"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    // Who leaves in the middle of an outage may well do it because of that.
    let Some(Symptom::Lost(loss)) = case.incident.symptoms.first() else {
        return Opinion::Silent;
    };
    if !loss.is_voluntary() || case.loss().is_some() {
        return Opinion::Silent;
    }
    let Some(wish) = wish(case, loss.at) else {
        return unasked(case, loss);
    };
    if let Some(refused) = session_expired::refused_before(case, loss.at) {
        return Opinion::RuledOut(format!(
            "Finesse had refused the agent's credentials {} before the desktop asked for LOGOUT",
            duration(loss.at.time.since(refused.time))
        ));
    }
    Verdict::new(Confidence::Certain, "The agent signed out")
        .because("the desktop asked for LOGOUT, and then left in order")
        .shown(wish, "the desktop asks for LOGOUT")
        .shown(loss.at, "it says goodbye")
        .matches()
}

/// A desktop that left in order, and was not seen to ask for LOGOUT.
fn unasked(case: &Case<'_>, loss: &Loss<'_>) -> Opinion {
    let recent = case.seconds(RECENT);
    let rest = case.session.rest();
    let seen = !(rest.wishes.is_empty() && rest.polls.is_empty());
    if !seen || case.misses(loss.at.time.since(recent), loss.at.time) {
        return Opinion::Silent;
    }
    Opinion::RuledOut(format!(
        "the desktop asked for no LOGOUT in the {} before it left",
        duration(recent)
    ))
}

/// The desktop's own wish to log out, shortly before it left.
pub(in crate::diagnose::rules) fn wish(case: &Case<'_>, left: At) -> Option<At> {
    let wishes = case.session.rest().wishes.iter();
    let mut recent = wishes
        .filter(|wish| wish.at <= left && left.time.since(wish.at.time) <= case.seconds(RECENT));
    let wish = recent.find(|wish| {
        let agent = case.incident.agent.as_ref();
        wish.state == "LOGOUT" && agent.is_none_or(|agent| *agent == wish.user)
    });
    wish.map(|wish| wish.at)
}

/// Seconds from the wish to the goodbye.
const RECENT: u64 = 30;

#[cfg(test)]
mod tests {
    use crate::diagnose::Outcome;
    use crate::diagnose::rule::Confidence::{Certain, Possible};
    use crate::diagnose::testing::Script;

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(4).after(2.0)
    }

    #[test]
    fn a_wish_and_a_goodbye_are_a_sign_out_and_nothing_is_wrong() {
        let script = || {
            healthy()
                .rest_wishes("1001002", "LOGOUT")
                .after(0.2)
                .state("1001002", "LOGOUT", "")
                .after(1.0)
                .says_goodbye()
        };
        assert_eq!(script().cause(), Some(("signed-out", Certain)));
        assert_eq!(script().diagnosed().outcome, Outcome::Healthy);
    }

    #[test]
    fn a_goodbye_in_a_recording_without_rest_is_a_page_that_left_and_nothing_wrong() {
        let report = healthy().says_goodbye().diagnosed();
        let cause = report.incidents[0].cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), ("page-closed", Possible));
        assert_eq!(report.outcome, Outcome::Healthy);
    }

    #[test]
    fn a_page_that_is_back_at_once_was_reloaded_and_nobody_signed_out() {
        let script = healthy().says_goodbye().after(2.0).logs_in("1001002");
        let report = script.pings(2).diagnosed();
        let cause = report.incidents[0].cause.as_ref();
        assert_ne!(cause.map(|cause| cause.rule), Some("signed-out"));
    }

    #[test]
    fn a_goodbye_without_the_wish_is_no_sign_out() {
        let script = healthy().rest_wishes("1001002", "READY").after(1.0);
        let report = script.says_goodbye().diagnosed();
        let cause = report.incidents[0].cause.as_ref();
        assert_ne!(cause.map(|cause| cause.rule), Some("signed-out"));
    }

    #[test]
    fn another_agents_wish_is_no_sign_out() {
        let report = healthy()
            .rest_wishes("1001003", "LOGOUT")
            .after(1.0)
            .says_goodbye()
            .diagnosed();
        let cause = report.incidents[0].cause.as_ref();
        assert_ne!(cause.map(|cause| cause.rule), Some("signed-out"));
    }

    #[test]
    fn who_signs_out_of_a_desktop_that_hangs_is_not_the_cause() {
        let script = healthy().after(8.0).ping().after(12.0);
        let script = script.rest_wishes("1001002", "LOGOUT").after(1.0);
        assert_ne!(script.says_goodbye().cause().unwrap().0, "signed-out");
    }

    #[test]
    fn a_page_that_leaves_without_asking_for_a_logout_did_not_sign_out_where_rest_is_seen() {
        let left = |script: Script| script.says_goodbye().gone().ruled_out();
        let out = left(healthy().rest_wishes("1001002", "READY").after(40.0));
        assert_eq!(out[0].0, "signed-out");
        assert_eq!(left(healthy()), [], "nobody knows");
    }
}
