//! The WebSocket is refused with an HTTP status (`finesse.md` 4.3, row 20).

use super::{is_spoken, lost_before, place, unanswered};
use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::words::count;
use crate::session::Connection;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "upgrade-refused",
    title: "The server refused the WebSocket",
    severity: Severity::Trouble,
    explains: &["connection-reset", "connection-cut", "server-closed"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let attempts = case.incident.attempts();
    let refused: Vec<_> = attempts
        .filter_map(|attempt| match attempt.stage {
            Stage::Upgrade(status) => Some((attempt, status)),
            _ => None,
        })
        .collect();
    let Some((first, status)) = refused.first().copied() else {
        return unanswered::judge(case);
    };
    let says = format!(
        "{} refused the desktop's WebSocket with {status}: {}{}",
        place(first.connection),
        meaning(status),
        elsewhere(first.connection)
    );
    let times = count(refused.len() as u64, "request");
    let reason = format!(
        "the server, or what stands before it, said so: {times} for a WebSocket answered with {status}"
    );
    let shown = |verdict: Verdict| {
        let verdict = verdict.because(reason.clone()).advising(advice(status));
        verdict.shown(first.at, format!("{status} instead of 101"))
    };
    let Some(loss) = lost_before(case, first) else {
        return shown(Verdict::new(Confidence::Certain, says)).matches();
    };
    if status >= 500 {
        return shown(Verdict::new(Confidence::Possible, says))
            .lacking("the socket was lost before, and a server that restarts answers so as well")
            .matches();
    }
    if is_spoken(loss) || loss.unanswered.is_some() {
        return shown(Verdict::new(Confidence::Certain, says))
            .because("the desktop had lost its socket before, and this kept it from a new one")
            .only(Role::Contributing)
            .matches();
    }
    shown(Verdict::new(Confidence::Likely, says))
        .because("the socket broke off without a word right before: who refuses new sockets can cut old ones")
        .matches()
}

/// Where the answer sends the browser, without what a query may hold.
fn elsewhere(connection: &Connection) -> String {
    let mut refused = connection.exchanges.failures.iter();
    let to = refused.find(|one| one.upgrade && (300..400).contains(&one.status));
    let to = to.and_then(|one| one.location.as_deref()?.split(['?', '#']).next());
    to.map_or_else(String::new, |to| format!(" ({to})"))
}

/// What a status means where it answers a desktop that asks for a WebSocket.
const fn meaning(status: u16) -> &'static str {
    match status {
        200..=299 => {
            "it answered as to any request, with a page or a file: what answers is no notification service but another server, a portal or a login form before it"
        }
        300..=399 => {
            "it sends the browser elsewhere, where no WebSocket follows: to another node or port, or to a sign-in page"
        }
        400 => {
            "the request was not understood as one for a WebSocket: the subprotocol xmpp was not offered, or a proxy on the way took the Upgrade away"
        }
        401 => {
            "it wants a sign-in first, as the VPN-less reverse proxy does once its session is over"
        }
        403 => {
            "it forbids it: an origin that is not allowed, an address that is not allowed, or a rule of a proxy before the server"
        }
        404 => {
            "there is no notification service under this path and port: up to 12.5 it is at 7443, from 12.6 on at 8445"
        }
        405 => "the method is not allowed there: what answers is no notification service",
        407 => "a proxy on the way wants credentials",
        408 => "it waited in vain for the rest of the request",
        412 => "the VPN-less reverse proxy does not accept the browser's User-Agent",
        417 => "the VPN-less reverse proxy does not accept the Referer",
        421 => "the VPN-less reverse proxy does not know the URL",
        426 => "it wants another version of the WebSocket protocol",
        429 => {
            "too many requests: a rate limit, which all agents behind one address translation share"
        }
        444 => "the reverse proxy drops the request by one of its rules",
        500 => "the notification service failed at it",
        502 => "the web proxy before it cannot reach the notification service",
        503 => "it is not in service, or limits how many new connections come in at once",
        504 => "the notification service did not answer the web proxy before it in time",
        _ if status >= 500 => "the server, or what stands before it, failed",
        _ => "it, or a proxy before it, does not accept the request",
    }
}

/// What to do about it.
const fn advice(status: u16) -> &'static str {
    match status {
        200..=299 => {
            "Look at the page that was answered, which is in the recording: it says what stands there instead of Finesse. Have that portal, login form or proxy let `/ws/` through."
        }
        300..=399 => {
            "Open the desktop under the address to which the browser is sent, or have `/ws/` taken out of that rule."
        }
        400 => {
            "Look at the request in the recording. If it offers the subprotocol xmpp and asks for the upgrade, a proxy behind finspect takes that away: have WebSockets allowed there."
        }
        401 => {
            "Let the agent sign in again at the VPN-less reverse proxy. If it recurs at a fixed age, compare its session's lifetime with a shift."
        }
        403 => {
            "Compare the request's Origin with the origins that Finesse allows (its CORS allow-list). If it is allowed, ask for a rule against it in the proxies on the way."
        }
        404 => {
            "Compare the port with the version of Finesse: the notification service is at 7443 up to 12.5, at 8445 from 12.6 on."
        }
        407 => "Give the credentials that the proxy on the way wants.",
        412 | 417 | 421 | 444 => {
            "Look into the log of the VPN-less reverse proxy at that second: it names the rule that was broken."
        }
        429 => {
            "Ask for a higher limit at the reverse proxy for the address that these agents share."
        }
        500..=599 => {
            "Look at the Cisco Finesse Notification Service on that node: whether it runs (`utils service list`), and into its log at that second."
        }
        _ => {
            "Find out who answered: the status and the page with it are in the recording. Then look into the log of Finesse, or of the proxy on the way, at that second."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;
    use crate::event::Direction::{ToClient, ToServer};
    use crate::event::Manner;

    const NAME: &str = "upgrade-refused";

    fn refused(script: Script, status: u16) -> Script {
        let script = script.connects();
        script
            .asks("GET", "/ws/", &[("Upgrade", "websocket")])
            .answers(status)
    }

    #[test]
    fn a_status_at_sign_in_is_the_servers_word_and_is_explained() {
        for (status, part) in [
            (400, "subprotocol"),
            (401, "sign-in"),
            (403, "origin"),
            (404, "7443"),
            (412, "User-Agent"),
            (417, "Referer"),
            (421, "URL"),
            (429, "rate limit"),
            (444, "drops"),
            (502, "cannot reach"),
        ] {
            let report = refused(Script::new(), status).diagnosed();
            let cause = report.incidents[0].cause.as_ref().unwrap();
            assert_eq!((cause.rule, cause.confidence), (NAME, Confidence::Certain));
            assert!(cause.says.contains(part), "{}", cause.says);
        }
    }

    #[test]
    fn a_refused_call_of_rest_is_no_refused_websocket() {
        let script = Script::new().connects();
        let script = script.asks("GET", "/desktop", &[]).answers(403);
        assert_eq!(script.cause(), None);
    }

    #[test]
    fn refusals_after_a_mute_cut_are_likely_its_cause_and_after_a_shutdown_are_not() {
        let lost = || Script::new().logs_in("1001002").pings(3).after(3.0);
        let cut = lost().ends(ToClient, Manner::Reset).gone().after(2.0);
        let (rule, sure) = refused(cut, 403).cause().unwrap();
        assert_eq!((rule, sure), (NAME, Confidence::Likely));
        let shut = lost().stream_error("system-shutdown");
        let shut = shut.closes(ToServer, None, "").after(2.0);
        assert_eq!(
            refused(shut, 503).cause(),
            Some(("service-restart", Confidence::Certain))
        );
    }

    #[test]
    fn a_server_error_after_a_mute_cut_is_that_of_a_restart() {
        let lost = Script::new().logs_in("1001002").pings(3).after(3.0);
        let cut = lost.ends(ToClient, Manner::Reset).gone().after(2.0);
        assert_eq!(
            refused(cut, 503).cause(),
            Some(("service-restart", Confidence::Possible))
        );
    }

    #[test]
    fn a_page_or_a_redirection_in_answer_is_a_refusal_too() {
        for (status, part) in [(200, "no notification service"), (204, "no notification")] {
            let report = refused(Script::new(), status).diagnosed();
            let cause = report.incidents[0].cause.as_ref().unwrap();
            assert_eq!((cause.rule, cause.confidence), (NAME, Confidence::Certain));
            assert!(cause.says.contains(part), "{}", cause.says);
        }
        let script = Script::new().connects();
        let script = script.asks("GET", "/ws/", &[("Upgrade", "websocket")]);
        let to = "https://sso.example.com/login?token=x";
        let script = script.answers_with(302, &[("Location", to)]);
        let cause = script.diagnosed().incidents[0].cause.clone().unwrap();
        assert_eq!((cause.rule, cause.confidence), (NAME, Confidence::Certain));
        assert!(
            cause.says.ends_with("(https://sso.example.com/login)"),
            "{}",
            cause.says
        );
    }

    #[test]
    fn polling_and_pages_that_are_answered_or_moved_are_no_refused_websocket() {
        let asks = |target, status| {
            let script = Script::new().connects().asks("GET", target, &[]);
            script.answers(status).cause()
        };
        for target in ["/ws/", "/http-bind/", "/desktop"] {
            assert_eq!((asks(target, 200), asks(target, 302)), (None, None));
        }
        let h2c = Script::new()
            .connects()
            .asks("GET", "/", &[("Upgrade", "h2c")]);
        assert_eq!(h2c.answers(200).cause(), None);
    }
}
