//! Who moved first, and what happened afterwards.

use super::attempt::{Attempt, Stage};
use super::case::Case;
use super::incident::Symptom;
use super::loss::{Loss, Word, is_desktop};
use super::report::{Call, Mover, State, Story, Try, Who};
use super::{moment, words};
use crate::event::{DialFailure, Direction, Leg, Manner, Micros};
use crate::session::{At, Connection};

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
    };
    Some(Mover {
        at: moment(case.session, at),
        who,
        layer,
        what,
    })
}

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
        Stage::Dial(DialFailure::Unresolved(_)) => (Who::Nobody, "DNS"),
        Stage::Dial(_) => (Who::Server, "TCP"),
        Stage::Tls(Leg::Upstream, _) => (Who::Server, "TLS"),
        Stage::Upgrade(_) => (Who::Server, "HTTP"),
        Stage::Auth(_) | Stage::Bind(_) | Stage::StreamError(_) => (Who::Server, "XMPP"),
        Stage::NoFinesse => (Who::Nobody, "XMPP"),
        Stage::NoPresence(_) => (Who::Browser, "XMPP"),
    };
    (attempt.at, who, layer, what)
}

/// What came of an attempt.
pub(super) fn outcome(stage: &Stage<'_>) -> String {
    match stage {
        Stage::Refused(_) => "finspect could not serve it".to_owned(),
        Stage::Dial(failure) => failure.to_string(),
        Stage::Tls(Leg::Client, failure) => format!("TLS with the browser failed: {failure}"),
        Stage::Tls(Leg::Upstream, failure) => format!("TLS with the server failed: {failure}"),
        Stage::Upgrade(status) => format!("the WebSocket was refused with {status}"),
        Stage::Auth(condition) => format!("the sign-in was refused ({condition})"),
        Stage::Bind(condition) => format!("the resource was refused ({condition})"),
        Stage::StreamError(condition) => format!("the stream was refused ({condition})"),
        Stage::NoFinesse => "signed in, but the user finesse never appeared".to_owned(),
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
    let lost: Vec<_> = case
        .incident
        .losses()
        .map(|loss| loss.connection.id)
        .collect();
    let later = case.index.opened(began.time, until.time).take(LOOKED_AT);
    let later = later.filter(|one| one.opened <= until && !lost.contains(&one.id));
    let agent = case.incident.agent.as_deref();
    let tried = later
        .filter_map(|connection| attempt(case, connection, agent))
        .take(TRIES);
    let person = agent.and_then(|agent| case.session.agent(agent));
    let states = person.map_or(&[][..], |person| &person.states);
    let calls = person.map_or(&[][..], |person| &person.calls);
    Story {
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

fn attempt(case: &Case<'_>, connection: &Connection, agent: Option<&str>) -> Option<Try> {
    let failed = Attempt::of(case.session, connection, &case.clocks);
    let socket = connection.socket.as_ref().filter(|one| is_desktop(one));
    let user = socket.and_then(|socket| socket.stream.user());
    let foreign =
        user.is_some_and(|user| agent.is_some_and(|agent| !user.eq_ignore_ascii_case(agent)));
    let unanswered = failed.is_none() && socket.is_none() && is_unanswered(connection);
    if foreign || (failed.is_none() && socket.is_none() && !unanswered) {
        return None;
    }
    let outcome = failed.map_or_else(
        || {
            if unanswered {
                return "no answer came to the request for a WebSocket".to_owned();
            }
            let bound = socket.and_then(|socket| socket.stream.bound.as_ref());
            bound
                .map_or("no login was seen on it", |_| "signed in again")
                .to_owned()
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

/// Whether a WebSocket was asked for, and the connection ended without any answer.
fn is_unanswered(connection: &Connection) -> bool {
    let mut open = connection.exchanges.open();
    connection.first_end().is_some() && open.any(|one| one.upgrade && one.answered.is_none())
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
