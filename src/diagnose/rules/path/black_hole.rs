//! The path to the server swallows everything: a roam, a VPN that dropped, a cable (`finesse.md` 4.3, row 1).

use super::lossy;
use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::path::Path;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::rules::setup::unreachable::is_nobody_there;
use crate::diagnose::words::{count, duration};
use crate::event::{Direction, Leg, Manner, Micros};
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "path-black-hole",
    title: "The path to Finesse went dead",
    severity: Severity::Trouble,
    explains: &[
        "zombie-conflict",
        "server-unreachable",
        "late-logout",
        "connection-reset",
    ],
    covers: &["no-answer"],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return in_a_login(case);
    };
    if let Some(at) = timed_out(loss) {
        return given_up_by_the_system(loss, at);
    }
    let Some(sent) = loss.unanswered else {
        return Opinion::Silent;
    };
    if lossy::fits(case) {
        return Opinion::RuledOut(NOT_DEAD.to_owned());
    }
    let waited = duration(loss.waited().unwrap_or_default());
    let says = format!(
        "The path to Finesse went dead: what was sent arrived nowhere, and a ping stayed without an answer for {waited}"
    );
    let verdict = match case.path(loss, Leg::Upstream) {
        Path::Silent(at, times) => Verdict::new(Confidence::Certain, says)
            .because(match times {
                0 => "what was to be sent did not even leave this machine".to_owned(),
                times => format!(
                    "nothing that was sent was acknowledged any more: the kernel counted {} without an answer",
                    count(times, "segment")
                ),
            })
            .shown(at, "what is sent to the server stays unacknowledged"),
        Path::Acked(_) => {
            return Opinion::RuledOut(
                "the other end's kernel acknowledged what was sent meanwhile: the path was alive"
                    .to_owned(),
            );
        }
        Path::Unknown if let Some(at) = nobody_answers(case, loss) => {
            Verdict::new(Confidence::Likely, says)
                .because("not even a new connection to the same server was answered afterwards")
                .lacking(NO_READINGS)
                .shown(at, "a new connection gets no answer either")
        }
        Path::Unknown => Verdict::new(Confidence::Possible, says)
            .lacking(NO_READINGS),
    };
    let mut verdict = verdict.shown(sent, "the ping that was never answered in time");
    let from = Micros(sent.time.0.saturating_add(case.seconds(1).0));
    if let Some(at) = case.server_spoke_elsewhere(loss.connection, from, loss.over.time) {
        if verdict.confidence < Confidence::Certain {
            return Opinion::RuledOut(
                "the server went on answering on other connections".to_owned(),
            );
        }
        verdict = verdict
            .because("other connections to the same server still heard from it: only this one's way was dead")
            .shown(at, "yet the server was heard on another connection");
    } else if let Some(at) = others_spoke(case, loss, from) {
        verdict = verdict
            .because("other servers were still heard, so the agent's own network was up: it broke nearer to Finesse")
            .shown(at, "another server is heard");
    }
    verdict.matches()
}

/// When a new connection to the same server met the same silence.
fn nobody_answers(case: &Case<'_>, loss: &Loss<'_>) -> Option<At> {
    let mut silent = case.incident.attempts().filter(|one| is_nobody_there(one));
    let silent = silent.find(|one| case.is_same_server(one.connection.id, loss.connection.id));
    silent.map(|one| one.at)
}

/// The path went dead while the desktop signed in.
fn in_a_login(case: &Case<'_>) -> Opinion {
    let Some((attempt, waited, Path::Silent(at, _))) = case.given_up() else {
        return Opinion::Silent;
    };
    if lossy::fits(case) {
        return Opinion::RuledOut(NOT_DEAD.to_owned());
    }
    let says = format!(
        "The path to Finesse went dead in the middle of a login: what was sent arrived nowhere, and the desktop gave up after {}",
        duration(waited)
    );
    Verdict::new(Confidence::Likely, says)
        .because("TCP stood, and then nothing that was sent was acknowledged any more")
        .shown(attempt.at, "the last step of the login")
        .shown(at, "what is sent to the server stays unacknowledged")
        .matches()
}

const NO_READINGS: &str = "no TCP readings of this leg tell a dead path from a server that hangs";

/// Why a path that loses much is none that is dead.
const NOT_DEAD: &str =
    "some of what was sent again and again had arrived: the path lost much, and not all";

/// When the system found that nobody answers any more.
fn timed_out(loss: &Loss<'_>) -> Option<At> {
    match loss.word {
        Word::End(end)
            if end.manner == Manner::TimedOut && end.direction == Direction::ToClient =>
        {
            Some(end.at)
        }
        _ => None,
    }
}

fn given_up_by_the_system(loss: &Loss<'_>, at: At) -> Opinion {
    let says = "The path to Finesse went dead: the system gave the connection up because nothing that it sent was acknowledged";
    let verdict = Verdict::new(Confidence::Certain, says)
        .because("TCP itself timed out, which nothing but silence from the other end makes it do")
        .shown(at, "TCP times out");
    match loss.unanswered {
        Some(sent) => verdict.shown(sent, "the ping that was never answered in time"),
        None => verdict,
    }
    .matches()
}

/// When a server of another name was heard meanwhile.
fn others_spoke(case: &Case<'_>, loss: &Loss<'_>, from: Micros) -> Option<At> {
    let host = loss.connection.target.as_ref();
    let host = host.map(|target| target.host.as_str());
    case.heard(from, loss.over.time, loss.connection, |other| {
        !other.is_empty() && Some(other) != host
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Script, tcp};
    use crate::event::{DialFailure, TcpOccasion};
    use Confidence::{Certain, Likely};

    fn silent() -> Script {
        Script::new().logs_in("1001002").pings(5).after(10.0).ping()
    }

    #[test]
    fn without_readings_a_new_connection_into_the_same_silence_makes_it_likely() {
        let script = || silent().after(8.0).gives_up().gone().after(1.0);
        let dead = script().cannot_dial("finesse1.example.com", DialFailure::TimedOut);
        assert_eq!(dead.cause(), Some(("path-black-hole", Likely)));
        let refused = script().cannot_dial("finesse1.example.com", DialFailure::ConnectionRefused);
        assert_ne!(refused.cause(), Some(("path-black-hole", Likely)));
    }

    #[test]
    fn nothing_acknowledged_is_a_dead_path_even_where_it_heals_later() {
        let script = silent().after(8.0).server_silent().gives_up().after(5.0);
        let script = script.server_acks().pong_to(6).pong_to(7);
        assert_eq!(script.cause(), Some(("path-black-hole", Certain)));
    }

    #[test]
    fn one_segment_sent_again_and_then_acknowledged_is_no_dead_path() {
        let lost = tcp(1, 1, 400_000);
        let script = silent().after(0.4);
        let script = script.tcp(TcpOccasion::Retransmitting(Leg::Upstream), lost);
        let script = script
            .after(0.6)
            .tcp(TcpOccasion::Recovered(Leg::Upstream), tcp(0, 0, 1_000));
        assert_eq!(
            script.after(7.0).gives_up().cause(),
            Some(("service-stalled", Likely))
        );
    }

    #[test]
    fn bytes_that_the_machine_cannot_send_are_a_dead_path_and_no_full_window() {
        let mut stuck = tcp(0, 0, 12_000_000);
        (stuck.peer_window, stuck.unsent) = (Some(31_360), Some(129));
        let script = silent().after(2.0);
        let script = script.tcp(TcpOccasion::WindowFull(Leg::Upstream), stuck);
        assert_eq!(
            script.after(6.0).gives_up().cause(),
            Some(("path-black-hole", Certain))
        );
    }

    #[test]
    fn tcp_that_times_out_is_one_without_any_ping() {
        let script = Script::new().logs_in("1001002").pings(5).after(5.0);
        let script = script.ends(Direction::ToClient, Manner::TimedOut).gone();
        assert_eq!(script.cause(), Some(("path-black-hole", Certain)));
    }

    #[test]
    fn without_readings_a_server_that_is_heard_elsewhere_rules_it_out() {
        let script = silent().connects().after(5.0);
        let script = script
            .asks("GET", "/finesse/api/SystemInfo", &[])
            .answers(200)
            .on(1);
        let report = script.after(3.0).gives_up().diagnosed();
        let incident = report.incidents.first().unwrap();
        assert_eq!(incident.cause.as_ref().unwrap().rule, "service-stalled");
        assert!(
            incident
                .alternatives
                .iter()
                .any(|one| one.rule == RULE.name)
        );
    }
}
