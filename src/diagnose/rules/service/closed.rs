//! The server closes the WebSocket without a stream error: each close code by its name (RFC 6455 section 7.4, `finesse.md`
//! 4.4).

use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::duration;
use crate::event::Direction;
use crate::session::Close;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "server-closed",
    title: "The server closed the socket without a stream error",
    severity: Severity::Trouble,
    explains: &["upgrade-refused", "server-unreachable", "late-logout"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return Opinion::Silent;
    };
    let errors = loss.socket.stream.errors.iter();
    let said = errors
        .filter(|(_, from, _)| *from == Direction::ToClient)
        .count();
    let close = match loss.word {
        _ if said > 0 => return Opinion::Silent,
        Word::StreamClose => server_close(&loss.socket.closes),
        Word::Close(close) if close.direction == Direction::ToClient => Some(close),
        _ => return Opinion::Silent,
    };
    let frame = close.map_or_else(|| "no Close frame".to_owned(), name);
    let first = match loss.word {
        Word::StreamClose => "it ended the XMPP stream first, in order",
        _ => "no word of XMPP came before it",
    };
    let says = format!(
        "The server closed the socket with {frame}: {}",
        meaning(close)
    );
    let verdict = Verdict::new(sure(close), says)
        .because(format!("the Close came from the server, and {first}"))
        .shown(loss.over, "the server closes");
    let verdict = match loss.unanswered {
        Some(ping) => Verdict {
            confidence: Confidence::Possible,
            ..verdict
        }
        .lacking(format!(
            "a ping had been waiting for {} by then: the Close is the end of a silence, not its cause",
            duration(loss.waited().unwrap_or_default())
        ))
        .shown(ping, "a ping that waits"),
        None if verdict.confidence < Confidence::Certain && case.is_quiet(loss) => Verdict {
            confidence: Confidence::Possible,
            ..verdict
        }
        .lacking("the desktop had stopped pinging before, and the Close does not say why"),
        None if verdict.confidence < Confidence::Certain && may_have_been_quiet(case, loss) => {
            Verdict {
                confidence: Confidence::Possible,
                ..verdict
            }
            .lacking("events before it are missing: after a long silence it would be the end of an idle session")
        }
        None if verdict.confidence < Confidence::Certain => {
            verdict.lacking("the Close does not say why; the server's log does")
        }
        None => verdict,
    };
    verdict.matches()
}

/// Whether a silence as long as servers bear may be hidden by events that are missing.
fn may_have_been_quiet(case: &Case<'_>, loss: &Loss<'_>) -> bool {
    let over = loss.over.time;
    case.misses(over.since(case.seconds_on(loss, LONGEST_IDLE)), over)
}

/// Seconds of silence that servers are known to bear at most (`finesse.md` 4.3, row 24), with a margin.
const LONGEST_IDLE: u64 = 400;

fn server_close(closes: &[Close]) -> Option<&Close> {
    closes
        .iter()
        .find(|close| close.direction == Direction::ToClient)
}

/// A Close as it is called: `Close 1001 (going away), "Idle Timeout"`.
fn name(close: &Close) -> String {
    let Some(code) = close.code else {
        return "an empty Close".to_owned();
    };
    let known = CODES.iter().find(|(known, ..)| *known == code);
    let name = match (known, code) {
        (Some((_, name, _)), _) => name,
        (None, 3000..=3999) => "a registered code",
        (None, 4000..=4999) => "a code of this server's own",
        (None, _) => "no code that may be sent",
    };
    match close.reason.as_str() {
        "" => format!("Close {code} ({name})"),
        reason => format!("Close {code} ({name}), {reason:?}"),
    }
}

fn meaning(close: Option<&Close>) -> &'static str {
    let Some(close) = close else {
        return "it ended the stream in order, and gave no reason";
    };
    let Some(code) = close.code else {
        return "the page sees 1005, and no reason is given";
    };
    let known = CODES.iter().find(|(known, ..)| *known == code);
    known.map_or(
        "what it means is the server's own affair",
        |(_, _, meaning)| meaning,
    )
}

/// How much a Close says: some codes name the reason, and a text does.
fn sure(close: Option<&Close>) -> Confidence {
    match close.and_then(|close| Some((close.code?, close.reason.as_str()))) {
        Some((1000, _)) | None => Confidence::Likely,
        Some((1001 | 4000..=4999, "")) => Confidence::Likely,
        Some((code, reason)) => {
            let named = CODES.iter().any(|(known, ..)| *known == code);
            if named || !reason.is_empty() {
                Confidence::Certain
            } else {
                Confidence::Likely
            }
        }
    }
}

/// Codes that a server can send (RFC 6455 section 7.4.1 and the IANA registry): name, and what it means here.
const CODES: &[(u16, &str, &str)] = &[
    (
        1000,
        "normal closure",
        "it was done with the session, and says no more",
    ),
    (
        1001,
        "going away",
        "it shuts down, or its container tidies up sockets",
    ),
    (
        1002,
        "protocol error",
        "it could not read a frame that it was sent",
    ),
    (
        1003,
        "unsupported data",
        "it got a kind of message that it does not take",
    ),
    (1007, "invalid payload", "it got text that is no UTF-8"),
    (
        1008,
        "policy violation",
        "something in the session is against its rules",
    ),
    (
        1009,
        "message too big",
        "a message was larger than it takes",
    ),
    (
        1010,
        "mandatory extension",
        "an extension was missing; only clients should say so",
    ),
    (1011, "internal error", "something went wrong inside it"),
    (1012, "service restart", "it restarts"),
    (
        1013,
        "try again later",
        "it is overloaded and sends clients away",
    ),
    (
        1014,
        "bad gateway",
        "a proxy in front of it got an answer that it could not use",
    ),
    (
        3000,
        "unauthorized",
        "the session was not authorised, or is no more",
    ),
    (3003, "forbidden", "the session may not do what it did"),
    (3008, "timeout", "it waited too long for something"),
];

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::{self, Certain, Likely, Possible};
    use crate::diagnose::testing::Script;
    use crate::event::Direction::{ToClient, ToServer};

    fn closed(code: Option<u16>, reason: &str) -> (&'static str, Confidence, String) {
        let report = Script::new()
            .logs_in("1001002")
            .pings(4)
            .after(3.0)
            .closes(ToClient, code, reason)
            .diagnosed();
        let cause = report.incidents[0].cause.clone().unwrap();
        (cause.rule, cause.confidence, cause.says)
    }

    #[test]
    fn a_code_that_names_the_reason_is_certain() {
        for (code, name) in [
            (1002, "protocol error"),
            (1008, "policy violation"),
            (1011, "internal error"),
            (1012, "service restart"),
            (1013, "try again later"),
            (3000, "unauthorized"),
        ] {
            let (rule, sure, says) = closed(Some(code), "");
            assert_eq!((rule, sure), ("server-closed", Certain), "{code}");
            assert!(says.contains(name), "{says}");
        }
    }

    #[test]
    fn a_text_is_a_reason_too() {
        let (rule, sure, says) = closed(Some(4100), "licence expired");
        assert_eq!((rule, sure), ("server-closed", Certain));
        assert!(says.contains("\"licence expired\""), "{says}");
    }

    #[test]
    fn codes_without_a_reason_and_an_empty_close_are_but_likely() {
        for code in [None, Some(1000), Some(1001), Some(4000), Some(2999)] {
            let (rule, sure, says) = closed(code, "");
            assert_eq!((rule, sure), ("server-closed", Likely), "{code:?}");
            assert!(!says.is_empty());
        }
    }

    #[test]
    fn an_empty_close_for_a_desktop_that_had_stopped_pinging_is_but_possible() {
        let script = Script::new().logs_in("1001002").pings(4).after(30.0);
        let script = script.closes(ToClient, None, "");
        assert_eq!(script.cause(), Some(("server-closed", Possible)));
    }

    #[test]
    fn a_close_after_a_stream_error_is_not_the_reason() {
        let script = Script::new().logs_in("1001002").pings(4);
        let script = script
            .stream_error("not-authorized")
            .closes(ToClient, Some(1000), "");
        assert_eq!(script.cause(), Some(("stream-error", Certain)));
    }

    #[test]
    fn the_answer_to_the_desktops_own_close_is_not_the_servers_wish() {
        let report = Script::new()
            .logs_in("1001002")
            .pings(4)
            .closes(ToServer, Some(1001), "")
            .closes(ToClient, Some(1001), "")
            .diagnosed();
        assert_ne!(
            report.incidents[0].cause.as_ref().unwrap().rule,
            "server-closed"
        );
    }

    #[test]
    fn a_close_that_ends_a_silence_is_weaker_than_the_silence() {
        let script = Script::new().logs_in("1001002").pings(4).after(10.0).ping();
        let script = script.after(10.0).closes(ToClient, Some(1011), "");
        assert_eq!(script.cause(), Some(("no-answer", Likely)));
    }
}
