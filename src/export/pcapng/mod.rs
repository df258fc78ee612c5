//! `pcapng`: the session as packets, for Wireshark. `docs/wireshark.md` says what is real in them.
//!
//! No packet was captured. TCP/IP is made anew around what passed inside TLS, in the events' order and with their times.

mod blocks;
mod connection;
mod ends;
mod http;
mod packet;
mod stream;
mod streams;
mod websocket;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use jiff::tz::TimeZone;

use self::http::{Framing, Head};
use self::streams::{Place, Streams};
use self::websocket::Opcode;
use super::Export;
use crate::event::{
    AttemptOutcome, Carrier, ConnectionId, Direction, Event, EventKind, HttpBody, SessionStarted,
    WallClock,
};
use crate::session::Contexts;
use crate::sink::console::{Colour, Format, Renderer};

/// Writes each event as a packet with a comment.
#[derive(Debug)]
pub struct Pcapng<W> {
    streams: Streams<W>,
    renderer: Renderer,
    contexts: Contexts,
    wall: WallClock,
    held: Option<Held>,
}

/// A head that waits for the next event: if that is its body, the head can tell the length.
#[derive(Debug)]
struct Held {
    place: Place,
    exchange: u64,
    head: Head,
    comments: Vec<String>,
}

impl<W: Write> Pcapng<W> {
    /// Writes the recording of `session` to `output`.
    #[must_use]
    pub fn new(output: W, session: &SessionStarted) -> Self {
        Self {
            streams: Streams::new(output, session),
            renderer: Renderer::new(Format::Compact, Colour::Never, TimeZone::UTC),
            contexts: Contexts::default(),
            wall: WallClock::starting(session.wall_clock),
            held: None,
        }
    }

    /// Writes what the event says; as a note where it left no bytes behind.
    fn take(&mut self, event: &Event, comments: Vec<String>) -> io::Result<()> {
        let at = self.at(event);
        let Some(id) = event.connection else {
            return self.streams.note(None, at, &comments);
        };
        let connection = self.streams.connection(id);
        connection.learn(&event.kind);
        let direction = event.direction.unwrap_or(Direction::ToServer);
        let place = Place {
            connection: id,
            key: connection.key(&event.kind),
            direction,
            at,
        };
        let shown = match (&event.kind, event.direction) {
            (EventKind::Attempt(attempt), _) if attempt.outcome == AttemptOutcome::Connected => {
                self.streams.connect(place, &comments)?
            }
            (EventKind::HttpRequest(request), Some(Direction::ToServer)) => {
                let open = self.streams.open(place)?;
                open.asked(request.exchange, &request.method);
                return self.head(Head::request(request), request.exchange, place, comments);
            }
            (EventKind::HttpResponse(response), Some(Direction::ToClient)) => {
                let open = self.streams.open(place)?;
                let head = Head::response(response, open.method(response.exchange));
                return self.head(head, response.exchange, place, comments);
            }
            (EventKind::HttpBody(body), Some(_)) => return self.body(body, place, comments),
            (EventKind::Ended(ended), Some(_)) => {
                self.streams
                    .end((id, direction), at, &ended.manner, &comments)?
            }
            (EventKind::Closed(_), _) => return self.closed(id, at, &comments),
            (kind, Some(_)) => match frame(kind, direction) {
                Some((bytes, remarks)) => {
                    let comments = [comments, remarks].concat();
                    return self.streams.send(place, &bytes, &comments);
                }
                None => false,
            },
            (_, None) => false,
        };
        if shown {
            return Ok(());
        }
        self.streams.note(Some((id, direction)), at, &comments)
    }

    /// Microseconds since the Unix epoch.
    fn at(&self, event: &Event) -> u64 {
        let at = self.wall.at(event.time.arrived);
        u64::try_from(at.max(0)).unwrap_or(u64::MAX)
    }

    fn head(
        &mut self,
        head: Head,
        exchange: u64,
        place: Place,
        comments: Vec<String>,
    ) -> io::Result<()> {
        self.held = Some(Held {
            place,
            exchange,
            head,
            comments,
        });
        Ok(())
    }

    /// Writes the head that waits, unless the event is its body.
    fn release(&mut self, event: Option<&Event>) -> io::Result<()> {
        let waits = |held: &mut Held| !event.is_some_and(|event| held.is_for(event));
        let Some(held) = self.held.take_if(waits) else {
            return Ok(());
        };
        if !held.head.has_body {
            return self.send_head(held, Framing::None);
        }
        let (place, exchange) = (held.place, held.exchange);
        self.send_head(held, Framing::Chunked)?;
        *self.streams.open(place)?.body(place.direction) = Some(exchange);
        Ok(())
    }

    fn send_head(&mut self, held: Held, framing: Framing) -> io::Result<()> {
        let (bytes, remarks) = held.head.encode(framing);
        let comments = [held.comments, remarks].concat();
        self.streams.send(held.place, &bytes, &comments)
    }

    fn body(&mut self, body: &HttpBody, place: Place, comments: Vec<String>) -> io::Result<()> {
        let note = Some((place.connection, place.direction));
        let framing = if let Some(held) = self.held.take() {
            let framing = Head::framing(body);
            self.send_head(held, framing)?;
            framing
        } else {
            let open = self.streams.open(place)?.body(place.direction);
            if open.take_if(|open| *open == body.exchange).is_none() {
                let remark = "not among the bytes: the head of this body is not there".to_owned();
                let comments = [comments, vec![remark]].concat();
                return self.streams.note(note, place.at, &comments);
            }
            Framing::Chunked
        };
        let (bytes, remarks) = http::body(body, framing);
        let comments = [comments, remarks].concat();
        if bytes.is_empty() {
            return self.streams.note(note, place.at, &comments);
        }
        self.streams.send(place, &bytes, &comments)
    }

    fn closed(&mut self, id: ConnectionId, at: u64, comments: &[String]) -> io::Result<()> {
        self.streams
            .note(Some((id, Direction::ToServer)), at, comments)?;
        self.streams.close(id, at)
    }
}

impl Held {
    /// Whether the event is the body behind this head.
    fn is_for(&self, event: &Event) -> bool {
        let EventKind::HttpBody(body) = &event.kind else {
            return false;
        };
        body.exchange == self.exchange
            && event.connection == Some(self.place.connection)
            && event.direction == Some(self.place.direction)
    }
}

impl<W: Write> Export for Pcapng<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.wall.take(event);
        let context = self.contexts.take(event);
        let words = self.renderer.tell(event, &context).words;
        self.release(Some(event))?;
        self.take(event, vec![comment(event, &words)])
    }

    fn finish(mut self: Box<Self>) -> io::Result<Vec<String>> {
        self.release(None)?;
        self.streams.finish()
    }
}

/// A WebSocket frame, where the event is one, and what is different from the wire.
fn frame(kind: &EventKind, direction: Direction) -> Option<(Vec<u8>, Vec<String>)> {
    Some(match kind {
        EventKind::XmppStanza(stanza) => {
            let Carrier::WebSocket(facts) = &stanza.carrier;
            websocket::message(facts, &stanza.xml)
        }
        EventKind::WebSocketMessage(message) => {
            websocket::message(&message.message, &message.payload)
        }
        EventKind::WebSocketPing(payload) => websocket::control(Opcode::Ping, direction, payload),
        EventKind::WebSocketPong(pong) => {
            websocket::control(Opcode::Pong, direction, &pong.payload)
        }
        EventKind::WebSocketClose(closing) => (websocket::close(direction, closing), Vec::new()),
        _ => return None,
    })
}

/// The event as the console says it.
fn comment(event: &Event, words: &str) -> String {
    let words = if words.is_empty() {
        event.kind.name()
    } else {
        words
    };
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let words: String = words.chars().map(clean).take(WORDS).collect();
    let number = event.number;
    match event.connection {
        Some(id) => format!("event {number}, {id}: {words}"),
        None => format!("event {number}: {words}"),
    }
}

/// Characters of a comment.
const WORDS: usize = 4096;
