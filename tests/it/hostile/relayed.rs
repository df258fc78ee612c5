//! Inside a relay: every byte arrives, and the tap says what it would not read.

use std::fmt::Write as _;
use std::sync::Arc;

use flate2::{Compress, Compression, FlushCompress};

use super::{is, still_well};
use crate::support::websocket::{
    BINARY, FIN, RSV1, TEXT, browser, frame, server, upgrade_answer_with, upgrade_request_with,
};
use crate::support::{Case, Lab, Mode, Where, script, watch};

#[test]
fn a_deflate_bomb_in_a_message_is_an_event_and_arrives_packed() {
    message_bomb(&deflate_bomb(20), "inflated-over-limit");
    message_bomb(&deflate_bomb(1024), "lost-sync");
}

fn message_bomb(bomb: &[u8], word: &str) {
    let bomb = frame(FIN | RSV1 | TEXT, bomb);
    let after = frame(FIN | TEXT, "after it");
    relays("web-socket-violation", word, |at| Case {
        client: script()
            .send(upgrade_request_with(at, DEFLATE_OFFER))
            .take(upgrade_answer_with(DEFLATE))
            .take(&bomb)
            .take(&after)
            .close(),
        origin: script()
            .head()
            .send(upgrade_answer_with(DEFLATE))
            .send(&bomb)
            .send(&after)
            .until_end()
            .close(),
    });
}

#[test]
fn a_gzip_bomb_in_a_body_is_an_event_and_arrives_packed() {
    let gzip = [
        &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..],
        &deflate_bomb(1024),
    ]
    .concat();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        gzip.len()
    );
    let answer = [head.as_bytes(), &gzip].concat();
    relays("http-body", "\"still-encoded\":true", |at| Case {
        client: script()
            .send(format!("GET / HTTP/1.1\r\nHost: {at}\r\n\r\n"))
            .take(&answer)
            .close(),
        origin: script().head().send(&answer).until_end().close(),
    });
}

#[test]
fn deep_xml_is_an_event_and_arrives() {
    stanza(&format!("<message>{}", "<a>".repeat(100_000)), "malformed");
}

#[test]
fn a_billion_laughs_are_an_event_and_arrive() {
    let mut entities = "<!ENTITY a0 \"lol\">".to_owned();
    for level in 1..10 {
        let inner = format!("&a{};", level - 1).repeat(10);
        let _ = write!(entities, "<!ENTITY a{level} \"{inner}\">");
    }
    stanza(
        &format!("<!DOCTYPE message [{entities}]><message><body>&a9;</body></message>"),
        "malformed",
    );
}

#[test]
fn a_stanza_of_many_attributes_and_namespaces_is_an_event_and_arrives() {
    let attributes: String = (0..50_000)
        .map(|n| format!(" xmlns:p{n}='urn:{n}'"))
        .collect();
    stanza(&format!("<message{attributes}/>"), "xmpp-stanza");
}

#[test]
fn a_stanza_that_never_ends_is_an_event_and_arrives() {
    stanza(
        &format!("<message><body>{}", "x".repeat(8 << 20)),
        "malformed",
    );
}

#[test]
fn text_that_is_no_utf8_is_an_event_and_arrives() {
    let text = frame(FIN | TEXT, b"<message>\xc3\x28\xff</message>");
    relays("web-socket-violation", "invalid-utf8", |at| Case {
        client: browser(at).take(&text).close(),
        origin: server().send(&text).until_end().close(),
    });
}

#[test]
fn a_frame_that_claims_an_exbibyte_is_an_event_and_arrives() {
    let claim = [
        &[FIN | BINARY, 127, 0x10, 0, 0, 0, 0, 0, 0, 0][..],
        b"and that was all",
    ]
    .concat();
    relays("web-socket-violation", "cut-off", |at| Case {
        client: browser(at).take(&claim).until_end().close(),
        origin: server().send(&claim).close(),
    });
}

#[test]
fn a_message_of_a_hundred_thousand_fragments_arrives() {
    let fragments = [
        frame(TEXT, "<message>"),
        frame(0, "x").repeat(100_000),
        frame(FIN, "</message>"),
    ];
    let fragments = fragments.concat();
    relays("xmpp-stanza", "\"frame-count\":100002", |at| Case {
        client: browser(at).take(&fragments).close(),
        origin: server().send(&fragments).until_end().close(),
    });
}

#[test]
fn a_head_without_end_inside_a_relay_is_an_event_and_arrives() {
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(200_000));
    relays("http-violation", "head-too-large", |at| Case {
        client: script()
            .send(format!("GET / HTTP/1.1\r\nHost: {at}\r\n\r\n"))
            .take(&endless)
            .until_end()
            .close(),
        origin: script().head().send(&endless).close(),
    });
}

#[test]
fn a_chunk_size_that_overflows_is_an_event_and_arrives() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx";
    relays("http-violation", "bad-chunk", |at| Case {
        client: script()
            .send(format!("GET / HTTP/1.1\r\nHost: {at}\r\n\r\n"))
            .take(answer)
            .until_end()
            .close(),
        origin: script().head().send(answer).close(),
    });
}

/// A message of the server's that must arrive as it is, and be a stanza event with `word` in it.
fn stanza(text: &str, word: &str) {
    let message = frame(FIN | TEXT, text);
    relays("xmpp-stanza", word, |at| Case {
        client: browser(at).take(&message).close(),
        origin: server().send(&message).until_end().close(),
    });
}

/// Plays a case everywhere, as the fidelity suite does, and wants the event wherever finspect looks.
fn relays(kind: &str, word: &str, write: impl Fn(&str) -> Case) {
    let lab = Lab::hostile();
    watch(&lab, Where::Everywhere, write, |(mode, _), performance| {
        if mode != Mode::Tunnel {
            let connection = lab.events.connection(performance.caller);
            lab.events
                .find(connection, &format!("{kind}: {word}"), |event| {
                    is(event, kind, word).then_some(())
                });
        }
    });
    still_well(&Arc::clone(&lab).lend());
}

/// A little over a KiB for each MiB of zeros that it inflates to.
fn deflate_bomb(mib: usize) -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    let mut state = Compress::new(Compression::best(), false);
    let mut block = || {
        let mut out = Vec::with_capacity(1 << 16);
        state
            .compress_vec(&zeros, &mut out, FlushCompress::Sync)
            .unwrap();
        out
    };
    let (first, next) = (block(), block());
    let mut bomb = [first, next.repeat(mib - 1)].concat();
    bomb.truncate(bomb.len() - 4);
    bomb
}

const DEFLATE_OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
