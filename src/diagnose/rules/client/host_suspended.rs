//! The agent's machine slept (`finesse.md` 4.3, row 11).

use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::duration;
use crate::event::{Direction, Host, Micros};
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "host-suspended",
    title: "The agent's machine slept",
    severity: Severity::Trouble,
    explains: &[
        "path-black-hole",
        "service-stalled",
        "latency-spike",
        "idle-timeout",
        "connection-cut",
        "connection-reset",
        "server-closed",
        "server-idle-timeout",
        "stream-error",
        "session-expired",
        "network-changed",
        "name-not-resolved",
        "server-unreachable",
        "tab-throttled",
        "finspect-starved",
        "zombie-conflict",
        "late-logout",
    ],
    covers: &["no-answer"],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return Opinion::Silent;
    };
    let from = loss.last_answered().and_then(|ping| ping.answered);
    let from = from.map_or(loss.socket.opened.time, |at| at.time);
    let Some(sleep) = case.host(from, loss.over.time).filter_map(sleep).last() else {
        return Opinion::Silent;
    };
    if sleep
        .asleep
        .is_some_and(|asleep| asleep < case.seconds(SHORT))
    {
        return Opinion::Silent;
    }
    if !belongs(case, loss, sleep.at) {
        return Opinion::RuledOut(format!(
            "the machine slept, but the connection went on for {} after it was awake",
            duration(loss.over.time.since(sleep.at.time))
        ));
    }
    let lasted = sleep
        .asleep
        .map_or_else(String::new, |asleep| format!(" for {}", duration(asleep)));
    let says = format!("The machine slept{lasted}, and its connections did not survive it");
    let mut verdict = Verdict::new(Confidence::Certain, says)
        .because(format!("the machine's clocks say that it slept{lasted}"))
        .because("no ping was answered after it was awake")
        .shown(sleep.at, sleep.shows);
    if !sleep.counted {
        verdict.confidence = Confidence::Likely;
        verdict = verdict
            .lacking("this system does not count sleep: finspect may have been stopped instead");
    }
    verdict
        .shown(loss.over, "the first word of the end")
        .matches()
}

/// A time asleep.
struct Sleep {
    at: At,
    /// Absent where the system said only that it was about to sleep.
    asleep: Option<Micros>,
    counted: bool,
    shows: &'static str,
}

fn sleep((at, host): &(At, Host)) -> Option<Sleep> {
    match host {
        Host::Slept(slept) => Some(Sleep {
            at: *at,
            asleep: Some(slept.asleep),
            counted: slept.counted,
            shows: "the machine has slept",
        }),
        Host::Suspended => Some(Sleep {
            at: *at,
            asleep: None,
            counted: true,
            shows: "the machine goes to sleep",
        }),
        Host::Resumed => Some(Sleep {
            at: *at,
            asleep: None,
            counted: true,
            shows: "the machine is awake again",
        }),
        _ => None,
    }
}

/// Whether the loss came with the sleep: a ping that waited through it or right after it, or an end within a while.
fn belongs(case: &Case<'_>, loss: &Loss<'_>, awake: At) -> bool {
    let soon = Micros(awake.time.0.saturating_add(case.seconds(SOON).0));
    let left = matches!(loss.word, Word::Close(close) if close.direction == Direction::ToServer);
    let ended = loss.over.time <= soon;
    match loss.unanswered {
        Some(sent) => sent.time <= soon,
        None => ended && (left || !matches!(loss.word, Word::Goodbye)),
    }
}

/// Seconds of sleep that a connection survives without being missed.
const SHORT: u64 = 5;
/// Seconds after it was awake within which a loss belongs to the sleep: peers that are gone are found with the next
/// ping.
const SOON: u64 = 30;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::report::Who;
    use crate::diagnose::testing::Script;
    use crate::event::{Direction::ToClient, Direction::ToServer, Manner, Slept};
    use Confidence::{Certain, Likely, Possible};

    fn slept(script: Script, seconds: u64, counted: bool) -> Script {
        let since = script.time();
        script
            .after(1.0)
            .host(Host::Slept(Slept {
                since,
                from: 1_772_452_800_000_000,
                to: 1_772_452_800_000_000 + i64::try_from(seconds).unwrap() * 1_000_000,
                asleep: Micros(seconds * 1_000_000),
                counted,
            }))
            .on(1)
    }

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(5).after(2.0)
    }

    #[test]
    fn a_connection_that_is_reset_on_waking_did_not_survive_the_sleep() {
        let script = slept(healthy(), 1_200, true).after(0.5);
        let script = script.ends(ToClient, Manner::Reset).gone();
        let incident = script.diagnosed().incidents.remove(0);
        let cause = incident.cause.unwrap();
        assert_eq!((cause.rule, cause.confidence), ("host-suspended", Certain));
        let first = incident.first.unwrap();
        assert_eq!((first.who, first.layer), (Who::Host, "machine"));
    }

    #[test]
    fn a_ping_on_waking_that_is_never_answered_too() {
        let script = slept(healthy(), 1_200, true)
            .after(0.5)
            .ping()
            .after(8.0)
            .server_silent();
        let script = script
            .after(2.0)
            .ping()
            .after(3.0)
            .closes(ToServer, None, "");
        assert_eq!(script.cause(), Some(("host-suspended", Certain)));
    }

    #[test]
    fn what_may_have_been_a_stopped_process_is_only_likely() {
        let script = slept(healthy(), 1_200, false).after(0.5);
        let script = script.ends(ToClient, Manner::Reset).gone();
        assert_eq!(script.cause(), Some(("host-suspended", Likely)));
    }

    #[test]
    fn a_loss_after_pings_that_were_answered_again_has_another_cause() {
        let script = slept(healthy(), 1_200, true).pings(3).after(2.0);
        let script = script.ends(ToClient, Manner::Reset).gone();
        assert_eq!(script.cause(), Some(("connection-reset", Possible)));
    }

    #[test]
    fn a_nap_of_a_second_is_no_cause() {
        let script = slept(healthy(), 1, true).after(0.5);
        let script = script.ends(ToClient, Manner::Reset).gone();
        assert_eq!(script.cause(), Some(("connection-reset", Possible)));
    }

    #[test]
    fn a_sleep_that_the_connection_survives_is_healthy() {
        assert_eq!(slept(healthy(), 20, true).pings(5).cause(), None);
    }
}
