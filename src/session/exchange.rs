//! HTTP requests, each with its answer.

use std::collections::VecDeque;

use super::{At, keep};
use crate::event::{Direction, Event, EventKind, Header};

/// The exchanges of one connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchanges {
    open: VecDeque<Exchange>,
    /// Exchanges that came to their end.
    pub done: u64,
    /// Answers with a status of 400 and above, in order.
    pub failures: Vec<Failure>,
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
}

impl Failure {
    pub(super) fn of(exchange: &Exchange, status: u16, at: At) -> Self {
        Self {
            at,
            status,
            method: exchange.method.clone(),
            target: exchange.target.clone(),
            upgrade: exchange.upgrade,
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
                if self.open.len() >= OPEN {
                    self.open.pop_front();
                }
                self.open.push_back(Exchange {
                    number: head.exchange,
                    method: head.method.clone(),
                    target: head.target.clone(),
                    request_id: field(&head.headers, "requestId"),
                    asked: at,
                    answered: None,
                    upgrade: asks_for_websocket(&head.headers),
                });
            }
            EventKind::HttpResponse(head) if head.status == 101 || head.status >= 200 => {
                let Some(place) = self.place(head.exchange) else {
                    return;
                };
                let Some(exchange) = self.open.get_mut(place) else {
                    return;
                };
                exchange.answered = Some((at, head.status));
                if head.status >= 400 {
                    keep(&mut self.failures, Failure::of(exchange, head.status, at));
                }
                if !self
                    .open
                    .get(place)
                    .is_some_and(|one| head.has_body(&one.method))
                {
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

/// The value of the first header field of that name.
pub(super) fn field(headers: &[Header], name: &str) -> Option<String> {
    let found = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name));
    found.map(|header| header.value.clone())
}

/// Requests without an end remembered.
const OPEN: usize = 128;
