//! WebSocket by hand: heads and frames as bytes, the wrong ones too (RFC 6455 section 5.2).

use flate2::{Compress, Compression, FlushCompress};

use super::script::{Script, script};

/// FIN.
pub(crate) const FIN: u8 = 0x80;
/// RSV1: compressed (RFC 7692 section 6).
pub(crate) const RSV1: u8 = 0x40;
/// RSV2 and RSV3: nobody agreed on a meaning.
pub(crate) const RSV23: u8 = 0x30;
/// A continuation.
pub(crate) const MORE: u8 = 0x0;
/// Text.
pub(crate) const TEXT: u8 = 0x1;
/// Binary.
pub(crate) const BINARY: u8 = 0x2;
/// Close.
pub(crate) const CLOSE: u8 = 0x8;
/// Ping.
pub(crate) const PING: u8 = 0x9;
/// Pong.
pub(crate) const PONG: u8 = 0xa;
/// A mask as good as any.
pub(crate) const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What a browser asks for.
pub(crate) fn upgrade_request(at: &str) -> String {
    upgrade_request_with(at, "Sec-WebSocket-Protocol: xmpp\r\n")
}

/// What a browser asks for, with more header lines.
pub(crate) fn upgrade_request_with(at: &str, lines: &str) -> String {
    format!(
        "GET /ws/ HTTP/1.1\r\nHost: {at}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Origin: https://{at}\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n"
    )
}

/// What a server agrees to (the key and its answer are those of RFC 6455 section 1.3).
pub(crate) fn upgrade_answer() -> String {
    upgrade_answer_with("Sec-WebSocket-Protocol: xmpp\r\n")
}

/// What a server agrees to, with more header lines.
pub(crate) fn upgrade_answer_with(lines: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{lines}\r\n"
    )
}

/// A client with an open WebSocket.
pub(crate) fn browser(at: &str) -> Script {
    script().send(upgrade_request(at)).take(upgrade_answer())
}

/// An origin with an open WebSocket.
pub(crate) fn server() -> Script {
    script().head().send(upgrade_answer())
}

/// A server's frame; the first byte is FIN, reserved bits and opcode.
pub(crate) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    [&head(first, 0, payload.len())[..], payload].concat()
}

/// A client's frame.
pub(crate) fn masked(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mask = MASK.iter().cycle();
    let hidden: Vec<u8> = payload.iter().zip(mask).map(|(a, b)| a ^ b).collect();
    [&head(first, 0x80, payload.len())[..], &MASK, &hidden].concat()
}

/// A frame whose length takes eight bytes, needed or not.
pub(crate) fn long_form(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = (payload.len() as u64).to_be_bytes();
    [&[first, 127], &length[..], payload].concat()
}

/// The payload of a Close.
pub(crate) fn status(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

fn head(first: u8, mask: u8, length: usize) -> Vec<u8> {
    match length {
        0..=125 => vec![first, mask | u8::try_from(length).expect("matched")],
        126..=0xffff => {
            let length = u16::try_from(length).expect("matched").to_be_bytes();
            [&[first, mask | 126], &length[..]].concat()
        }
        _ => [&[first, mask | 127], &(length as u64).to_be_bytes()[..]].concat(),
    }
}

/// Messages compressed one after the other with one window (RFC 7692 section 7.2.1).
pub(crate) fn deflate(messages: &[&str]) -> Vec<Vec<u8>> {
    let mut state = Compress::new(Compression::default(), false);
    let compress = |message: &&str| {
        let mut out = Vec::with_capacity(message.len() + 64);
        state
            .compress_vec(message.as_bytes(), &mut out, FlushCompress::Sync)
            .unwrap();
        out.truncate(out.len() - 4);
        out
    };
    messages.iter().map(compress).collect()
}
