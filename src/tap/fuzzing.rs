//! What must hold for any bytes; the fuzz targets and the property tests call in here.

use crate::event::{Direction, EventKind, Micros, Payload, StanzaKind};

use super::testing::{Cut, Transcript};
use super::{Chunk, Limits, Seen, Tap, xmpp};

/// Both directions of HTTP: the first byte of the input says where the client's bytes end.
pub fn http1(input: &[u8]) {
    let (client, server) = two_sides(input);
    let transcript = Transcript::with(SMALL)
        .client(client)
        .server(server)
        .client_ends()
        .server_ends();
    alike(&transcript, input);
}

/// Frames of a server, without extensions.
pub fn ws_frame(input: &[u8]) {
    alike(&socket("", input), input);
}

/// Frames of a client with permessage-deflate, unmasked or not; what is kept stays within the limits.
pub fn ws_stream(input: &[u8]) {
    let transcript = socket("permessage-deflate", input);
    alike(&transcript, input);
    for seen in transcript.seen(Cut::Whole) {
        if let EventKind::WebSocketMessage(message) = &seen.kind {
            let payload = &message.payload;
            assert!(payload.content.len() <= SMALL.message);
            assert_eq!(payload.content.len() as u64 + payload.cut, payload.size);
            let most = SMALL.message as u64 + SMALL.skipped_inflate + message.message.wire_size;
            assert!(payload.size <= most);
        }
    }
}

/// One stanza: it is read, or said to be malformed, and its outline stays small.
pub fn xmpp(input: &[u8]) {
    let payload = Payload::capped(input, input.len() as u64, SMALL.message);
    let stanza = xmpp::outline(&payload, &SMALL);
    let texts = [&stanza.to, &stanza.from, &stanza.id, &stanza.kind_attribute];
    for text in texts.into_iter().flatten() {
        assert!(text.len() <= SMALL.attribute);
    }
    let is_malformed = matches!(stanza.kind, StanzaKind::Malformed { .. });
    if let Some(text) = payload.text().filter(|_| !is_malformed) {
        well_formed(text);
    }
}

/// What we hold for well-formed is so to another reader.
fn well_formed(text: &str) {
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => return,
            Ok(_) => {}
            Err(error) => panic!("{error}: {text:?}"),
        }
    }
}

/// Chunks of both directions in any order: each says its direction and its length.
pub fn tap_two_sided(input: &[u8]) {
    let mut tap = Tap::new(SMALL);
    let mut seen = Vec::new();
    let mut rest = input;
    let mut time = 0;
    while let Some((&head, behind)) = rest.split_first() {
        let length = usize::from(head >> 1).min(behind.len());
        let (bytes, behind) = behind.split_at(length);
        rest = behind;
        time += 1;
        let direction = if head & 1 == 0 {
            Direction::ToServer
        } else {
            Direction::ToClient
        };
        let chunk = Chunk {
            arrived: Micros(time),
            forwarded: None,
            bytes,
        };
        tap.push(direction, chunk, &mut seen);
        assert!(
            seen.iter()
                .all(|seen| seen.time.began() <= seen.time.arrived)
        );
    }
    tap.end(Direction::ToServer, Micros(time), &mut seen);
    tap.end(Direction::ToClient, Micros(time), &mut seen);
    bounded(&seen, input);
    independent(input);
}

/// Once a socket stands, what is seen of one direction does not depend on the other, but for the round trips of pongs.
fn independent(input: &[u8]) {
    let (client, server) = two_sides(input);
    let of = |seen: Vec<Seen>, direction| -> Vec<EventKind> {
        let kinds = seen.into_iter().filter(|seen| seen.direction == direction);
        kinds.map(|seen| without_round_trip(seen.kind)).collect()
    };
    let first = socket("permessage-deflate", client).server(server);
    let last = socket("permessage-deflate", b"")
        .server(server)
        .client(client);
    for direction in [Direction::ToServer, Direction::ToClient] {
        let (one, other) = (first.seen(Cut::Bytes), last.seen(Cut::Whole));
        assert_eq!(of(one, direction), of(other, direction));
    }
}

fn without_round_trip(kind: EventKind) -> EventKind {
    match kind {
        EventKind::WebSocketPong(mut pong) => {
            pong.round_trip = None;
            EventKind::WebSocketPong(pong)
        }
        // A frame's time is that of its step.
        EventKind::WebSocketMessage(mut message) => {
            for frame in &mut message.message.frames {
                frame.arrived = Micros(0);
            }
            EventKind::WebSocketMessage(message)
        }
        kind => kind,
    }
}

/// The same facts however the bytes are cut, and not more of them than bytes.
fn alike(transcript: &Transcript, input: &[u8]) {
    let whole = transcript.seen(Cut::Whole);
    transcript.must_be(&whole, Cut::Bytes);
    let middle = input.len() / 2;
    for step in 0..4 {
        transcript.must_be(&whole, Cut::At(step, middle));
        transcript.must_be(
            &whole,
            Cut::At(step, input.first().map_or(1, |&at| usize::from(at))),
        );
    }
    bounded(&whole, input);
}

fn bounded(seen: &[Seen], input: &[u8]) {
    assert!(seen.len() <= 16 + 8 * input.len());
}

/// The client's and the server's bytes: a head of two bytes says how many are the client's.
fn two_sides(input: &[u8]) -> (&[u8], &[u8]) {
    let Some((&[high, low], rest)) = input.split_first_chunk() else {
        return (input, &[]);
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    rest.split_at(length.min(rest.len()))
}

/// A socket with these extensions whose client then sends these bytes.
fn socket(extensions: &str, client: &[u8]) -> Transcript {
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n"
    );
    Transcript::with(SMALL)
        .client("GET /ws/ HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        .server(answer)
        .client(client)
}

/// Bounds that short inputs can reach.
const SMALL: Limits = Limits {
    head: 512,
    outstanding: 4,
    early: 64,
    body: 256,
    decoded_body: 1024,
    message: 1024,
    skipped_inflate: 16 * 1024,
    pings: 4,
    depth: 8,
    attributes: 8,
    attribute: 128,
    text: 64,
    features: 4,
};
