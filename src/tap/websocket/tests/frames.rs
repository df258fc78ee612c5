//! Frames, fragments, control frames, and every breach of their rules.

use super::*;
use crate::event::MessageFacts;

#[test]
fn the_examples_of_rfc_6455() {
    // Section 5.7; the last two are 256 bytes and 64 KiB with the longer lengths.
    open("", Limits::default())
        .server(b"\x81\x05Hello\x01\x03Hel\x80\x02lo\x89\x05Hello")
        .client(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")
        .server([b"\x82\x7e\x01\x00".as_slice(), &[0xff; 256]].concat())
        .server([b"\x82\x7f\0\0\0\0\0\x01\0\0".as_slice(), &[b'x'; 65536]].concat())
        .sees(&told(&[
            "< Text frames=1 wire=5 \"Hello\"",
            "< Text frames=2 wire=5 \"Hello\"",
            "< ping \"Hello\"",
            "> Text frames=1 wire=5 \"Hello\"",
            "> pong \"Hello\" Some(100)",
            &format!("< Binary frames=1 wire=256 {:02x?}", [0xff_u8; 256]),
            "< Binary frames=1 wire=65536 65536 bytes of text",
        ]));
}

#[test]
fn control_frames_stand_between_fragments() {
    open("", Limits::default())
        .client(masked(0x01, "<a"))
        .client(masked(0x89, "1"))
        .client(masked(0x00, ""))
        .client(masked(0x8a, "unasked"))
        .client(masked(0x80, "/>"))
        .server(frame(0x8a, "1"))
        .server(frame(0x8a, "1"))
        .sees(&told(&[
            "> ping \"1\"",
            "> pong \"unasked\" None",
            "> Text frames=3 wire=4 \"<a/>\"",
            "< pong \"1\" Some(400)",
            "< pong \"1\" None",
        ]));
}

#[test]
fn fragments_are_listed_with_their_times() {
    let seen = open("", Limits::default())
        .server(frame(0x01, "abc"))
        .server(frame(0x80, "d"))
        .seen(Cut::Whole);
    let message = seen.iter().find_map(message).unwrap();
    let frames: Vec<_> = message
        .message
        .frames
        .iter()
        .map(|frame| (frame.wire_size, frame.arrived.0))
        .collect();
    assert_eq!(frames, [(3, 300), (1, 400)]);
    assert_eq!(seen.last().unwrap().time.first.map(|at| at.0), Some(300));
}

#[test]
fn a_list_of_fragments_is_bounded() {
    let many = [
        frame(0x01, "a"),
        frame(0x00, "b").repeat(100),
        frame(0x80, "c"),
    ]
    .concat();
    let seen = open("", Limits::default()).server(many).every_split();
    let message = seen.iter().find_map(message).unwrap();
    assert_eq!(message.message.frame_count, 102);
    assert_eq!(message.message.frames.len(), MessageFacts::FRAMES_KEPT);
}

#[test]
fn closes_carry_code_and_reason() {
    for (close, expected) in [
        (frame(0x88, ""), vec!["< close None \"\""]),
        (
            frame(0x88, b"\x0f\xa0over"),
            vec!["< close Some(4000) \"over\""],
        ),
        (
            frame(0x88, b"\x03"),
            vec!["< websocket TruncatedClose", "< close None \"\""],
        ),
        (
            frame(0x88, b"\x03\xf8"),
            vec!["< websocket BadCloseCode(1016)", "< close Some(1016) \"\""],
        ),
        (
            frame(0x88, b"\x03\xe8\xff"),
            vec!["< websocket InvalidUtf8", "< close Some(1000) \"\u{fffd}\""],
        ),
    ] {
        open("", Limits::default())
            .server(close)
            .sees(&told(&expected));
    }
}

#[test]
fn each_breach_is_named_once_and_frames_are_read_on() {
    let server = [
        masked(0x81, "masked"),
        masked(0x81, "again"),
        frame(0xb1, "reserved"),
        frame(0x83, "opcode 3"),
        b"\x81\x7e\x00\x01x".to_vec(),
        frame(0x80, "no message"),
        frame(0x01, "open"),
        frame(0x81, "instead"),
        frame(0x09, "half a ping"),
        frame(0x89, [b'p'; 130]),
        frame(0x81, b"\xff"),
        frame(0x81, b"\xfe"),
        frame(0x88, ""),
        frame(0x81, "after"),
    ];
    open("", Limits::default())
        .server(server.concat())
        .client(frame(0x81, "bare"))
        .client(frame(0x81, "bare again"))
        .sees(&told(&[
            "< websocket MaskedServerFrame",
            "< Text frames=1 wire=6 \"masked\"",
            "< Text frames=1 wire=5 \"again\"",
            "< websocket ReservedBits(3)",
            "< Text frames=1 wire=8 \"reserved\"",
            "< websocket UnknownOpcode(3)",
            "< websocket LengthNotMinimal",
            "< Text frames=1 wire=1 \"x\"",
            "< websocket UnexpectedContinuation",
            "< websocket ExpectedContinuation",
            "< Text frames=1 wire=7 \"instead\"",
            "< websocket FragmentedControl",
            "< ping \"half a ping\"",
            "< websocket OversizedControl(130)",
            "< ping 125 bytes of text of 130 cut 5",
            "< websocket InvalidUtf8",
            "< Text frames=1 wire=1 [ff]",
            "< Text frames=1 wire=1 [fe]",
            "< close None \"\"",
            "< websocket DataAfterClose",
            "< Text frames=1 wire=5 \"after\"",
            "> websocket UnmaskedClientFrame",
            "> Text frames=1 wire=4 \"bare\"",
            "> Text frames=1 wire=10 \"bare again\"",
        ]));
}

#[test]
fn a_length_that_cannot_be_ends_the_reading() {
    open("", Limits::default())
        .server(b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff")
        .server(frame(0x81, "unread"))
        .sees(&told(&["< websocket LengthOverflow"]));
}

#[test]
fn a_socket_that_dies_inside_a_message_is_cut_off() {
    open("", Limits::default())
        .server(frame(0x01, "half"))
        .client(b"\x81")
        .server_ends()
        .client_ends()
        .sees(&told(&["< websocket CutOff", "> websocket CutOff"]));
    open("", Limits::default())
        .server(frame(0x81, "whole"))
        .server_ends()
        .client_ends()
        .sees(&told(&["< Text frames=1 wire=5 \"whole\""]));
}

#[test]
fn large_messages_are_counted_past_the_cap() {
    let limits = Limits {
        message: 10,
        ..Limits::default()
    };
    open("", limits)
        .server(frame(0x01, "12345678\u{e9}"))
        .server(frame(0x80, vec![b'x'; 70_000]))
        .server(frame(0x81, "123456789\u{e9}"))
        .sees(&told(&[
            "< Text frames=2 wire=70010 \"12345678é\" of 70010 cut 70000",
            "< Text frames=1 wire=11 \"123456789\" of 11 cut 2",
        ]));
}

#[test]
fn unknown_extensions_may_use_the_reserved_bits() {
    open("x-other; a=1", Limits::default())
        .server(frame(0xa1, "odd"))
        .sees(&[
            "> request 1 GET /ws/ HTTP/1.1",
            "< response 1 HTTP/1.1 101 Switching Protocols",
            "< opened /ws/ - deflate=false unknown=[\"x-other; a=1\"]",
            "< Text frames=1 wire=3 \"odd\"",
        ]);
}
