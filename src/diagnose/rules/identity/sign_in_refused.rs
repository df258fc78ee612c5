//! The server does not accept who signs in: a wrong password, a locked account, a token (`finesse.md` 4.3, row 14).

use super::session_expired;
use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::{count, duration};
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "sign-in-refused",
    title: "The sign-in was refused",
    severity: Severity::Trouble,
    explains: &["page-closed"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let refused: Vec<(At, &str)> = case
        .incident
        .attempts()
        .filter_map(|attempt| match attempt.stage {
            Stage::Auth(condition) => Some((attempt.at, condition)),
            Stage::Bind(condition) if condition != "conflict" => Some((attempt.at, condition)),
            _ => None,
        })
        .collect();
    match refused.first() {
        Some((at, condition)) => over_xmpp(case, *at, condition, refused.len() as u64),
        None => over_rest(case),
    }
}

fn over_xmpp(case: &Case<'_>, at: At, condition: &str, times: u64) -> Opinion {
    let says = format!(
        "The notification service refused the sign-in with {condition}: {}",
        meaning(condition)
    );
    let verdict = Verdict::new(Confidence::Certain, says)
        .because(format!("it said so itself, with {condition}"))
        .advising(advice(condition))
        .shown(at, format!("the sign-in fails with {condition}"));
    let verdict = match times {
        0 | 1 => verdict,
        _ => verdict.because(format!("{} were refused", count(times, "sign-in"))),
    };
    with_rest(verdict, case).only(case.role(at)).matches()
}

/// The sign-in page asks REST first, and gets no farther.
fn over_rest(case: &Case<'_>) -> Opinion {
    let Some(run) = case.incident.refusals().next() else {
        return Opinion::Silent;
    };
    let at = run.first.at;
    if session_expired::was_signed_in(case, at) {
        return Opinion::Silent;
    }
    let calls = match run.times {
        1 => "a REST call was".to_owned(),
        times => format!(
            "{} in {} were",
            count(times, "REST call"),
            duration(run.last.at.time.since(at.time))
        ),
    };
    let says = format!("Finesse refused the sign-in: {calls} answered with 401");
    let verdict = Verdict::new(Confidence::Certain, says)
        .because("it said so itself, with 401: the name or the password is not accepted")
        .advising(advice("not-authorized"))
        .shown(at, "REST refuses the credentials");
    with_rest(verdict, case).only(case.role(at)).matches()
}

/// What many refusals lead to.
fn with_rest(verdict: Verdict, case: &Case<'_>) -> Verdict {
    let Some(run) = case.incident.refusals().find(|run| run.times >= LOCKED) else {
        return verdict;
    };
    verdict
        .because(format!(
            "{} calls in a row were refused: Finesse locks an account for five minutes after five wrong passwords, and then refuses the right one too",
            run.times
        ))
        .advising(LOCKED_OUT)
        .shown(run.last.at, "REST still refuses the credentials")
}

fn advice(condition: &str) -> &'static str {
    match condition {
        "temporary-auth-failure" => {
            "Look at what knows the passwords behind Finesse: the database, the directory or the identity service. Nothing is wrong with this one."
        }
        "account-disabled" => LOCKED_OUT,
        "credentials-expired" => {
            "Let the agent sign in anew. With single sign-on, compare the clocks of the nodes and of the identity service if it recurs."
        }
        "not-authorized" => {
            "Let the agent type the name and the password once more: five wrong ones lock the account for five minutes. If it is refused again, `utils finesse locked_out_users list` on the node says whether the account is locked; look then for a program that goes on with an old password."
        }
        _ => {
            "Look at the client: Cisco's own desktop does not sign in like that. The log of the notification service says more."
        }
    }
}

/// What to do where an account is locked.
const LOCKED_OUT: &str = "Let the agent wait five minutes and then type the password once; `utils finesse locked_out_users list` on the node says who is locked out. Look for a program that goes on with an old password and locks the account again.";

fn meaning(condition: &str) -> &'static str {
    let found = MEANINGS.iter().find(|(name, _)| *name == condition);
    found.map_or("its log says why", |(_, meaning)| meaning)
}

/// Wrong passwords after which an account is locked (`finesse.md` 3.1).
const LOCKED: u64 = 5;

/// Conditions of SASL (RFC 6120 section 6.5) and of binding (section 7.7) that Openfire sends.
const MEANINGS: &[(&str, &str)] = &[
    ("aborted", "the client broke the sign-in off"),
    (
        "account-disabled",
        "the account is switched off, or locked after too many wrong passwords",
    ),
    (
        "credentials-expired",
        "the password or the token was valid once, and is no more",
    ),
    ("encryption-required", "it wants TLS before a sign-in"),
    ("incorrect-encoding", "what the client sent was no base64"),
    (
        "invalid-authzid",
        "the client signs in as somebody else than it names",
    ),
    (
        "invalid-mechanism",
        "the client asked for a mechanism that is not offered",
    ),
    (
        "malformed-request",
        "it could not read what the client sent",
    ),
    (
        "mechanism-too-weak",
        "the mechanism is weaker than its rules allow",
    ),
    (
        "not-authorized",
        "the name, the password or the token is wrong, or the account is locked",
    ),
    (
        "temporary-auth-failure",
        "it could not ask who knows the passwords: nothing is wrong with this one",
    ),
    (
        "bad-request",
        "the resource that the client asked for is no valid one",
    ),
    ("not-allowed", "the client may not bind a resource"),
    ("resource-constraint", "the user has too many sessions"),
];

#[cfg(test)]
mod tests {
    use super::MEANINGS;
    use crate::diagnose::rule::Confidence::Certain;
    use crate::diagnose::testing::Script;

    fn asks_in() -> Script {
        Script::new().connects().opens_socket().asks_in()
    }

    fn refused(times: u64, every: f64) -> Script {
        (0..times).fold(Script::new(), |script, _| {
            let script = script.rest("GET", "/finesse/api/User/1001002", 401);
            script.after(every)
        })
    }

    #[test]
    fn every_condition_is_certain_and_told_by_its_meaning() {
        for (condition, meaning) in &MEANINGS[..11] {
            let report = asks_in().refused_in(condition).diagnosed();
            let cause = report.incidents[0].cause.clone().unwrap();
            assert_eq!((cause.rule, cause.confidence), ("sign-in-refused", Certain));
            assert!(cause.says.contains(meaning), "{condition}");
        }
    }

    #[test]
    fn rest_that_refuses_a_sign_in_five_times_means_a_locked_account() {
        let report = refused(6, 4.0).diagnosed();
        let cause = report.incidents[0].cause.clone().unwrap();
        assert_eq!((cause.rule, cause.confidence), ("sign-in-refused", Certain));
        assert!(cause.because[1].contains("locks"), "{:?}", cause.because);
        assert_eq!(report.incidents[0].agent.as_deref(), Some("1001002"));
    }

    #[test]
    fn one_mistyped_password_is_no_incident() {
        assert_eq!(refused(1, 4.0).logs_in("1001002").pings(3).cause(), None);
    }

    #[test]
    fn a_sign_in_that_is_refused_and_never_succeeds_counts_even_once() {
        let user = "/finesse/api/User/1001002";
        let once = Script::new().rest("PUT", user, 401);
        let report = once.diagnosed();
        let incident = &report.incidents[0];
        let cause = incident.cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), ("sign-in-refused", Certain));
        assert_eq!(incident.back, None);
        let twice = Script::new().rest("PUT", user, 401).after(20.0);
        let report = twice.rest("PUT", user, 401).diagnosed();
        assert_eq!(report.incidents.len(), 1);
        assert_eq!(report.incidents[0].back, None, "nothing succeeded");
        let page = Script::new().connects();
        let page = page.asks("GET", user, &[("Authorization", "Basic redacted")]);
        assert_eq!(
            page.answers(401).cause(),
            Some(("sign-in-refused", Certain))
        );
    }

    #[test]
    fn a_sign_in_that_is_refused_and_then_succeeds_is_no_incident() {
        let user = "/finesse/api/User/1001002";
        let put = Script::new().rest("PUT", user, 401).after(8.0);
        assert_eq!(put.rest("PUT", user, 202).cause(), None);
        let asked_first = Script::new().rest("GET", user, 401);
        assert_eq!(asked_first.rest("GET", user, 200).cause(), None);
        let without = (0..4).fold(Script::new(), |script, _| {
            let script = script.rest("GET", user, 401).after(4.0);
            script.rest("GET", user, 200)
        });
        assert_eq!(without.cause(), None, "each time without credentials first");
        let cut = Script::new().rest("GET", user, 401);
        assert_eq!(cut.cause(), None, "the answer with them is not seen");
    }

    #[test]
    fn calls_that_a_page_sends_at_once_without_credentials_are_no_incident() {
        assert_eq!(refused(6, 0.1).logs_in("1001002").pings(3).cause(), None);
    }

    #[test]
    fn a_refusal_after_a_loss_only_made_it_longer() {
        let report = Script::new()
            .logs_in("1001002")
            .pings(4)
            .stream_error("internal-server-error")
            .after(3.0)
            .connects()
            .opens_socket()
            .asks_in()
            .refused_in("temporary-auth-failure")
            .diagnosed();
        let first = &report.incidents[0];
        assert_eq!(first.cause.as_ref().unwrap().rule, "stream-error");
        assert_eq!(first.contributing[0].rule, "sign-in-refused");
    }
}
