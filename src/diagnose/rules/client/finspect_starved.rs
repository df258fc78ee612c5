//! finspect itself got no processor time, or was stopped: it relayed nothing, and its times are wrong.

use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::words::duration;
use crate::event::{Direction, Host, Micros, Starved};
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "finspect-starved",
    title: "finspect itself was held up",
    severity: Severity::Trouble,
    explains: &[
        "path-black-hole",
        "service-stalled",
        "latency-spike",
        "connection-cut",
        "connection-reset",
        "server-closed",
        "server-idle-timeout",
        "browser-died",
        "page-not-reading",
        "upload-blocked",
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
    let from = Micros(loss.at.time.0.saturating_sub(case.seconds(BEFORE).0));
    let until = Micros(loss.over.time.0.saturating_add(case.seconds(AFTER).0));
    let facts = case.host(from, Micros(u64::MAX)).filter_map(starved);
    // A later fact that began before the end belongs to it as well.
    let overlapping = facts.filter(|(_, starved)| starved.since <= until);
    let Some((at, starved)) = overlapping.max_by_key(|(_, starved)| starved.late) else {
        return Opinion::Silent;
    };
    let late = duration(starved.late);
    let warned = |confidence, says: String| {
        Verdict::new(confidence, says)
            .because(format!(
                "its look at the clocks, due each second, came {late} late while the machine was awake"
            ))
            .shown(at, format!("finspect was held up for {late}"))
    };
    if explains(case, loss, starved, at) {
        let says = format!(
            "finspect itself was held up for {late} and relayed nothing meanwhile, so the desktop gave up: neither the path nor Finesse need be at fault"
        );
        return warned(Confidence::Likely, says)
            .because(case.clocks.gives_up())
            .matches();
    }
    let says = format!(
        "finspect itself was held up for {late}: do not trust the times around it, and what follows from them"
    );
    warned(Confidence::Certain, says)
        .only(Role::Contributing)
        .matches()
}

fn starved((at, host): &(At, Host)) -> Option<(At, &Starved)> {
    match host {
        Host::Starved(starved) => Some((*at, starved)),
        _ => None,
    }
}

/// Whether the stop alone makes a desktop give up: it lasted as long as its patience, and the desktop moved first, in
/// it or right after it.
fn explains(case: &Case<'_>, loss: &Loss<'_>, starved: &Starved, at: At) -> bool {
    let long = starved.late.0 >= case.clocks.patience.0 / 10 * 9;
    let moved = match loss.word {
        Word::Close(close) => close.direction == Direction::ToServer,
        Word::End(end) => end.direction == Direction::ToServer,
        Word::Goodbye | Word::Open => true,
        Word::StreamError(..) | Word::StreamClose | Word::Gone => false,
    };
    let until = Micros(at.time.0.saturating_add(case.seconds(AFTER).0));
    let within = starved.since <= loss.over.time && loss.over.time <= until;
    // What waits in it for longer than it lasted waits for something else.
    let waited = loss.waited().unwrap_or_default();
    let rest = waited.0.saturating_sub(starved.late.0);
    long && moved && within && rest < case.clocks.patience.0 / 2
}

/// Seconds before the first sign of trouble from which on a stop counts.
const BEFORE: u64 = 10;
/// Seconds after a stop within which what was held up is through.
const AFTER: u64 = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;
    use crate::event::{Direction::ToClient, Direction::ToServer, Manner};
    use Confidence::{Certain, Likely};

    fn held(script: Script, seconds: f64) -> Script {
        let since = script.time();
        script
            .after(seconds + 1.0)
            .host(Host::Starved(Starved {
                since,
                late: Micros((seconds * 1e6) as u64),
            }))
            .on(1)
    }

    #[test]
    fn a_stop_longer_than_the_desktops_patience_explains_that_it_gave_up() {
        let script = held(Script::new().logs_in("1001002").pings(5).after(9.0), 25.0);
        let script = script
            .ping()
            .ping()
            .closes(ToServer, None, "")
            .after(1.0)
            .pong();
        assert_eq!(script.cause(), Some(("finspect-starved", Likely)));
    }

    #[test]
    fn a_stop_before_the_ping_is_sent_on_explains_it_too() {
        let script = Script::new().logs_in("1001002").pings(5).after(9.9).ping();
        let script = held(script, 20.0).ping().closes(ToServer, None, "");
        assert_eq!(script.cause(), Some(("finspect-starved", Likely)));
    }

    #[test]
    fn a_short_stop_only_contributes() {
        let script = held(
            Script::new().logs_in("1001002").pings(5).after(9.0).ping(),
            1.0,
        );
        let script = script
            .after(6.0)
            .server_silent()
            .after(4.0)
            .ping()
            .after(2.0);
        let report = script.closes(ToServer, None, "").diagnosed();
        let incident = report.incidents.first().unwrap();
        assert_eq!(incident.cause.as_ref().unwrap().rule, "path-black-hole");
        let also = incident.contributing.first().unwrap();
        assert_eq!((also.rule, also.confidence), (RULE.name, Certain));
        assert!(also.says.contains("do not trust"));
    }

    #[test]
    fn a_server_that_moves_first_is_not_explained_by_a_stop() {
        let script = held(Script::new().logs_in("1001002").pings(5).after(9.0), 25.0);
        let script = script.ends(ToClient, Manner::Reset).gone();
        assert_ne!(script.cause().unwrap().0, RULE.name);
    }

    #[test]
    fn a_stop_that_the_desktop_survives_is_healthy() {
        let script = held(Script::new().logs_in("1001002").pings(5), 3.0);
        assert_eq!(script.pings(5).cause(), None);
    }
}
