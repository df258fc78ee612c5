//! The path to the server loses most of what it carries: TCP makes it good, and takes longer for it than clients wait.
//!
//! Each time that a segment is lost again TCP waits twice as long before it sends it once more (RFC 6298 section 5), so that
//! a few losses in a row take ten seconds and more.

use crate::diagnose::case::Case;
use crate::diagnose::path::Path;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::{count, duration};
use crate::event::{AttemptOutcome, Leg, Micros, TcpOccasion};
use crate::session::{At, Connection};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "path-lossy",
    title: "The path to Finesse lost most of what was sent",
    severity: Severity::Trouble,
    explains: &[
        "zombie-conflict",
        "server-unreachable",
        "late-logout",
        "connection-reset",
        "page-closed",
    ],
    covers: &["no-answer"],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(stuck) = stuck(case) else {
        return Opinion::Silent;
    };
    let signs = signs(case, &stuck);
    if !signs.suffice(&stuck) {
        return Opinion::Silent;
    }
    let waited = duration(stuck.until.since(stuck.since.time));
    let (what, since) = if stuck.login {
        let what = format!("a login came no further for {waited}, and was given up");
        (what, "the last step of the login")
    } else {
        let what = format!("a ping stayed without an answer for {waited}");
        (what, "the ping that was never answered in time")
    };
    let says = format!("The path to Finesse lost most of what was sent: {what}");
    let sure = if !signs.slow.is_empty() && signs.arrived >= FEW {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    let mut verdict = Verdict::new(sure, says).shown(stuck.since, since).shown(
        stuck.silent,
        "what is sent to the server stays unacknowledged",
    );
    if signs.arrived > 0 {
        verdict = verdict.because(format!(
            "{} had to be sent again and did arrive: the path was alive, and lost much",
            count(signs.arrived, "segment")
        ));
    }
    if let Some(at) = signs.recovered.last() {
        verdict = verdict
            .because(format!(
                "{} of a second and more came before it, and ended",
                count(signs.recovered.len() as u64, "silence")
            ))
            .shown(*at, "what was sent again has arrived");
    }
    if let Some((at, took)) = signs.slow.iter().max_by_key(|(_, took)| *took) {
        verdict = verdict
            .because(format!(
                "TCP took {} to connect: its first packets were lost as well",
                duration(*took)
            ))
            .shown(*at, "TCP stands at last");
    }
    verdict.matches()
}

/// Whether a path that went silent had lost much before, and not all.
pub(super) fn fits(case: &Case<'_>) -> bool {
    stuck(case).is_some_and(|stuck| signs(case, &stuck).suffice(&stuck))
}

/// A ping or a login that waited while nothing was acknowledged.
struct Stuck<'a> {
    connection: &'a Connection,
    since: At,
    until: Micros,
    silent: At,
    login: bool,
}

fn stuck<'a>(case: &Case<'a>) -> Option<Stuck<'a>> {
    let (connection, since, until, path, login) = match case.loss() {
        Some(loss) => {
            let path = case.path(loss, Leg::Upstream);
            (
                loss.connection,
                loss.unanswered?,
                loss.over.time,
                path,
                false,
            )
        }
        None => {
            let (attempt, waited, path) = case.given_up()?;
            let until = Micros(attempt.at.time.0.saturating_add(waited.0));
            (attempt.connection, attempt.at, until, path, true)
        }
    };
    let Path::Silent(silent, _) = path else {
        return None;
    };
    Some(Stuck {
        connection,
        since,
        until,
        silent,
        login,
    })
}

/// What shows that a path was alive and lost much.
struct Signs {
    /// Segments that were sent again and arrived.
    arrived: u64,
    /// Readings that say that a silence of a second or more is over.
    recovered: Vec<At>,
    /// Connections that TCP took long for.
    slow: Vec<(At, Micros)>,
}

impl Signs {
    /// A login is short, and a little tells; on a socket that stands one bad moment is none.
    const fn suffice(&self, stuck: &Stuck<'_>) -> bool {
        let recovered = self.recovered.len();
        if stuck.login {
            self.arrived >= FEW || recovered > 0 || self.slow.len() >= TWICE
        } else {
            recovered >= TWICE
        }
    }
}

fn signs(case: &Case<'_>, stuck: &Stuck<'_>) -> Signs {
    let from = stuck.since.time.since(case.seconds(BEFORE));
    let readings = stuck.connection.tcp.iter();
    let before = readings.filter(|(at, _)| from <= at.time && at.time <= stuck.until);
    let mut recovered = Vec::new();
    let mut arrived = 0;
    for (at, sample) in before {
        let Some(info) = &sample.upstream else {
            continue;
        };
        if sample.occasion == TcpOccasion::Recovered(Leg::Upstream) && *at <= stuck.since {
            recovered.push(*at);
        }
        // A probe for a lost tail counts as well, and nobody knows what came of the latest (RFC 8985 section 7).
        let open = info.retransmits + u64::from(info.unacked > 0);
        if stuck.login {
            arrived = info.retransmitted.saturating_sub(open).max(arrived);
        }
    }
    let dials = case
        .incident
        .attempts()
        .flat_map(|one| &one.connection.attempts);
    let slow = dials.filter(|(_, dial)| {
        stuck.login && dial.outcome == AttemptOutcome::Connected && dial.took >= SENT_AGAIN
    });
    Signs {
        arrived,
        recovered,
        slow: slow.map(|(at, dial)| (*at, dial.took)).collect(),
    }
}

/// Seconds before a silence in which losses belong to it.
const BEFORE: u64 = 300;
/// Segments sent again that arrived after all: one may be anybody's.
const FEW: u64 = 2;
/// Silences before the last one, and connections that TCP took long for: one may be anything.
const TWICE: usize = 2;
/// How long TCP waits at first before it asks again for a connection (RFC 6298 section 2.1), less what a clock may err.
const SENT_AGAIN: Micros = Micros(950_000);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Script, tcp};
    use crate::event::Direction::ToServer;
    use crate::event::{Manner, TcpInfo};
    use Confidence::{Certain, Likely};

    /// A reading of a leg on which so many segments were sent again, the last of them so many times in a row.
    fn lossy(again: u64, in_a_row: u64) -> TcpInfo {
        TcpInfo {
            retransmitted: again,
            ..tcp(in_a_row, 1, 3_000_000)
        }
    }

    /// A request for a WebSocket on a connection that TCP took so long for.
    fn asks(script: Script, took: u64) -> Script {
        let script = script.connects_to("finesse1.example.com");
        let script = script.tls_after(Micros(took));
        script.asks("GET", "/ws/", &[("Upgrade", "websocket")])
    }

    fn leaves(script: Script, again: u64, in_a_row: u64) -> Script {
        let occasion = TcpOccasion::Retransmitting(Leg::Upstream);
        let script = script.after(20.0).tcp(occasion, lossy(again, in_a_row));
        let script = script.after(25.0);
        script.ends(ToServer, Manner::FinWithoutCloseNotify).gone()
    }

    #[test]
    fn a_login_that_waits_while_segments_arrive_at_the_second_or_third_try() {
        let again = leaves(asks(Script::new(), 500), 9, 3);
        assert_eq!(again.cause(), Some((RULE.name, Likely)));
        let slow_as_well = leaves(asks(Script::new(), 3_050_000), 9, 3);
        assert_eq!(slow_as_well.cause(), Some((RULE.name, Certain)));
    }

    #[test]
    fn a_login_that_waits_while_nothing_arrives_is_a_dead_path() {
        let dead = leaves(asks(Script::new(), 500), 5, 4);
        assert_eq!(dead.cause(), Some(("path-black-hole", Likely)));
    }

    #[test]
    fn a_ping_without_an_answer_on_a_socket_that_was_silent_again_and_again() {
        let moment = |script: Script| {
            let again = TcpOccasion::Retransmitting(Leg::Upstream);
            let script = script.after(10.0).ping().after(3.0).tcp(again, lossy(4, 2));
            let script = script.after(0.5).pong();
            script.tcp(TcpOccasion::Recovered(Leg::Upstream), tcp(0, 0, 0))
        };
        let healthy = || Script::new().logs_in("1001002").pings(5);
        let ends = |script: Script| {
            let script = script.after(6.5).ping().after(8.0);
            script.server_silent().gives_up()
        };
        let often = ends(moment(moment(healthy())));
        assert_eq!(often.cause(), Some((RULE.name, Likely)));
        let once = ends(moment(healthy()));
        assert_eq!(once.cause(), Some(("path-black-hole", Certain)));
    }

    #[test]
    fn a_login_that_gets_through_such_a_path_is_no_incident() {
        let script = Script::new().connects_to("finesse1.example.com");
        let script = script
            .tls_after(Micros(3_050_000))
            .opens_socket()
            .after(8.0);
        let again = TcpOccasion::Retransmitting(Leg::Upstream);
        let script = script.tcp(again, lossy(6, 2)).signs_in("1001002");
        assert_eq!(script.pings(3).cause(), None);
    }
}
