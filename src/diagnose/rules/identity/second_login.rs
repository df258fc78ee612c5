//! Somebody signed in as the same agent with the same resource: a second tab, another machine, a third-party client
//! (`finesse.md` 4.3, row 4).

use super::{successor, zombie_conflict};
use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::kin;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::symptom;
use crate::event::Direction;
use crate::finesse::Actor;
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "second-login",
    title: "Somebody signed in as the same agent elsewhere",
    severity: Severity::Trouble,
    explains: &["late-logout", "page-closed"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let mut losses = case.incident.losses();
    let Some((loss, at)) = losses.find_map(|loss| Some((loss, loss.server_error("conflict")?)))
    else {
        return bind_refused(case)
            .or_else(|| relogin(case))
            .unwrap_or(Opinion::Silent);
    };
    if zombie_conflict::is_own(case, loss, at) {
        return Opinion::RuledOut(
            "the socket that got the conflict had been given up before: the desktop's own new login evicted it".to_owned(),
        );
    }
    if !matches!(
        loss.word,
        Word::StreamError(Direction::ToClient, "conflict")
    ) {
        // Whoever came then took nothing from a desktop that had left.
        return Opinion::Silent;
    }
    let says = "Somebody signed in as the same agent with the same resource, which evicts the first desktop";
    let verdict = Verdict::new(Confidence::Certain, says)
        .because("the server said so itself: stream error conflict on a healthy socket")
        .shown(at, "conflict");
    let doubt = "events of that socket are missing, and it had been quiet for long: the desktop's own new login may have evicted it";
    let verdict = verdict.weakened(may_be_its_own(case, loss, at).then_some(doubt));
    match successor(case, loss.connection, at) {
        Some((other, bound)) => verdict
            .because(format!(
                "the new login is in this recording too: connection {}",
                other.id
            ))
            .shown(bound, "the login that took its place"),
        None if kin::is_imported(case.session) => verdict.because(
            "the new login is not in this browser's file: it is another tab, browser or machine",
        ),
        None => verdict.because(
            "the new login does not come through this finspect: it is another machine or browser",
        ),
    }
    .matches()
}

/// Whether it cannot be known that the desktop was well until the conflict came.
fn may_be_its_own(case: &Case<'_>, loss: &Loss<'_>, conflict: At) -> bool {
    let quiet = loss.heard().map(|heard| conflict.time.since(heard.time));
    quiet.is_none_or(|quiet| quiet >= case.seconds_on(loss, 20))
        && case.misses(loss.connection.opened.time, conflict.time)
}

/// A server that keeps the first desktop refuses the second.
fn bind_refused(case: &Case<'_>) -> Option<Opinion> {
    let mut attempts = case.incident.attempts();
    let refused = attempts.find(|attempt| attempt.stage == Stage::Bind("conflict"))?;
    let says =
        "The server does not let a second desktop sign in as an agent who is signed in already";
    let verdict = Verdict::new(Confidence::Certain, says)
        .because("the server itself refused the binding of the resource with conflict")
        .shown(refused.at, "conflict in answer to the bind");
    Some(verdict.only(case.role(refused.at)).matches())
}

/// CCX tells of it by a reason code.
fn relogin(case: &Case<'_>) -> Option<Opinion> {
    let (change, reason) = case.incident.forced().find_map(|change| {
        let reason = symptom::reason(change)?;
        (reason.by == Actor::OtherLogin).then_some((change, reason))
    })?;
    let says =
        "Somebody signed in as the same agent elsewhere, and the contact centre ended this session";
    let verdict = Verdict::new(Confidence::Certain, says)
        .because(format!("it said so itself, with reason code {reason}"))
        .shown(
            change.at,
            format!("{}, reason code {}", change.state, reason.code),
        );
    Some(verdict.only(case.role(change.at)).matches())
}

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::Certain;
    use crate::diagnose::testing::Script;

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(4).after(2.0)
    }

    #[test]
    fn a_conflict_on_a_healthy_socket_is_certain() {
        let script = healthy().stream_error("conflict");
        assert_eq!(script.cause(), Some(("second-login", Certain)));
    }

    #[test]
    fn a_second_tab_in_the_same_browser_is_one_too() {
        let script = healthy().logs_in("1001002").on(1).stream_error("conflict");
        assert_eq!(script.cause(), Some(("second-login", Certain)));
    }

    #[test]
    fn the_victims_own_next_login_took_nobodys_place() {
        let script = healthy().stream_error("conflict").after(2.1);
        let report = script.logs_in("1001002").pings(2).diagnosed();
        let cause = report.incidents[0].cause.as_ref().unwrap();
        assert_eq!(cause.rule, "second-login");
        assert!(
            cause.because[1].contains("does not come through this finspect"),
            "{:?}",
            cause.because
        );
    }

    #[test]
    fn a_login_that_is_bound_with_the_conflict_took_the_place() {
        let script = healthy().logs_in("1001002").after(0.1).on(1);
        let report = script.stream_error("conflict").diagnosed();
        let cause = report.incidents[0].cause.as_ref().unwrap();
        assert!(
            cause.because[1].contains("connection #2"),
            "{:?}",
            cause.because
        );
    }

    #[test]
    fn the_reason_code_of_ccx_says_so() {
        let script = healthy().state("1001002", "LOGOUT", "32740").pings(1);
        assert_eq!(script.cause(), Some(("second-login", Certain)));
    }

    #[test]
    fn a_conflict_for_a_desktop_that_had_left_took_nothing_from_it() {
        let report = healthy()
            .says_goodbye()
            .after(1.0)
            .stream_error("conflict")
            .diagnosed();
        let cause = report.incidents[0].cause.as_ref();
        assert_ne!(cause.map(|cause| cause.rule), Some("second-login"));
    }
}
