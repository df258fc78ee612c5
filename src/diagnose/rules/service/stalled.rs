//! The notification service hangs while its machine lives: garbage collection, a deadlock, no processor time
//! (`finesse.md` 4.3, row 2).

use crate::diagnose::case::Case;
use crate::diagnose::path::Path;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::rules::path::latency_spike;
use crate::diagnose::words::{count, duration};
use crate::event::{Leg, Micros};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "service-stalled",
    title: "The notification service hung while its machine was alive",
    severity: Severity::Trouble,
    explains: &[
        "zombie-conflict",
        "upgrade-refused",
        "late-logout",
        "finesse-absent",
    ],
    covers: &["no-answer"],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some((loss, sent)) = case.loss().and_then(|loss| Some((loss, loss.unanswered?))) else {
        return in_a_login(case);
    };
    if latency_spike::fits(case, loss) {
        return Opinion::RuledOut(
            "answers went on coming, each too late by itself: it was slow, and did not hang"
                .to_owned(),
        );
    }
    let waited = duration(loss.waited().unwrap_or_default());
    let says = format!(
        "The notification service hung: it left a ping without an answer for {waited} while its machine was alive"
    );
    let from = Micros(sent.time.0.saturating_add(case.seconds(1).0));
    let elsewhere = case.server_spoke_elsewhere(loss.connection, from, loss.over.time);
    let late: Vec<_> = case.late_answers(loss).collect();
    let verdict = match case.path(loss, Leg::Upstream) {
        Path::Silent(..) => {
            return Opinion::RuledOut(
                "the server's kernel acknowledged nothing: the path was dead, not the service"
                    .to_owned(),
            );
        }
        Path::Acked(at) if case.is_behind_proxy(loss.connection) && elsewhere.is_none() => {
            Verdict::new(Confidence::Possible, says)
                .lacking("the kernel that acknowledged is that of the proxy on the way out: what is behind it may be dead")
                .shown(at, "the proxy's kernel acknowledged everything")
        }
        Path::Acked(at) => Verdict::new(Confidence::Likely, says)
            .because("the server's kernel went on acknowledging what was sent, and no answer came")
            .shown(at, "the server's kernel acknowledged everything"),
        Path::Unknown if elsewhere.is_some() => Verdict::new(Confidence::Likely, says),
        Path::Unknown => Verdict::new(Confidence::Possible, says)
            .lacking("no TCP readings of this leg tell a server that hangs from a dead path"),
    };
    let mut verdict = verdict.shown(sent, "the ping that was never answered in time");
    if let Some(at) = elsewhere {
        verdict = verdict
            .because("the same server went on answering on other connections")
            .shown(at, "the server answers on another connection");
    }
    if let Some(first) = late.first().and_then(|ping| ping.answered) {
        verdict = verdict
            .because(format!(
                "{} came when the desktop had given up: the service went on where it had stopped",
                count(late.len() as u64, "answer")
            ))
            .shown(first, "an answer that came too late");
    }
    if case.crowd.is_everybody() && verdict.confidence == Confidence::Likely {
        verdict.confidence = Confidence::Certain;
        verdict = verdict.because("it hit every agent at once");
    }
    let (before, after) = (case.seconds(BEFORE).0, case.seconds(AFTER).0);
    let from = Micros(sent.time.0.saturating_sub(before));
    if case.misses(from, Micros(loss.over.time.0.saturating_add(after))) {
        verdict.confidence = Confidence::Possible;
        verdict = verdict
            .lacking("events are missing that would tell a service that hangs from a slow one");
    }
    verdict.matches()
}

/// It took the connection and went no further with the login.
fn in_a_login(case: &Case<'_>) -> Opinion {
    let Some((attempt, waited, Path::Acked(at))) = case.given_up() else {
        return Opinion::Silent;
    };
    let says = format!(
        "The notification service hung while its machine was alive: a login came no further for {}",
        duration(waited)
    );
    let verdict = Verdict::new(Confidence::Possible, says)
        .because("the server's kernel acknowledged what was sent, and no answer came")
        .lacking("no ping that was answered before shows that it had worked")
        .shown(attempt.at, "the last step of the login")
        .shown(at, "the server's kernel acknowledged everything");
    verdict.matches()
}

/// Seconds before the ping in which slow answers would have shown.
const BEFORE: u64 = 300;
/// Seconds after the loss in which late answers may come.
const AFTER: u64 = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;
    use crate::event::Direction::ToServer;
    use Confidence::Likely;

    fn silent(script: Script) -> Script {
        let script = script.pings(5).after(10.0).ping().after(8.0).server_acks();
        script
            .after(2.0)
            .ping()
            .after(3.0)
            .closes(ToServer, None, "")
    }

    #[test]
    fn a_kernel_that_acknowledges_for_a_service_that_does_not_answer() {
        let script = silent(Script::new().logs_in("1001002"));
        assert_eq!(script.cause(), Some(("service-stalled", Likely)));
    }

    #[test]
    fn late_answers_that_come_together_are_the_service_going_on() {
        let script = silent(Script::new().logs_in("1001002")).after(2.0);
        let report = script.pong_to(6).pong_to(7).diagnosed();
        let cause = report.incidents.first().unwrap().cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), (RULE.name, Likely));
        assert!(
            cause
                .because
                .iter()
                .any(|reason| reason.contains("2 answers"))
        );
    }

    #[test]
    fn acks_of_a_proxy_on_the_way_out_tell_less() {
        let script = silent(Script::new().logs_in_by_proxy("1001002"));
        let report = script.diagnosed();
        let incident = report.incidents.first().unwrap();
        assert_eq!(incident.cause.as_ref().unwrap().rule, "no-answer");
        let other = incident
            .alternatives
            .iter()
            .find(|one| one.rule == RULE.name);
        assert!(other.unwrap().why.contains("proxy"));
    }

    #[test]
    fn a_login_that_stops_while_the_servers_kernel_acknowledges_is_possibly_one() {
        let script = Script::new().connects().opens_socket().asks_in();
        let script = script.after(12.0).server_acks().after(10.0);
        let script = script.closes(ToServer, None, "").gone();
        let cause = script.cause();
        assert_eq!(cause.unwrap().0, "no-answer", "it had not worked before");
        let script = Script::new().connects().opens_socket().asks_in();
        let script = script.after(12.0).server_acks().after(10.0);
        let script = script.closes(ToServer, None, "").gone();
        let other = script.ruled_out();
        assert!(other.iter().any(|one| one.0 == RULE.name), "{other:?}");
    }
}
