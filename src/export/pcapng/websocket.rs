//! WebSocket frames made anew (RFC 6455 section 5.2): one for each message, without compression.

use crate::event::{Closing, DataOpcode, Direction, MessageFacts, Payload};

/// The frame's opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// A whole message in one frame, and what is different from the wire.
pub(super) fn message(facts: &MessageFacts, payload: &Payload) -> (Vec<u8>, Vec<String>) {
    let opcode = match facts.opcode {
        DataOpcode::Text => Opcode::Text,
        DataOpcode::Binary => Opcode::Binary,
    };
    let mut remarks = Vec::new();
    if facts.frame_count > 1 {
        remarks.push(format!("on the wire: {} frames", facts.frame_count));
    }
    if facts.compressed {
        remarks.push(format!(
            "on the wire: compressed, {} bytes",
            facts.wire_size
        ));
    }
    remarks.extend(missing(payload));
    (
        frame(opcode, facts.masked, payload.content.as_bytes()),
        remarks,
    )
}

/// A ping or a pong.
pub(super) fn control(
    opcode: Opcode,
    direction: Direction,
    payload: &Payload,
) -> (Vec<u8>, Vec<String>) {
    let masked = direction == Direction::ToServer;
    let bytes = short(payload.content.as_bytes());
    (
        frame(opcode, masked, bytes),
        missing(payload).into_iter().collect(),
    )
}

/// A Close frame.
pub(super) fn close(direction: Direction, closing: &Closing) -> Vec<u8> {
    let mut payload = Vec::new();
    if let Some(code) = closing.code {
        payload.extend(code.to_be_bytes());
        payload.extend_from_slice(closing.reason.as_bytes());
    }
    let masked = direction == Direction::ToServer;
    frame(Opcode::Close, masked, short(&payload))
}

/// What of a payload is not there.
pub(super) fn missing(payload: &Payload) -> Option<String> {
    let kept = payload.content.len() as u64;
    match payload.cut {
        0 if kept != payload.size => Some(format!("before redaction: {} bytes", payload.size)),
        0 => None,
        cut => Some(format!(
            "not in the recording: the last {cut} of {} bytes",
            payload.size
        )),
    }
}

/// A control frame's payload has no more than 125 bytes (section 5.5).
fn short(bytes: &[u8]) -> &[u8] {
    bytes.get(..SHORT).unwrap_or(bytes)
}

/// The last frame of a message. The masking key is 0, so that the payload can be read as it stands.
fn frame(opcode: Opcode, masked: bool, payload: &[u8]) -> Vec<u8> {
    let mask = if masked { MASK } else { 0 };
    let mut frame = vec![FIN | opcode as u8];
    match payload.len() {
        length @ ..=SHORT => frame.push(mask | length as u8),
        length @ ..=0xffff => {
            frame.push(mask | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(mask | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    if masked {
        frame.extend([0; 4]);
    }
    frame.extend_from_slice(payload);
    frame
}

const FIN: u8 = 0x80;
const MASK: u8 = 0x80;
/// The longest length that stands in the second byte.
const SHORT: usize = 125;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_their_shortest_form() {
        let head = |length: usize| {
            let mut frame = frame(Opcode::Text, true, &vec![b'x'; length]);
            frame.truncate(frame.len() - length);
            frame
        };
        assert_eq!(head(125), [0x81, 0xfd, 0, 0, 0, 0]);
        assert_eq!(head(126), [0x81, 0xfe, 0, 126, 0, 0, 0, 0]);
        assert_eq!(head(0x1_0000)[..10], [0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_close_without_a_code_is_empty() {
        let closing = |code, reason: &str| Closing {
            code,
            reason: reason.to_owned(),
        };
        assert_eq!(close(Direction::ToClient, &closing(None, "")), [0x88, 0x00]);
        assert_eq!(
            close(Direction::ToClient, &closing(Some(1001), "bye")),
            [0x88, 5, 0x03, 0xe9, b'b', b'y', b'e']
        );
        let long = close(Direction::ToServer, &closing(Some(1001), &"x".repeat(500)));
        assert_eq!(long.len(), 2 + 4 + 125);
    }
}
