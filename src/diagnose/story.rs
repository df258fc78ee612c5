//! Who moved first, and what happened afterwards.

use super::attempt::{Attempt, Stage};
use super::case::Case;
use super::kin::{Kin, is_imported};
use super::loss::{Loss, Word, is_desktop};
use super::report::{Call, Finding, Mover, State, Story, Try, Who};
use super::symptom::Symptom;
use super::unanswered::Wait;
use super::{moment, signals, words};
use crate::event::{DialFailure, Direction, Leg, Manner, Micros};
use crate::session::{At, Connection, Socket};

/// Who moved first, and at which layer.
pub(super) fn first(case: &Case<'_>) -> Option<Mover> {
    let symptom = case.incident.symptoms.first()?;
    let (at, who, layer, what) = match symptom {
        Symptom::Lost(loss) => lost(loss),
        Symptom::NotObtained(attempt) => attempted(attempt),
        Symptom::OutOfService(service) => (
            service.at,
            Who::Server,
            "XMPP",
            format!("SystemInfo says {}", service.status),
        ),
        Symptom::FinesseGone(_, at) => (
            *at,
            Who::Server,
            "XMPP",
            "the user finesse became unavailable".to_owned(),
        ),
        Symptom::GadgetsGone(_, gone) => (
            gone.at,
            Who::Server,
            "XMPP",
            format!("the user {} became unavailable", gone.user),
        ),
        Symptom::Forced(change) => (
            change.at,
            Who::Server,
            "XMPP",
            format!("the agent's state became {}", change.state),
        ),
        Symptom::Unauthorized(refusals) => (
            refusals.first.at,
            Who::Server,
            "HTTP",
            "it refused the credentials of REST calls with 401".to_owned(),
        ),
        Symptom::RestFailing(failing) => (
            failing.first.at,
            Who::Server,
            "HTTP",
            format!("REST calls began to fail, with {}", failing.first.status),
        ),
    };
    Some(Mover {
        at: moment(case.session, at),
        who,
        layer,
        what,
    })
}

/// The machine as the one that moved first, where the cause is its own: what the wire shows came after that.
pub(super) fn machine(cause: &Finding) -> Option<Mover> {
    if !OF_THE_MACHINE.contains(&cause.rule) {
        return None;
    }
    let first = cause.evidence.first()?;
    Some(Mover {
        at: first.at,
        who: Who::Host,
        layer: "machine",
        what: first.shows.clone(),
    })
}

/// Rules whose first event is one of this machine's.
const OF_THE_MACHINE: [&str; 3] = ["host-suspended", "network-changed", "finspect-starved"];

fn lost(loss: &Loss<'_>) -> (At, Who, &'static str, String) {
    if let Some(ping) = loss.unanswered {
        let waited = words::duration(loss.waited().unwrap_or_default());
        let what = format!("a ping stayed without an answer for {waited}");
        return (ping, Who::Nobody, "XMPP", what);
    }
    let (who, layer, what) = match loss.word {
        Word::Goodbye => (
            Who::Browser,
            "XMPP",
            "it said goodbye (unavailable, close)".to_owned(),
        ),
        Word::StreamError(from, condition) => {
            (party(from), "XMPP", format!("stream error {condition}"))
        }
        Word::StreamClose => (Who::Server, "XMPP", "it closed the stream".to_owned()),
        Word::Close(close) => {
            let code = close.code.map_or_else(
                || "an empty Close".to_owned(),
                |code| format!("Close {code} {:?}", close.reason),
            );
            (party(close.direction), "WebSocket", code)
        }
        Word::End(end) if end.manner == Manner::Unknown => (
            Who::Nobody,
            "TCP",
            "it ended, and how was not seen".to_owned(),
        ),
        Word::End(end) => {
            let layer = match end.manner {
                Manner::Fin | Manner::Reset | Manner::TimedOut | Manner::FinWithoutCloseNotify => {
                    "TCP"
                }
                _ => "TLS",
            };
            (party(end.direction), layer, words::manner(&end.manner))
        }
        Word::Gone => (
            Who::Nobody,
            "TCP",
            "it ended, and how was not seen".to_owned(),
        ),
        Word::Open => (Who::Nobody, "XMPP", "it went silent".to_owned()),
    };
    (loss.over, who, layer, what)
}

fn attempted(attempt: &Attempt<'_>) -> (At, Who, &'static str, String) {
    let what = outcome(&attempt.stage);
    let (who, layer) = match attempt.stage {
        Stage::Refused(_) | Stage::Tls(Leg::Client, _) => (Who::Browser, "TLS"),
        Stage::Dial(failure) => dialled(failure),
        Stage::Tls(Leg::Upstream, _) => (Who::Server, "TLS"),
        Stage::Upgrade(_) | Stage::Unanswered(Wait::Dropped) => (Who::Server, "HTTP"),
        Stage::Unanswered(Wait::Long(_) | Wait::Short) => (Who::Nobody, "HTTP"),
        Stage::Auth(_) | Stage::Bind(_) | Stage::StreamError(_) => (Who::Server, "XMPP"),
        Stage::GivenUp(_) | Stage::NoFinesse => (Who::Nobody, "XMPP"),
        Stage::NoPresence(_) => (Who::Browser, "XMPP"),
    };
    (attempt.at, who, layer, what)
}

/// Whose word it is that no connection comes about.
const fn dialled(failure: &DialFailure) -> (Who, &'static str) {
    match failure {
        DialFailure::Unresolved(_) => (Who::Nobody, "DNS"),
        DialFailure::TimedOut => (Who::Nobody, "TCP"),
        DialFailure::NetworkUnreachable | DialFailure::Loop => (Who::Host, "TCP"),
        DialFailure::ProxyRefused(_) | DialFailure::ProxyUnintelligible(_) => (Who::Server, "HTTP"),
        DialFailure::ConnectionRefused
        | DialFailure::HostUnreachable
        | DialFailure::Reset
        | DialFailure::Other(_) => (Who::Server, "TCP"),
    }
}

/// What came of an attempt.
pub(super) fn outcome(stage: &Stage<'_>) -> String {
    match stage {
        Stage::Refused(_) => "finspect could not serve it".to_owned(),
        Stage::Dial(failure) => failure.to_string(),
        Stage::Tls(Leg::Client, failure) => format!("TLS with the browser failed: {failure}"),
        Stage::Tls(Leg::Upstream, failure) => format!("TLS with the server failed: {failure}"),
        Stage::Upgrade(status) => format!("the WebSocket was refused with {status}"),
        Stage::Unanswered(_) => "no answer came to the request for a WebSocket".to_owned(),
        Stage::Auth(condition) => format!("the sign-in was refused ({condition})"),
        Stage::Bind(condition) => format!("the resource was refused ({condition})"),
        Stage::StreamError(condition) => format!("the stream was refused ({condition})"),
        Stage::NoFinesse => "signed in, but the user finesse never appeared".to_owned(),
        Stage::GivenUp(waited) => format!(
            "given up after {} without an answer",
            words::duration(*waited)
        ),
        Stage::NoPresence(_) => "signed in, but sent no presence that events go to".to_owned(),
    }
}

const fn party(from: Direction) -> Who {
    match from {
        Direction::ToServer => Who::Browser,
        Direction::ToClient => Who::Server,
    }
}

/// What the client tried, until when service was out, which states and calls followed.
pub(super) fn story(case: &Case<'_>) -> Story {
    let began = case.began();
    let until = case.until();
    let end = Micros(until.time.0.saturating_add(case.seconds(AFTERMATH).0));
    // What began with an attempt began when that one's connection was opened.
    let attempts = case.incident.attempts().map(|one| one.connection);
    let opened = attempts.map(|one| one.opened).min();
    let from = opened.map_or(began.time, |opened| opened.time.min(began.time));
    let first = case.loss().map(|loss| loss.connection.id);
    let later = case.index.opened(from, until.time).take(LOOKED_AT);
    let later = later.filter(|one| one.opened <= until && Some(one.id) != first);
    let agent = case.incident.agent.as_deref();
    let served = is_served(case);
    let tried = later
        .filter_map(|connection| attempt(case, connection, agent, (served, &case.index.kin)))
        .take(TRIES);
    let person = agent.and_then(|agent| case.session.agent(agent));
    let states = person.map_or(&[][..], |person| &person.states);
    let calls = person.map_or(&[][..], |person| &person.calls);
    Story {
        served,
        signals: signals::failed(case),
        tried: tried.collect(),
        out_of_service: case.incident.back.map(|back| back.time.since(began.time)),
        states: states
            .iter()
            .filter(|change| change.at > began && change.at.time <= end)
            .take(STATES)
            .map(|change| State {
                at: moment(case.session, change.at),
                state: change.state.clone(),
                reason_code: change.reason_code.clone(),
                reason: change.reason.clone(),
            })
            .collect(),
        calls: calls
            .iter()
            .filter(|call| call.first < began && (!call.over || call.last > began))
            .take(CALLS)
            .map(|call| Call {
                id: call.id.clone(),
                last: moment(case.session, call.last),
                state: call.state.clone(),
                lost: !call.over || call.last > began,
            })
            .collect(),
    }
}

/// Whether the agent had service when it began: it was not an attempt to get some that came to nothing.
fn is_served(case: &Case<'_>) -> bool {
    let began = case.began();
    let own = match case.incident.symptoms.first() {
        Some(Symptom::NotObtained(attempt)) => Some(attempt.connection.id),
        Some(Symptom::Unauthorized(_) | Symptom::RestFailing(_)) => None,
        _ => return true,
    };
    let agent = case.incident.agent.as_deref();
    let mut agents = case.session.agents();
    let agent = agents.find(|one| Some(one.user.as_str()) == agent);
    let sockets = agent.map_or(&[][..], |agent| &agent.sockets);
    sockets.iter().any(|(bound, id)| {
        let closed = case.session.get(*id).and_then(|one| one.closed.as_ref());
        Some(*id) != own && *bound < began && closed.is_none_or(|(at, _)| *at >= began)
    })
}

fn attempt(
    case: &Case<'_>,
    connection: &Connection,
    agent: Option<&str>,
    (served, kin): (bool, &Kin),
) -> Option<Try> {
    let failed = Attempt::of(case.session, connection, &case.clocks);
    if failed.as_ref().is_some_and(|one| kin.is_foreign(one)) {
        return None;
    }
    let socket = connection.socket.as_ref().filter(|one| is_desktop(one));
    let user = socket.and_then(|socket| socket.stream.user());
    let others =
        user.is_some_and(|user| agent.is_some_and(|agent| !user.eq_ignore_ascii_case(agent)));
    let of_gadgets = |socket: &Socket| socket.stream.is_of_gadgets();
    let lost = case.loss().is_some_and(|loss| of_gadgets(loss.socket));
    let beside =
        socket.is_some_and(|one| one.stream.connected().is_some() && of_gadgets(one) != lost);
    let foreign = others || beside;
    let undialled = !is_imported(case.session) && connection.is_unanswered();
    if foreign || (failed.is_none() && socket.is_none() && !undialled) {
        return None;
    }
    let outcome = failed.map_or_else(
        || {
            if undialled && socket.is_none() {
                return "the server never answered the dial".to_owned();
            }
            let bound = socket.and_then(|socket| socket.stream.bound.as_ref());
            match bound {
                Some(_) if served => "signed in again".to_owned(),
                Some(_) => "signed in".to_owned(),
                None => "no login was seen on it".to_owned(),
            }
        },
        |failed| outcome(&failed.stage),
    );
    Some(Try {
        at: moment(case.session, connection.opened),
        connection: connection.id,
        node: connection.target.as_ref().map(ToString::to_string),
        success: failed.is_none() && socket.is_some_and(|one| one.stream.bound.is_some()),
        outcome,
    })
}

/// Connections among which attempts are looked for.
const LOOKED_AT: usize = 1_000;
/// Attempts told of one incident.
const TRIES: usize = 50;
/// States and calls told of one incident.
const STATES: usize = 50;
const CALLS: usize = 20;
/// Seconds after an incident whose states belong to its story (`finesse.md` 7).
const AFTERMATH: u64 = 180;
