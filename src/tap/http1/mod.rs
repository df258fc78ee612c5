//! HTTP/1.0 and 1.1 (RFC 9112) in both directions: requests paired with their responses, up to an upgrade.

mod body;
mod chunked;
mod content;
mod early;
mod exchanges;
mod fields;
mod head;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::mem;

use crate::event::{
    Direction, EventKind, HttpRequest, HttpResponse, HttpViolation, WebSocketOpened,
};

use super::websocket::agreed;
use super::{Limits, Output};

use body::{Body, Framing, Progress};
use exchanges::{Asked, Exchanges, Outstanding};
use fields::lists;
use head::{HeadKind, HeadReader, RequestHead, ResponseHead};

pub(in crate::tap) use early::Early;
pub(in crate::tap) use fields::{elements, values};

/// The HTTP of one connection.
#[derive(Debug)]
pub(super) struct Http {
    limits: Limits,
    exchanges: Exchanges,
    requests: Reading,
    request_heads: HeadReader,
    responses: Reading,
    response_heads: HeadReader,
}

/// What the connection becomes.
#[derive(Debug)]
pub(super) enum Switch {
    /// WebSocket, as agreed, with the client bytes that were held until now.
    WebSocket(WebSocketOpened, Early),
    /// Something that we do not read.
    Opaque,
}

/// What a direction is in the middle of.
#[derive(Debug)]
enum Reading {
    Head,
    Body(Box<Body>),
    /// Behind a request for an upgrade to this protocol.
    Held(String, Early),
    Quiet,
}

impl Http {
    /// A connection that begins.
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            exchanges: Exchanges::new(limits.outstanding),
            requests: Reading::Head,
            request_heads: HeadReader::new(HeadKind::Request, limits.head),
            responses: Reading::Head,
            response_heads: HeadReader::new(HeadKind::Response, limits.head),
        }
    }

    /// Reads on in one direction; stops behind the head that changes the protocol.
    pub(super) fn push(&mut self, bytes: &mut &[u8], out: &mut Output<'_>) -> Option<Switch> {
        match out.direction() {
            Direction::ToServer => {
                self.push_requests(bytes, out);
                None
            }
            Direction::ToClient => self.push_responses(bytes, out),
        }
    }

    /// Ends one direction: what was under way in it is cut off.
    pub(super) fn end(&mut self, out: &mut Output<'_>) {
        let (reading, heads) = match out.direction() {
            Direction::ToServer => (&mut self.requests, &self.request_heads),
            Direction::ToClient => (&mut self.responses, &self.response_heads),
        };
        match mem::replace(reading, Reading::Quiet) {
            Reading::Body(body) => {
                let complete = body.ends_with_connection();
                body.finish(complete, out);
            }
            Reading::Head if !heads.partial().is_empty() => {
                out.emit(
                    heads.began(),
                    EventKind::HttpViolation(HttpViolation::CutOff),
                );
            }
            // The answer may still come and say what was held.
            held @ Reading::Held(..) => *reading = held,
            Reading::Head | Reading::Quiet => {}
        }
    }

    fn push_requests(&mut self, bytes: &mut &[u8], out: &mut Output<'_>) {
        while !bytes.is_empty() {
            match &mut self.requests {
                Reading::Quiet => return,
                Reading::Held(protocol, early) => {
                    if !early.keep(bytes, out.stamp(), self.limits.early) {
                        let violation = HttpViolation::UnknownUpgrade(mem::take(protocol));
                        self.requests = Reading::Quiet;
                        out.emit(out.now(), EventKind::HttpViolation(violation));
                    }
                    return;
                }
                Reading::Body(body) => {
                    let progress = body.take(bytes, out.now());
                    let then = self.exchanges.awaited_upgrade();
                    let next = then.map_or(Reading::Head, |protocol| {
                        Reading::Held(protocol, Early::default())
                    });
                    advance(&mut self.requests, progress, next, out);
                }
                Reading::Head => {
                    let read = self.request_heads.take(bytes, out.now());
                    let read =
                        read.and_then(|head| head.map(|head| self.request(&head, out)).transpose());
                    if let Err(violation) = read {
                        let began = self.request_heads.began();
                        self.requests = Reading::Quiet;
                        out.emit(began, EventKind::HttpViolation(violation));
                    }
                }
            }
        }
    }

    fn request(&mut self, head: &[u8], out: &mut Output<'_>) -> Result<(), HttpViolation> {
        let head = RequestHead::parse(head)?;
        let upgrade = upgrade_wanted(&head);
        let exchange = self
            .exchanges
            .ask(Asked::by(&head.method), &head.target, upgrade.clone());
        let framing = Framing::of_request(&head.headers, self.limits.head);
        let body = framing.map(|framing| {
            let framing = framing.filter(|_| head.method != "CONNECT")?;
            Some(Box::new(Body::new(
                exchange,
                framing,
                &head.headers,
                self.limits,
            )))
        });
        let request = HttpRequest {
            exchange,
            method: head.method,
            target: head.target,
            version: head.version,
            headers: head.headers,
        };
        out.emit(self.request_heads.began(), EventKind::HttpRequest(request));
        self.requests = match (body?, upgrade) {
            (Some(body), _) => Reading::Body(body),
            (None, Some(protocol)) => Reading::Held(protocol, Early::default()),
            (None, None) => Reading::Head,
        };
        Ok(())
    }

    fn push_responses(&mut self, bytes: &mut &[u8], out: &mut Output<'_>) -> Option<Switch> {
        while !bytes.is_empty() {
            match &mut self.responses {
                Reading::Quiet | Reading::Held(..) => return None,
                Reading::Body(body) => {
                    let progress = body.take(bytes, out.now());
                    advance(&mut self.responses, progress, Reading::Head, out);
                }
                Reading::Head => {
                    let read = self.response_heads.take(bytes, out.now());
                    let read = read.and_then(|head| self.response_or_none(head, out));
                    match read {
                        Ok(None) => {}
                        Ok(switch) => return switch,
                        Err(violation) => {
                            let began = self.response_heads.began();
                            self.responses = Reading::Quiet;
                            out.emit(began, EventKind::HttpViolation(violation));
                        }
                    }
                }
            }
        }
        None
    }

    fn response_or_none(
        &mut self,
        head: Option<Cow<'_, [u8]>>,
        out: &mut Output<'_>,
    ) -> Result<Option<Switch>, HttpViolation> {
        head.map_or(Ok(None), |head| self.response(&head, out))
    }

    fn response(
        &mut self,
        head: &[u8],
        out: &mut Output<'_>,
    ) -> Result<Option<Switch>, HttpViolation> {
        let head = ResponseHead::parse(head)?;
        let began = self.response_heads.began();
        let is_interim = matches!(head.status, 100..=199) && head.status != 101;
        let (question, exchange) = if is_interim {
            (None, self.exchanges.current())
        } else {
            let question = self.exchanges.answered();
            let exchange = question.as_ref().map_or(0, |question| question.exchange);
            (question, exchange)
        };
        let asked = question
            .as_ref()
            .map_or(Asked::Other, |question| question.asked);
        let response = HttpResponse {
            exchange,
            version: head.version,
            status: head.status,
            reason: head.reason,
            headers: head.headers.clone(),
        };
        out.emit(began, EventKind::HttpResponse(response));
        if exchange == 0 && matches!(self.requests, Reading::Head) && !self.exchanges.overflowed() {
            return Err(HttpViolation::UnaskedResponse);
        }
        if is_interim {
            return Ok(None);
        }
        if head.status == 101 || (asked == Asked::Connect && head.status / 100 == 2) {
            return Ok(Some(self.switch(head.status, question, &head.headers, out)));
        }
        self.release(out);
        let has_body = asked != Asked::Head && !matches!(head.status, 204 | 304);
        if has_body && let Some(framing) = Framing::of_response(&head.headers, self.limits.head)? {
            let body = Body::new(exchange, framing, &head.headers, self.limits);
            self.responses = Reading::Body(Box::new(body));
        }
        Ok(None)
    }

    /// Follows a 101, or a 2xx to a CONNECT.
    fn switch(
        &mut self,
        status: u16,
        question: Option<Outstanding>,
        headers: &[crate::event::Header],
        out: &mut Output<'_>,
    ) -> Switch {
        let began = self.response_heads.began();
        let protocol = values(headers, "upgrade").next();
        if status == 101 && lists(headers, "upgrade", "websocket") {
            let opened = agreed(
                question.map(|question| (question.exchange, question.target)),
                headers,
            );
            out.emit(began, EventKind::WebSocketOpened(opened.clone()));
            return Switch::WebSocket(opened, self.early());
        }
        let protocol = match (status, protocol) {
            (101, Some(protocol)) => protocol.to_owned(),
            (101, None) => "no protocol named".to_owned(),
            _ => "CONNECT".to_owned(),
        };
        let violation = HttpViolation::UnknownUpgrade(protocol);
        out.emit(began, EventKind::HttpViolation(violation));
        Switch::Opaque
    }

    /// The client bytes that came before the 101.
    fn early(&mut self) -> Early {
        match mem::replace(&mut self.requests, Reading::Quiet) {
            Reading::Held(_, early) => early,
            Reading::Head => {
                let heads = &self.request_heads;
                Early::of_partial_head(heads.partial(), heads.began())
            }
            Reading::Body(_) | Reading::Quiet => Early::quiet(),
        }
    }

    /// The upgrade was not granted: what was held is HTTP.
    fn release(&mut self, out: &mut Output<'_>) {
        if !matches!(self.requests, Reading::Held(..)) || self.exchanges.awaited_upgrade().is_some()
        {
            return;
        }
        let Reading::Held(_, early) = mem::replace(&mut self.requests, Reading::Head) else {
            return;
        };
        for (stamp, mut bytes) in early.pieces() {
            let mut out = Output::new(Direction::ToServer, stamp, out.seen());
            self.push_requests(&mut bytes, &mut out);
        }
    }
}

/// Goes on to `next` once the body at hand is done.
fn advance(reading: &mut Reading, progress: Progress, next: Reading, out: &mut Output<'_>) {
    let (next, complete, violation) = match progress {
        Progress::More => return,
        Progress::Done => (next, true, None),
        Progress::Broken(violation) => (Reading::Quiet, false, Some(violation)),
    };
    if let Reading::Body(body) = mem::replace(reading, next) {
        body.finish(complete, out);
    }
    if let Some(violation) = violation {
        out.emit(out.now(), EventKind::HttpViolation(violation));
    }
}

/// The protocol that a request wants to change to.
fn upgrade_wanted(head: &RequestHead) -> Option<String> {
    if head.method == "CONNECT" {
        return Some("CONNECT".to_owned());
    }
    let protocol = values(&head.headers, "upgrade").next()?;
    lists(&head.headers, "connection", "upgrade").then(|| protocol.to_owned())
}
