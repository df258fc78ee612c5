//! Finesse takes the agent's state because a desktop was lost a while before, perhaps on the other node (`finesse.md` 4.1;
//! 4.3, row 26).

use super::taken;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::symptom::Symptom;
use crate::diagnose::words::duration;
use crate::event::{ConnectionId, Micros};
use crate::finesse::{Actor, Reason};
use crate::session::{At, StateChange};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "late-logout",
    title: "Finesse took the agent's state because it had lost the desktop before",
    severity: Severity::Trouble,
    explains: &["page-closed", "signed-out"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some((change, reason)) = taken(case, &[Actor::LostDesktop]) else {
        return other_reason(case);
    };
    match root(case, change) {
        Some((lost, on)) => consequence(case, change, reason, lost, on),
        None => alone(case, change, reason),
    }
}

/// A state that was taken for another reason while every socket lived.
fn other_reason(case: &Case<'_>) -> Opinion {
    match taken(case, &OTHERS) {
        Some((_, reason)) if case.loss().is_none() => Opinion::RuledOut(format!(
            "reason code {} is none that Finesse gives for a lost desktop (255, 50002), and no socket was lost",
            reason.code
        )),
        _ => Opinion::Silent,
    }
}

/// What was lost before, in this incident, and on which connection.
fn root(case: &Case<'_>, change: &StateChange) -> Option<(At, ConnectionId)> {
    let lost = case.incident.symptoms.iter().filter_map(|symptom| {
        let on = match symptom {
            Symptom::Lost(loss) => loss.connection.id,
            Symptom::NotObtained(attempt) => attempt.connection.id,
            Symptom::OutOfService(service) => service.connection,
            Symptom::FinesseGone(connection, _) | Symptom::GadgetsGone(connection, _) => {
                connection.id
            }
            Symptom::RestFailing(failing) => failing.connection,
            Symptom::Forced(_) | Symptom::Unauthorized(_) => return None,
        };
        Some((symptom.at(), on))
    });
    lost.filter(|(at, _)| *at <= change.at).min()
}

fn consequence(
    case: &Case<'_>,
    change: &StateChange,
    reason: &Reason,
    lost: At,
    on: ConnectionId,
) -> Opinion {
    let says = format!(
        "Finesse set the agent's state to {} {} after service was lost: {}",
        change.state,
        duration(change.at.time.since(lost.time)),
        reason.meaning
    );
    let verdict = Verdict::new(Confidence::Certain, says)
        .because(format!(
            "reason code {reason} is its answer to a lost desktop, after up to 120 s to notice and 60 s of grace"
        ))
        .shown(lost, "service is lost")
        .shown(change.at, format!("{}, reason code {}", change.state, reason.code));
    let host = |id| {
        let target = case.session.get(id)?.target.as_ref()?;
        Some(&target.host)
    };
    let verdict = match (host(on), host(change.connection)) {
        (Some(one), Some(other)) if one != other => verdict.because(format!(
            "it came on the socket at {other}, for the socket that was lost at {one}"
        )),
        _ => verdict,
    };
    verdict.only(Role::Consequence).matches()
}

fn alone(case: &Case<'_>, change: &StateChange, reason: &Reason) -> Opinion {
    let says = format!(
        "Finesse set the agent's state to {} for a desktop that it had lost before; the root cause is not in this recording",
        change.state
    );
    let earliest = change.at.time.0.saturating_sub(case.seconds(PATIENCE).0);
    let first = case.session.span().map(|(first, _)| first);
    let seen = first.map(|first| change.at.time.since(first.time));
    let missing = case.misses(Micros(earliest), change.at.time);
    let sure = if missing {
        Confidence::Possible
    } else {
        Confidence::Likely
    };
    let verdict = Verdict::new(sure, says)
        .because(format!(
            "reason code {reason} is its answer to a lost desktop"
        ))
        .shown(
            change.at,
            format!("{}, reason code {}", change.state, reason.code),
        );
    let verdict = match seen {
        _ if missing => verdict.lacking("events before it are missing in this recording"),
        Some(seen) if seen < case.seconds(PATIENCE) => verdict.lacking(format!(
            "the recording begins only {} before, and Finesse takes up to 180 s",
            duration(seen)
        )),
        _ => verdict.lacking(
            "no socket of this agent was lost here in the 240 s before: it was another desktop, or another way to Finesse",
        ),
    };
    verdict.only(case.role(change.at)).matches()
}

/// Seconds that Finesse takes at most, with a margin over the documented 180.
const PATIENCE: u64 = 240;

/// Who takes a state although no desktop was lost.
const OTHERS: [Actor; 4] = [
    Actor::Supervisor,
    Actor::Inactivity,
    Actor::Phone,
    Actor::Telephony,
];

#[cfg(test)]
mod tests {
    use crate::diagnose::Report;
    use crate::diagnose::rule::Confidence::{Certain, Likely, Possible};
    use crate::diagnose::testing::Script;
    use crate::event::{Direction::ToClient, EventKind, Gap, Manner};

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(4)
    }

    fn only(report: &Report) -> (&'static str, Vec<&'static str>) {
        assert_eq!(report.incidents.len(), 1, "{report:#?}");
        let incident = &report.incidents[0];
        let consequences = incident.consequences.iter().map(|one| one.rule);
        (
            incident.cause.as_ref().unwrap().rule,
            consequences.collect(),
        )
    }

    #[test]
    fn a_logout_long_after_a_loss_is_its_consequence_although_service_was_back() {
        for code in ["255", "50002"] {
            let report = healthy()
                .stream_error("internal-server-error")
                .after(5.0)
                .logs_in("1001002")
                .pings(12)
                .state("1001002", "LOGOUT", code)
                .diagnosed();
            assert_eq!(only(&report), ("stream-error", vec!["late-logout"]));
        }
    }

    #[test]
    fn another_incident_in_between_does_not_hide_the_root() {
        let report = healthy()
            .stream_error("internal-server-error")
            .after(5.0)
            .logs_in("1001002")
            .pings(5)
            .state("1001002", "NOT_READY", "32767")
            .pings(5)
            .state("1001002", "LOGOUT", "255")
            .diagnosed();
        assert_eq!(report.incidents.len(), 2);
        assert_eq!(report.incidents[0].consequences[0].rule, "late-logout");
        let sure = report.incidents[0].consequences[0].confidence;
        assert_eq!(sure, Certain);
    }

    #[test]
    fn a_logout_without_a_loss_in_the_recording_is_likely_at_most() {
        let early = healthy().state("1001002", "LOGOUT", "255").pings(1);
        assert_eq!(early.cause(), Some(("late-logout", Likely)));
        let late = healthy().pings(40).state("1001002", "LOGOUT", "255");
        assert_eq!(late.cause(), Some(("late-logout", Likely)));
    }

    #[test]
    fn a_logout_behind_a_gap_is_but_possible() {
        let script = healthy().event(EventKind::Gap(Gap::default())).pings(2);
        let script = script.state("1001002", "LOGOUT", "255");
        assert_eq!(script.cause(), Some(("late-logout", Possible)));
    }

    #[test]
    fn the_page_that_is_left_then_does_not_take_its_place() {
        let script = healthy().event(EventKind::Gap(Gap::default())).pings(2);
        let script = script.state("1001002", "LOGOUT", "255").says_goodbye();
        assert_eq!(script.cause(), Some(("late-logout", Possible)));
    }

    #[test]
    fn the_agents_own_logout_is_not_late() {
        let script = healthy().rest_wishes("1001002", "LOGOUT").after(0.2);
        let script = script.state("1001002", "LOGOUT", "").says_goodbye();
        assert_eq!(script.cause(), Some(("signed-out", Certain)));
    }

    #[test]
    fn a_supervisors_code_on_a_socket_that_lives_is_no_answer_to_a_lost_desktop() {
        let script = || Script::new().logs_in("1001002").pings(4);
        let out = script()
            .state("1001002", "LOGOUT", "999")
            .pings(2)
            .ruled_out();
        assert_eq!(out[0].0, "late-logout");
        let lost = script().ends(ToClient, Manner::Reset).gone().after(2.0);
        let lost = lost.logs_in("1001002").state("1001002", "LOGOUT", "999");
        assert!(!lost.ruled_out().iter().any(|one| one.0 == "late-logout"));
    }
}
