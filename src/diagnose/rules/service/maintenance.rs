//! Finesse is put into maintenance, and its desktops move to the other node (`finesse.md` 4.3, row 17).

use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::rules::agent::signed_out;
use crate::diagnose::symptom::Symptom;
use crate::diagnose::words::duration;
use crate::event::Direction;
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "maintenance-mode",
    title: "Finesse was in maintenance mode",
    severity: Severity::Notice,
    explains: &[
        "service-restart",
        "page-closed",
        "web-app-down",
        "server-closed",
        "upgrade-refused",
        "server-unreachable",
        "finesse-absent",
        "late-logout",
    ],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some((at, how)) = began(case) else {
        return Opinion::Silent;
    };
    let Some((said, what)) = announced(case, at) else {
        return Opinion::Silent;
    };
    let waited = at.time.since(said.time);
    let sure = match how {
        How::Orderly if waited <= case.seconds(SOON) => Confidence::Certain,
        _ => Confidence::Likely,
    };
    let says = if said == at {
        "Finesse went out of service for maintenance, and said so".to_owned()
    } else {
        format!(
            "Finesse was put into maintenance, and service ended {} after it had said so",
            duration(waited)
        )
    };
    let mut verdict = Verdict::new(sure, says)
        .because(what)
        .shown(said, what)
        .shown(at, "service ends");
    if sure < Confidence::Certain {
        verdict = verdict.because("maintenance mode was on when service ended");
    }
    if let Some(node) = moved_to(case) {
        verdict = verdict.because(format!("the desktop came back on the other node, {node}"));
    }
    verdict.matches()
}

/// How a desktop's service ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// By somebody's word.
    Orderly,
    /// By the end of the connection alone.
    Abrupt,
}

/// What took service away, if maintenance can have done it.
fn began(case: &Case<'_>) -> Option<(At, How)> {
    let symptom = case.incident.symptoms.first()?;
    match symptom {
        Symptom::Lost(loss) => left(case, loss),
        Symptom::OutOfService(service) => Some((service.at, How::Orderly)),
        Symptom::FinesseGone(_, at) => Some((*at, How::Orderly)),
        Symptom::NotObtained(_)
        | Symptom::GadgetsGone(..)
        | Symptom::Forced(_)
        | Symptom::Unauthorized(_)
        | Symptom::RestFailing(_) => None,
    }
}

fn left(case: &Case<'_>, loss: &Loss<'_>) -> Option<(At, How)> {
    if loss.unanswered.is_some() || signed_out::wish(case, loss.at).is_some() {
        return None;
    }
    let how = match loss.word {
        Word::Goodbye | Word::StreamClose | Word::Close(_) => How::Orderly,
        Word::StreamError(Direction::ToClient, "system-shutdown") => How::Orderly,
        Word::End(_) => How::Abrupt,
        _ => return None,
    };
    Some((loss.at, how))
}

/// When, and how, Finesse had announced maintenance, if it had not taken that back.
fn announced(case: &Case<'_>, at: At) -> Option<(At, &'static str)> {
    let mut said = case.session.service().iter().rev();
    let last = said.find(|service| service.at <= at);
    let mode = last.filter(|last| last.maintenance).map(|last| last.at);
    let mode = mode.map(|on| (on, "SystemInfo shows a maintenance mode"));
    let mut warned = case.session.maintenance_warnings().iter().rev();
    let warned = warned.find(|warned| **warned <= at).copied();
    let warned = warned.filter(|warned| last.is_none_or(|last| last.at < *warned));
    let warned = warned.map(|at| (at, "a notification warns desktops of maintenance"));
    let (on, what) = warned.or(mode)?;
    (at.time.since(on.time) <= case.seconds(LONGEST)).then_some((on, what))
}

/// The host on which the agent's next socket was bound, if it is another one.
fn moved_to(case: &Case<'_>) -> Option<String> {
    let before = case.incident.losses().next()?.connection.target.as_ref()?;
    let (began, back) = (case.began(), case.incident.back?);
    let mut later = case.index.opened(began.time, back.time);
    let next = later.find(|one| {
        let stream = one.socket.as_ref().map(|socket| &socket.stream);
        let bound = stream.and_then(|stream| stream.bound.as_ref());
        bound.is_some_and(|(bound, _)| *bound <= back) && one.opened > began
    })?;
    let host = &next.target.as_ref()?.host;
    (*host != before.host).then(|| host.clone())
}

/// Seconds after the announcement within which a desktop reloads: 15 of warning, and phases.
const SOON: u64 = 120;
/// Seconds that a maintenance mode lasts at most (`finesse.md` 4.1).
const LONGEST: u64 = 3_600;

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::{Certain, Likely};
    use crate::diagnose::testing::Script;

    const ON: &str = "<finesseMMode>true</finesseMMode>";

    fn told() -> Script {
        let script = Script::new().logs_in("1001002").pings(4);
        script.system_info("IN_SERVICE", "", ON)
    }

    #[test]
    fn a_desktop_that_leaves_after_the_announcement_is_certain() {
        let script = told()
            .after(15.0)
            .says_goodbye()
            .after(3.0)
            .logs_in("1001002")
            .pings(2);
        assert_eq!(script.cause(), Some(("maintenance-mode", Certain)));
    }

    #[test]
    fn a_warning_by_name_is_an_announcement_until_system_info_says_otherwise() {
        let warned = || {
            let script = Script::new().logs_in("1001002").pings(4);
            let name = "<name>FINESSE_MAINTENANCE_MODE_EVENT</name>";
            script.update("/finesse/api/SystemInfo", name).after(15.0)
        };
        let script = warned().says_goodbye();
        assert_eq!(script.cause(), Some(("maintenance-mode", Certain)));
        let script = warned().system_info("IN_SERVICE", "", "").after(1.0);
        let script = script.stream_error("system-shutdown");
        assert_eq!(script.cause(), Some(("service-restart", Certain)));
    }

    #[test]
    fn a_desktop_that_leaves_much_later_is_but_likely() {
        let script = told().pings(60).says_goodbye();
        assert_eq!(script.cause(), Some(("maintenance-mode", Likely)));
    }

    #[test]
    fn a_shutdown_in_maintenance_is_its_consequence() {
        let report = told()
            .after(15.0)
            .stream_error("system-shutdown")
            .diagnosed();
        let incident = &report.incidents[0];
        assert_eq!(incident.cause.as_ref().unwrap().rule, "maintenance-mode");
        assert_eq!(incident.consequences[0].rule, "service-restart");
    }

    #[test]
    fn out_of_service_for_maintenance_is_no_failover() {
        let script = Script::new().logs_in("1001002").pings(4);
        let script = script.system_info("OUT_OF_SERVICE", "", ON).pings(2);
        assert_eq!(script.cause(), Some(("maintenance-mode", Certain)));
    }

    #[test]
    fn an_agent_who_signs_out_in_maintenance_signed_out() {
        let script = told()
            .after(5.0)
            .rest_wishes("1001002", "LOGOUT")
            .after(1.0)
            .says_goodbye();
        assert_eq!(script.cause(), Some(("signed-out", Certain)));
    }

    #[test]
    fn maintenance_that_is_over_explains_nothing() {
        let off = "<finesseMMode>false</finesseMMode>";
        let script = told().pings(2).system_info("IN_SERVICE", "", off).pings(2);
        let script = script.after(1.0).stream_error("system-shutdown");
        assert_eq!(script.cause(), Some(("service-restart", Certain)));
    }
}
