//! The server's side takes nothing more of what the browser sends: its window is full, so its program does not read.

use crate::diagnose::case::Case;
use crate::diagnose::path::Path;
use crate::diagnose::pressure;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::duration;
use crate::event::{Direction, Leg};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "upload-blocked",
    title: "The server's side took nothing more of what the browser sent",
    severity: Severity::Trouble,
    explains: &[
        "zombie-conflict",
        "late-logout",
        "connection-reset",
        "connection-cut",
    ],
    covers: &["no-answer", "service-stalled", "latency-spike"],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return Opinion::Silent;
    };
    let held_up = pressure::held_up(case, loss, Direction::ToServer, BEFORE);
    let Some((pressure, took)) = held_up else {
        return Opinion::Silent;
    };
    let over = loss.over.time;
    if loss.unanswered.is_none() && pressure.until.is_some_and(|until| until < over) {
        return Opinion::Silent;
    }
    if let Path::Silent(..) = case.path(loss, Leg::Upstream) {
        return Opinion::RuledOut(
            "what the browser sent was held up because the path acknowledged nothing, and not because the server did not read".to_owned(),
        );
    }
    let says = format!(
        "What the browser sends stopped getting through: for {} the server's side took nothing of it",
        duration(took)
    );
    let verdict =
        Verdict::new(Confidence::Likely, says).shown(pressure.at, "bytes wait for the server");
    if pressure.full {
        let reason = "the server's kernel acknowledged everything and had no room for more: the program behind it, a proxy or the service, does not read";
        let mut verdict = verdict.because(reason);
        verdict.confidence = Confidence::Certain;
        return verdict.matches();
    }
    verdict
        .because("bytes for the server waited in finspect, because its side did not take them")
        .matches()
}

/// Seconds before the first sign of trouble from which on a full window counts.
const BEFORE: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Script, tcp};
    use crate::event::{Direction::ToServer, TcpOccasion};
    use Confidence::{Certain, Likely};

    fn script() -> Script {
        Script::new().logs_in("1001002").pings(5).after(10.0).ping()
    }

    #[test]
    fn a_full_window_of_the_server_is_certain() {
        let full = TcpOccasion::WindowFull(Leg::Upstream);
        let script = script()
            .after(1.0)
            .tcp(full, tcp(0, 0, 1_000_000))
            .after(7.0);
        assert_eq!(script.gives_up().cause(), Some(("upload-blocked", Certain)));
    }

    #[test]
    fn bytes_that_wait_are_likely() {
        let script = script().after(1.0).stalled(ToServer, 1.0).after(7.0);
        assert_eq!(script.gives_up().cause(), Some(("upload-blocked", Likely)));
    }

    #[test]
    fn bytes_that_wait_because_the_path_is_dead_are_no_cause() {
        let script = script()
            .after(1.0)
            .stalled(ToServer, 1.0)
            .after(7.0)
            .server_silent();
        assert_eq!(
            script.gives_up().cause(),
            Some(("path-black-hole", Certain))
        );
    }

    #[test]
    fn a_wait_that_was_over_before_is_no_cause() {
        let script = Script::new()
            .logs_in("1001002")
            .stalled(ToServer, 1.0)
            .after(2.0);
        let script = script
            .stalled(ToServer, 3.0)
            .pings(5)
            .after(10.0)
            .ping()
            .after(8.0);
        assert_eq!(
            script.server_acks().gives_up().cause(),
            Some(("service-stalled", Likely))
        );
    }

    #[test]
    fn a_slow_upload_that_goes_through_is_healthy() {
        let script = Script::new()
            .logs_in("1001002")
            .stalled(ToServer, 1.0)
            .after(2.0);
        assert_eq!(script.stalled(ToServer, 3.0).pings(5).cause(), None);
    }
}
