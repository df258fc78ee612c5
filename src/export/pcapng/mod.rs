//! `pcapng`: the session as packets, for Wireshark. `docs/wireshark.md` says what is real in them.
//!
//! No packet was captured. TCP/IP is made anew around what passed inside TLS, in the events' order and with their times.

mod blocks;
mod connection;
mod ends;
mod http;
mod packet;
mod stream;
mod websocket;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::tz::TimeZone;

use self::blocks::Blocks;
use self::connection::Connection;
use self::ends::{MadeUp, NOBODY};
use self::http::{Framing, Head};
use self::websocket::Opcode;
use super::Export;
use crate::event::{
    AttemptOutcome, Carrier, ConnectionId, Direction, Event, EventKind, HttpBody, HttpRequest,
    HttpResponse, Manner, SessionStarted,
};
use crate::sink::console::{Colour, Format, Renderer};

/// Writes each event as a packet with a comment.
#[derive(Debug)]
pub struct Pcapng<W> {
    out: Blocks<W>,
    renderer: Renderer,
    /// The wall clock at 0, in microseconds since the Unix epoch.
    wall_clock: i64,
    connections: BTreeMap<ConnectionId, Connection>,
    made_up: MadeUp,
    held: Option<Held>,
    /// Connections that were forgotten because there were too many at once.
    forgotten: u64,
}

/// A head that waits for the next event: if that is its body, the head can tell the length.
#[derive(Debug)]
struct Held {
    place: Place,
    exchange: u64,
    head: Head,
    comments: Vec<String>,
}

/// Where and when bytes passed.
#[derive(Debug, Clone, Copy)]
struct Place {
    connection: ConnectionId,
    /// The stream of the connection.
    key: u64,
    direction: Direction,
    at: u64,
}

impl<W: Write> Pcapng<W> {
    /// Writes the recording of `session` to `output`.
    #[must_use]
    pub fn new(output: W, session: &SessionStarted) -> Self {
        Self {
            out: Blocks::new(output, session),
            renderer: Renderer::new(Format::Compact, Colour::Never, TimeZone::UTC),
            wall_clock: session.wall_clock,
            connections: BTreeMap::new(),
            made_up: MadeUp::default(),
            held: None,
            forgotten: 0,
        }
    }

    /// Microseconds since the Unix epoch.
    fn at(&self, event: &Event) -> u64 {
        let at = i128::from(self.wall_clock) + i128::from(event.time.arrived.0);
        u64::try_from(at.max(0)).unwrap_or(u64::MAX)
    }

    fn take(&mut self, event: &Event, comments: Vec<String>) -> io::Result<()> {
        let Some(id) = event.connection else {
            return self.note(event, &comments);
        };
        let connection = self.connection(id);
        connection.learn(&event.kind);
        let socket = connection.socket();
        let at = self.at(event);
        let place = |direction: Direction, key: u64| Place {
            connection: id,
            key,
            direction,
            at,
        };
        match (&event.kind, event.direction) {
            (EventKind::Attempt(attempt), _) if attempt.outcome == AttemptOutcome::Connected => {
                self.connected(event, id, at, &comments)
            }
            (EventKind::HttpRequest(head), Some(Direction::ToServer)) => {
                let key = self.connection(id).key(head.exchange);
                self.request(head, place(Direction::ToServer, key), comments)
            }
            (EventKind::HttpResponse(head), Some(Direction::ToClient)) => {
                let key = self.connection(id).key(head.exchange);
                self.response(head, place(Direction::ToClient, key), comments)
            }
            (EventKind::HttpBody(body), Some(direction)) => {
                let key = self.connection(id).key(body.exchange);
                self.body(event, body, place(direction, key), comments)
            }
            (EventKind::Ended(ended), Some(direction)) => {
                self.ended(event, id, direction, &ended.manner, &comments)
            }
            (EventKind::Closed(_), _) => self.closed(event, id, &comments),
            (kind, Some(direction)) => match frame(kind, direction) {
                Some((bytes, remarks)) => {
                    let comments = [comments, remarks].concat();
                    self.send(place(direction, socket), &bytes, &comments)
                }
                None => self.note(event, &comments),
            },
            (_, None) => self.note(event, &comments),
        }
    }

    fn connection(&mut self, id: ConnectionId) -> &mut Connection {
        if self.connections.len() >= CONNECTIONS && !self.connections.contains_key(&id) {
            self.connections.pop_first();
            self.forgotten += 1;
        }
        self.connections.entry(id).or_default()
    }

    /// The handshake, where there is no stream yet.
    fn connected(
        &mut self,
        event: &Event,
        id: ConnectionId,
        at: u64,
        comments: &[String],
    ) -> io::Result<()> {
        let Self {
            out,
            made_up,
            connections,
            ..
        } = self;
        match connections.get_mut(&id) {
            Some(connection) if connection.streams.is_empty() => connection
                .stream((id, 0), made_up, out, at, comments)
                .map(|_| ()),
            _ => self.note(event, comments),
        }
    }

    fn request(
        &mut self,
        request: &HttpRequest,
        place: Place,
        comments: Vec<String>,
    ) -> io::Result<()> {
        let open = self.open(place)?;
        open.asked(request.exchange, &request.method);
        self.head(Head::request(request), request.exchange, place, comments)
    }

    fn response(
        &mut self,
        response: &HttpResponse,
        place: Place,
        comments: Vec<String>,
    ) -> io::Result<()> {
        let open = self.open(place)?;
        let head = Head::response(response, open.method(response.exchange));
        self.head(head, response.exchange, place, comments)
    }

    fn head(
        &mut self,
        head: Head,
        exchange: u64,
        place: Place,
        comments: Vec<String>,
    ) -> io::Result<()> {
        self.end_body(place)?;
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
        let is_body = |held: &mut Held| {
            let Some(event) = event else { return false };
            let EventKind::HttpBody(body) = &event.kind else {
                return false;
            };
            body.exchange == held.exchange
                && event.connection == Some(held.place.connection)
                && event.direction == Some(held.place.direction)
        };
        let Some(held) = self.held.take_if(|held| !is_body(held)) else {
            return Ok(());
        };
        let framing = if held.head.has_body {
            Framing::Chunked
        } else {
            Framing::None
        };
        let (place, exchange) = (held.place, held.exchange);
        self.send_head(held, framing)?;
        if framing == Framing::Chunked {
            *self.open(place)?.body(place.direction) = Some(exchange);
        }
        Ok(())
    }

    fn send_head(&mut self, held: Held, framing: Framing) -> io::Result<()> {
        let (bytes, remarks) = held.head.encode(framing);
        let comments = [held.comments, remarks].concat();
        self.send(held.place, &bytes, &comments)
    }

    fn body(
        &mut self,
        event: &Event,
        body: &HttpBody,
        place: Place,
        comments: Vec<String>,
    ) -> io::Result<()> {
        let framing = if let Some(held) = self.held.take() {
            let framing = Head::framing(body);
            self.send_head(held, framing)?;
            framing
        } else {
            let open = self.open(place)?.body(place.direction);
            if open.take_if(|open| *open == body.exchange).is_none() {
                let remark = "not among the bytes: the head of this body is not there".to_owned();
                return self.note(event, &[comments, vec![remark]].concat());
            }
            Framing::Chunked
        };
        let (bytes, remarks) = http::body(body, framing);
        let comments = [comments, remarks].concat();
        if bytes.is_empty() {
            return self.note(event, &comments);
        }
        self.send(place, &bytes, &comments)
    }

    fn ended(
        &mut self,
        event: &Event,
        id: ConnectionId,
        direction: Direction,
        manner: &Manner,
        comments: &[String],
    ) -> io::Result<()> {
        let at = self.at(event);
        let mut shown = false;
        let Self {
            out, connections, ..
        } = self;
        if let Some(connection) = connections.get_mut(&id) {
            for open in connection.streams.values_mut() {
                open.end_body(out, at, direction)?;
                shown |= open.stream.end(out, at, direction, manner, comments)?;
            }
        }
        if shown {
            return Ok(());
        }
        self.note(event, comments)
    }

    fn closed(&mut self, event: &Event, id: ConnectionId, comments: &[String]) -> io::Result<()> {
        self.end_bodies(id, self.at(event))?;
        self.note(event, comments)?;
        self.connections.remove(&id);
        Ok(())
    }

    fn end_bodies(&mut self, id: ConnectionId, at: u64) -> io::Result<()> {
        let Self {
            out, connections, ..
        } = self;
        let Some(connection) = connections.get_mut(&id) else {
            return Ok(());
        };
        for open in connection.streams.values_mut() {
            open.end_body(out, at, Direction::ToServer)?;
            open.end_body(out, at, Direction::ToClient)?;
        }
        Ok(())
    }

    fn end_body(&mut self, place: Place) -> io::Result<()> {
        let Self {
            out, connections, ..
        } = self;
        let connection = connections.get_mut(&place.connection);
        let open = connection.and_then(|connection| connection.streams.get_mut(&place.key));
        match open {
            Some(open) => open.end_body(out, place.at, place.direction),
            None => Ok(()),
        }
    }

    /// Sends bytes; where the sender had ended already, only the comments are kept.
    fn send(&mut self, place: Place, bytes: &[u8], comments: &[String]) -> io::Result<()> {
        self.end_body(place)?;
        if !self.open(place)?.stream.takes(place.direction) {
            let remark = "not among the bytes: the stream had ended".to_owned();
            let comments = [comments, &[remark]].concat();
            return self.empty(
                Some((place.connection, place.direction)),
                place.at,
                &comments,
            );
        }
        let Self {
            out,
            made_up,
            connections,
            ..
        } = self;
        let connection = connections.entry(place.connection).or_default();
        let key = (place.connection, place.key);
        let open = connection.stream(key, made_up, out, place.at, &[])?;
        open.stream
            .send(out, place.at, place.direction, bytes, comments)
    }

    /// The stream of a place, after its handshake.
    fn open(&mut self, place: Place) -> io::Result<&mut connection::Open> {
        let Self {
            out,
            made_up,
            connections,
            ..
        } = self;
        let connection = connections.entry(place.connection).or_default();
        let key = (place.connection, place.key);
        connection.stream(key, made_up, out, place.at, &[])
    }

    /// An event that left no bytes behind.
    fn note(&mut self, event: &Event, comments: &[String]) -> io::Result<()> {
        let direction = event.direction.unwrap_or(Direction::ToServer);
        let of = event.connection.map(|id| (id, direction));
        self.empty(of, self.at(event), comments)
    }

    fn empty(
        &mut self,
        of: Option<(ConnectionId, Direction)>,
        at: u64,
        comments: &[String],
    ) -> io::Result<()> {
        let ends = of.and_then(|(id, direction)| {
            let (client, server) = self.connections.get(&id)?.ends.of_note();
            Some(match direction {
                Direction::ToServer => (client, server),
                Direction::ToClient => (server, client),
            })
        });
        let (from, to) = ends.unwrap_or((NOBODY, NOBODY));
        self.out.packet(at, &packet::empty(from, to)?, comments)
    }
}

impl<W: Write> Export for Pcapng<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let words = self.renderer.words(event);
        self.release(Some(event))?;
        self.take(event, vec![comment(event, words)])
    }

    fn finish(mut self: Box<Self>) -> io::Result<Vec<String>> {
        self.release(None)?;
        self.out.finish()?;
        let mut remarks = Vec::new();
        if self.forgotten > 0 {
            remarks.push(format!(
                "{} connections were open beside more than {CONNECTIONS} others: what came later in them is in \
                 streams of its own",
                self.forgotten
            ));
        }
        Ok(remarks)
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
fn comment(event: &Event, words: Option<String>) -> String {
    let words = words.unwrap_or_else(|| event.kind.name().to_owned());
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let words: String = words.chars().map(clean).take(WORDS).collect();
    let number = event.number;
    match event.connection {
        Some(id) => format!("event {number}, {id}: {words}"),
        None => format!("event {number}: {words}"),
    }
}

/// Connections remembered at once.
const CONNECTIONS: usize = 4096;
/// Characters of a comment.
const WORDS: usize = 4096;
