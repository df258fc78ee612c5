//! REST fails again and again while the socket lives and no notification says why (`finesse.md` 4.3, rows 7 and 8): what
//! the rules of those rows make of it.

use std::collections::BTreeSet;

use crate::diagnose::case::Case;
use crate::diagnose::failing::Failing;
use crate::diagnose::rule::{Confidence, Opinion, Verdict};
use crate::diagnose::symptom::Symptom;
use crate::diagnose::words::{count, duration};
use crate::event::Micros;
use crate::session::{At, Service};

/// The contact centre behind Finesse is lost: the CTI server's heartbeat fails, or Finesse calls itself out of service
/// while its notification service is well.
pub(super) fn cti_lost(case: &Case<'_>) -> Opinion {
    let Some(run) = alone(case) else {
        return Opinion::Silent;
    };
    let verdict = |sure| {
        let says = format!(
            "REST failed for {}: Finesse had lost what stands behind it, and no desktop is to blame",
            duration(lasted(case, run))
        );
        shown(Verdict::new(sure, says), run)
    };
    if let Some(service) = heartbeat_failed(case, run) {
        return verdict(Confidence::Certain)
            .because("SystemInfo said so: the CTI server's last heartbeat had failed (lastCTIHeartbeatStatus)")
            .shown(service.at, "SystemInfo tells of a failed heartbeat")
            .matches();
    }
    let Some(out) = run.out_of_service else {
        return Opinion::Silent;
    };
    let named = verdict(if is_notifying(case, run) {
        Confidence::Likely
    } else {
        Confidence::Possible
    });
    named
        .because("Finesse said so itself: SERVER_OUT_OF_SERVICE, its word for something that it needs and that is down")
        .shown(out, "Finesse answers SERVER_OUT_OF_SERVICE")
        .lacking("no SystemInfo in the recording names the CTI server as what failed")
        .matches()
}

/// Nothing says why: the web application, or what it stands on.
pub(super) fn failing_alone(case: &Case<'_>) -> Opinion {
    let Some(run) = alone(case) else {
        return Opinion::Silent;
    };
    if run.out_of_service.is_some() || heartbeat_failed(case, run).is_some() {
        return Opinion::Silent;
    }
    let says = format!(
        "Finesse's web application answered REST with server errors for {}",
        duration(lasted(case, run))
    );
    let verdict = shown(Verdict::new(Confidence::Possible, says), run);
    verdict
        .lacking("the user finesse stayed available: the fault may be its database, or the CTI server before Finesse noticed")
        .matches()
}

/// The run of failures that began the incident, where neither Finesse nor its user `finesse` said what was wrong.
fn alone<'a>(case: &Case<'a>) -> Option<Failing<'a>> {
    let Some(Symptom::RestFailing(run)) = case.incident.symptoms.first() else {
        return None;
    };
    let told = case
        .incident
        .symptoms
        .iter()
        .any(|symptom| matches!(symptom, Symptom::OutOfService(_) | Symptom::FinesseGone(..)));
    (!told).then_some(*run)
}

fn shown(verdict: Verdict, run: Failing<'_>) -> Verdict {
    let statuses = BTreeSet::from([run.first.status, run.last.status]);
    let statuses: Vec<String> = statuses.iter().map(ToString::to_string).collect();
    verdict
        .because(format!(
            "{} of its API failed with {} within {}, and none of their kind succeeded in between",
            count(run.times, "call"),
            statuses.join(" and "),
            duration(run.lasted())
        ))
        .shown(run.first.at, "REST begins to fail")
        .shown(run.last.at, "REST still fails")
}

/// From the first failure until REST was well again, or until the last one.
fn lasted(case: &Case<'_>, run: Failing<'_>) -> Micros {
    let until = run.over.map_or(run.last.at, |over| over.min(case.until()));
    until.time.since(run.first.at.time)
}

/// A `SystemInfo` with a failed heartbeat of the CTI server, from shortly before the run to its end.
fn heartbeat_failed<'a>(case: &Case<'a>, run: Failing<'_>) -> Option<&'a Service> {
    let from = run.first.at.time.since(case.seconds(UNNOTICED));
    let to = case.until().max(run.last.at);
    let mut told = case.session.service().iter();
    told.find(|one| one.heartbeat_failed && from <= one.at.time && one.at <= to)
}

/// Whether a ping was answered since REST failed, so that the notification service is well.
fn is_notifying(case: &Case<'_>, run: Failing<'_>) -> bool {
    let sockets = case.session.connections();
    let mut sockets = sockets.filter_map(|one| one.socket.as_ref());
    let since = |at: At| at > run.first.at;
    sockets.any(|socket| {
        let mut pings = socket.stream.pings.to_server.latest().rev();
        pings.any(|ping| ping.answered.is_some_and(since))
    })
}

/// Seconds within which Finesse notices that the CTI server is lost, with a margin over the documented 15.
const UNNOTICED: u64 = 30;

#[cfg(test)]
mod tests {
    use crate::diagnose::report::Report;
    use crate::diagnose::rule::Confidence::{Certain, Likely, Possible};
    use crate::diagnose::testing::Script;

    const USER: &str = "/finesse/api/User/1001002";
    const OUT: &str =
        "<ApiErrors><ApiError><ErrorType>SERVER_OUT_OF_SERVICE</ErrorType></ApiError></ApiErrors>";

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(4)
    }

    fn told(status: &str, heartbeat: &str) -> String {
        format!(
            "<?xml version='1.0'?><SystemInfo><lastCTIHeartbeatStatus>{heartbeat}</lastCTIHeartbeatStatus><status>{status}</status></SystemInfo>"
        )
    }

    fn named(report: &Report) -> (&'static str, crate::diagnose::rule::Confidence) {
        let cause = report.incidents[0].cause.as_ref().unwrap();
        (cause.rule, cause.confidence)
    }

    #[test]
    fn errors_that_go_on_are_possibly_the_web_applications() {
        let script = (0..4).fold(healthy(), |script, _| {
            script.rest("GET", USER, 500).pings(1)
        });
        let report = script.rest("GET", USER, 200).pings(1).diagnosed();
        assert_eq!(named(&report), ("web-app-down", Possible));
        assert!(report.incidents[0].back.is_some());
    }

    #[test]
    fn out_of_service_in_the_answers_is_likely_the_contact_centres() {
        let script = (0..3).fold(healthy(), |script, _| {
            script.rest_says("PUT", USER, 503, OUT).pings(1)
        });
        let report = script.diagnosed();
        assert_eq!(named(&report), ("cti-failover", Likely));
        assert_eq!(report.incidents[0].back, None);
    }

    #[test]
    fn a_heartbeat_that_failed_names_the_cti_server() {
        let script = (0..3).fold(healthy(), |script, _| {
            script.rest("PUT", USER, 500).pings(1)
        });
        let script = script.polls(&told("IN_SERVICE", "failure")).pings(1);
        let report = script.rest("PUT", USER, 202).diagnosed();
        assert_eq!(named(&report), ("cti-failover", Certain));
    }

    #[test]
    fn out_of_service_in_the_answer_to_a_poll_is_as_good_as_a_notification() {
        let out = healthy().polls(&told("OUT_OF_SERVICE", "failure")).pings(2);
        let report = out
            .polls(&told("OUT_OF_SERVICE", "failure"))
            .pings(1)
            .polls(&told("IN_SERVICE", "success"))
            .pings(2)
            .diagnosed();
        assert_eq!(report.incidents.len(), 1);
        assert_eq!(named(&report), ("cti-failover", Certain));
        assert!(report.incidents[0].back.is_some());
        let well = healthy().polls(&told("IN_SERVICE", "success")).pings(2);
        assert_eq!(well.cause(), None);
    }

    #[test]
    fn single_errors_a_page_full_of_them_and_errors_between_successes_are_no_incident() {
        assert_eq!(healthy().rest("GET", USER, 500).pings(2).cause(), None);
        let at_once = (0..5).fold(healthy(), |script, _| {
            script.after(0.1).rest("GET", USER, 500)
        });
        assert_eq!(at_once.pings(2).cause(), None);
        let between = (0..5).fold(healthy(), |script, _| {
            let script = script.rest("GET", USER, 500).pings(1);
            script.rest("GET", USER, 200).pings(1)
        });
        assert_eq!(between.cause(), None);
        let refused = (0..5).fold(healthy(), |script, _| {
            let script = script.rest("GET", USER, 500).pings(1);
            script.rest("GET", USER, 404).pings(1)
        });
        assert_eq!(refused.cause(), None);
        let polls = (0..5).fold(healthy(), |script, _| {
            let script = script.rest("GET", "/finesse/api/SystemInfo", 503);
            script.pings(1)
        });
        assert_eq!(polls.cause(), None);
    }
}
