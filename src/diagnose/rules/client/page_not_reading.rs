//! The page takes nothing of what Finesse sends: it hangs, or its browser is stopped.

use crate::diagnose::case::Case;
use crate::diagnose::path::Path;
use crate::diagnose::pressure;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::duration;
use crate::event::{Direction, Leg};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "page-not-reading",
    title: "The browser took nothing of what Finesse sent",
    severity: Severity::Trouble,
    explains: &[
        "path-black-hole",
        "latency-spike",
        "idle-timeout",
        "connection-cut",
        "connection-reset",
        "server-closed",
        "server-idle-timeout",
        "tab-throttled",
        "zombie-conflict",
        "late-logout",
    ],
    covers: &["no-answer", "service-stalled"],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return Opinion::Silent;
    };
    let held_up = pressure::held_up(case, loss, Direction::ToClient, BEFORE);
    let Some((pressure, took)) = held_up else {
        return Opinion::Silent;
    };
    let over = loss.over.time;
    // A page that went on reading long before the end was not lost for that.
    let soon = case.seconds(SOON);
    if pressure.until.is_some_and(|until| over.since(until) > soon) {
        return Opinion::Silent;
    }
    let silent = matches!(case.path(loss, Leg::Client), Path::Silent(..));
    if silent && !pressure.full {
        return Opinion::RuledOut(
            "what Finesse sent was held up because the path to the browser acknowledged nothing, and not because the page did not read".to_owned(),
        );
    }
    let says = format!(
        "The browser took nothing of what Finesse sent for {}: its page hung, or the browser itself was stopped",
        duration(took)
    );
    let mut verdict =
        Verdict::new(Confidence::Likely, says).shown(pressure.at, "bytes wait for the browser");
    if pressure.full {
        verdict.confidence = Confidence::Certain;
        verdict = verdict.because("the browser's kernel acknowledged everything and had no room for more: the browser does not read");
    } else if case.is_local(loss.connection) {
        verdict = verdict
            .because("bytes for the browser waited in finspect, with no network between the two");
    } else {
        verdict = verdict.because(
            "bytes for the browser waited in finspect, because its side did not take them",
        );
    }
    verdict.matches()
}

/// Seconds before the first sign of trouble from which on a full window counts.
const BEFORE: u64 = 60;
/// Seconds from the end of it to the loss.
const SOON: u64 = 15;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Script, tcp};
    use crate::event::{Direction::ToClient, Direction::ToServer, Manner, TcpOccasion};
    use Confidence::{Certain, Likely, Possible};

    fn full(script: Script) -> Script {
        script.tcp(TcpOccasion::WindowFull(Leg::Client), tcp(0, 0, 10_000))
    }

    #[test]
    fn a_server_that_loses_patience_with_a_full_window_is_not_to_blame() {
        let script = Script::new().logs_in("1001002").pings(5).after(2.0);
        let script = full(script.stalled(ToClient, 1.0).after(1.0)).after(30.0);
        let script = script.ends(ToClient, Manner::Reset).gone();
        assert_eq!(script.cause(), Some(("page-not-reading", Certain)));
    }

    #[test]
    fn bytes_that_wait_for_the_browser_are_likely_that() {
        let script = Script::new().logs_in("1001002").pings(5).after(2.0);
        let script = script.stalled(ToClient, 1.0).after(30.0);
        let script = script.ends(ToClient, Manner::FinWithoutCloseNotify).gone();
        assert_eq!(script.cause(), Some(("page-not-reading", Likely)));
    }

    #[test]
    fn an_answer_behind_bytes_that_the_page_does_not_take_is_not_the_services_fault() {
        let script = full(Script::new().logs_in("1001002").pings(5).after(9.0)).ping();
        let script = script
            .after(10.0)
            .ping()
            .after(2.0)
            .closes(ToServer, None, "");
        assert_eq!(script.cause(), Some(("page-not-reading", Certain)));
    }

    #[test]
    fn a_page_that_went_on_reading_long_before_was_not_lost_for_that() {
        let script = full(Script::new().logs_in("1001002").pings(2)).after(8.0);
        let script = script.tcp(TcpOccasion::Recovered(Leg::Client), tcp(0, 0, 10_000));
        let script = script
            .pings(5)
            .after(4.0)
            .ends(ToClient, Manner::Reset)
            .gone();
        assert_eq!(script.cause(), Some(("connection-reset", Possible)));
    }

    #[test]
    fn a_page_that_is_slow_and_goes_on_is_healthy() {
        let script = Script::new()
            .logs_in("1001002")
            .stalled(ToClient, 1.0)
            .after(20.0);
        assert_eq!(script.stalled(ToClient, 21.0).pings(3).cause(), None);
    }
}
