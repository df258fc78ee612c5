//! What a user reads of WebSocket.

mod deflate;
mod frames;

use proptest::prelude::*;

use crate::event::{EventKind, WebSocketMessage};
use crate::tap::testing::{Cut, Transcript, frame, masked};
use crate::tap::{Limits, Seen};

proptest! {
    #[test]
    fn what_is_framed_is_read_again(payload in prop::collection::vec(any::<u8>(), 0..2000), cut in 0..2000_usize) {
        let transcript = open("", Limits::default()).client(masked(0x82, &payload));
        let seen = transcript.seen(Cut::At(2, cut));
        let message = seen.iter().find_map(message).unwrap();
        prop_assert_eq!(message.payload.content.as_bytes(), payload.as_slice());
    }

    #[test]
    fn any_bytes_are_read_alike_at_any_split(
        client in prop::collection::vec(any::<u8>(), 0..200),
        server in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let transcript = open("permessage-deflate", Limits::default()).client(&client).server(&server).client_ends().server_ends();
        transcript.every_split();
    }
}

/// A socket as it stands behind the 101, with these extensions.
fn open(extensions: &str, limits: Limits) -> Transcript {
    Transcript::with(limits)
        .client("GET /ws/ HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        .server(format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n"))
}

/// The lines of [`open`] without extensions, then these.
fn told<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    told_of("", lines)
}

fn told_of<'a>(extensions: &str, lines: &[&'a str]) -> Vec<&'a str> {
    let opened = match extensions {
        "" => "< opened /ws/ - deflate=false unknown=[]",
        _ => "< opened /ws/ - deflate=true unknown=[]",
    };
    let head = [
        "> request 1 GET /ws/ HTTP/1.1",
        "< response 1 HTTP/1.1 101 Switching Protocols",
        opened,
    ];
    [head.as_slice(), lines].concat()
}

fn message(seen: &Seen) -> Option<&WebSocketMessage> {
    match &seen.kind {
        EventKind::WebSocketMessage(message) => Some(message),
        _ => None,
    }
}

#[test]
fn a_quiet_socket_is_small() {
    assert!(
        size_of::<super::WebSocket>() <= 1024,
        "{}",
        size_of::<super::WebSocket>()
    );
}
