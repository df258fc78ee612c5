//! HTTP requests, each with its answer.

use jiff::fmt::rfc2822;

use super::At;
use super::kept::Kept;
use crate::event::{Direction, Event, EventKind, Header, HttpResponse, Micros};
use crate::finesse::token;

/// The exchanges of one connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchanges {
    open: Kept<Exchange, OPEN>,
    /// Exchanges that came to their end.
    pub done: u64,
    /// Answers that say no, in order: 400 and above, and anything but 101 where a WebSocket was asked for.
    pub failures: Kept<Failure>,
}

/// A request without an end so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Its number on the connection.
    pub number: u64,
    /// The method.
    pub method: String,
    /// The request target.
    pub target: String,
    /// The `requestId` that Finesse's own library sends along, by which the event that follows goes.
    pub request_id: Option<String>,
    /// When the head of the request was there.
    pub asked: At,
    /// When the head of the final response was there, and its status.
    pub answered: Option<(At, u16)>,
    /// Whether it asks for a WebSocket.
    pub upgrade: bool,
    /// Whether it carries credentials (RFC 9110 section 11.6.2).
    pub credentials: bool,
    /// When the access token that it carries expires, in seconds since the Unix epoch by its issuer's clock.
    pub token_expires: Option<i64>,
}

/// An answer that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The answer.
    pub at: At,
    /// Its status.
    pub status: u16,
    /// The method of the request.
    pub method: String,
    /// The target of the request.
    pub target: String,
    /// Whether a WebSocket was asked for.
    pub upgrade: bool,
    /// Whether the request carried credentials.
    pub credentials: bool,
    /// Finesse's own name of the error (`ErrorType`), where the body was seen; only among those of all REST.
    pub error: Option<String>,
    /// How long the access token of the request had been expired by the server's clock, if it had.
    pub token_expired: Option<Micros>,
    /// Where the client is sent instead.
    pub location: Option<String>,
}

impl Failure {
    pub(super) fn of(exchange: &Exchange, answer: &HttpResponse, at: At) -> Self {
        let expired = exchange.token_expires.zip(date(&answer.headers));
        let expired = expired.and_then(|(expires, now)| u64::try_from(now - expires).ok());
        Self {
            at,
            status: answer.status,
            method: exchange.method.clone(),
            target: exchange.target.clone(),
            upgrade: exchange.upgrade,
            credentials: exchange.credentials,
            error: None,
            token_expired: expired.map(|seconds| Micros(seconds.saturating_mul(1_000_000))),
            location: field(&answer.headers, "location"),
        }
    }
}

impl Exchanges {
    /// The request of that number, if it has no end so far.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&Exchange> {
        self.open.iter().find(|one| one.number == number)
    }

    /// Requests without an end, in order.
    pub fn open(&self) -> impl Iterator<Item = &Exchange> {
        self.open.iter()
    }

    pub(super) fn take(&mut self, event: &Event, at: At) {
        match &event.kind {
            EventKind::HttpRequest(head) => {
                self.open.keep(Exchange {
                    number: head.exchange,
                    method: head.method.clone(),
                    target: head.target.clone(),
                    request_id: field(&head.headers, "requestId"),
                    asked: at,
                    answered: None,
                    upgrade: asks_for_websocket(&head.headers),
                    credentials: field(&head.headers, "authorization").is_some(),
                    token_expires: token_expires(&head.headers),
                });
            }
            EventKind::HttpResponse(head) if head.status == 101 || head.status >= 200 => {
                let Some(place) = self.place(head.exchange) else {
                    return;
                };
                self.open
                    .change(place, |one| one.answered = Some((at, head.status)));
                let Some(exchange) = self.open.get(place) else {
                    return;
                };
                if head.status >= 400 || (exchange.upgrade && head.status != 101) {
                    self.failures.keep(Failure::of(exchange, head, at));
                }
                if !head.has_body(&exchange.method) {
                    self.end(place);
                }
            }
            EventKind::HttpBody(body) if event.direction == Some(Direction::ToClient) => {
                if let Some(place) = self.place(body.exchange) {
                    self.end(place);
                }
            }
            _ => {}
        }
    }

    /// Roughly the bytes that it holds on the heap.
    pub(super) const fn weight(&self) -> usize {
        self.open.weight() + self.failures.weight()
    }

    fn place(&self, number: u64) -> Option<usize> {
        self.open.iter().position(|one| one.number == number)
    }

    fn end(&mut self, place: usize) {
        self.open.remove(place);
        self.done += 1;
    }
}

fn asks_for_websocket(headers: &[Header]) -> bool {
    field(headers, "upgrade").is_some_and(|value| value.to_ascii_lowercase().contains("websocket"))
}

/// When the bearer token (RFC 6750 section 2.1) of a request expires, where it tells.
fn token_expires(headers: &[Header]) -> Option<i64> {
    let value = field(headers, "authorization")?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let bearer = scheme.eq_ignore_ascii_case("bearer");
    bearer.then(|| token::expires(token.trim())).flatten()
}

/// The server's clock when it answered (RFC 9110 section 6.6.1), in seconds since the Unix epoch.
fn date(headers: &[Header]) -> Option<i64> {
    let date = rfc2822::parse(&field(headers, "date")?).ok()?;
    Some(date.timestamp().as_second())
}

/// The value of the first header field of that name.
pub(super) fn field(headers: &[Header], name: &str) -> Option<String> {
    let found = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name));
    found.map(|header| header.value.clone())
}

/// Requests without an end remembered.
const OPEN: usize = 128;
