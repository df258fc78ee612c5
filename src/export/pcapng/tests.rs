//! Events in, packets out; read back with an independent reader of IP and TCP.

use std::net::{IpAddr, SocketAddr};

use etherparse::{NetSlice, SlicedPacket, TransportSlice};

use super::*;
use crate::event::{
    Accepted, Attempt, BodyFraming, DataOpcode, Ended, Header, Host, HttpRequest, HttpVersion,
    Manner, MessageFacts, Micros, Payload, Times, WebSocketMessage,
};

/// A packet of the file.
#[derive(Debug)]
struct Packet {
    at: u64,
    comments: Vec<String>,
    from: SocketAddr,
    flags: String,
    sequence: u32,
    acknowledgment: u32,
    payload: Vec<u8>,
}

/// Writes events one microsecond apart, and reads the packets.
fn packets(kinds: Vec<(u64, Option<Direction>, EventKind)>) -> Vec<Packet> {
    let session = SessionStarted {
        wall_clock: 1_000_000,
        ..SessionStarted::default()
    };
    let mut file = Vec::new();
    let mut export = Box::new(Pcapng::new(&mut file, &session));
    for (index, (connection, direction, kind)) in kinds.into_iter().enumerate() {
        let number = index as u64 + 1;
        export
            .event(&Event {
                number,
                time: Times::at(Micros(number)),
                connection: (connection > 0).then_some(ConnectionId(connection)),
                direction,
                kind,
            })
            .unwrap();
    }
    assert_eq!(export.finish().unwrap(), [""; 0]);
    read(&file)
}

fn read(file: &[u8]) -> Vec<Packet> {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let mut found = Vec::new();
    let mut at = 0;
    while at < file.len() {
        let length = word(at + 4) as usize;
        if word(at) == 6 {
            let captured = word(at + 20) as usize;
            let mut packet = tcp(&file[at + 28..at + 28 + captured]);
            packet.at = u64::from(word(at + 12)) << 32 | u64::from(word(at + 16));
            let mut option = at + 28 + captured.next_multiple_of(4);
            while word(option) != 0 {
                let size = (word(option) >> 16) as usize;
                let text = &file[option + 4..option + 4 + size];
                packet
                    .comments
                    .push(String::from_utf8(text.to_vec()).unwrap());
                option += 4 + size.next_multiple_of(4);
            }
            found.push(packet);
        }
        at += length;
    }
    found
}

/// Reads headers; a packet that is no TCP has neither port nor flags.
fn tcp(bytes: &[u8]) -> Packet {
    let sliced = SlicedPacket::from_ip(bytes).unwrap();
    let from = match sliced.net.unwrap() {
        NetSlice::Ipv4(ip) => IpAddr::V4(ip.header().source_addr()),
        NetSlice::Ipv6(ip) => IpAddr::V6(ip.header().source_addr()),
        other => panic!("no IP: {other:?}"),
    };
    let mut packet = Packet {
        at: 0,
        comments: Vec::new(),
        from: SocketAddr::new(from, 0),
        flags: String::new(),
        sequence: 0,
        acknowledgment: 0,
        payload: Vec::new(),
    };
    if let Some(TransportSlice::Tcp(tcp)) = sliced.transport {
        packet.from.set_port(tcp.source_port());
        packet.sequence = tcp.sequence_number();
        packet.acknowledgment = tcp.acknowledgment_number();
        packet.payload = tcp.payload().to_vec();
        let flags = [
            (tcp.syn(), 'S'),
            (tcp.fin(), 'F'),
            (tcp.rst(), 'R'),
            (tcp.psh(), 'P'),
            (tcp.ack(), 'A'),
        ];
        let set = flags.iter().filter(|(set, _)| *set);
        packet.flags = set.map(|(_, letter)| *letter).collect();
    }
    packet
}

const UP: Option<Direction> = Some(Direction::ToServer);
const DOWN: Option<Direction> = Some(Direction::ToClient);

fn connected(id: u64) -> [(u64, Option<Direction>, EventKind); 2] {
    let accepted = Accepted {
        client: "127.0.0.1:50000".parse().unwrap(),
        listener: "127.0.0.1:8899".parse().unwrap(),
    };
    let attempt = Attempt {
        address: "10.1.2.3:8445".parse().unwrap(),
        local: None,
        outcome: AttemptOutcome::Connected,
        took: Micros(3),
        via: None,
    };
    [
        (id, None, EventKind::Accepted(accepted)),
        (id, None, EventKind::Attempt(attempt)),
    ]
}

fn message(length: usize) -> EventKind {
    EventKind::WebSocketMessage(WebSocketMessage {
        message: MessageFacts {
            opcode: DataOpcode::Text,
            masked: false,
            compressed: true,
            wire_size: 7,
            frame_count: 2,
            frames: Vec::new(),
        },
        payload: Payload::whole(&vec![b'x'; length]),
    })
}

fn ended(manner: Manner) -> EventKind {
    EventKind::Ended(Ended { manner, bytes: 1 })
}

fn request(exchange: u64, version: HttpVersion, headers: &[(&str, &str)]) -> EventKind {
    let header = |(name, value): &(&str, &str)| Header {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    EventKind::HttpRequest(HttpRequest {
        exchange,
        method: "PUT".to_owned(),
        target: format!("/{exchange}"),
        version,
        headers: headers.iter().map(header).collect(),
    })
}

fn body(exchange: u64, content: &str) -> EventKind {
    EventKind::HttpBody(HttpBody {
        exchange,
        framing: BodyFraming::Length,
        wire_size: content.len() as u64,
        content_type: None,
        content_encoding: None,
        content: Payload::whole(content.as_bytes()),
        still_encoded: false,
        trailers: Vec::new(),
        complete: true,
    })
}

fn text(packets: &[Packet]) -> String {
    let sent = packets.iter().flat_map(|packet| packet.payload.clone());
    String::from_utf8(sent.collect()).unwrap()
}

#[test]
fn a_connection_has_a_handshake_and_the_end_that_it_had() {
    let mut events = connected(1).to_vec();
    events.push((1, UP, ended(Manner::CloseNotify)));
    events.push((1, DOWN, ended(Manner::Reset)));
    events.push((1, DOWN, message(3)));
    let packets = packets(events);
    let flags: Vec<&str> = packets.iter().map(|packet| packet.flags.as_str()).collect();
    assert_eq!(flags, ["", "S", "SA", "A", "FA", "A", "RA", ""]);
    assert_eq!(packets[1].from, "127.0.0.1:50000".parse().unwrap());
    assert_eq!(packets[2].from, "10.1.2.3:8445".parse().unwrap());
    assert_eq!(packets[1].at, 1_000_002);
    assert_eq!(
        packets[1].comments,
        ["event 2, #1: TCP to 10.1.2.3:8445 stands  0.0 ms"]
    );
    assert_eq!(
        packets[7].comments.last().unwrap(),
        "not among the bytes: the stream had ended"
    );
}

#[test]
fn an_end_that_nobody_saw_is_a_comment() {
    let mut events = connected(1).to_vec();
    events.push((1, DOWN, ended(Manner::TimedOut)));
    let packets = packets(events);
    assert_eq!(packets.last().unwrap().flags, "");
    assert_eq!(packets.len(), 5);
}

#[test]
fn each_byte_has_the_sequence_number_after_the_one_before_it_and_is_acknowledged() {
    let mut events = connected(1).to_vec();
    events.extend([
        (1, DOWN, message(200_000)),
        (1, UP, message(10)),
        (1, DOWN, message(10)),
        (1, DOWN, ended(Manner::Fin)),
    ]);
    let packets = packets(events);
    let server = |packet: &&Packet| packet.from.port() == 8445;
    let mut next = None;
    for packet in packets.iter().filter(server) {
        assert_eq!(packet.sequence, *next.get_or_insert(packet.sequence));
        let counted = packet.payload.len() + packet.flags.matches(['S', 'F']).count();
        next = Some(packet.sequence.wrapping_add(counted as u32));
        assert!(packet.payload.len() <= SEGMENT_LONGEST);
    }
    assert_eq!(packets.last().unwrap().acknowledgment, next.unwrap());
    let sent: usize = packets
        .iter()
        .filter(server)
        .map(|packet| packet.payload.len())
        .sum();
    assert_eq!(sent, 200_000 + 10 + 10 + 2);
    // What is in flight is acknowledged before it is more than a window.
    let bare = |packet: &&Packet| packet.flags == "A" && packet.payload.is_empty();
    assert!(packets.iter().filter(bare).count() >= 3);
}

/// What fits into an IPv4 packet of 65,535 bytes.
const SEGMENT_LONGEST: usize = 65_495;

#[test]
fn the_comment_of_a_message_says_what_was_different_on_the_wire() {
    let mut events = connected(1).to_vec();
    events.push((1, DOWN, message(5)));
    let packets = packets(events);
    let last = packets.last().unwrap();
    assert_eq!(last.payload, b"\x81\x05xxxxx");
    assert_eq!(
        last.comments[1..],
        ["on the wire: 2 frames", "on the wire: compressed, 7 bytes"]
    );
}

#[test]
fn a_head_whose_body_follows_at_once_tells_the_length() {
    let mut events = connected(1).to_vec();
    events.push((
        1,
        UP,
        request(1, HttpVersion::Http11, &[("content-length", "9")]),
    ));
    events.push((1, UP, body(1, "four")));
    let packets = packets(events);
    assert_eq!(
        text(&packets),
        "PUT /1 HTTP/1.1\r\nContent-Length: 4\r\n\r\nfour"
    );
    assert_eq!(
        packets[4].comments[1],
        "instead of content-length: 9: Content-Length: 4"
    );
    assert_eq!((packets[4].at, packets[5].at), (1_000_003, 1_000_004));
}

#[test]
fn a_head_whose_body_takes_its_time_is_written_at_once_and_chunked() {
    let mut events = connected(1).to_vec();
    events.extend([
        (
            1,
            UP,
            request(1, HttpVersion::Http11, &[("content-length", "9")]),
        ),
        (0, None, EventKind::Host(Host::Suspended)),
        (1, UP, body(1, "four")),
        (
            1,
            UP,
            request(2, HttpVersion::Http11, &[("content-length", "9")]),
        ),
        (0, None, EventKind::Host(Host::Suspended)),
        (1, UP, request(3, HttpVersion::Http11, &[])),
    ]);
    let packets = packets(events);
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    assert_eq!(
        text(&packets),
        format!(
            "PUT /1 HTTP/1.1\r\n{chunked}4\r\nfour\r\n0\r\n\r\n\
             PUT /2 HTTP/1.1\r\n{chunked}0\r\n\r\n\
             PUT /3 HTTP/1.1\r\n\r\n"
        )
    );
    let times: Vec<u64> = packets.iter().map(|packet| packet.at).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn each_exchange_of_http_2_has_a_stream_of_its_own() {
    let packets = packets(vec![
        (
            1,
            UP,
            request(
                1,
                HttpVersion::Http2,
                &[(":authority", "a"), (":path", "/")],
            ),
        ),
        (1, UP, request(2, HttpVersion::Http2, &[])),
    ]);
    let syns: Vec<&Packet> = packets
        .iter()
        .filter(|packet| packet.flags == "S")
        .collect();
    assert_eq!(syns.len(), 2);
    assert_ne!(syns[0].from, syns[1].from);
    assert_eq!(
        text(&packets),
        "PUT /1 HTTP/1.1\r\nHost: a\r\n\r\nPUT /2 HTTP/1.1\r\n\r\n"
    );
}
