//! The messages of one WebSocket, until its entry is written.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Seek as _, SeekFrom, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use tempfile::SpooledTempFile;

use super::entry::SocketClose;
use super::moment::Wall;
use super::way;
use crate::event::{
    Carrier, Closing, Content, DataOpcode, Event, EventKind, Micros, Payload, Pong,
};
use crate::recording::encode;

/// What waits to go into a socket's entry.
#[derive(Debug)]
pub(super) struct Socket {
    /// The messages as JSON, separated by commas; on disk once they are many, in a file that has no name.
    spool: SpooledTempFile,
    line: Vec<u8>,
    messages: u64,
    /// The Close that came first: its sender ended the conversation.
    pub(super) close: Option<SocketClose>,
    /// How often RFC 6455 or RFC 7692 was broken.
    pub(super) violations: u64,
}

impl Default for Socket {
    fn default() -> Self {
        Self {
            spool: SpooledTempFile::new(IN_MEMORY),
            line: Vec::new(),
            messages: 0,
            close: None,
            violations: 0,
        }
    }
}

/// A message as Chrome and HTTP Toolkit write it, with what a round trip needs besides.
#[derive(Debug, Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    way: &'static str,
    /// Seconds since the epoch.
    time: f64,
    opcode: u8,
    /// Text where the opcode says text, base64 of the payload otherwise, as Chrome has it.
    data: &'a str,
    #[serde(rename = "_finspectEvent")]
    event: u64,
    #[serde(rename = "_finspectDelayUs", skip_serializing_if = "Option::is_none")]
    delay: Option<Micros>,
    /// Bytes at the end that were not kept.
    #[serde(rename = "_finspectCut", skip_serializing_if = "Option::is_none")]
    cut: Option<u64>,
    /// How `data` is written, where it is no text although the opcode says so.
    #[serde(rename = "_finspectEncoding", skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(rename = "_finspectCode", skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(
        rename = "_finspectRoundTripUs",
        skip_serializing_if = "Option::is_none"
    )]
    round_trip: Option<Micros>,
}

impl Socket {
    /// Takes a data message, a stanza or a control frame; nothing else.
    pub(super) fn push(&mut self, event: &Event, wall: &Wall) -> io::Result<()> {
        match &event.kind {
            EventKind::WebSocketMessage(message) => {
                let opcode = number(message.message.opcode);
                self.put(event, wall, opcode, &message.payload, None)
            }
            EventKind::XmppStanza(stanza) => {
                let Carrier::WebSocket(facts) = &stanza.carrier;
                self.put(event, wall, number(facts.opcode), &stanza.xml, None)
            }
            EventKind::WebSocketPing(payload) => self.put(event, wall, PING, payload, None),
            EventKind::WebSocketPong(Pong {
                payload,
                round_trip,
            }) => self.put(event, wall, PONG, payload, *round_trip),
            EventKind::WebSocketClose(closing) => self.close(event, wall, closing),
            _ => Ok(()),
        }
    }

    /// Appends the messages to `output`.
    pub(super) fn copy(&mut self, output: &mut impl Write) -> io::Result<()> {
        let rewound = self.spool.seek(SeekFrom::Start(0));
        rewound.map_err(|error| spooling(&error))?;
        io::copy(&mut self.spool, output).map(drop)
    }

    fn put(
        &mut self,
        event: &Event,
        wall: &Wall,
        opcode: u8,
        payload: &Payload,
        round_trip: Option<Micros>,
    ) -> io::Result<()> {
        let (data, is_odd) = match &payload.content {
            Content::Text(text) if opcode == TEXT => (Cow::from(text), false),
            content => (STANDARD.encode(content.as_bytes()).into(), opcode == TEXT),
        };
        self.message(&Message {
            way: way(event.direction),
            time: wall.seconds(event.time.arrived),
            opcode,
            data: &data,
            event: event.number,
            delay: event.time.delay(),
            cut: (payload.cut > 0).then_some(payload.cut),
            encoding: is_odd.then_some("base64"),
            code: None,
            round_trip,
        })
    }

    fn close(&mut self, event: &Event, wall: &Wall, closing: &Closing) -> io::Result<()> {
        let time = wall.seconds(event.time.arrived);
        self.close.get_or_insert_with(|| SocketClose {
            code: closing.code,
            reason: closing.reason.clone(),
            timestamp: time,
        });
        let code = closing
            .code
            .map_or_else(Vec::new, |code| code.to_be_bytes().to_vec());
        let payload = [code.as_slice(), closing.reason.as_bytes()].concat();
        self.message(&Message {
            way: way(event.direction),
            time,
            opcode: CLOSE,
            data: &STANDARD.encode(payload),
            event: event.number,
            delay: event.time.delay(),
            cut: None,
            encoding: None,
            code: closing.code,
            round_trip: None,
        })
    }

    fn message(&mut self, message: &Message<'_>) -> io::Result<()> {
        self.line.clear();
        self.line
            .extend_from_slice(if self.messages == 0 { b"\n" } else { b",\n" });
        self.messages += 1;
        encode(message, &mut self.line);
        let written = self.spool.write_all(self.line.trim_ascii_end());
        self.line.shrink_to(IN_MEMORY);
        written.map_err(|error| spooling(&error))
    }
}

/// The user has to know that it was not the output that failed.
fn spooling(error: &dyn Display) -> io::Error {
    io::Error::other(format!(
        "the temporary file for a socket's messages: {error}"
    ))
}

const fn number(opcode: DataOpcode) -> u8 {
    match opcode {
        DataOpcode::Text => TEXT,
        DataOpcode::Binary => BINARY,
    }
}

/// Opcodes (RFC 6455 section 11.8).
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// A socket with more messages than this, in bytes, waits on disk.
const IN_MEMORY: usize = 64 * 1024;
