//! The CTI server, its peripheral gateway or the contact-centre engine is lost to Finesse (`finesse.md` 4.3, row 8).

use super::rest;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::symptom::{self, Symptom};
use crate::diagnose::words::{count, duration};
use crate::event::Micros;
use crate::finesse::Actor;
use crate::session::{At, Service};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "cti-failover",
    title: "Finesse lost the contact centre behind it",
    severity: Severity::Trouble,
    explains: &["page-closed", "phone-event", "late-logout"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let out = case
        .incident
        .symptoms
        .iter()
        .find_map(|symptom| match symptom {
            Symptom::OutOfService(service) => Some(*service),
            _ => None,
        });
    match out {
        Some(service) if service.maintenance => Opinion::RuledOut(
            "SystemInfo says that it is out of service for maintenance".to_owned(),
        ),
        Some(service) => out_of_service(case, service),
        None => match rest::cti_lost(case) {
            Opinion::Silent => engine_failed(case),
            known => known,
        },
    }
}

fn out_of_service(case: &Case<'_>, service: &Service) -> Opinion {
    let at = service.at;
    let until = case.until();
    let out = case.lasted(at).map_or_else(
        || "went out of service".to_owned(),
        |lasted| format!("was out of service for {}", duration(lasted)),
    );
    let says = format!(
        "Finesse {out}: it had lost the CTI server or the engine behind it, and no desktop is to blame"
    );
    let reason = service.reason.as_deref().unwrap_or_default();
    let named = names_cti(reason) || service.heartbeat_failed;
    let sure = if named {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    let verdict = Verdict::new(sure, says)
        .because(said(service))
        .shown(at, format!("SystemInfo says {}", service.status));
    let verdict = if named {
        verdict
    } else {
        verdict.lacking("SystemInfo does not name the CTI server as what failed")
    };
    let verdict = if service.heartbeat_failed {
        verdict.because("the CTI server's last heartbeat had failed (lastCTIHeartbeatStatus)")
    } else {
        verdict
    };
    let refused = |from, to| -> Vec<At> {
        let failures = case.rest_failures(from, to);
        let refused = failures.filter(|(id, failure)| {
            matches!(failure.status, 500 | 503) && case.is_same_server(*id, service.connection)
        });
        refused.map(|(_, failure)| failure.at).collect()
    };
    // Finesse notices after three heartbeats; REST fails with 500 until then (`finesse.md` 3.1, 4.1).
    let unnoticed = At {
        time: Micros(at.time.0.saturating_sub(case.seconds(UNNOTICED).0)),
        number: 0,
    };
    let early = refused(unnoticed, at);
    let refused = refused(at, until);
    let verdict = match early.first() {
        Some(first) => verdict
            .because(format!(
                "{} had failed with 500 or 503 just before, when it had not noticed yet",
                count(early.len() as u64, "REST call")
            ))
            .shown(*first, "REST fails already"),
        None => verdict,
    };
    let verdict = match refused.first() {
        Some(first) => verdict
            .because(format!(
                "{} failed meanwhile with 503 or 500",
                count(refused.len() as u64, "REST call")
            ))
            .shown(*first, "REST is out of service"),
        None => verdict,
    };
    verdict.only(case.role(at)).matches()
}

/// Seconds within which Finesse notices that the CTI server is lost, with a margin over the documented 15.
const UNNOTICED: u64 = 30;

fn said(service: &Service) -> String {
    match &service.reason {
        Some(reason) => format!("it said so itself, with {} ({reason})", service.status),
        None => format!("it said so itself, with {}", service.status),
    }
}

/// CCX tells its agents by a reason code (32764).
fn engine_failed(case: &Case<'_>) -> Opinion {
    let mut forced = case.incident.forced();
    let failed = forced
        .find(|change| symptom::reason(change).is_some_and(|reason| reason.by == Actor::Engine));
    let Some(change) = failed else {
        return Opinion::Silent;
    };
    let says = format!(
        "The contact-centre engine failed, and the agent's state became {}",
        change.state
    );
    let role = match case.role(change.at) {
        Role::Cause => Role::Cause,
        _ => Role::Consequence,
    };
    Verdict::new(Confidence::Certain, says)
        .because("it said so itself, with reason code 32764 (contact-centre engine failure)")
        .shown(change.at, "the engine takes the agent's state")
        .only(role)
        .matches()
}

/// Whether the reason names what stands behind Finesse.
fn names_cti(reason: &str) -> bool {
    let reason = reason.to_ascii_uppercase();
    let names = ["CTI", "PERIPHERAL", "PG ", "ENGINE"];
    names.iter().any(|name| reason.contains(name))
}

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::{Certain, Likely};
    use crate::diagnose::testing::Script;

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(4)
    }

    #[test]
    fn out_of_service_for_the_cti_server_is_certain() {
        let script = healthy()
            .system_info("OUT_OF_SERVICE", "CTI server connection lost", "")
            .rest("GET", "/finesse/api/User/1001002", 503)
            .pings(4)
            .system_info("IN_SERVICE", "", "")
            .pings(2);
        assert_eq!(script.cause(), Some(("cti-failover", Certain)));
    }

    #[test]
    fn how_long_it_lasted_is_said_once_it_is_over() {
        let out = || healthy().system_info("OUT_OF_SERVICE", "CTI", "").pings(1);
        let says = |script: Script| {
            let report = script.diagnosed();
            report.incidents[0].cause.clone().unwrap().says
        };
        let open = says(out());
        assert!(open.starts_with("Finesse went out of service: "), "{open}");
        let over = says(out().system_info("IN_SERVICE", "", ""));
        assert!(over.contains("was out of service for 10.0 s"), "{over}");
    }

    #[test]
    fn calls_that_failed_before_it_noticed_are_told() {
        let report = healthy()
            .rest("GET", "/finesse/api/User/1001002", 500)
            .after(2.0)
            .system_info("OUT_OF_SERVICE", "CTI server connection lost", "")
            .pings(4)
            .diagnosed();
        let cause = report.incidents[0].cause.as_ref().unwrap();
        assert!(
            cause.because[1].starts_with("1 REST call had failed"),
            "{cause:?}"
        );
    }

    #[test]
    fn out_of_service_without_a_reason_is_but_likely() {
        let script = healthy().system_info("OUT_OF_SERVICE", "", "").pings(4);
        assert_eq!(script.cause(), Some(("cti-failover", Likely)));
    }

    #[test]
    fn out_of_service_with_the_web_application_gone_is_its_consequence() {
        let script = healthy()
            .system_info("OUT_OF_SERVICE", "", "")
            .after(1.0)
            .finesse(false)
            .pings(2);
        assert_eq!(script.cause(), Some(("web-app-down", Certain)));
    }

    #[test]
    fn the_logout_that_follows_an_outage_belongs_to_it() {
        let report = healthy()
            .system_info("OUT_OF_SERVICE", "CTI", "")
            .pings(4)
            .system_info("IN_SERVICE", "", "")
            .pings(2)
            .state("1001002", "LOGOUT", "50002")
            .diagnosed();
        assert_eq!(report.incidents.len(), 1);
        let incident = &report.incidents[0];
        assert_eq!(incident.cause.as_ref().unwrap().rule, "cti-failover");
        assert_eq!(incident.consequences[0].rule, "late-logout");
    }

    #[test]
    fn the_code_of_an_engine_that_failed_says_so() {
        let script = healthy().state("1001002", "LOGOUT", "32764").pings(2);
        assert_eq!(script.cause(), Some(("cti-failover", Certain)));
    }

    #[test]
    fn in_service_is_no_incident() {
        let script = healthy().system_info("IN_SERVICE", "", "").pings(2);
        assert_eq!(script.cause(), None);
    }

    #[test]
    fn the_web_application_is_ruled_out_where_it_is_there_to_tell_of_it() {
        let script = healthy().system_info("OUT_OF_SERVICE", "", "").pings(4);
        assert_eq!(script.ruled_out()[0].0, "web-app-down");
        let gone = healthy().system_info("OUT_OF_SERVICE", "", "");
        let gone = gone.after(1.0).finesse(false).pings(2).ruled_out();
        assert!(!gone.iter().any(|one| one.0 == "web-app-down"));
    }
}
