//! Scripts of what two ends send, and what a tap has to see in them, however the bytes are cut.

use std::fmt::Write as _;

use crate::event::{Carrier, Direction, EventKind, HttpBody, Micros, Payload, StanzaKind};

use super::{Chunk, Limits, Seen, Tap};

/// What both ends send, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transcript {
    steps: Vec<(Direction, Option<Vec<u8>>)>,
    limits: Limits,
}

/// How the bytes of a transcript are cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// A chunk a step.
    Whole,
    /// A chunk a byte.
    Bytes,
    /// One step in two, at a position.
    At(usize, usize),
}

impl Transcript {
    /// A script with these bounds.
    pub(crate) fn with(limits: Limits) -> Self {
        Self {
            steps: Vec::new(),
            limits,
        }
    }

    /// The client sends.
    pub(crate) fn client(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Direction::ToServer, Some(bytes.as_ref().to_vec()))
    }

    /// The server sends.
    pub(crate) fn server(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Direction::ToClient, Some(bytes.as_ref().to_vec()))
    }

    /// The client will send no more.
    pub(crate) fn client_ends(self) -> Self {
        self.step(Direction::ToServer, None)
    }

    /// The server will send no more.
    pub(crate) fn server_ends(self) -> Self {
        self.step(Direction::ToClient, None)
    }

    fn step(mut self, direction: Direction, bytes: Option<Vec<u8>>) -> Self {
        self.steps.push((direction, bytes));
        self
    }

    /// What a tap sees. Each step has its own time, a hundred microseconds after the one before, however it is cut.
    pub(crate) fn seen(&self, cut: Cut) -> Vec<Seen> {
        let mut tap = Tap::new(self.limits);
        let mut seen = Vec::new();
        for (index, (direction, bytes)) in self.steps.iter().enumerate() {
            let at = Micros(100 * (index as u64 + 1));
            let Some(bytes) = bytes else {
                tap.end(*direction, at, &mut seen);
                continue;
            };
            for bytes in pieces(bytes, index, cut) {
                let chunk = Chunk {
                    arrived: at,
                    forwarded: Some(Micros(at.0 + 1)),
                    bytes,
                };
                tap.push(*direction, chunk, &mut seen);
            }
        }
        seen
    }

    /// What a tap sees, which is the same at every split.
    pub(crate) fn every_split(&self) -> Vec<Seen> {
        let whole = self.seen(Cut::Whole);
        self.must_be(&whole, Cut::Bytes);
        for (index, (_, bytes)) in self.steps.iter().enumerate() {
            let length = bytes.as_ref().map_or(0, Vec::len);
            let total = self
                .steps
                .iter()
                .flat_map(|(_, bytes)| bytes)
                .map(Vec::len)
                .sum::<usize>();
            // Quadratic: large scripts are cut near their ends and here and there.
            let stride = if total < 5000 { 1 } else { 1 + length / 64 };
            let near_the_ends =
                |at: &usize| at.is_multiple_of(stride) || *at < 64 || at + 64 > length;
            for at in (1..length).filter(near_the_ends) {
                self.must_be(&whole, Cut::At(index, at));
            }
        }
        whole
    }

    /// States what a tap sees at every split, one line a fact, in the words of [`line`].
    pub(crate) fn sees(&self, expected: &[&str]) {
        let seen: Vec<_> = self.every_split().iter().map(line).collect();
        assert!(seen == expected, "{}", side_by_side(&seen, expected));
    }

    /// Demands the same kinds as of the whole.
    pub(crate) fn must_be(&self, whole: &[Seen], cut: Cut) {
        let other = self.seen(cut);
        let kinds = |seen: &[Seen]| -> Vec<_> {
            seen.iter()
                .map(|seen| (seen.direction, seen.kind.clone()))
                .collect()
        };
        if kinds(whole) != kinds(&other) {
            let expected: Vec<_> = whole.iter().map(line).collect();
            let expected: Vec<_> = expected.iter().map(String::as_str).collect();
            let lines: Vec<_> = other.iter().map(line).collect();
            panic!(
                "{cut:?} differs from the whole:\n{}",
                side_by_side(&lines, &expected)
            );
        }
    }
}

fn pieces(bytes: &[u8], index: usize, cut: Cut) -> Vec<&[u8]> {
    match cut {
        Cut::Bytes => bytes.chunks(1).collect(),
        Cut::At(step, at) if step == index => {
            let (one, other) = bytes.split_at(at.min(bytes.len()));
            vec![one, other]
        }
        Cut::Whole | Cut::At(..) => vec![bytes],
    }
}

/// A fact in a line: an arrow and the essence.
pub(crate) fn line(seen: &Seen) -> String {
    let arrow = match seen.direction {
        Direction::ToServer => '>',
        Direction::ToClient => '<',
    };
    format!("{arrow} {}", essence(&seen.kind))
}

fn essence(kind: &EventKind) -> String {
    match kind {
        EventKind::HttpRequest(head) => {
            format!(
                "request {} {} {} {}",
                head.exchange, head.method, head.target, head.version
            )
        }
        EventKind::HttpResponse(head) => {
            format!(
                "response {} {} {} {}",
                head.exchange, head.version, head.status, head.reason
            )
        }
        EventKind::HttpBody(body) => body_essence(body),
        EventKind::HttpViolation(violation) => format!("http {violation:?}"),
        EventKind::WebSocketOpened(opened) => format!(
            "opened {} {} deflate={} unknown={:?}",
            opened.target,
            opened.subprotocol.as_deref().unwrap_or("-"),
            opened.deflate.is_some(),
            opened.unknown_extensions
        ),
        EventKind::WebSocketMessage(message) => format!(
            "{:?} frames={} wire={} {}",
            message.message.opcode,
            message.message.frame_count,
            message.message.wire_size,
            content(&message.payload)
        ),
        EventKind::WebSocketPing(payload) => format!("ping {}", content(payload)),
        EventKind::WebSocketPong(pong) => {
            format!(
                "pong {} {:?}",
                content(&pong.payload),
                pong.round_trip.map(|took| took.0)
            )
        }
        EventKind::WebSocketClose(closing) => {
            format!("close {:?} {:?}", closing.code, closing.reason)
        }
        EventKind::WebSocketViolation(violation) => format!("websocket {violation:?}"),
        EventKind::XmppStanza(xmpp) => {
            let Carrier::WebSocket(_) = &xmpp.carrier;
            let stanza = &xmpp.stanza;
            let kind = match &stanza.kind {
                StanzaKind::Malformed { why } => format!("Malformed: {why}"),
                kind => format!("{kind:?}"),
            };
            match &stanza.error {
                Some(error) => format!("<{}> {kind} {error:?}", stanza.root.name),
                None => format!("<{}> {kind}", stanza.root.name),
            }
        }
        other => format!("{other:?}"),
    }
}

fn body_essence(body: &HttpBody) -> String {
    let mut text = format!(
        "body {} {:?} wire={} {}",
        body.exchange,
        body.framing,
        body.wire_size,
        content(&body.content)
    );
    for header in &body.trailers {
        let _ = write!(text, " {}={}", header.name, header.value);
    }
    if body.still_encoded {
        text.push_str(" still encoded");
    }
    if !body.complete {
        text.push_str(" incomplete");
    }
    text
}

fn content(payload: &Payload) -> String {
    let shown = match payload.text() {
        Some(text) if text.len() > 60 => format!("{} bytes of text", text.len()),
        Some(text) => format!("{text:?}"),
        None => format!("{:02x?}", payload.content.as_bytes()),
    };
    match payload.cut {
        0 => shown,
        cut => format!("{shown} of {} cut {cut}", payload.size),
    }
}

/// Both lists in two columns, the first difference marked.
fn side_by_side(seen: &[String], expected: &[&str]) -> String {
    let mut text = String::from("   seen | expected\n");
    let mut differs = false;
    for row in 0..seen.len().max(expected.len()) {
        let left = seen.get(row).map_or("(nothing)", String::as_str);
        let right = expected.get(row).copied().unwrap_or("(nothing)");
        let mark = if left != right && !differs {
            "->"
        } else {
            "  "
        };
        differs |= left != right;
        let _ = writeln!(text, "{mark} {left}\n     | {right}");
    }
    text
}

/// A frame as a server sends it; `first` is its first byte.
pub(crate) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    [&head(first, 0, payload.len())[..], payload].concat()
}

/// A frame as a client sends it.
pub(crate) fn masked(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let payload = payload.as_ref();
    let covered = payload
        .iter()
        .zip(mask.iter().cycle())
        .map(|(byte, key)| byte ^ key);
    let mut bytes = head(first, 0x80, payload.len());
    bytes.extend(mask);
    bytes.extend(covered);
    bytes
}

/// The shortest header.
fn head(first: u8, mask: u8, length: usize) -> Vec<u8> {
    let long = (length as u64).to_be_bytes();
    match length {
        0..=125 => vec![first, mask | long[7]],
        126..=0xffff => vec![first, mask | 126, long[6], long[7]],
        _ => [&[first, mask | 127], &long[..]].concat(),
    }
}
