//! REST over all connections: what was refused, what the browser asked of an agent's state, how `SystemInfo` answered,
//! and which event followed which request.

use super::kept::{Kept, clip};
use super::{At, Connection, Exchange, Failure, Grant, Successes};
use crate::event::{ConnectionId, Event, EventKind, Micros};

/// REST of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rest {
    /// Answers with a status of 400 and above, in order.
    pub failures: Kept<(ConnectionId, Failure)>,
    /// What succeeded after a failure.
    pub successes: Successes,
    /// What the browser asked of an agent's state, in order.
    pub wishes: Kept<Wish>,
    /// Answers to `GET …/SystemInfo`, in order.
    pub polls: Kept<Poll>,
    /// Access tokens that were issued, in order.
    pub grants: Kept<Grant>,
    /// Requests with a `requestId`, and the events that echo it.
    pub pairs: Pairs,
}

/// The browser asked for a state of an agent (`PUT …/User/ID`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// When the body was there.
    pub at: At,
    /// On which connection.
    pub connection: ConnectionId,
    /// The user in the path.
    pub user: String,
    /// The state, such as `READY`, `LOGOUT`.
    pub state: String,
}

/// An answer to `GET …/SystemInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// The answer.
    pub at: At,
    /// Whose; empty where that was not seen.
    pub host: String,
    /// On which connection.
    pub connection: ConnectionId,
    /// Its status.
    pub status: u16,
}

/// Requests with a `requestId`, and the events that echo it (`finesse.md` section 2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs {
    waiting: Kept<Pair, WAITING>,
    /// Requests that were accepted and whose event came.
    pub paired: u64,
    /// The latest event that echoed a request.
    pub latest: Option<At>,
    /// The longest time from a request to its event, and the event.
    pub worst: Option<(Micros, At)>,
}

/// A request that was accepted, whose event has not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The request.
    pub asked: At,
    /// On which connection.
    pub connection: ConnectionId,
    /// Its method and target.
    pub what: String,
    pub(super) request_id: String,
    accepted: bool,
}

impl Pairs {
    /// Requests that were answered with success and whose event has not come, the latest, in order.
    pub fn waiting(&self) -> impl Iterator<Item = &Pair> {
        self.waiting.iter().filter(|pair| pair.accepted)
    }

    fn asked(&mut self, connection: ConnectionId, exchange: &Exchange) {
        let Some(request_id) = &exchange.request_id else {
            return;
        };
        self.waiting.keep(Pair {
            asked: exchange.asked,
            connection,
            what: format!("{} {}", exchange.method, exchange.target),
            request_id: request_id.clone(),
            accepted: false,
        });
    }

    fn answered(&mut self, exchange: &Exchange, status: u16) {
        let is_it = |pair: &Pair| pair.asked == exchange.asked;
        if (200..300).contains(&status) {
            if let Some(place) = self.waiting.iter().position(is_it) {
                self.waiting.change(place, |pair| pair.accepted = true);
            }
        } else {
            // Without success no event follows.
            self.waiting.retain(|pair| !is_it(pair));
        }
    }

    /// An event came that echoes a `requestId`. It may come before the answer.
    pub(super) fn echoed(&mut self, request_id: &str, at: At) {
        let request_id = clip(request_id);
        let mut waiting = self.waiting.iter();
        let Some(place) = waiting.position(|pair| pair.request_id == request_id) else {
            return;
        };
        let Some(asked) = self.waiting.get(place).map(|pair| pair.asked) else {
            return;
        };
        self.waiting.remove(place);
        self.paired += 1;
        self.latest = Some(at);
        let took = at.time.since(asked.time);
        if self.worst.is_none_or(|(worst, _)| took > worst) {
            self.worst = Some((took, at));
        }
    }
}

impl Rest {
    /// Takes in what an event of HTTP says; `exchange` is the request that it belongs to.
    pub(super) fn take(&mut self, event: &Event, from: &Connection, exchange: &Exchange, at: At) {
        let id = from.id;
        match &event.kind {
            EventKind::HttpRequest(_) => self.pairs.asked(id, exchange),
            EventKind::HttpResponse(head) if head.status >= 200 => {
                self.pairs.answered(exchange, head.status);
                self.successes.take(from, exchange, head.status, at);
                if is_poll(exchange) {
                    let host = from.target.as_ref().map(|target| target.host.clone());
                    let poll = Poll {
                        at,
                        host: host.unwrap_or_default(),
                        connection: id,
                        status: head.status,
                    };
                    self.polls.keep(poll);
                }
                if head.status >= 400 {
                    let failure = Failure::of(exchange, head, at);
                    self.failures.keep((id, failure));
                }
            }
            EventKind::HttpBody(body) if exchange.answered.is_none() => {
                let wished = body.content.text().and_then(wished_state);
                if let (Some(user), Some(state)) = (user(&exchange.target), wished)
                    && exchange.method == "PUT"
                {
                    let wish = Wish {
                        at,
                        connection: id,
                        user,
                        state,
                    };
                    self.wishes.keep(wish);
                }
            }
            EventKind::HttpBody(body) => {
                let said = body.content.text();
                if let Some(error) = said.and_then(error_type) {
                    self.failed_with(id, exchange, error);
                }
                if let Some(grant) = said.and_then(|said| Grant::of(exchange, from, said, at)) {
                    self.grants.keep(grant);
                }
            }
            _ => {}
        }
    }

    /// The body of an answer with an error names it.
    fn failed_with(&mut self, id: ConnectionId, exchange: &Exchange, error: &str) {
        let is_it = |(on, failure): &(ConnectionId, Failure)| {
            *on == id && exchange.answered == Some((failure.at, failure.status))
        };
        if let Some(place) = self.failures.iter().rposition(is_it) {
            let name = |(_, failure): &mut (_, Failure)| failure.error = Some(error.to_owned());
            self.failures.change(place, name);
        }
    }
}

/// Whether a target is one of Finesse's API or of its sign-in that wants credentials; `SystemInfo` needs none on a LAN.
#[must_use]
pub fn is_call(target: &str) -> bool {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let of_api = path.contains("/finesse/api/") && !ends_with_system_info(path);
    of_api || is_sign_in_page(path)
}

/// Whether a path is the one by which the desktop's own sign-in page asks.
fn is_sign_in_page(path: &str) -> bool {
    path.contains("/desktop/") && path.trim_end_matches('/').ends_with("/auth")
}

/// Whether it asks Finesse how it is.
pub(super) fn is_poll(exchange: &Exchange) -> bool {
    exchange.method == "GET" && ends_with_system_info(&exchange.target)
}

/// What an error of the API is called (`finesse.md` 3.1).
fn error_type(body: &str) -> Option<&str> {
    let (_, rest) = body.split_once("<ErrorType>")?;
    let (name, _) = rest.split_once("</ErrorType>")?;
    Some(name.trim())
}

/// The user of `…/finesse/api/User/ID` and of what is below it.
pub(super) fn user_in(target: &str) -> Option<&str> {
    let path = target.split(['?', '#']).next()?;
    let (_, below) = path.split_once("/finesse/api/User/")?;
    let user = below.split('/').next()?;
    (!user.is_empty()).then_some(user)
}

/// The user whom a request to `…/finesse/api/User/ID` itself is about.
fn user(target: &str) -> Option<String> {
    let user = user_in(target)?;
    let path = target.split(['?', '#']).next()?;
    path.ends_with(&format!("/User/{user}"))
        .then(|| user.to_lowercase())
}

fn ends_with_system_info(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    path.trim_end_matches('/').ends_with("/SystemInfo")
}

/// The state that the body of a `PUT` asks for.
fn wished_state(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("<state>")?;
    let (state, _) = rest.split_once("</state>")?;
    let state = state.trim();
    (state.len() <= LONGEST_STATE).then(|| state.to_ascii_uppercase())
}

/// Requests that wait for their event remembered.
const WAITING: usize = 256;
/// Longer is no state of Finesse.
const LONGEST_STATE: usize = 40;
