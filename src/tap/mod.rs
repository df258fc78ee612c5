//! Pure decoders of a copy of the traffic: bytes in, event kinds out.
//!
//! The relay calls [`Tap::push`] after the bytes have left; nothing in here can delay or change them. No sockets,
//! no clock, no globals. The same bytes give the same events at every split.
//!
//! A [`Tap`] begins as HTTP/1 in both directions and follows a 101 into WebSocket. What breaks a protocol is said
//! once, as an event; from there on the decoder of that direction is quiet, or goes on where framing is still clear.

#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod http1;
mod kept;
mod limits;
mod output;
#[cfg(any(test, fuzzing))]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the fuzz targets use a part of it")
)]
mod testing;
#[cfg(test)]
mod tests;
mod websocket;
mod xmpp;

pub use limits::Limits;

use crate::event::{Direction, EventKind, Header, Micros, Payload, Stanza, Times, WebSocketOpened};

use http1::{Http, Switch};
use kept::Kept;
use output::{Output, Stamp};
use websocket::WebSocket;

/// What a 101 with these header fields settled, for who has its head from elsewhere.
#[must_use]
pub fn web_socket_opened(exchange: u64, target: String, headers: &[Header]) -> WebSocketOpened {
    websocket::agreed(Some((exchange, target)), headers)
}

/// The outline of the stanza in a text message, for who has the message from elsewhere.
#[must_use]
pub fn stanza(xml: &Payload, limits: &Limits) -> Stanza {
    xmpp::outline(xml, limits)
}

/// Bytes of one direction as they were read from their sender.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// When they arrived.
    pub arrived: Micros,
    /// When the other side had taken them, if it has.
    pub forwarded: Option<Micros>,
    /// The plaintext.
    pub bytes: &'a [u8],
}

/// A fact that a tap saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Which way its bytes flowed; not always that of the chunk which made it clear.
    pub direction: Direction,
    /// The times of the chunks with its first and its last byte.
    pub time: Times,
    /// What it is.
    pub kind: EventKind,
}

/// The reader of one intercepted connection's plaintext, both directions.
#[derive(Debug)]
pub struct Tap {
    limits: Limits,
    protocol: Protocol,
}

/// What is spoken at the moment.
#[derive(Debug)]
enum Protocol {
    Http(Box<Http>),
    WebSocket(Box<WebSocket>),
    Opaque,
}

impl Tap {
    /// A tap at the start of a connection.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            protocol: Protocol::Http(Box::new(Http::new(limits))),
        }
    }

    /// Reads the next bytes of one direction and appends what they completed to `seen`.
    ///
    /// A request has to be pushed before the bytes that answer it, or these look like an answer that nobody asked for.
    pub fn push(&mut self, direction: Direction, chunk: Chunk<'_>, seen: &mut Vec<Seen>) {
        let stamp = Stamp {
            arrived: chunk.arrived,
            forwarded: chunk.forwarded,
        };
        let mut out = Output::new(direction, stamp, seen);
        match &mut self.protocol {
            Protocol::Http(http) => {
                let mut bytes = chunk.bytes;
                if let Some(switch) = http.push(&mut bytes, &mut out) {
                    self.switch(switch, bytes, &mut out);
                }
            }
            Protocol::WebSocket(socket) => socket.push(chunk.bytes, &mut out),
            Protocol::Opaque => {}
        }
    }

    /// Says that no more bytes will come in this direction.
    pub fn end(&mut self, direction: Direction, at: Micros, seen: &mut Vec<Seen>) {
        let stamp = Stamp {
            arrived: at,
            forwarded: None,
        };
        let mut out = Output::new(direction, stamp, seen);
        match &mut self.protocol {
            Protocol::Http(http) => http.end(&mut out),
            Protocol::WebSocket(socket) => socket.end(&mut out),
            Protocol::Opaque => {}
        }
    }

    /// Follows the server's 101 (or 2xx to a CONNECT); `rest` are the bytes of its chunk that came behind it.
    fn switch(&mut self, switch: Switch, rest: &[u8], out: &mut Output<'_>) {
        match switch {
            Switch::Opaque => self.protocol = Protocol::Opaque,
            Switch::WebSocket(agreed, early) => {
                let mut socket = Box::new(WebSocket::new(agreed, early.quiet, self.limits));
                for (stamp, bytes) in early.pieces() {
                    let direction = Direction::ToServer;
                    socket.push(bytes, &mut Output::new(direction, stamp, out.seen()));
                }
                socket.push(rest, out);
                self.protocol = Protocol::WebSocket(socket);
            }
        }
    }
}
