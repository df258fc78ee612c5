//! `_webSocketMessages`: each message is a fact at once, because there may be a whole day of them in one entry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{MapAccess, SeqAccess};

use crate::event::{
    Carrier, Closing, DataOpcode, Direction, EventKind, MessageFacts, Micros, Payload, Pong,
    StanzaKind, WebSocketMessage, XmppStanza,
};
use crate::import::collector::Collector;
use crate::import::json::{Array, Members, Object, Scalar, pass, scalar};
use crate::import::shorten::Mark;
use crate::import::spool::Fact;
use crate::tap::{self, Limits};

/// What the messages of an entry leave behind.
#[derive(Debug, Default)]
pub(super) struct Socket {
    /// The socket's connection, once there was a message.
    pub(super) connection: Option<usize>,
    /// The times of the first and of the last message.
    pub(super) span: Option<(i64, i64)>,
    /// Whether XMPP's framing was seen, and with it that the messages are stanzas.
    pub(super) saw_framing: bool,
    /// Whether a Close was among them.
    pub(super) saw_close: bool,
    /// What the browser said of the socket's end.
    pub(super) error: Option<String>,
    /// Payload bytes to the server and to the client.
    pub(super) bytes: (u64, u64),
}

/// The messages of an entry.
pub(super) struct Messages<'m, 'a> {
    pub(super) collector: &'m mut Collector<'a>,
    pub(super) mark: &'m Mark,
    pub(super) limits: &'m Limits,
    /// The time of messages that come before any with a time.
    pub(super) latest: i64,
    pub(super) socket: &'m mut Socket,
}

/// One message, as it stands in the file.
#[derive(Debug, Default)]
struct Message {
    way: String,
    time: Scalar,
    opcode: Scalar,
    data: String,
    ours: Ours,
}

/// What finspect's own export adds.
#[derive(Debug, Default)]
struct Ours {
    /// Bytes at the end that were not in the recording.
    cut: u64,
    /// Whether a text message is no text.
    is_base64: bool,
    /// The code of a Close.
    code: Option<u16>,
    round_trip: Option<u64>,
}

impl Array for Messages<'_, '_> {
    fn element<'de, A: SeqAccess<'de>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        self.collector.check()?;
        let mut message = Message::default();
        let more = seq.next_element_seed(Members(&mut message))?.is_some();
        if more {
            self.take(message);
        }
        Ok(more)
    }
}

impl Object for Message {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "type" => self.way = scalar(map)?.into_string(),
            "time" => self.time = scalar(map)?,
            "opcode" => self.opcode = scalar(map)?,
            "data" => self.data = scalar(map)?.into_string(),
            "_finspectCut" => self.ours.cut = scalar(map)?.count().unwrap_or_default(),
            "_finspectEncoding" => {
                self.ours.is_base64 = scalar(map)?.text().as_deref() == Some("base64");
            }
            "_finspectCode" => {
                self.ours.code = scalar(map)?.count().and_then(|code| code.try_into().ok());
            }
            "_finspectRoundTripUs" => self.ours.round_trip = scalar(map)?.count(),
            _ => pass(map)?,
        }
        Ok(())
    }
}

impl Messages<'_, '_> {
    fn take(&mut self, message: Message) {
        let direction = match message.way.as_str() {
            "send" => Direction::ToServer,
            "receive" => Direction::ToClient,
            "error" => {
                self.socket.error = Some(message.data);
                return;
            }
            _ => {
                self.collector.report.lost += 1;
                return;
            }
        };
        let before = self.socket.span.map_or(self.latest, |(_, last)| last);
        let at = message.time.number().map_or(before, micros);
        // The order of the file is the order of the wire; a clock that was set back does not change it.
        let key = self.socket.span.map_or(at, |(_, last)| last.max(at));
        self.socket.span = Some((self.socket.span.map_or(at, |(first, _)| first), key));
        let kind = self.kind(direction, &message);
        let collector = &mut *self.collector;
        let connection = *self
            .socket
            .connection
            .get_or_insert_with(|| collector.connection());
        collector.push_at(key, Fact::sent(connection, direction, at, kind));
    }

    fn kind(&mut self, direction: Direction, message: &Message) -> EventKind {
        let opcode = message.opcode.number().unwrap_or(1.0);
        let (data, cut) = self.mark.split(&message.data);
        let is_text = opcode == 1.0;
        let ours = &message.ours;
        let (bytes, size) = content(data, cut, !is_text || ours.is_base64);
        let size = size.saturating_add(ours.cut);
        match direction {
            Direction::ToServer => self.socket.bytes.0 = self.socket.bytes.0.saturating_add(size),
            Direction::ToClient => self.socket.bytes.1 = self.socket.bytes.1.saturating_add(size),
        }
        let payload = Payload::capped(&bytes, size, self.limits.message);
        if opcode == 9.0 {
            return EventKind::WebSocketPing(payload);
        }
        if opcode == 10.0 {
            return EventKind::WebSocketPong(Pong {
                payload,
                round_trip: ours.round_trip.map(Micros),
            });
        }
        if opcode == 8.0 {
            self.socket.saw_close = true;
            return EventKind::WebSocketClose(closing(&bytes, ours.code));
        }
        let facts = MessageFacts {
            opcode: if is_text {
                DataOpcode::Text
            } else {
                DataOpcode::Binary
            },
            masked: direction == Direction::ToServer,
            compressed: false,
            wire_size: size,
            frame_count: 1,
            frames: Vec::new(),
        };
        if !is_text {
            return EventKind::WebSocketMessage(WebSocketMessage {
                message: facts,
                payload,
            });
        }
        // Whether it is XMPP may be said only later in the file; what is none becomes a message again.
        let stanza = tap::stanza(&payload, self.limits);
        self.socket.saw_framing |= stanza.kind == StanzaKind::Open;
        EventKind::XmppStanza(Box::new(XmppStanza {
            carrier: Carrier::WebSocket(facts),
            stanza,
            xml: payload,
        }))
    }
}

/// The content of a string of which `cut` bytes are missing, and its size with them.
pub(super) fn content(data: &str, cut: u64, is_base64: bool) -> (Vec<u8>, u64) {
    let whole = data.len() as u64 + cut;
    if is_base64 {
        let quads = data.as_bytes().chunks_exact(4);
        let end = data.len() - quads.remainder().len();
        let decoded = data
            .get(..end)
            .and_then(|quads| STANDARD.decode(quads).ok());
        if let Some(bytes) = decoded.filter(|_| cut > 0 || end == data.len()) {
            let size = if cut > 0 {
                whole / 4 * 3
            } else {
                bytes.len() as u64
            };
            return (bytes, size);
        }
    }
    (data.as_bytes().to_vec(), whole)
}

/// What the payload of a Close says; without a code in it that may be sent, or the one that is `known`, all of it is
/// the reason.
fn closing(bytes: &[u8], known: Option<u16>) -> Closing {
    let split = bytes
        .split_first_chunk()
        .map(|(code, reason)| (u16::from_be_bytes(*code), reason));
    let (code, reason) = match split {
        Some((code, reason)) if known == Some(code) || (1000..=4999).contains(&code) => {
            (Some(code), reason)
        }
        _ => (None, bytes),
    };
    Closing {
        code,
        reason: String::from_utf8_lossy(reason)
            .chars()
            .take(REASON)
            .collect(),
    }
}

/// Seconds since the Unix epoch in microseconds, from 1970 to the year 9999.
#[expect(clippy::cast_possible_truncation, reason = "it is bounded first")]
pub(super) fn micros(seconds: f64) -> i64 {
    const END: f64 = 253_402_300_799.0;
    (seconds.clamp(0.0, END) * 1e6).round() as i64
}

/// Characters of a Close's reason; on the wire there is room for 123.
const REASON: usize = 123;
