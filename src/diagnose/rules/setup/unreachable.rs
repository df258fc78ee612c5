//! No connection to the server comes about: the port is closed, nothing answers, no route leads there.

use std::collections::BTreeSet;

use super::upstream_proxy::{fault, is_reply};
use super::{is_spoken, lost_before, place};
use crate::diagnose::attempt::{Attempt, Stage};
use crate::diagnose::case::Case;
use crate::diagnose::loss::Loss;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::words::count;
use crate::event::{DialFailure, Direction, Leg, Manner, Micros, TlsFailure};
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "server-unreachable",
    title: "The server could not be reached",
    severity: Severity::Trouble,
    explains: &[
        "connection-cut",
        "connection-reset",
        "no-answer",
        "upgrade-refused",
    ],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    if let Some(verdict) = behind_gateway(case) {
        return verdict.matches();
    }
    let failed: Vec<_> = case
        .incident
        .attempts()
        .filter_map(|attempt| Some((attempt, failure(case, attempt)?)))
        .collect();
    let Some((first, (words, confidence))) = failed.first() else {
        return Opinion::Silent;
    };
    let says = format!("{} could not be reached: {words}", place(first.connection));
    let verdict = |confidence| {
        let times = count(failed.len() as u64, "attempt");
        let verdict = Verdict::new(confidence, says.clone());
        let verdict = verdict.because(format!("{times} came to nothing before TLS stood"));
        let verdict = verdict.shown(first.at, "no connection comes about");
        ports(verdict, &failed)
    };
    let elsewhere = || reached_elsewhere(case, first);
    let Some(loss) = lost_before(case, first) else {
        let doubt = if case.session.started().is_none() {
            Some("the recording begins in the middle: a socket may have been lost before")
        } else if case.misses(Micros(0), first.at.time) {
            Some("events before it are missing: a socket may have been lost there")
        } else {
            None
        };
        let verdict = verdict(*confidence).weakened(doubt);
        return with_elsewhere(verdict, elsewhere()).matches();
    };
    if is_spoken(loss) {
        return verdict(*confidence).only(Role::Consequence).matches();
    }
    let nobody = failed.iter().all(|(attempt, _)| is_nobody_there(attempt));
    let elsewhere = nobody.then(elsewhere).flatten();
    if elsewhere.is_some() {
        let verdict = verdict(Confidence::Likely)
            .because("its socket was lost without a word, and nothing at all answers in its place: the whole node is down, or cut off");
        return with_elsewhere(verdict, elsewhere).matches();
    }
    if loss.unanswered.is_none() && broke_off_as_well(case, loss) {
        return verdict(Confidence::Likely)
            .because("the socket and REST at the same server broke off at the same moment: it was not one service alone")
            .matches();
    }
    verdict(Confidence::Possible)
        .lacking("the socket was lost before: what took it may keep the attempts from the server as well")
        .matches()
}

/// A gateway stands before the server and reaches nothing of it: REST and WebSocket alike get 502 or 504 from it.
fn behind_gateway(case: &Case<'_>) -> Option<Verdict> {
    let statuses = case.incident.attempts().filter_map(|one| match one.stage {
        Stage::Upgrade(status) => Some((one, status)),
        _ => None,
    });
    let statuses: Vec<_> = statuses.collect();
    let (first, status) = statuses.first().copied()?;
    let target = first.connection.target.as_ref();
    let (began, until) = (case.began(), case.until());
    let mut polls = case.session.rest().polls.iter().filter(|poll| {
        let connection = case.session.get(poll.connection);
        let same = connection.is_none_or(|one| one.target.as_ref() == target);
        same && began <= poll.at && poll.at <= until
    });
    // What is answered well again in the end says that it was over.
    let poll = polls.next().filter(|poll| is_gateway(poll.status))?;
    if !statuses.iter().all(|(_, status)| is_gateway(*status)) {
        return None;
    }
    let says = format!(
        "What stands before {} could not reach it: REST and WebSocket alike were answered with {status}",
        place(first.connection)
    );
    let verdict = Verdict::new(Confidence::Likely, says)
        .because("502 and 504 are what a gateway says of a server that it does not reach, and SystemInfo and the WebSocket, which are two services of Finesse, got them alike")
        .shown(first.at, format!("{status} for the WebSocket"))
        .shown(poll.at, format!("{} for SystemInfo", poll.status));
    let spoken = lost_before(case, first).is_some_and(is_spoken);
    Some(if spoken {
        verdict.only(Role::Consequence)
    } else {
        verdict
    })
}

const fn is_gateway(status: u16) -> bool {
    matches!(status, 502 | 504)
}

/// Whether REST at the same server was broken off when the socket was.
fn broke_off_as_well(case: &Case<'_>, loss: &Loss<'_>) -> bool {
    let near = case.seconds(1);
    let to = Micros(loss.over.time.0.saturating_add(near.0));
    let others = case.index.alive(loss.over.time.since(near), to);
    let mut others = others.filter(|one| {
        one.socket.is_none() && one.exchanges.done > 0 && one.target == loss.connection.target
    });
    others.any(|one| {
        one.first_end().is_some_and(|end| {
            let abrupt = matches!(end.manner, Manner::FinWithoutCloseNotify | Manner::Reset);
            let apart = end.at.time.0.abs_diff(loss.over.time.0);
            abrupt && end.direction == Direction::ToClient && apart <= near.0
        })
    })
}

/// What kept an attempt from the server, and how sure it is; `None` where something else did, or nothing.
fn failure(case: &Case<'_>, attempt: &Attempt<'_>) -> Option<(String, Confidence)> {
    let failure = match attempt.stage {
        Stage::Dial(failure) => failure,
        Stage::Tls(Leg::Upstream, TlsFailure::ClosedSilently | TlsFailure::Reset) => {
            let words = "it accepts TCP, and breaks TLS off without a word";
            return Some((words.to_owned(), Confidence::Possible));
        }
        _ => return None,
    };
    if fault(case.session, attempt.connection, failure).is_some() {
        return None;
    }
    let mut dials = attempt.connection.attempts.iter();
    let (words, confidence) = match failure {
        DialFailure::Unresolved(_)
        | DialFailure::ProxyRefused(_)
        | DialFailure::ProxyUnintelligible(_) => return None,
        DialFailure::ConnectionRefused => (
            "its machine answers, and nothing listens at that port (or a firewall says so)",
            Confidence::Certain,
        ),
        DialFailure::NetworkUnreachable => (
            "this machine has no route to its network",
            Confidence::Likely,
        ),
        DialFailure::HostUnreachable => (
            "a router, or this machine itself, says that it is not there",
            Confidence::Certain,
        ),
        DialFailure::TimedOut => (
            "nothing answers: it is down, or a firewall swallows what is sent to it",
            Confidence::Likely,
        ),
        DialFailure::Loop => (
            "its name leads to finspect itself; `--resolve` tells finspect the server's address",
            Confidence::Certain,
        ),
        DialFailure::Reset => ("the connection is reset at once", Confidence::Likely),
        DialFailure::Other(why) => return Some((why.clone(), Confidence::Likely)),
    };
    if is_reply(failure) && dials.any(|(_, dial)| dial.via.is_some()) {
        let told = format!("the upstream proxy says that {words}");
        return Some((told, Confidence::Likely));
    }
    Some((words.to_owned(), confidence))
}

/// Whether not even a refusal came.
pub(in crate::diagnose::rules) const fn is_nobody_there(attempt: &Attempt<'_>) -> bool {
    matches!(
        attempt.stage,
        Stage::Dial(DialFailure::TimedOut | DialFailure::HostUnreachable)
    )
}

/// Several ports of one host that are all dead mean more than one.
fn ports(verdict: Verdict, failed: &[(&Attempt<'_>, (String, Confidence))]) -> Verdict {
    let targets = failed
        .iter()
        .filter_map(|(attempt, _)| attempt.connection.target.as_ref());
    let ports: BTreeSet<u16> = targets.map(|target| target.port).collect();
    if ports.len() < 2 {
        return verdict;
    }
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    verdict.because(format!("it was so at several ports: {}", ports.join(", ")))
}

/// When another server was reached while this one was not.
fn reached_elsewhere(case: &Case<'_>, attempt: &Attempt<'_>) -> Option<At> {
    let host = &attempt.connection.target.as_ref()?.host;
    let (began, until) = (case.began(), case.until());
    let meanwhile = case.index.opened(began.time, until.time);
    let meanwhile =
        meanwhile.filter(|one| one.opened >= began && one.opened <= until && one.server.is_some());
    let others = meanwhile.filter(|one| {
        let target = one.target.as_ref();
        target.is_some_and(|target| target.host != *host)
    });
    others.map(|one| one.opened).min()
}

fn with_elsewhere(verdict: Verdict, elsewhere: Option<At>) -> Verdict {
    match elsewhere {
        Some(at) => verdict
            .because("another server was reached meanwhile: this machine's own network was alive")
            .shown(at, "another server is reached"),
        None => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;
    use crate::event::Direction::ToClient;
    use crate::event::Manner;

    const NAME: &str = "server-unreachable";

    #[test]
    fn what_the_kernel_says_at_sign_in_is_certain_and_silence_is_likely() {
        for (failure, confidence) in [
            (DialFailure::ConnectionRefused, Confidence::Certain),
            (DialFailure::HostUnreachable, Confidence::Certain),
            (DialFailure::NetworkUnreachable, Confidence::Likely),
            (DialFailure::Loop, Confidence::Certain),
            (DialFailure::TimedOut, Confidence::Likely),
        ] {
            let script = Script::new().cannot_dial("finesse1.example.com", failure);
            assert_eq!(script.cause(), Some((NAME, confidence)));
        }
    }

    #[test]
    fn a_node_that_dies_while_the_other_is_reached_is_likely_down_as_a_whole() {
        let lost = Script::new().logs_in("1001002").pings(3).after(3.0);
        let lost = lost.ends(ToClient, Manner::Reset).gone().after(1.0);
        let down = lost
            .cannot_dial("finesse1.example.com", DialFailure::HostUnreachable)
            .after(1.0)
            .cannot_dial("finesse1.example.com:443", DialFailure::TimedOut);
        let report = down
            .after(1.0)
            .connects_to("finesse2.example.com")
            .tls()
            .opens_socket()
            .signs_in("1001002")
            .diagnosed();
        let cause = report.incidents[0].cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), (NAME, Confidence::Likely));
        assert!(cause.because.iter().any(|one| one.contains("443, 8445")));
    }

    #[test]
    fn a_gateway_that_answers_everything_with_502_is_likely_and_a_websocket_alone_is_not() {
        let lost = || {
            let script = Script::new().logs_in("1001002").pings(3).after(3.0);
            let script = script.ends(ToClient, Manner::CloseNotify).gone().after(2.0);
            let script = script.connects();
            script
                .asks("GET", "/ws/", &[("Upgrade", "websocket")])
                .answers(502)
                .after(2.0)
        };
        let system_info = |status| {
            let script = lost().connects();
            let script = script.asks("GET", "/finesse/api/SystemInfo", &[]);
            script.answers(status).after(5.0).logs_in("1001002")
        };
        assert_eq!(system_info(502).cause(), Some((NAME, Confidence::Likely)));
        assert_ne!(system_info(200).cause().unwrap().0, NAME);
    }

    #[test]
    fn refusals_after_a_crash_are_those_of_a_restart() {
        let lost = Script::new().logs_in("1001002").pings(3).after(3.0);
        let lost = lost.ends(ToClient, Manner::Reset).gone().after(1.0);
        let script = lost.cannot_dial("finesse1.example.com", DialFailure::ConnectionRefused);
        assert_eq!(
            script.cause(),
            Some(("service-restart", Confidence::Likely))
        );
    }

    #[test]
    fn after_a_dead_path_it_is_not_the_cause() {
        let silent = Script::new().logs_in("1001002").pings(3).after(10.0).ping();
        let silent = silent.after(10.0).server_silent().after(3.0);
        let script = silent.cannot_dial("finesse1.example.com", DialFailure::TimedOut);
        assert_eq!(
            script.cause(),
            Some(("path-black-hole", Confidence::Certain))
        );
    }
}
