//! Credentials that were accepted once are no more, and the desktop signs itself out (`finesse.md` 4.3, row 16).

use crate::diagnose::case::Case;
use crate::diagnose::refusals;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::rules::agent::signed_out;
use crate::diagnose::symptom::Symptom;
use crate::diagnose::words::{count, duration};
use crate::event::Micros;
use crate::session::{At, Failure, is_token_service};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "session-expired",
    title: "The agent's sign-in expired",
    severity: Severity::Trouble,
    explains: &["page-closed", "late-logout"],
    covers: &["sign-in-refused"],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let at = match case.incident.symptoms.first() {
        Some(Symptom::Lost(loss)) if loss.is_voluntary() => loss.at,
        Some(Symptom::Unauthorized(run)) if was_signed_in(case, run.first.at) => run.last.at,
        _ => return Opinion::Silent,
    };
    let token = token_refused(case, at);
    let calls = calls_refused(case, at);
    let Some(first) = token.or_else(|| calls.first().copied()) else {
        return Opinion::Silent;
    };
    let wish = signed_out::wish(case, at);
    let goes_on = case.incident.refusals().next().is_some();
    let expired = calls.iter().find_map(|call| call.token_expired);
    let sure = if token.is_some() || expired.is_some() {
        Confidence::Certain
    } else if wish.is_some() || goes_on {
        Confidence::Likely
    } else {
        Confidence::Possible
    };
    let signed_in = signed_in_since(case, first.at).map(|since| first.at.time.since(since.time));
    let age = signed_in.map_or_else(String::new, |age| {
        format!(", {} after the sign-in", duration(age))
    });
    let says = format!(
        "Finesse no longer accepted the agent's sign-in{age}, and so the desktop could not go on"
    );
    let mut verdict = Verdict::new(sure, says).shown(first.at, "the credentials are refused");
    if let Some(token) = token {
        verdict = verdict.because(format!(
            "it refused to renew the access token, with {}",
            token.status
        ));
    } else if let Some(late) = expired {
        verdict = verdict.because(format!(
            "the access token that the refused call carried had expired {} before",
            duration(late)
        ));
    } else {
        verdict = verdict
            .lacking("nothing tells an expired token from a changed password or a locked account");
    }
    if !calls.is_empty() {
        verdict = verdict.because(format!(
            "{} answered with 401 on a session that was signed in",
            count(calls.len() as u64, "REST call")
        ));
    }
    if let Some(wish) = wish {
        verdict = verdict
            .because("the desktop itself asked for LOGOUT after that")
            .shown(wish, "the desktop asks for LOGOUT");
    }
    verdict.matches()
}

/// When the agent's credentials had been refused shortly before a desktop left.
pub(in crate::diagnose::rules) fn refused_before(case: &Case<'_>, left: At) -> Option<At> {
    let calls = calls_refused(case, left);
    let refused = token_refused(case, left).or_else(|| calls.first().copied());
    refused.map(|failure| failure.at)
}

/// Whether the agent had a socket of this recording then.
pub(super) fn was_signed_in(case: &Case<'_>, at: At) -> bool {
    signed_in_since(case, at).is_some()
}

/// Since when the agent had been signed in, as far as the recording tells.
fn signed_in_since(case: &Case<'_>, at: At) -> Option<At> {
    sign_ins(case, at).min()
}

/// When the agent's sockets were bound before `at`.
fn sign_ins<'a>(case: &Case<'a>, at: At) -> impl Iterator<Item = At> + use<'a> {
    let agent = case.incident.agent.clone();
    let person = case
        .session
        .agents()
        .find(|one| Some(&one.user) == agent.as_ref());
    let sockets = person.into_iter().flat_map(|person| &person.sockets);
    sockets
        .map(|(bound, _)| *bound)
        .filter(move |bound| *bound < at)
}

/// The latest refusal of a new access token before `at`.
fn token_refused<'a>(case: &Case<'a>, at: At) -> Option<&'a Failure> {
    let alone = is_alone(case);
    let failures = case.rest_failures(before(at, case.seconds(TOKEN)), at);
    let failures = failures.filter(|_| alone).map(|(_, failure)| failure);
    let refused = failures.filter(|failure| {
        is_token_service(&failure.target) && (400..500).contains(&failure.status)
    });
    refused.last()
}

/// Calls that were refused shortly before `at`.
fn calls_refused<'a>(case: &Case<'a>, at: At) -> Vec<&'a Failure> {
    let failures = case.rest_failures(before(at, case.seconds(CALLS)), at);
    let failures = failures.map(|(_, failure)| failure);
    let refused = failures.filter(|failure| {
        let whose = refusals::user(&failure.target);
        let own = whose.map_or_else(|| is_alone(case), |user| Some(user) == case.incident.agent);
        refusals::is_refusal(failure) && own
    });
    // What was refused before the latest sign-in is settled by it.
    let signed_in = sign_ins(case, at).max();
    refused
        .filter(|failure| signed_in.is_some_and(|since| since < failure.at))
        .collect()
}

/// Whether the session is that of one agent: a path that names nobody may be anybody's among several.
fn is_alone(case: &Case<'_>) -> bool {
    case.session.agents().nth(1).is_none()
}

fn before(at: At, time: Micros) -> At {
    At {
        time: Micros(at.time.0.saturating_sub(time.0)),
        number: 0,
    }
}

/// Seconds before the end in which a refused token counts: access tokens live for 300 s.
const TOKEN: u64 = 600;
/// Seconds before the end in which a refused call counts.
const CALLS: u64 = 60;

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::{Certain, Likely};
    use crate::diagnose::testing::Script;

    const USER: &str = "/finesse/api/User/1001002";

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(6).after(2.0)
    }

    #[test]
    fn a_token_that_is_refused_before_the_desktop_leaves_is_certain() {
        let script = healthy()
            .rest("POST", "/desktop/sso/token?cc_username=x", 401)
            .after(2.0)
            .rest_wishes("1001002", "LOGOUT")
            .after(1.0)
            .says_goodbye();
        assert_eq!(script.cause(), Some(("session-expired", Certain)));
    }

    #[test]
    fn a_token_that_is_refused_is_a_supervisors_own_whatever_she_hears_of_her_team() {
        let script = healthy()
            .team("1001050", "READY", "")
            .rest("POST", "/desktop/sso/token?cc_username=x", 401)
            .after(2.0)
            .rest_wishes("1001002", "LOGOUT")
            .after(1.0)
            .says_goodbye();
        assert_eq!(script.cause(), Some(("session-expired", Certain)));
    }

    #[test]
    fn a_refused_call_whose_token_had_expired_is_certain() {
        let call = |expires: i64| {
            let token = format!("Bearer redacted-token-5d3d1293.exp{expires}");
            let script = healthy().connects();
            let script = script.asks("PUT", USER, &[("Authorization", &token)]);
            let date = [("Date", "Mon, 02 Mar 2026 12:02:00 GMT")];
            let script = script.answers_with(401, &date).on(1).after(2.0);
            let script = script.rest_wishes("1001002", "LOGOUT").after(1.0);
            script.says_goodbye().diagnosed()
        };
        let twelve_o_clock = 1_772_452_800;
        let report = call(twelve_o_clock + 100);
        let cause = report.incidents[0].cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), ("session-expired", Certain));
        assert_eq!(
            cause.because[0],
            "the access token that the refused call carried had expired 20.0 s before"
        );
        let report = call(twelve_o_clock + 300);
        let cause = report.incidents[0].cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), ("session-expired", Likely));
    }

    #[test]
    fn calls_that_are_refused_before_the_desktop_signs_itself_out_are_likely() {
        let report = healthy()
            .rest("PUT", USER, 401)
            .after(2.0)
            .rest_wishes("1001002", "LOGOUT")
            .after(1.0)
            .says_goodbye()
            .diagnosed();
        let incident = &report.incidents[0];
        let cause = incident.cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), ("session-expired", Likely));
        assert_eq!(incident.alternatives[0].rule, "signed-out");
    }

    #[test]
    fn calls_that_are_refused_on_and_on_while_the_socket_lives_are_likely() {
        let mut script = healthy();
        for _ in 0..4 {
            script = script.after(5.0).rest("PUT", USER, 401);
        }
        let report = script.pings(2).diagnosed();
        let incident = &report.incidents[0];
        let cause = incident.cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), ("session-expired", Likely));
    }

    #[test]
    fn a_sign_out_without_a_refusal_is_the_agents_own() {
        let script = healthy().rest_wishes("1001002", "LOGOUT").after(1.0);
        assert_eq!(script.says_goodbye().cause(), Some(("signed-out", Certain)));
    }

    #[test]
    fn another_agents_refusals_do_not_count() {
        let script = healthy().rest("PUT", "/finesse/api/User/1001003", 401);
        let script = script.after(2.0).rest_wishes("1001002", "LOGOUT");
        let report = script.after(1.0).says_goodbye().diagnosed();
        let of = report.incidents.iter().map(|one| {
            let cause = one.cause.as_ref().unwrap();
            (one.agent.as_deref().unwrap_or_default(), cause.rule)
        });
        let of: Vec<(&str, &str)> = of.collect();
        assert_eq!(
            of,
            [("1001003", "sign-in-refused"), ("1001002", "signed-out")]
        );
    }

    #[test]
    fn a_refusal_that_a_new_sign_in_settled_does_not_count() {
        let script = healthy().rest("PUT", USER, 401).after(2.0);
        let script = script.stream_error("reset").logs_in("1001002").pings(2);
        let script = script.rest_wishes("1001002", "LOGOUT").after(1.0);
        let report = script.says_goodbye().diagnosed();
        assert_eq!(
            report.incidents[1].cause.as_ref().unwrap().rule,
            "signed-out"
        );
    }

    #[test]
    fn a_call_that_was_refused_before_the_sign_in_does_not_count() {
        let script = Script::new().rest("GET", USER, 401).after(2.0);
        let script = script.logs_in("1001002").pings(3);
        let script = script.rest_wishes("1001002", "LOGOUT").after(1.0);
        assert_eq!(script.says_goodbye().cause(), Some(("signed-out", Certain)));
    }
}
