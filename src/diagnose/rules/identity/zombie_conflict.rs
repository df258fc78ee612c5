//! The desktop's own new login evicts its old socket, which had gone silent before (`finesse.md` 4.3, row 5).

use super::successor;
use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::words::duration;
use crate::event::{Direction, Micros};
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "zombie-conflict",
    title: "The desktop's own new login evicted its old, silent socket",
    severity: Severity::Trouble,
    explains: &["late-logout"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let mut losses = case.incident.losses();
    let Some((loss, at)) = losses.find_map(|loss| {
        let at = loss.server_error("conflict")?;
        is_own(case, loss, at).then_some((loss, at))
    }) else {
        return in_use(case);
    };
    let next = successor(case, loss.connection, at);
    let says = match next {
        Some((other, _)) => format!(
            "The old socket {} got a conflict from the desktop's own new login on {}: no second person is involved",
            loss.connection.id, other.id
        ),
        None => format!(
            "The old socket {} got a conflict after it had been given up",
            loss.connection.id
        ),
    };
    let sure = match next {
        Some(_) if silent_since(case, loss, at).is_some() => Confidence::Certain,
        // Much can silence a browser of which nothing but its silence is seen.
        Some(_) if !case.is_local(loss.connection) => Confidence::Possible,
        _ => Confidence::Likely,
    };
    let verdict = Verdict::new(sure, says).shown(at, "conflict on the old socket");
    let verdict = match next {
        Some((_, bound)) => verdict.shown(bound, "the desktop's own new login"),
        None => verdict.lacking("the login that took its place is not in this recording"),
    };
    if let Some(since) = silent_since(case, loss, at) {
        return verdict
            .because(format!(
                "the socket had been of no use for {} by then",
                duration(at.time.since(since.time))
            ))
            .only(Role::Consequence)
            .matches();
    }
    let quiet = loss.heard().map(|heard| at.time.since(heard.time));
    verdict
        .because(format!(
            "the desktop had not used the old socket for {}, and its pings had been regular before",
            duration(quiet.unwrap_or_default())
        ))
        .lacking("what silenced the old socket is not in this recording")
        .matches()
}

/// A conflict on a socket that its desktop still used: whoever signed in then was somebody else.
fn in_use(case: &Case<'_>) -> Opinion {
    let mut losses = case.incident.losses();
    let conflict = losses.find(|loss| {
        matches!(
            loss.word,
            Word::StreamError(Direction::ToClient, "conflict")
        )
    });
    let used = conflict.and_then(|loss| {
        let quiet = loss.over.time.since(loss.heard()?.time);
        (quiet < case.seconds_on(loss, 20)).then_some(quiet)
    });
    used.map_or(Opinion::Silent, |quiet| {
        Opinion::RuledOut(format!(
            "the desktop still used the socket that got the conflict: it had said something {} before",
            duration(quiet)
        ))
    })
}

/// Whether a conflict was for a socket that the desktop had already given up.
pub(super) fn is_own(case: &Case<'_>, loss: &Loss<'_>, conflict: At) -> bool {
    let quiet = || went_quiet(case, loss, conflict) && came_here(case, loss, conflict);
    silent_since(case, loss, conflict).is_some() || quiet()
}

/// Since when the socket was of no use, where that was seen: a ping that waits, or the client's own Close without a
/// goodbye.
fn silent_since(case: &Case<'_>, loss: &Loss<'_>, conflict: At) -> Option<At> {
    let closed = matches!(loss.word, Word::Close(close) if close.direction == Direction::ToServer);
    let given_up = closed && !loss.is_voluntary() && loss.over < conflict;
    if loss.unanswered.is_some() || given_up {
        return Some(loss.at);
    }
    // The next ping was nearly due, and the desktop itself signed in: it did not wait any longer.
    let waiting = loss.socket.stream.pings.to_server.waiting(conflict.time)?;
    let due = case.seconds_on(loss, 10).0 / 10 * 9;
    let waited = conflict.time.since(waiting.sent.time);
    (waited.0 >= due && came_here(case, loss, conflict)).then_some(waiting.sent)
}

/// Whether the login that took the socket's place came through this finspect.
fn came_here(case: &Case<'_>, loss: &Loss<'_>, conflict: At) -> bool {
    successor(case, loss.connection, conflict).is_some()
}

/// Whether a desktop that had pinged regularly had stopped.
fn went_quiet(case: &Case<'_>, loss: &Loss<'_>, conflict: At) -> bool {
    let Some(heard) = loss.heard() else {
        return false;
    };
    let interval = case.seconds_on(loss, 10).0;
    let quiet = conflict.time.since(heard.time).0 >= interval.saturating_mul(QUIET);
    quiet
        && matches!(
            loss.word,
            Word::StreamError(Direction::ToClient, "conflict")
        )
        && is_regular(loss, Micros(interval))
}

/// Whether the last pings came in time: those of a hidden tab are a minute apart, and it lives.
fn is_regular(loss: &Loss<'_>, interval: Micros) -> bool {
    let latest = loss.socket.stream.pings.to_server.latest().rev();
    // What it said meanwhile may still come, once the way is well again.
    let mut latest = latest.filter(|ping| ping.sent < loss.over);
    match (latest.next(), latest.next()) {
        (Some(last), Some(before)) => {
            let gap = last.sent.time.since(before.sent.time).0;
            gap <= interval.0.saturating_mul(2)
        }
        _ => false,
    }
}

/// Intervals between pings after which a desktop has stopped pinging.
const QUIET: u64 = 2;

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::{Certain, Likely, Possible};
    use crate::diagnose::testing::Script;
    use crate::event::Direction::ToServer;

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(4)
    }

    #[test]
    fn a_conflict_after_an_unanswered_ping_is_a_consequence_of_the_silence() {
        let report = healthy()
            .after(10.0)
            .ping()
            .after(8.0)
            .server_silent()
            .after(2.0)
            .ping()
            .after(3.0)
            .closes(ToServer, None, "")
            .logs_in("1001002")
            .on(1)
            .stream_error("conflict")
            .diagnosed();
        let incident = &report.incidents[0];
        assert_eq!(incident.cause.as_ref().unwrap().rule, "path-black-hole");
        let zombie = &incident.consequences[0];
        assert_eq!(
            (zombie.rule, zombie.confidence),
            ("zombie-conflict", Certain)
        );
        assert!(
            incident
                .alternatives
                .iter()
                .any(|one| one.rule == "second-login")
        );
    }

    #[test]
    fn a_conflict_on_a_socket_whose_client_went_quiet_stands_alone() {
        let script = healthy().after(40.0).logs_in("1001002").on(1);
        let script = script.stream_error("conflict");
        assert_eq!(script.cause(), Some(("zombie-conflict", Likely)));
    }

    #[test]
    fn a_hidden_tab_that_pings_once_a_minute_is_alive_and_no_zombie() {
        let mut script = healthy();
        for _ in 0..3 {
            script = script.after(60.0).ping().after(0.02).pong();
        }
        let script = script.after(40.0).logs_in("1001002").on(1);
        let cause = script.stream_error("conflict").cause();
        assert_eq!(cause, Some(("second-login", Certain)));
    }

    #[test]
    fn a_quiet_socket_without_a_new_login_here_was_evicted_by_somebody_else() {
        let script = healthy().after(40.0).stream_error("conflict");
        assert_eq!(script.cause(), Some(("second-login", Certain)));
    }

    #[test]
    fn a_socket_that_was_in_use_was_evicted_by_somebody_else_and_it_is_said_why() {
        let out = healthy().after(2.0).stream_error("conflict").ruled_out();
        assert_eq!(out[0].0, "zombie-conflict");
        assert!(out[0].1.contains("2.0 s before"), "{out:?}");
        let hidden = healthy().after(60.0).ping().after(0.02).pong().after(40.0);
        assert_eq!(hidden.stream_error("conflict").ruled_out(), []);
    }

    #[test]
    fn a_ping_that_arrives_after_the_conflict_changes_nothing() {
        let script = healthy().after(40.0).logs_in("1001002").on(1);
        let script = script.stream_error("conflict").after(5.0).ping();
        assert_eq!(script.cause(), Some(("zombie-conflict", Likely)));
    }

    #[test]
    fn what_silenced_a_browser_on_another_machine_may_have_been_anything() {
        let script = Script::new().from([192, 168, 1, 20]).logs_in("1001002");
        let script = script.pings(4).after(40.0).logs_in("1001002").on(1);
        let cause = script.stream_error("conflict").cause();
        assert_eq!(cause, Some(("zombie-conflict", Possible)));
    }
}
