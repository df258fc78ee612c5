//! The telephone or the telephony behind Finesse took the agent's state (`finesse.md` 4.3, row 25).

use super::{taken, verdict};
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Opinion, Rule, Severity};
use crate::finesse::Actor;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "phone-event",
    title: "The telephone or the telephony took the agent's state",
    severity: Severity::Notice,
    explains: &["page-closed"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let by = [Actor::Phone, Actor::Telephony];
    taken(case, &by).map_or(Opinion::Silent, |(change, reason)| {
        verdict(case, change, reason).matches()
    })
}

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::Certain;
    use crate::diagnose::testing::Script;

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(4)
    }

    #[test]
    fn codes_of_devices_and_gateways_are_certain() {
        for code in [
            "32741", "32750", "32756", "32757", "32759", "50003", "50030", "50040", "65533",
            "65534", "65535",
        ] {
            let report = healthy()
                .state("1001002", "NOT_READY", code)
                .pings(2)
                .diagnosed();
            let cause = report.incidents[0].cause.clone().unwrap();
            assert_eq!((cause.rule, cause.confidence), ("phone-event", Certain));
            assert!(cause.because[0].contains(code), "{:?}", cause.because);
        }
    }

    #[test]
    fn a_phone_that_is_back_takes_nothing_more() {
        let report = healthy()
            .state("1001002", "NOT_READY", "32759")
            .pings(2)
            .state("1001002", "NOT_READY", "32756")
            .pings(2)
            .diagnosed();
        assert_eq!(report.incidents.len(), 1, "{report:#?}");
    }

    #[test]
    fn a_phone_that_goes_while_the_cti_server_is_lost_is_a_consequence() {
        let script = healthy()
            .system_info("OUT_OF_SERVICE", "CTI server connection lost", "")
            .after(1.0)
            .state("1001002", "NOT_READY", "65534")
            .pings(2);
        assert_eq!(script.cause(), Some(("cti-failover", Certain)));
    }

    #[test]
    fn a_phone_that_goes_after_the_socket_was_lost_did_not_cause_the_loss() {
        let script = healthy().stream_error("internal-server-error").after(2.0);
        let script = script.state("1001002", "NOT_READY", "50003");
        assert_eq!(script.cause(), Some(("stream-error", Certain)));
    }
}
