//! The server ends the session over a message that is larger than it takes (`finesse.md` 4.3, row 22).

use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::event::Direction;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "message-too-large",
    title: "A message was larger than the other side takes",
    severity: Severity::Trouble,
    explains: &["late-logout"],
    covers: &["server-closed", "stream-error"],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return Opinion::Silent;
    };
    let mut closes = loss.socket.closes.iter();
    if let Some(close) = closes.find(|close| close.code == Some(TOO_BIG)) {
        let (sender, who) = match close.direction {
            Direction::ToClient => (Direction::ToServer, "server"),
            Direction::ToServer => (Direction::ToClient, "browser"),
        };
        let says = format!(
            "The {who} ended the session because a message was too large for it{}",
            size(case, loss, sender)
        );
        return Verdict::new(Confidence::Certain, says)
            .because(format!(
                "it said so itself, with Close {TOO_BIG} (message too big)"
            ))
            .shown(close.at, "Close 1009")
            .matches();
    }
    policy(case, loss)
}

/// How large it was, as far as that is known: the one that never became whole, or the largest of those that did. A small
/// one was not it.
fn size(case: &Case<'_>, loss: &Loss<'_>, sender: Direction) -> String {
    let largest = loss.socket.largest[sender];
    match unfinished(case, loss, sender) {
        Some(bytes) if bytes > largest => format!(
            "; about {} KB had been sent of one that never became whole",
            bytes / 1_000
        ),
        _ if largest >= SMALL => {
            format!("; the largest that it was sent has {largest} bytes")
        }
        _ => String::new(),
    }
}

/// Bytes of a message that never became whole: all that was sent less what arrived whole. Unknown where something of
/// either is missing.
fn unfinished(case: &Case<'_>, loss: &Loss<'_>, sender: Direction) -> Option<u64> {
    let (_, closed) = loss.connection.closed.as_ref()?;
    let sent = match sender {
        Direction::ToServer => closed.to_server,
        Direction::ToClient => closed.to_client,
    };
    let rest = sent.saturating_sub(loss.socket.carried[sender]);
    let is_all = case.session.gaps().is_empty()
        && !case.session.begins_late()
        && loss.socket.violations.is_empty();
    (is_all && rest >= SMALL).then_some(rest)
}

/// Servers other than Openfire say `policy-violation` instead, and for other things too.
fn policy(case: &Case<'_>, loss: &Loss<'_>) -> Opinion {
    let Word::StreamError(Direction::ToClient, condition) = loss.word else {
        return Opinion::Silent;
    };
    let largest = loss.socket.largest.to_server;
    let text = loss.socket.stream.error_text(loss.over);
    if let Some(text) = text.filter(|text| names_size(text)) {
        let says = format!(
            "The server ended the session because a message was too large for it{}",
            size(case, loss, Direction::ToServer)
        );
        return Verdict::new(Confidence::Certain, says)
            .because(format!("it said so itself, with {condition}, {text:?}"))
            .shown(loss.over, format!("stream error {condition}"))
            .matches();
    }
    if condition != "policy-violation" || largest < SUSPICIOUS {
        return Opinion::Silent;
    }
    let says = format!(
        "The server ended the session over a rule of its own after a message of {largest} bytes, which is perhaps more than it takes"
    );
    Verdict::new(Confidence::Possible, says)
        .because("stream error policy-violation, and an unusually large message")
        .lacking(
            "policy-violation has other reasons too, and the time of the large message is not kept",
        )
        .shown(loss.over, "policy-violation")
        .matches()
}

/// Whether the text of an error speaks of a message's size.
fn names_size(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["too large", "too big", "too long", "exceeds"]
        .iter()
        .any(|words| text.contains(words))
}

/// The close code for it (RFC 6455 section 7.4.1).
const TOO_BIG: u16 = 1009;
/// Fewer bytes than this are too many for nobody; what is not of messages, such as the upgrade, is less.
const SMALL: u64 = 16_384;
/// The smallest limit in use: ejabberd's and Prosody's are from 64 KiB to 512 KiB, Openfire's is 1 MiB.
const SUSPICIOUS: u64 = 65_536;

#[cfg(test)]
mod tests {
    use crate::diagnose::Report;
    use crate::diagnose::rule::Confidence::Certain;
    use crate::diagnose::testing::Script;
    use crate::event::Direction::ToClient;

    fn is_suspected(report: &Report, rule: &str) -> bool {
        let mut others = report.incidents[0].alternatives.iter();
        others.any(|other| other.rule == rule)
    }

    fn sends(bytes: usize) -> Script {
        let body = "x".repeat(bytes);
        let message = format!("<message xmlns='jabber:client'><body>{body}</body></message>");
        let script = Script::new().logs_in("1001002").pings(4);
        script.says(&message).after(0.1)
    }

    #[test]
    fn close_1009_is_certain_and_names_the_size() {
        let script = sends(1_100_000).closes(ToClient, Some(1009), "");
        let report = script.diagnosed();
        let cause = report.incidents[0].cause.clone().unwrap();
        assert_eq!(
            (cause.rule, cause.confidence),
            ("message-too-large", Certain)
        );
        assert!(cause.says.contains("1100"), "{}", cause.says);
        assert!(!is_suspected(&report, "server-closed"));
    }

    const STANZA_TOO_LARGE: &str = "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>stanza too large</text></stream:error>";

    fn says(script: Script) -> String {
        let report = script.diagnosed();
        report.incidents[0].cause.clone().unwrap().says
    }

    #[test]
    fn a_message_that_never_became_whole_is_told_by_its_bytes_so_far() {
        let refused = sends(100).hears(STANZA_TOO_LARGE);
        let says = says(refused.gone_after(99_000));
        assert!(says.contains("about 98 KB had been sent"), "{says}");
    }

    #[test]
    fn where_no_message_was_large_none_is_named() {
        let says = says(sends(100).hears(STANZA_TOO_LARGE).gone());
        assert!(says.ends_with("too large for it"), "{says}");
    }

    #[test]
    fn an_error_whose_text_speaks_of_size_is_certain() {
        let script = sends(100_000).hears(STANZA_TOO_LARGE);
        assert_eq!(script.cause(), Some(("message-too-large", Certain)));
    }

    #[test]
    fn a_policy_violation_after_a_large_message_is_but_one_possibility() {
        let report = sends(200_000).stream_error("policy-violation").diagnosed();
        let incident = &report.incidents[0];
        assert_eq!(incident.cause.as_ref().unwrap().rule, "stream-error");
        assert!(is_suspected(&report, "message-too-large"));
    }

    #[test]
    fn a_policy_violation_without_a_large_message_is_not_about_size() {
        let report = sends(100).stream_error("policy-violation").diagnosed();
        assert!(!is_suspected(&report, "message-too-large"));
    }

    #[test]
    fn a_large_message_that_is_taken_is_no_incident() {
        assert_eq!(sends(1_100_000).pings(2).cause(), None);
    }
}
