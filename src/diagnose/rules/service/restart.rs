//! The notification service was stopped or restarted (`finesse.md` 4.3, row 6).

use crate::diagnose::attempt::{Attempt, Stage};
use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::rules::path::mid_flow::let_in_again;
use crate::diagnose::words::{count, duration};
use crate::event::{DialFailure, Direction, Manner, Micros};
use crate::session::{At, End};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "service-restart",
    title: "The notification service was stopped or restarted",
    severity: Severity::Trouble,
    explains: &[
        "upgrade-refused",
        "server-unreachable",
        "web-app-down",
        "cti-failover",
        "connection-reset",
        "connection-cut",
        "server-closed",
        "finesse-absent",
        "late-logout",
    ],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return turned_away(case);
    };
    let refused = refusals(case);
    if let Some(at) = loss.server_error("system-shutdown") {
        let says = "The notification service announced that it shuts down, and closed every stream";
        let verdict = Verdict::new(Confidence::Certain, says)
            .because("it said so itself, with stream error system-shutdown")
            .shown(at, "system-shutdown");
        return with_refusals(verdict, &refused).matches();
    }
    if !crashed(loss) {
        return Opinion::Silent;
    }
    if refused.is_empty() {
        return was_up(case, loss);
    }
    if went_all_at_once(case, loss) {
        return Opinion::RuledOut(
            "REST at the same server went away with it: it was not the notification service alone"
                .to_owned(),
        );
    }
    let during = case.lasted(loss.over).map_or_else(
        || "since then".to_owned(),
        |lasted| format!("for {}", duration(lasted)),
    );
    let says = format!(
        "The notification service crashed or was killed: the connection broke off, and {during} no new one was accepted"
    );
    let mut verdict = Verdict::new(Confidence::Likely, says)
        .because("the connection broke off without a word, and the next attempts were refused")
        .shown(loss.over, "the connection breaks off");
    if let Some(at) = rest_lives(case, loss) {
        verdict = verdict
            .because("REST at the same server went on answering")
            .shown(at, "REST is answered");
    } else if !is_port_closed(case) {
        // A gateway answers the same whatever is gone behind it.
        verdict.confidence = Confidence::Possible;
        verdict = verdict
            .lacking("no answer of REST tells whether it was the notification service alone");
    }
    if case.misses(loss.over.time, case.until().time) {
        verdict.confidence = Confidence::Possible;
        verdict =
            verdict.lacking("events of that time are missing, and REST may have failed among them");
    }
    with_refusals(verdict, &refused).matches()
}

/// A connection that broke off, and no attempt after it that was refused.
fn was_up(case: &Case<'_>, loss: &Loss<'_>) -> Opinion {
    match let_in_again(case, loss) {
        Some(back) if !case.misses(loss.over.time, back.time) => Opinion::RuledOut(format!(
            "the next login went through {} later, and none was refused: a service that restarts takes longer",
            duration(back.time.since(loss.over.time))
        )),
        _ => Opinion::Silent,
    }
}

/// A desktop that came while the service was going down.
fn turned_away(case: &Case<'_>) -> Opinion {
    let mut attempts = case.incident.attempts();
    let shutdown = Stage::StreamError("system-shutdown");
    let Some(attempt) = attempts.find(|attempt| attempt.stage == shutdown) else {
        return Opinion::Silent;
    };
    let says = "The notification service was shutting down when the desktop signed in";
    let verdict = Verdict::new(Confidence::Certain, says)
        .because("it said so itself, with stream error system-shutdown")
        .shown(attempt.at, "system-shutdown");
    with_refusals(verdict, &refusals(case)).matches()
}

/// Whether the web server was gone as well: a gateway that reaches nothing, or REST that broke off at the same time.
fn went_all_at_once(case: &Case<'_>, loss: &Loss<'_>) -> bool {
    let until = case.until();
    let mut polls = case.session.rest().polls.iter();
    let gateway = polls.any(|poll| {
        matches!(poll.status, 502 | 504)
            && loss.over < poll.at
            && poll.at <= until
            && !case.is_other_server(poll.connection, loss.connection.id)
    });
    let near = case.seconds(1);
    let to = Micros(loss.over.time.0.saturating_add(near.0));
    let others = case.index.alive(loss.over.time.since(near), to);
    let mut others = others.filter(|one| one.socket.is_none());
    let broke_off = others.any(|one| {
        let end = one.first_end().filter(|end| is_abrupt(end));
        let apart = end.map(|end| end.at.time.0.abs_diff(loss.over.time.0));
        apart.is_some_and(|apart| apart <= near.0)
            && !case.is_other_server(one.id, loss.connection.id)
    });
    gateway || broke_off
}

/// When SystemInfo was answered by Finesse itself, while no socket could be had.
fn rest_lives(case: &Case<'_>, loss: &Loss<'_>) -> Option<At> {
    let until = case.until();
    let mut polls = case.session.rest().polls.iter();
    let alive = polls.find(|poll| {
        matches!(poll.status, 200 | 503)
            && loss.over < poll.at
            && poll.at <= until
            && !case.is_other_server(poll.connection, loss.connection.id)
    });
    alive.map(|poll| poll.at)
}

/// Whether the server's machine lived, and nobody listened there.
fn is_port_closed(case: &Case<'_>) -> bool {
    attempts(case).any(|attempt| attempt.stage == Stage::Dial(&DialFailure::ConnectionRefused))
}

/// Attempts at the server whose socket was lost.
fn attempts<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Attempt<'a>> {
    let (case, lost) = (*case, case.loss().map(|loss| loss.connection.id));
    let attempts = case.incident.attempts();
    attempts.filter(move |attempt| {
        lost.is_none_or(|lost| !case.is_other_server(attempt.connection.id, lost))
    })
}

/// Whether the server broke a connection off.
const fn is_abrupt(end: &End) -> bool {
    matches!(end.direction, Direction::ToClient)
        && matches!(end.manner, Manner::FinWithoutCloseNotify | Manner::Reset)
}

/// Whether the server's side broke off without a word of XMPP or WebSocket.
fn crashed(loss: &Loss<'_>) -> bool {
    let abrupt = |manner: &Manner| {
        matches!(
            manner,
            // A proxy in front ends its side in order when its own upstream is gone.
            Manner::Fin | Manner::FinWithoutCloseNotify | Manner::Reset | Manner::CloseNotify
        )
    };
    matches!(loss.word, Word::End(end) if end.direction == Direction::ToClient && abrupt(&end.manner))
        && loss.unanswered.is_none()
}

/// Attempts that a server in the middle of a restart refuses.
fn refusals(case: &Case<'_>) -> Vec<At> {
    let refused = attempts(case).filter(|attempt| {
        matches!(
            attempt.stage,
            Stage::Upgrade(502..=504) | Stage::Dial(DialFailure::ConnectionRefused)
        )
    });
    refused.map(|attempt| attempt.at).collect()
}

fn with_refusals(verdict: Verdict, refused: &[At]) -> Verdict {
    let Some(first) = refused.first() else {
        return verdict;
    };
    verdict
        .because(format!(
            "{} at a new socket failed until it was up again",
            count(refused.len() as u64, "attempt")
        ))
        .shown(*first, "a new socket is refused")
}

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::{Certain, Likely, Possible};
    use crate::diagnose::testing::Script;
    use crate::event::Direction::ToClient;
    use crate::event::{EventKind, Gap, Manner};

    fn breaks_off(manner: Manner) -> Script {
        let script = Script::new().logs_in("1001002").pings(4).after(3.0);
        script.ends(ToClient, manner).gone()
    }

    fn refuses(script: Script, status: u16) -> Script {
        let script = script.after(3.0).connects();
        let script = script.asks("GET", "/ws/", &[("Upgrade", "websocket")]);
        script.answers(status).after(3.0)
    }

    #[test]
    fn a_connection_that_breaks_off_and_sockets_that_are_refused_then_are_likely_a_crash() {
        for manner in [Manner::Reset, Manner::CloseNotify] {
            let script = refuses(breaks_off(manner), 502);
            let script = script.rest("GET", "/finesse/api/SystemInfo", 503);
            let script = script.after(3.0).logs_in("1001002").pings(2);
            assert_eq!(script.cause(), Some(("service-restart", Likely)));
        }
    }

    #[test]
    fn a_gateway_that_refuses_where_rest_is_not_seen_is_but_possible() {
        let script = refuses(breaks_off(Manner::Reset), 502);
        let cause = script.logs_in("1001002").pings(2).cause();
        assert_eq!(cause, Some(("service-restart", Possible)));
    }

    #[test]
    fn a_crash_in_which_events_are_missing_is_but_possible() {
        let script = refuses(breaks_off(Manner::Reset), 502);
        let script = script.event(EventKind::Gap(Gap::default()));
        let script = script.rest("GET", "/finesse/api/SystemInfo", 200);
        let cause = script.logs_in("1001002").pings(2).cause();
        assert_eq!(cause, Some(("service-restart", Possible)));
    }

    #[test]
    fn a_connection_that_breaks_off_alone_is_no_crash() {
        let script = breaks_off(Manner::Reset).after(3.0).logs_in("1001002");
        assert_ne!(script.cause().unwrap().0, "service-restart");
    }

    #[test]
    fn a_gateway_that_reaches_nothing_at_all_is_not_the_notification_service_alone() {
        let script = refuses(breaks_off(Manner::Reset), 502);
        let script = script.rest("GET", "/finesse/api/SystemInfo", 502);
        let script = script.after(3.0).logs_in("1001002").pings(2);
        assert_ne!(script.cause().unwrap().0, "service-restart");
    }

    #[test]
    fn a_shutdown_in_the_middle_of_a_sign_in_is_certain() {
        let script = Script::new().connects().opens_socket().asks_in();
        let script = script.stream_error("system-shutdown");
        assert_eq!(script.cause(), Some(("service-restart", Certain)));
    }

    #[test]
    fn who_is_let_in_again_at_once_met_no_restart() {
        let back = |after| {
            let script = breaks_off(Manner::Reset).after(after);
            script.logs_in("1001002").pings(1).ruled_out()
        };
        let near = back(3.0);
        let (_, why) = near.iter().find(|one| one.0 == "service-restart").unwrap();
        assert!(why.contains("3.0 s later"), "{why}");
        assert!(!back(40.0).iter().any(|one| one.0 == "service-restart"));
    }
}
