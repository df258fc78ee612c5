//! The browser slows the timers of a hidden tab, so pings come once a minute (`finesse.md` 4.3, row 10).

use crate::diagnose::case::Case;
use crate::diagnose::clocks::Clocks;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::rules::path::idle_timeout;
use crate::diagnose::words::{count, duration};
use crate::event::{Direction, Micros};
use crate::session::{At, Ping};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "tab-throttled",
    title: "The browser slowed the desktop down in a hidden tab",
    severity: Severity::Trouble,
    explains: &[
        "idle-timeout",
        "server-idle-timeout",
        "connection-cut",
        "connection-reset",
        "server-closed",
        "late-logout",
    ],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return Opinion::Silent;
    };
    // Of several agents in one recording each has a cadence of its own.
    let all = [case.clocks, case.clocks.of_socket(loss.socket)];
    let rows = all.map(|clocks| (clocks, slow_row(clocks, loss)));
    let (clocks, row) = match rows {
        [(_, first), second] if first.is_empty() => second,
        [first, _] => first,
    };
    let Some((first, _)) = row.first() else {
        return stopped(case, loss);
    };
    let gaps = || row.iter().map(|(_, gap)| *gap);
    let least = duration(gaps().min().unwrap_or_default());
    let most = duration(gaps().max().unwrap_or_default());
    let apart = if least == most {
        most.clone()
    } else {
        format!("{least} to {most}")
    };
    let verdict = Verdict::new(
        Confidence::Likely,
        format!(
            "The desktop's tab was hidden and its browser slowed it down: pings came {most} apart instead of {}",
            duration(clocks.interval)
        ),
    )
    .because(format!(
        "the {} before the loss came {apart} apart, as a browser wakes a hidden tab once a minute",
        count(row.len() as u64, "ping")
    ))
    .shown(*first, "the first ping that came late");
    let verdict = match heard_meanwhile(loss, *first) {
        Some(at) => verdict
            .because("what the server sent was taken all the while, so neither the machine nor the path was down")
            .shown(at, "an answer that was taken between two late pings"),
        None => verdict.lacking("nothing was heard from the server between the late pings"),
    };
    if !in_silence(case, clocks, loss) {
        return verdict.only(Role::Contributing).matches();
    }
    if row.len() < ENOUGH {
        let mut verdict = verdict.lacking("two pings alone are no cadence");
        verdict.confidence = Confidence::Possible;
        return verdict.matches();
    }
    verdict.matches()
}

/// The pings before a loss that came about a minute after the one before, in order, each with that time.
fn slow_row(clocks: Clocks, loss: &Loss<'_>) -> Vec<(At, Micros)> {
    let gaps = loss.socket.stream.pings.to_server.gaps();
    let before = gaps.rev().filter(|(at, _)| *at <= loss.over);
    let row = before.take_while(|(_, gap)| is_throttled(clocks, *gap));
    let mut row: Vec<_> = row.collect();
    row.reverse();
    row
}

/// A minute, on the wall or on the client's own clock, and far more than the usual.
fn is_throttled(clocks: Clocks, gap: Micros) -> bool {
    let about = |minute: u64| gap.0.abs_diff(minute) <= minute / 10;
    let slower = gap.0 / 2 >= clocks.interval.0;
    slower && (about(60_000_000) || about(clocks.seconds(60).0))
}

/// Whether the server's side ended it in a silence that only the late pings made so long, and no box on the way has
/// shown a limit of its own.
fn in_silence(case: &Case<'_>, clocks: Clocks, loss: &Loss<'_>) -> bool {
    let ended = match loss.word {
        Word::End(end) => end.direction == Direction::ToClient,
        Word::Close(close) => close.direction == Direction::ToClient,
        Word::StreamClose => true,
        Word::StreamError(from, condition) => {
            from == Direction::ToClient && condition == "connection-timeout"
        }
        Word::Goodbye | Word::Gone | Word::Open => false,
    };
    let pings = || loss.socket.stream.pings.to_server.latest();
    // One that was sent less than the quickest round trip before the end met it on the way, and broke no silence.
    let quickest = pings().filter_map(Ping::round_trip).min();
    let heard = loss.over.time.since(quickest.unwrap_or_default());
    let last = pings().rev().find(|ping| ping.sent.time < heard);
    let since = last.map(|ping| loss.over.time.since(ping.sent.time));
    let silent = since.is_some_and(|since| since.0 / 3 * 2 >= clocks.interval.0);
    ended && silent && loss.unanswered.is_none() && idle_timeout::alike(case, loss).len() < 2
}

/// An answer to one of the late pings.
fn heard_meanwhile(loss: &Loss<'_>, first: At) -> Option<At> {
    let mut pings = loss.socket.stream.pings.to_server.latest();
    pings.find_map(|ping| ping.answered.filter(|_| ping.sent >= first))
}

/// Pings that stopped altogether, while nothing else was wrong, as those of a frozen tab do.
fn stopped(case: &Case<'_>, loss: &Loss<'_>) -> Opinion {
    let pings = loss.socket.stream.pings.to_server.latest();
    let Some(last) = pings.rev().find(|ping| ping.sent <= loss.over) else {
        return Opinion::Silent;
    };
    let silence = loss.over.time.since(last.sent.time);
    let answered = last.answered.is_some_and(|at| at <= loss.over);
    let machine = case.host(last.sent.time, loss.over.time).next().is_some();
    if silence < case.seconds(STOPPED) || !answered || !case.clocks.seen || machine {
        return Opinion::Silent;
    }
    Verdict::new(
        Confidence::Possible,
        format!(
            "The desktop's pings had stopped {} before, as they do in a hidden tab that the browser slows down or freezes",
            duration(silence)
        ),
    )
    .because(format!(
        "the last ping was answered, and the next was due {} later",
        duration(case.clocks.interval)
    ))
    .lacking("a page that hangs stops to ping as well")
    .shown(last.sent, "the last ping")
    .only(Role::Contributing)
    .matches()
}

/// Late pings that make a cadence.
const ENOUGH: usize = 2;
/// Seconds without a ping after which they have stopped.
const STOPPED: u64 = 25;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Script, tcp};
    use crate::event::{Direction::ToClient, Direction::ToServer, Manner, TcpOccasion};
    use Confidence::{Certain, Likely, Possible};

    /// So many pings a minute apart, each answered, after some in the usual cadence.
    fn hidden(script: Script, times: u64) -> Script {
        let mut script = script.logs_in("1001002").pings(9);
        for _ in 0..times {
            script = script.after(59.98).ping().after(0.02).pong();
        }
        script
    }

    fn cut(script: Script) -> Script {
        script.ends(ToClient, Manner::FinWithoutCloseNotify).gone()
    }

    #[test]
    fn a_cut_between_pings_a_minute_apart_is_the_tabs() {
        let script = cut(hidden(Script::new(), 3).after(40.0));
        assert_eq!(script.cause(), Some(("tab-throttled", Likely)));
    }

    #[test]
    fn a_cut_that_meets_a_late_ping_on_the_way_is_the_tabs() {
        let script = hidden(Script::new(), 3).after(59.99).ping().after(0.001);
        assert_eq!(cut(script).cause(), Some(("tab-throttled", Likely)));
    }

    #[test]
    fn a_day_in_a_hidden_tab_is_not_held_for_its_cadence() {
        let script = cut(hidden(Script::new(), 60).after(40.0));
        assert_eq!(script.cause(), Some(("tab-throttled", Likely)));
    }

    #[test]
    fn one_late_ping_is_no_cadence() {
        let script = cut(hidden(Script::new(), 1).after(40.0));
        assert_eq!(script.cause(), Some((RULE.name, Possible)));
    }

    #[test]
    fn a_cut_right_after_a_late_ping_has_another_cause() {
        let report = cut(hidden(Script::new(), 3).after(2.0)).diagnosed();
        let incident = report.incidents.first().unwrap();
        assert_eq!(incident.cause.as_ref().unwrap().rule, "connection-cut");
        assert_eq!(incident.contributing.first().unwrap().rule, RULE.name);
    }

    #[test]
    fn a_path_that_dies_while_the_tab_is_hidden_has_another_cause() {
        let script = hidden(Script::new(), 3).after(60.0).ping().after(8.0);
        let silent = tcp(3, 2, 8_000_000);
        let script = script.tcp(
            TcpOccasion::Retransmitting(crate::event::Leg::Upstream),
            silent,
        );
        let script = script
            .after(52.0)
            .ping()
            .after(3.0)
            .closes(ToServer, None, "");
        assert_eq!(script.cause(), Some(("path-black-hole", Certain)));
    }

    #[test]
    fn pings_that_stop_before_equal_cuts_only_contribute() {
        let stops = |script: Script| cut(script.logs_in("1001002").pings(5).after(45.0)).after(2.0);
        let report = stops(stops(Script::new())).diagnosed();
        let incident = report.incidents.first().unwrap();
        assert_eq!(incident.cause.as_ref().unwrap().rule, "idle-timeout");
        let also = incident.contributing.first().unwrap();
        assert_eq!((also.rule, also.confidence), (RULE.name, Possible));
    }

    #[test]
    fn a_hidden_tab_that_keeps_its_connection_is_healthy() {
        let script = hidden(Script::new(), 9).pings(3);
        assert_eq!(script.cause(), None);
    }
}
