//! Something on the way ends connections on which nobody says anything for a while (`finesse.md` 4.3, row 9; 8b).

use crate::diagnose::case::Case;
use crate::diagnose::index::silent_end;
use crate::diagnose::loss::Loss;
use crate::diagnose::path::Path;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::rules::path::mid_flow::let_in_again;
use crate::diagnose::words::{count, duration, manner};
use crate::event::{Direction, Leg, Manner, Micros};
use crate::session::{At, End};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "idle-timeout",
    title: "Something on the way ends connections that are idle",
    severity: Severity::Trouble,
    explains: &["path-black-hole", "zombie-conflict", "late-logout"],
    covers: &["connection-cut", "connection-reset", "no-answer"],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return Opinion::Silent;
    };
    match silent_end(loss.connection) {
        Some((end, quiet)) if loss.broken_off(Direction::ToClient).is_some() => {
            let alike = alike(case, loss);
            if quiet >= case.seconds(LONG) || alike.len() >= MANY {
                cut(case, loss, end, &alike)
            } else if case.clocks.seen
                && quiet < case.clocks.interval
                && let_in_again(case, loss).is_some()
            {
                Opinion::RuledOut(format!(
                    "the connection was not idle: the last byte before its end was {} old",
                    duration(quiet)
                ))
            } else {
                forgotten(case, loss)
            }
        }
        _ => forgotten(case, loss),
    }
}

/// Sockets that the server's side ended after the same silence as this one, this one included: when, and after how long.
pub(in crate::diagnose::rules) fn alike(case: &Case<'_>, loss: &Loss<'_>) -> Vec<(At, Micros)> {
    let Some((_, quiet)) = silent_end(loss.connection).filter(|(_, quiet)| *quiet >= SHORTEST)
    else {
        return Vec::new();
    };
    let apart = tolerance(quiet);
    let longest = Micros(quiet.0.saturating_add(apart.0));
    let silent = case.index.cut(quiet.since(apart), longest);
    let cut = silent.take(SOCKETS).filter_map(|(one, quiet)| {
        let loss = Loss::of(case.session, one, &case.clocks)?;
        Some((loss.broken_off(Direction::ToClient)?.at, quiet))
    });
    let mut cut: Vec<(At, Micros)> = cut.collect();
    cut.sort_unstable();
    cut
}

/// Ended by the server's side after a silence.
fn cut(case: &Case<'_>, loss: &Loss<'_>, end: &End, alike: &[(At, Micros)]) -> Opinion {
    let quiet = end.quiet().unwrap_or_default();
    if let Some((survived, id)) = survived(case, loss, quiet) {
        return Opinion::RuledOut(format!(
            "a silence of {} was survived on {id}, and this one was {}",
            duration(survived),
            duration(quiet)
        ));
    }
    let by_tls = end.manner == Manner::CloseNotify;
    let who = if by_tls {
        "The server, or what ends TLS in front of it,"
    } else {
        "Something on the way"
    };
    let says = format!(
        "{who} ends connections that are idle: the socket was cut after {} in which nobody said anything",
        duration(quiet)
    );
    let mut verdict = Verdict::new(Confidence::Possible, says);
    if by_tls {
        verdict = verdict.because(
            "it ended with a close_notify, which nothing can make that only passes TLS on",
        );
    }
    if alike.len() > 1 {
        let least = alike.iter().map(|(_, quiet)| *quiet).min();
        let most = alike.iter().map(|(_, quiet)| *quiet).max();
        verdict.confidence = Confidence::Likely;
        verdict = verdict.because(format!(
            "{} of this recording ended after the same silence, {} to {} ms",
            count(alike.len() as u64, "socket"),
            least.unwrap_or_default().0 / 1_000,
            most.unwrap_or_default().0 / 1_000
        ));
    }
    if let Some(who) = usual_for(quiet) {
        verdict.confidence = Confidence::Likely;
        verdict = verdict.because(format!("{} is the usual limit of {who}", duration(quiet)));
    }
    let unsure = verdict.confidence == Confidence::Possible;
    if unsure && is_round(quiet) && case.clocks.seen {
        verdict.confidence = Confidence::Likely;
        verdict = verdict.because(format!(
            "{} ms is a round number of seconds, as timers have and chance has not",
            quiet.0 / 1_000
        ));
    }
    if verdict.confidence == Confidence::Possible {
        verdict = verdict.lacking(format!(
            "one cut after {} tells no constant: a second one after the same silence would",
            duration(quiet)
        ));
    }
    verdict = held_open(case, verdict).shown(end.at, manner(&end.manner));
    for (at, quiet) in alike.iter().filter(|(at, _)| *at != end.at).take(SHOWN) {
        verdict = verdict.shown(
            *at,
            format!(
                "another socket is cut after {} of silence",
                duration(*quiet)
            ),
        );
    }
    verdict.matches()
}

/// Dropped without a word: the first that was said after a long silence met a box that had forgotten the connection.
fn forgotten(case: &Case<'_>, loss: &Loss<'_>) -> Opinion {
    let Some((quiet, spoke)) = loss.connection.quiet else {
        return Opinion::Silent;
    };
    if quiet < case.seconds(LONG) {
        return Opinion::Silent;
    }
    let says = format!(
        "Something on the way forgot the connection while it was idle: after {} of silence what the desktop said",
        duration(quiet)
    );
    let reset = loss.broken_off(Direction::ToClient).filter(|end| {
        end.manner == Manner::Reset && end.at.time.since(spoke.time) <= case.seconds(ANSWER)
    });
    if let Some(end) = reset.filter(|end| spoke <= end.at) {
        let verdict = Verdict::new(Confidence::Likely, format!("{says} was answered with RST"))
            .because(format!(
                "RST came {} after the first message that followed {} of silence",
                duration(end.at.time.since(spoke.time)),
                duration(quiet)
            ))
            .shown(spoke, "the first message after the silence")
            .shown(end.at, manner(&end.manner));
        return held_open(case, verdict).matches();
    }
    let silent = matches!(case.path(loss, Leg::Upstream), Path::Silent(..));
    if loss.unanswered != Some(spoke) || !silent {
        return Opinion::Silent;
    }
    Verdict::new(Confidence::Possible, format!("{says} was swallowed"))
        .because(format!(
            "the path was found dead after {} of silence",
            duration(quiet)
        ))
        .lacking(
            "whether the path died by itself or a box on it forgot the idle connection is not told",
        )
        .shown(spoke, "the first message after the silence")
        .matches()
}

/// A longer silence on a desktop's socket to the same server that did not end it.
fn survived(
    case: &Case<'_>,
    loss: &Loss<'_>,
    quiet: Micros,
) -> Option<(Micros, crate::event::ConnectionId)> {
    let target = loss.connection.target.as_ref();
    // One that ended after a longer silence had survived this one.
    let longest = case.index.longest_silence(target)?;
    let longer = quiet.0.saturating_add(tolerance(quiet).0);
    (longest.0.0 > longer).then_some(longest)
}

/// A desktop that pings keeps any such box quiet.
fn held_open(case: &Case<'_>, verdict: Verdict) -> Verdict {
    if !case.clocks.seen {
        return verdict;
    }
    verdict.because(format!(
        "the desktop pinged every {} before, which keeps a connection busy, and had stopped doing so",
        duration(case.clocks.interval)
    ))
}

/// What has this limit by default, on the clock of the wall.
fn usual_for(quiet: Micros) -> Option<&'static str> {
    let near = |seconds: u64| {
        let limit = seconds * 1_000_000;
        quiet.0.abs_diff(limit) <= (limit / 100).min(1_000_000)
    };
    BOXES
        .iter()
        .find(|(seconds, _)| near(*seconds))
        .map(|(_, who)| *who)
}

/// Whether a silence is a whole number of tens of seconds, and what the way takes more.
const fn is_round(quiet: Micros) -> bool {
    let over = quiet.0 % TEN_SECONDS;
    over <= LATE || over >= TEN_SECONDS - EARLY
}

/// By how much two silences may differ and still be one limit.
const fn tolerance(quiet: Micros) -> Micros {
    let part = quiet.0 / 50;
    Micros(if part > GRAIN { part } else { GRAIN })
}

/// Default limits of idle connections in seconds, and who has them.
const BOXES: [(u64, &str); 8] = [
    (60, "nginx (proxy_read_timeout) and of many load balancers"),
    (180, "Citrix ADC (NetScaler)"),
    (240, "Azure's load balancer"),
    (300, "F5 BIG-IP's TCP profile"),
    (350, "AWS's network load balancer"),
    (
        1_200,
        "Cisco Secure Access (zero trust) for ports 80 and 443",
    ),
    (1_800, "Juniper's firewalls"),
    (
        3_600,
        "Cisco's firewalls (FTD, ASA) and of Cisco Secure Access for other ports",
    ),
];
/// Seconds without a byte that a healthy desktop never leaves.
const LONG: u64 = 25;
/// Sockets cut after the same silence that make it a limit, however short it is.
const MANY: usize = 3;
/// A shorter silence is none.
const SHORTEST: Micros = Micros(1_000_000);
/// Seconds within which an RST answers a message.
const ANSWER: u64 = 2;
/// What timers are set in, in microseconds.
const TEN_SECONDS: u64 = 10_000_000;
/// Microseconds after a timer's end in which a cut arrives.
const LATE: u64 = 50_000;
/// Microseconds before it: the box heard the last byte earlier than we did.
const EARLY: u64 = 10_000;
/// Sockets that are compared with one.
const SOCKETS: usize = 64;
/// Other sockets that are shown.
const SHOWN: usize = 4;
/// Microseconds that timers of boxes and of the way differ by.
const GRAIN: u64 = 100_000;

#[cfg(test)]
mod tests;
