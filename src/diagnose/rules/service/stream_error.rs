//! The server ends the stream with an error: each condition by its name (RFC 6120 section 4.9.3, `finesse.md` 4.3, row 21).

use super::idle::names_timeout;
use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::duration;
use crate::event::Direction;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "stream-error",
    title: "The XMPP stream ended with an error",
    severity: Severity::Trouble,
    explains: &["late-logout", "server-closed"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    match case.loss().map(|loss| (loss, loss.word)) {
        Some((loss, Word::StreamError(from, condition))) if !has_its_own_rule(condition) => {
            let verdict = verdict(from, condition, "on a session that was established")
                .shown(loss.over, format!("stream error {condition}"));
            let verdict = match loss.socket.stream.error_text(loss.over) {
                Some(text) => verdict.because(format!("its own words for it are {text:?}")),
                None => verdict,
            };
            if let Some(lacking) = more_was_said(case, loss, condition) {
                return Verdict {
                    confidence: Confidence::Possible,
                    ..verdict
                }
                .lacking(lacking)
                .matches();
            }
            let Some(ping) = loss.unanswered else {
                return verdict.matches();
            };
            Verdict {
                confidence: Confidence::Possible,
                ..verdict
            }
            .lacking(format!(
                "a ping had been waiting for {} by then: the error is the end of a silence, not its cause",
                duration(loss.waited().unwrap_or_default())
            ))
            .shown(ping, "a ping that waits")
            .matches()
        }
        _ => refused(case),
    }
}

/// Why an error that names no reason is not the last word: the Close behind it does, or may have done.
fn more_was_said(case: &Case<'_>, loss: &Loss<'_>, condition: &str) -> Option<&'static str> {
    if condition != "internal-server-error" {
        return None;
    }
    let mut closes = loss.socket.closes.iter();
    if closes.any(|close| names_timeout(&close.reason)) {
        return Some("the Close that follows names a timeout, and the error does not");
    }
    let end = loss.end().map_or(loss.over, |end| end.at);
    let missing = case.misses(loss.over.time, end.time);
    missing.then_some("events right after it are missing, and the Close may have said more")
}

/// A stream that was refused before it was bound.
fn refused(case: &Case<'_>) -> Opinion {
    let refused = case
        .incident
        .attempts()
        .find_map(|attempt| match attempt.stage {
            Stage::StreamError(condition) if !has_its_own_rule(condition) => {
                Some((attempt.at, condition))
            }
            _ => None,
        });
    let Some((at, condition)) = refused else {
        return Opinion::Silent;
    };
    verdict(
        Direction::ToClient,
        condition,
        "before the sign-in was done",
    )
    .shown(at, format!("stream error {condition}"))
    .only(case.role(at))
    .matches()
}

fn verdict(from: Direction, condition: &str, when: &str) -> Verdict {
    let who = match from {
        Direction::ToClient => "server",
        Direction::ToServer => "browser",
    };
    let says = format!("The {who} ended the stream with the error {condition}, {when}");
    let why = format!(
        "{condition}, by its own word, means that {}",
        meaning(condition)
    );
    Verdict::new(Confidence::Certain, says)
        .because(why)
        .advising(advice(from, condition))
}

fn advice(from: Direction, condition: &str) -> &'static str {
    match condition {
        _ if from == Direction::ToServer => {
            "Look at the last stanza of the server before the error: the client could not take it."
        }
        "host-unknown" | "host-gone" => {
            "Open the desktop under the server's fully qualified name, which is its XMPP domain. SystemInfo names it (`xmppDomain`)."
        }
        "not-authorized" => {
            "Find out whether the notification service allows this client's address. If it does, look at the first stanza before the error: something was sent before the sign-in."
        }
        "internal-server-error"
        | "resource-constraint"
        | "remote-connection-failed"
        | "undefined-condition" => {
            "Look into the log of the Cisco Finesse Notification Service on that node at that second. If it recurs, give the log and this recording to its maker."
        }
        "connection-timeout" => {
            "Find out why the server heard nothing from this client: a machine that slept, a page that stood still, or a path that swallowed what was sent."
        }
        "policy-violation" => {
            "Look at what the client sent in the seconds before: a limit of size or rate was broken. The log of the notification service names it."
        }
        "reset" => {
            "Find out what was changed for this user at that time, such as a role or a password. The agent only has to sign in again."
        }
        _ => {
            "Look at the last stanza of the client before the error: the server does not take it. If a gadget or a program of your own sent it, mend it there."
        }
    }
}

/// Conditions that say more than that there was an error.
fn has_its_own_rule(condition: &str) -> bool {
    matches!(condition, "conflict" | "system-shutdown")
}

fn meaning(condition: &str) -> &'static str {
    let found = MEANINGS.iter().find(|(name, _)| *name == condition);
    found.map_or(
        "something happened that no defined condition is for",
        |(_, meaning)| meaning,
    )
}

/// Defined conditions of RFC 6120 section 4.9.3, with those of RFC 3920 that old servers still send.
const MEANINGS: &[(&str, &str)] = &[
    ("bad-format", "it was sent XML that it cannot process"),
    (
        "bad-namespace-prefix",
        "it was sent a namespace prefix that it does not know",
    ),
    (
        "connection-timeout",
        "it believes the other side to be out of reach for good",
    ),
    (
        "host-gone",
        "it no longer serves the domain that the client asked for",
    ),
    (
        "host-unknown",
        "it does not serve the domain that the client asked for: `to` of `open` is not its XMPP domain",
    ),
    (
        "improper-addressing",
        "a stanza lacks a `to` or `from`, or has one that is no address",
    ),
    (
        "internal-server-error",
        "something inside it failed, and its log says what",
    ),
    (
        "invalid-from",
        "a stanza's `from` is not the address that was signed in",
    ),
    ("invalid-id", "a stream or dialback id is not valid"),
    (
        "invalid-namespace",
        "the stream's namespace is not the one that it must be",
    ),
    (
        "invalid-xml",
        "it was sent XML that its schema does not allow",
    ),
    (
        "not-authorized",
        "something was sent before the sign-in, or this client's address is not allowed to connect",
    ),
    ("not-well-formed", "it was sent broken XML"),
    (
        "policy-violation",
        "a rule of the server was broken, often a limit of size or rate",
    ),
    (
        "remote-connection-failed",
        "it cannot reach another server that it needs, such as the one for authentication",
    ),
    (
        "reset",
        "what was agreed at the sign-in has changed, and the client has to sign in again",
    ),
    (
        "resource-constraint",
        "it has not enough memory or connections left to serve the stream",
    ),
    (
        "restricted-xml",
        "it was sent XML that XMPP forbids: a comment, a processing instruction, an entity",
    ),
    ("see-other-host", "it sends the client to another host"),
    (
        "undefined-condition",
        "it has a reason of its own, which its text names",
    ),
    (
        "unsupported-encoding",
        "it was sent something other than UTF-8",
    ),
    (
        "unsupported-feature",
        "the client insists on a feature that it lacks",
    ),
    (
        "unsupported-stanza-type",
        "it was sent something other than message, presence and iq",
    ),
    (
        "unsupported-version",
        "it does not speak this version of XMPP",
    ),
    ("xml-not-well-formed", "it was sent broken XML"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::rule::Confidence::{Certain, Likely};
    use crate::diagnose::testing::Script;

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(4).after(3.0)
    }

    #[test]
    fn every_condition_is_certain_and_told_by_its_meaning() {
        for (condition, meaning) in MEANINGS {
            let report = healthy().stream_error(condition).diagnosed();
            let cause = report.incidents[0].cause.clone().unwrap();
            assert_eq!((cause.rule, cause.confidence), ("stream-error", Certain));
            assert!(cause.because[0].contains(meaning), "{condition}");
        }
    }

    #[test]
    fn a_stream_that_is_refused_before_the_sign_in_is_certain() {
        let script = Script::new()
            .connects()
            .opens_socket()
            .says("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='x' version='1.0'/>")
            .stream_error("host-unknown");
        assert_eq!(script.cause(), Some(("stream-error", Certain)));
    }

    #[test]
    fn a_socket_whose_sign_in_is_missing_from_the_recording_was_not_refused() {
        let opens = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='x' version='1.0'/>";
        let script = Script::new().connects().opens_socket().says(opens).pings(4);
        let report = script.stream_error("policy-violation").diagnosed();
        let cause = report.incidents[0].cause.clone().unwrap();
        assert!(cause.says.contains("was established"), "{}", cause.says);
    }

    #[test]
    fn conflict_and_system_shutdown_have_rules_of_their_own() {
        for condition in ["conflict", "system-shutdown"] {
            let cause = healthy().stream_error(condition).cause();
            assert_ne!(cause.unwrap().0, "stream-error", "{condition}");
        }
    }

    #[test]
    fn an_error_that_ends_a_silence_is_weaker_than_the_silence() {
        let script = healthy()
            .ping()
            .after(12.0)
            .stream_error("internal-server-error");
        assert_eq!(script.cause(), Some(("no-answer", Likely)));
    }
}
