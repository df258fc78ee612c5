//! The proxy that leads out (`--upstream-proxy`) refuses, breaks off, speaks something else, or is not there.

use super::{is_spoken, lost_before, place};
use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::words::count;
use crate::event::{AttemptOutcome, DialFailure, Via};
use crate::session::{Connection, Session};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "upstream-proxy",
    title: "The proxy on the way to the server did not lead there",
    severity: Severity::Trouble,
    explains: &["connection-cut", "connection-reset"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let attempts = case.incident.attempts();
    let faults: Vec<_> = attempts
        .filter_map(|attempt| match attempt.stage {
            Stage::Dial(failure) => {
                let fault = fault(case.session, attempt.connection, failure)?;
                Some((attempt, fault))
            }
            _ => None,
        })
        .collect();
    let Some((first, fault)) = faults.first() else {
        return Opinion::Silent;
    };
    let says = format!(
        "The upstream proxy did not lead to {}: {}",
        place(first.connection),
        fault.words
    );
    let verdict = |confidence| {
        Verdict::new(confidence, says.clone())
            .because(format!(
                "{} ended at the proxy, not at the server",
                count(faults.len() as u64, "attempt")
            ))
            .advising(fault.advice)
            .shown(first.at, "the proxy does not lead to the server")
    };
    let Some(loss) = lost_before(case, first) else {
        return verdict(Confidence::Certain).matches();
    };
    if is_spoken(loss) {
        return verdict(Confidence::Certain)
            .because("the desktop had lost its socket before, and this kept it from a new one")
            .only(Role::Contributing)
            .matches();
    }
    if fault.gone && loss.unanswered.is_none() {
        return verdict(Confidence::Likely)
            .because("the socket, which led through the same proxy, broke off right before")
            .matches();
    }
    verdict(Confidence::Possible)
        .lacking("the socket was lost before the proxy was seen to be in trouble")
        .matches()
}

/// What was wrong with the proxy.
pub(super) struct Fault {
    words: String,
    /// It is not there, or broke off: what led through it is lost as well.
    gone: bool,
    advice: &'static str,
}

/// What was wrong with the proxy, if it is to blame for a dial that failed.
pub(super) fn fault(
    session: &Session,
    connection: &Connection,
    failure: &DialFailure,
) -> Option<Fault> {
    let (words, advice) = match failure {
        DialFailure::ProxyRefused(why) if why.starts_with("407") => {
            (format!("it wants credentials ({why})"), CREDENTIALS)
        }
        DialFailure::ProxyRefused(why) if why.starts_with('5') => (
            format!("it could not reach the server itself ({why})"),
            AROUND,
        ),
        DialFailure::ProxyRefused(why) => (format!("it refused ({why})"), ALLOW),
        DialFailure::ProxyUnintelligible(why) => (
            format!("it speaks something else than its protocol ({why})"),
            ADDRESS,
        ),
        DialFailure::Unresolved(why) if has_proxy(session) => {
            (format!("its own name has no address ({why})"), ADDRESS)
        }
        DialFailure::Unresolved(_) | DialFailure::Loop => return None,
        other => {
            let (_, last) = connection.attempts.last()?;
            match (last.via?, &last.outcome) {
                (Via::Socks5, AttemptOutcome::Connected) if is_reply(other) => return None,
                (_, AttemptOutcome::Connected) => (format!("it broke off ({other})"), BROKE_OFF),
                _ => (format!("it cannot be reached itself ({other})"), ADDRESS),
            }
        }
    };
    let gone = !matches!(
        failure,
        DialFailure::ProxyRefused(_) | DialFailure::ProxyUnintelligible(_)
    );
    Some(Fault {
        words,
        gone,
        advice,
    })
}

const CREDENTIALS: &str =
    "Give the proxy's credentials in `--upstream-proxy`, as http://USER:PASSWORD@HOST:PORT.";
const ALLOW: &str = "Ask who runs the proxy to allow the Finesse servers and their ports. If Finesse is inside the company's network, the way to it may not lead through this proxy at all.";
const AROUND: &str = "Find out why the proxy itself does not reach the server. If Finesse is inside the company's network, the way to it may not lead through this proxy at all.";
const ADDRESS: &str = "Check the address of `--upstream-proxy`, its port and whether it begins with http:// or socks5://, and whether the proxy runs.";
const BROKE_OFF: &str =
    "Look into the log of the proxy at that second: it took the connection and ended it.";

/// Whether this is what a SOCKS proxy says of the server (RFC 1928 section 6).
pub(super) const fn is_reply(failure: &DialFailure) -> bool {
    matches!(
        failure,
        DialFailure::ConnectionRefused
            | DialFailure::HostUnreachable
            | DialFailure::NetworkUnreachable
            | DialFailure::TimedOut
    )
}

fn has_proxy(session: &Session) -> bool {
    let options = session.started().map(|started| started.options.iter());
    options.is_some_and(|mut all| all.any(|option| option.starts_with("--upstream-proxy")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;

    const NAME: &str = "upstream-proxy";

    fn through(via: Via, outcome: AttemptOutcome, failure: DialFailure) -> Script {
        let script = Script::new().connects_to("finesse1.example.com");
        script.dials(outcome, Some(via)).fails(failure)
    }

    #[test]
    fn what_the_proxy_says_or_does_is_certain() {
        use AttemptOutcome::{Connected, Failed};
        for (outcome, failure, part) in [
            (
                Connected,
                DialFailure::ProxyRefused("407 Proxy Authentication Required".to_owned()),
                "credentials",
            ),
            (
                Connected,
                DialFailure::ProxyRefused("502 Bad Gateway".to_owned()),
                "could not reach",
            ),
            (
                Connected,
                DialFailure::ProxyRefused("403 Forbidden".to_owned()),
                "refused",
            ),
            (
                Connected,
                DialFailure::ProxyUnintelligible("no HTTP".to_owned()),
                "something else",
            ),
            (Connected, DialFailure::Reset, "broke off"),
            (
                Failed(DialFailure::ConnectionRefused),
                DialFailure::ConnectionRefused,
                "cannot be reached itself",
            ),
        ] {
            let report = through(Via::Http, outcome, failure).diagnosed();
            let cause = report.incidents[0].cause.as_ref().unwrap();
            assert_eq!((cause.rule, cause.confidence), (NAME, Confidence::Certain));
            assert!(cause.says.contains(part), "{}", cause.says);
        }
    }

    #[test]
    fn what_a_socks_proxy_says_of_the_server_is_about_the_server() {
        let outcome = AttemptOutcome::Connected;
        let script = through(Via::Socks5, outcome, DialFailure::ConnectionRefused);
        assert_eq!(
            script.cause().map(|(rule, _)| rule),
            Some("server-unreachable")
        );
    }
}
