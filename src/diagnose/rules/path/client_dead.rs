//! The path between the browser and finspect swallows everything: finspect runs on another machine, and the agent's own
//! network is what broke (`finesse.md` 4.3, row 1, on the other leg).

use crate::diagnose::case::Case;
use crate::diagnose::loss::Loss;
use crate::diagnose::path::Path;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::{count, duration};
use crate::event::{Direction, Leg, Manner, Micros, TcpOccasion};
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "client-path-dead",
    title: "The path between the browser and finspect went dead",
    severity: Severity::Trouble,
    explains: &[
        "zombie-conflict",
        "server-idle-timeout",
        "server-closed",
        "browser-died",
        "page-closed",
        "idle-timeout",
        "tab-throttled",
        "connection-cut",
        "late-logout",
    ],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss().filter(|one| !case.is_local(one.connection)) else {
        return Opinion::Silent;
    };
    let Some(silence) = silence(case, loss) else {
        return Opinion::Silent;
    };
    // What does not reach the server either is another trouble, of this machine or of both.
    if matches!(case.path(loss, Leg::Upstream), Path::Silent(..)) {
        return Opinion::RuledOut(
            "the server acknowledged nothing either: it was not the browser's side alone"
                .to_owned(),
        );
    }
    let says = format!(
        "The path between the browser's machine and finspect's went dead for {}: the agent's own network, and neither Finesse nor the way to it",
        duration(silence.lasted)
    );
    let reason = if silence.timed_out {
        "TCP to the browser timed out: its machine acknowledged nothing any more".to_owned()
    } else {
        format!(
            "what finspect sent to the browser's machine was not acknowledged: the kernel counted {}",
            count(silence.times, "segment")
        )
    };
    let mut verdict = Verdict::new(Confidence::Likely, says)
        .because(reason)
        .lacking("a browser's machine that sleeps or lost its power looks the same from here")
        .shown(
            silence.at,
            "what is sent to the browser stays unacknowledged",
        );
    if silence.healed {
        verdict = verdict.because("it was well again later, and what had waited was acknowledged");
    }
    if let Some(at) = case.heard(silence.at.time, loss.over.time, loss.connection, |_| true) {
        verdict = verdict
            .because("servers were still heard on other connections meanwhile")
            .shown(at, "a server is heard");
    }
    verdict.matches()
}

/// A time in which the browser's machine acknowledged nothing.
struct Silence {
    at: At,
    times: u64,
    lasted: Micros,
    timed_out: bool,
    healed: bool,
}

/// The last such time before the socket was over that was longer than clients are patient.
fn silence(case: &Case<'_>, loss: &Loss<'_>) -> Option<Silence> {
    let mut open: Option<(At, u64)> = None;
    let mut last = None;
    let timed_out = loss
        .end()
        .is_some_and(|end| end.direction == Direction::ToServer && end.manner == Manner::TimedOut);
    for (at, sample) in &loss.connection.tcp {
        let Some(info) = sample.client.as_ref().filter(|_| at.time <= loss.over.time) else {
            continue;
        };
        let occasion = sample.occasion;
        let silent = occasion == TcpOccasion::Retransmitting(Leg::Client)
            || occasion == TcpOccasion::Unacknowledged(Leg::Client)
            || (info.retransmits > 0 && info.unacked > 0);
        let times = info.retransmits.max(info.unacked);
        match open {
            _ if silent => {
                let (since, most) = open.unwrap_or((*at, times));
                open = Some((since, most.max(times)));
            }
            Some((since, times)) if info.unacked == 0 => {
                last = Some((since, times, *at, true));
                open = None;
            }
            _ => {}
        }
    }
    let going_on = open.map(|(since, times)| (since, times, loss.over, false));
    let (at, times, until, healed) = going_on.or(last)?;
    let lasted = until.time.since(at.time);
    let soon = loss.over.time.since(until.time) <= case.seconds(SOON);
    let long = lasted >= Micros(case.clocks.patience.0 / 10 * 9);
    (soon && (long || timed_out)).then_some(Silence {
        at,
        times,
        lasted,
        timed_out,
        healed,
    })
}

/// Seconds after such a time within which the desktop ends the socket that it has given up.
const SOON: u64 = 30;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Script, tcp};
    use crate::event::TcpInfo;
    use Confidence::Likely;
    use Direction::{ToClient, ToServer};

    fn healthy(client: [u8; 4]) -> Script {
        let script = Script::new().from(client).logs_in("1001002");
        script.pings(5).after(3.0)
    }

    const LAN: [u8; 4] = [192, 168, 1, 20];
    const LOCAL: [u8; 4] = [127, 0, 0, 1];

    /// So many seconds in which the browser's machine acknowledges nothing.
    fn silent(script: Script, seconds: f64, upstream: TcpInfo) -> Script {
        let again = TcpOccasion::Retransmitting(Leg::Client);
        let script = script.both(again, tcp(2, 3, 1_000_000), upstream.clone());
        let script = script.after(seconds - 1.0);
        script
            .both(again, tcp(5, 4, 9_000_000), upstream)
            .after(1.0)
    }

    fn well() -> TcpInfo {
        tcp(0, 0, 1_000)
    }

    #[test]
    fn a_socket_whose_browser_acknowledges_nothing_is_lost_to_the_agents_network() {
        let evicted = |client| {
            let script = silent(healthy(client), 25.0, well());
            let script = script.logs_in("1001002").on(1).stream_error("conflict");
            script.cause()
        };
        assert_eq!(evicted(LAN), Some((RULE.name, Likely)));
        assert_eq!(evicted(LOCAL), Some(("zombie-conflict", Likely)), "no path");
    }

    #[test]
    fn what_the_browser_sent_meanwhile_comes_when_it_heals() {
        let script = silent(healthy(LAN), 20.0, well());
        let healed = TcpOccasion::Recovered(Leg::Client);
        let script = script.both(healed, well(), well()).ping().pong().ping();
        let script = script.closes(ToServer, None, "").gone();
        assert_eq!(script.cause(), Some((RULE.name, Likely)));
    }

    #[test]
    fn tcp_that_times_out_towards_the_browser_is_one() {
        let script = silent(healthy(LAN), 5.0, well());
        let script = script.ends(ToServer, Manner::TimedOut).gone();
        assert_eq!(script.cause(), Some((RULE.name, Likely)));
    }

    #[test]
    fn a_short_silence_of_the_browser_is_none_and_one_of_both_sides_neither() {
        let cut = |script: Script| script.ends(ToClient, Manner::Reset).gone().after(2.0);
        let short = cut(silent(healthy(LAN), 2.0, well())).logs_in("1001002");
        assert_ne!(short.cause().unwrap().0, RULE.name);
        let both = healthy(LAN).after(7.0).ping();
        let both = silent(both, 20.0, tcp(4, 2, 9_000_000));
        let both = both.closes(ToServer, None, "").gone();
        assert_eq!(both.cause().unwrap().0, "path-black-hole");
    }

    #[test]
    fn a_silence_that_ends_while_the_desktop_goes_on_is_no_incident() {
        let script = silent(healthy(LAN), 20.0, well());
        let healed = TcpOccasion::Recovered(Leg::Client);
        let script = script.both(healed, well(), well()).pings(3);
        assert_eq!(script.cause(), None);
    }
}
