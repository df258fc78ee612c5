//! Answers that come, each later than the one before, until one is too late (`finesse.md` 4.3, row 3).

use crate::diagnose::case::Case;
use crate::diagnose::loss::Loss;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::{count, duration};
use crate::event::Micros;
use crate::session::{At, Ping};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "latency-spike",
    title: "Answers came too late",
    severity: Severity::Trouble,
    explains: &["zombie-conflict", "late-logout", "connection-reset"],
    covers: &["no-answer"],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some((loss, sent)) = case.loss().and_then(|loss| Some((loss, loss.unanswered?))) else {
        return Opinion::Silent;
    };
    let Some((answered, took)) = late_answer(loss) else {
        return Opinion::Silent;
    };
    let slow = slow_before(case, loss);
    if slow.is_empty() && !each_by_itself(loss, answered) {
        return Opinion::RuledOut(format!(
            "the answer came after {}, but all pings before were quick: it was held up once, and not slow",
            duration(took)
        ));
    }
    let says = format!(
        "Answers came, but too late: the desktop gave up on a ping whose answer took {}",
        duration(took)
    );
    let mut verdict = Verdict::new(Confidence::Likely, says)
        .because("the answer did come, after the desktop had given up")
        .shown(sent, "the ping")
        .shown(answered, format!("its answer, {} later", duration(took)));
    if let (Some(first), Some(last)) = (slow.first(), slow.last()) {
        let took = |ping: &Ping| duration(ping.round_trip().unwrap_or_default());
        verdict = verdict
            .because(format!(
                "{} before it were slow already: {} to {}",
                count(slow.len() as u64, "ping"),
                took(first),
                took(last)
            ))
            .shown(first.sent, "the first slow ping");
    } else {
        verdict =
            verdict.because("the answer to the next ping was late by itself, and did not come together with this one");
    }
    located(case, loss, answered, verdict).matches()
}

/// Whether answers went on coming, each too late by itself.
pub(in crate::diagnose::rules) fn fits(case: &Case<'_>, loss: &Loss<'_>) -> bool {
    late_answer(loss).is_some_and(|(answered, _)| {
        !slow_before(case, loss).is_empty() || each_by_itself(loss, answered)
    })
}

/// When the ping that was given up was answered, and how long that took.
fn late_answer(loss: &Loss<'_>) -> Option<(At, Micros)> {
    let sent = loss.unanswered?;
    let mut pings = loss.socket.stream.pings.to_server.latest();
    let ping = pings.find(|ping| ping.sent == sent)?;
    Some((ping.answered?, ping.round_trip()?))
}

/// Pings in a row before the one that was given up that took far longer than usual.
fn slow_before<'a>(case: &Case<'_>, loss: &Loss<'a>) -> Vec<&'a Ping> {
    let pings = &loss.socket.stream.pings.to_server;
    let mut usual: Vec<Micros> = pings.latest().filter_map(Ping::round_trip).collect();
    usual.sort_unstable();
    let usual = usual.get(usual.len() / 2).copied().unwrap_or_default();
    // A tenth of the client's patience is a lot, and so is ten times the usual.
    let slow = Micros((case.clocks.patience.0 / 10).max(usual.0.saturating_mul(10)));
    let before = pings.latest().rev().filter(|ping| ping.sent < loss.at);
    let row = before.take_while(|ping| ping.round_trip().is_some_and(|took| took >= slow));
    let mut row: Vec<&Ping> = row.take(SHOWN).collect();
    row.reverse();
    row
}

/// Whether the next ping was late by itself: answers that were held up together come together, and those of a slow way
/// come as far apart as the pings were.
fn each_by_itself(loss: &Loss<'_>, answered: At) -> bool {
    let mut pings = loss.socket.stream.pings.to_server.latest();
    let next = pings.find(|ping| ping.sent > loss.at && ping.sent < answered);
    let Some(next) = next else {
        return false;
    };
    let apart = next.sent.time.since(loss.at.time).0 / 2;
    let due = Micros(answered.time.0.saturating_add(apart));
    match next.answered {
        Some(at) => at.time >= due,
        None => loss.end().is_some_and(|end| end.at.time >= due),
    }
}

/// Where the time was lost, as far as the kernel tells: by readings until the answer came, also after the desktop had left.
fn located(case: &Case<'_>, loss: &Loss<'_>, answered: At, mut verdict: Verdict) -> Verdict {
    let meanwhile =
        loss.connection.tcp.iter().filter(|(at, _)| {
            loss.at.time <= at.time && at.time <= answered.time.max(loss.over.time)
        });
    let times = meanwhile.filter_map(|(at, sample)| {
        let info = sample.upstream.as_ref()?;
        // A round trip from before the ping says nothing of its time.
        let acknowledged = at.time.0.saturating_sub(info.last.ack_received.0);
        (acknowledged >= loss.at.time.0).then_some((*at, info.rtt))
    });
    let Some((at, rtt)) = times.max_by_key(|(_, rtt)| *rtt) else {
        return verdict.lacking("no TCP reading was taken while the ping waited, which would tell whether the path or the service was slow");
    };
    let path_is_slow = rtt.0 >= case.clocks.patience.0 / 10;
    verdict = if path_is_slow {
        let why = format!(
            "the path itself was slow: TCP's own round trip was {}",
            duration(rtt)
        );
        verdict.because(why).advising(SLOW_PATH)
    } else {
        let why = format!(
            "TCP's own round trip stayed at {}: the time was lost behind the kernel that acknowledges, in a proxy or in the service",
            duration(rtt)
        );
        verdict.because(why).advising(SLOW_SERVICE)
    };
    verdict.shown(at, "TCP's own round trip")
}

const SLOW_PATH: &str = "Look at the agent's line and the VPN: who fills it at these times, calls and downloads included. Then have answers measured for a while: `finspect show FILE` shows the round trip of each ping.";
const SLOW_SERVICE: &str = "Look at the load of the Finesse server and of the proxies before it at that time: the path was quick. Then have answers measured for a while: `finspect show FILE` shows the round trip of each ping.";

/// Slow pings that are told of.
const SHOWN: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Script, tcp};
    use crate::event::Direction::ToServer;
    use crate::event::{Leg, TcpOccasion};
    use Confidence::Likely;

    /// A ping whose answer comes so late.
    fn slow(script: Script, late: f64) -> Script {
        script.after(10.0 - late).ping().after(late).pong()
    }

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(9)
    }

    #[test]
    fn answers_that_come_ever_later_until_one_is_too_late() {
        let script = slow(slow(slow(healthy(), 1.2), 3.0), 6.0).after(4.0).ping();
        let script = script
            .after(10.0)
            .ping()
            .after(2.0)
            .closes(ToServer, None, "");
        let script = script.after(1.0).pong_to(13);
        assert_eq!(script.cause(), Some(("latency-spike", Likely)));
    }

    #[test]
    fn an_answer_between_the_giving_up_and_the_close_is_too_late_as_well() {
        let script = slow(slow(slow(healthy(), 1.2), 3.0), 6.0).after(4.0).ping();
        let script = script
            .after(10.0)
            .ping()
            .after(1.0)
            .pong_to(13)
            .after(0.2)
            .pong();
        let script = script.after(3.0).closes(ToServer, None, "");
        assert_eq!(script.cause(), Some(("latency-spike", Likely)));
    }

    #[test]
    fn a_reading_while_the_ping_waited_tells_path_and_service_apart() {
        let script = slow(slow(slow(healthy(), 1.2), 3.0), 6.0).after(4.0).ping();
        let script = script.after(5.0);
        let unanswered = TcpOccasion::Unanswered(Leg::Upstream);
        let script = script.tcp(unanswered, tcp(0, 0, 4_990_000));
        let script = script
            .after(5.0)
            .ping()
            .after(2.0)
            .closes(ToServer, None, "");
        let report = script.after(1.0).pong_to(13).diagnosed();
        let cause = report.incidents[0].cause.clone().unwrap();
        assert_eq!(cause.rule, "latency-spike");
        let because = cause.because.join("; ");
        assert!(
            because.contains("TCP's own round trip stayed at 1.0 ms"),
            "{because}"
        );
        assert_eq!(cause.lacking, Vec::<String>::new());
    }

    #[test]
    fn a_reading_after_the_close_and_before_the_answer_counts_too() {
        let script = slow(slow(slow(healthy(), 1.2), 3.0), 6.0).after(4.0).ping();
        let script = script.after(10.0).ping().after(2.0);
        let script = script.closes(ToServer, None, "").after(1.0).server_acks();
        let report = script.after(1.0).pong_to(13).diagnosed();
        let cause = report.incidents[0].cause.clone().unwrap();
        assert_eq!(cause.lacking, Vec::<String>::new(), "{cause:?}");
    }

    #[test]
    fn answers_that_were_held_up_once_and_came_together_are_a_stall() {
        let script = healthy()
            .after(10.0)
            .ping()
            .after(8.0)
            .server_acks()
            .after(2.0)
            .ping();
        let script = script.after(2.0).closes(ToServer, None, "");
        let script = script.after(1.0).pong_to(10).pong_to(11);
        assert_eq!(script.cause(), Some(("service-stalled", Likely)));
    }

    #[test]
    fn slow_answers_that_the_desktop_waits_for_are_healthy() {
        let script = slow(slow(healthy(), 5.0), 5.0).pings(3);
        assert_eq!(script.cause(), None);
    }
}
