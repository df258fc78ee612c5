//! Hostile input: each ends in an event of a kind that names it, in a process that stays small and serves the next.

use std::fmt::Write as _;
use std::sync::Arc;

use flate2::{Compress, Compression, FlushCompress};
use rustls::version::TLS13;
use serde_json::Value;

use crate::support::websocket::{
    BINARY, FIN, RSV1, TEXT, browser, frame, masked, server, upgrade_answer, upgrade_answer_with,
    upgrade_request, upgrade_request_with,
};
use crate::support::{
    Case, Lab, Layer, Loan, Mode, Script, Where, Wire, client, connect_request, knock, reach,
    script, secure, watch,
};

/// What finspect may hold at its largest, over the whole of this table, in KiB. Inflated, the bombs are a GiB each.
const MOST: u64 = 192 * 1024;

// Before there is a connection to anybody.

#[test]
fn garbage_at_the_front_door_is_refused() {
    for garbage in [
        &b"\0\0\0\0"[..],
        b"\xff\xfb\x01",
        b"SSH-2.0-x\r\n",
        b"{\"a\":1}",
        b"GET\r\n\r\n",
        &[b'A'; 500],
    ] {
        at_the_door(garbage, "refused", "unintelligible");
    }
}

#[test]
fn a_request_line_that_is_none_is_refused() {
    for broken in [
        "GET / FTP/1.0\r\n\r\n",
        "CONNECT / HTTP/1.1\r\n\r\n",
        "CONNECT x:99999 HTTP/1.1\r\n\r\n",
        "GET gopher://x/ HTTP/1.1\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nA\0B: c\r\n\r\n",
    ] {
        let answer = at_the_door(broken.as_bytes(), "refused", "bad-request");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{broken:?}: {answer}");
    }
}

#[test]
fn a_head_over_64_kib_is_refused() {
    let line = format!("X-Long: {}\r\n", "x".repeat(1000));
    for start in [
        "GET http://a.test/ HTTP/1.1\r\n",
        "CONNECT a.test:1 HTTP/1.1\r\n",
        "GET /",
    ] {
        let answer = at_the_door(
            format!("{start}{}", line.repeat(70)).as_bytes(),
            "refused",
            "head-too-large",
        );
        assert!(answer.starts_with("HTTP/1.1 431 "), "{start}: {answer}");
    }
}

#[test]
fn tls_garbage_is_a_failed_handshake() {
    let claims_16_mib = [
        &[0x16, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff][..],
        &[0; 0x3ffc],
    ]
    .concat();
    for garbage in [
        &[0x16, 3, 1, 0, 4, 9, 9, 9, 9][..],
        &[0x16, 3, 1, 0xff, 0xff, 1],
        &[0x16, 3, 1, 0, 0],
        &[0x16, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3, 0, 0],
        &claims_16_mib,
    ] {
        at_the_door(garbage, "tls-failed", "");
        let loan = Lab::hostile().lend();
        let mut wire = knock(&loan, Mode::Connect, Layer::Plain);
        wire.send(garbage);
        wire.fin();
        wire.until_end();
        expect(&loan, &wire, "tls-failed", "");
        drop(loan.accept());
        still_well(&loan);
    }
}

/// Sends bytes to the front door, ends it, and waits for the event; what finspect answered.
fn at_the_door(bytes: &[u8], kind: &str, word: &str) -> String {
    let loan = Lab::hostile().lend();
    let mut wire = loan.lab.knock();
    wire.send(bytes);
    wire.fin();
    let answer = wire.until_end();
    expect(&loan, &wire, kind, word);
    still_well(&loan);
    String::from_utf8_lossy(&answer).into_owned()
}

// A client that vanishes, with a FIN and with a RST.

#[test]
fn a_client_that_vanishes_in_the_middle_of_its_connect_is_an_event() {
    vanishes(
        |loan| {
            let mut wire = loan.lab.knock();
            wire.send(b"CONNECT s0.finesse.te");
            (wire, None)
        },
        "refused",
        "vanished",
    );
}

#[test]
fn a_client_that_vanishes_after_its_connect_is_an_event() {
    vanishes(
        |loan| {
            let wire = knock(loan, Mode::Connect, Layer::Plain);
            (wire, Some(Wire::new(loan.accept())))
        },
        "ended",
        "",
    );
}

#[test]
fn a_client_that_vanishes_before_the_answer_to_its_connect_is_an_event() {
    vanishes(
        |loan| {
            let mut wire = loan.lab.knock();
            wire.send(connect_request(&loan.host).as_bytes());
            (wire, Some(Wire::new(loan.accept())))
        },
        "ended",
        "",
    );
}

#[test]
fn a_client_that_vanishes_in_the_middle_of_its_hello_is_an_event() {
    const HALF: [u8; 9] = [0x16, 3, 1, 0, 200, 1, 0, 0, 196];
    for mode in [Mode::Sni, Mode::Reverse] {
        vanishes(
            |loan| {
                let mut wire = knock(loan, mode, Layer::Tls13);
                wire.send(&HALF);
                (wire, None)
            },
            "tls-failed",
            "",
        );
    }
    vanishes(
        |loan| {
            let mut wire = knock(loan, Mode::Connect, Layer::Tls13);
            wire.send(&HALF);
            (wire, Some(Wire::new(loan.accept())))
        },
        "tls-failed",
        "",
    );
}

#[test]
fn a_client_that_vanishes_in_the_servers_handshake_is_an_event() {
    for mode in [Mode::Sni, Mode::Reverse, Mode::Connect] {
        vanishes(
            |loan| {
                let mut wire = knock(loan, mode, Layer::Tls13);
                wire.send(&hello(loan));
                let mut server = Wire::new(loan.accept());
                server.take(5).expect("the upstream handshake begins");
                (wire, Some(server))
            },
            "ended",
            "",
        );
    }
}

#[test]
fn a_client_that_vanishes_after_its_handshake_is_an_event() {
    let get_there = |loan: &Loan| {
        let (wire, origin) = relayed(loan, b"", &script());
        expect(loan, &wire, "tls-established", "\"leg\":\"client\"");
        (wire, origin)
    };
    vanishes(get_there, "ended", "");
}

#[test]
fn a_client_that_vanishes_in_the_middle_of_a_head_is_an_event() {
    vanishes(
        |loan| relayed(loan, b"GET / HTTP/1.1\r\nHo", &script()),
        "http-violation",
        "cut-off",
    );
}

#[test]
fn a_client_that_vanishes_in_the_middle_of_a_body_is_an_event() {
    let request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1234";
    vanishes(
        |loan| relayed(loan, request, &script()),
        "http-body",
        "\"complete\":false",
    );
}

#[test]
fn a_client_that_vanishes_in_the_middle_of_a_frame_is_an_event() {
    vanishes(
        |loan| {
            let (mut wire, mut origin) = relayed(
                loan,
                upgrade_request(&loan.authority()).as_bytes(),
                &script().send(upgrade_answer()),
            );
            wire.take(upgrade_answer().len()).expect("the 101 arrives");
            let half = &masked(FIN | TEXT, "<presence/>")[..9];
            wire.send(half);
            if let Some(origin) = &mut origin {
                origin.take(half.len()).expect("the half frame arrives");
            }
            (wire, origin)
        },
        "web-socket-violation",
        "cut-off",
    );
}

/// A TLS connection whose origin has received `bytes` and then plays `script`.
fn relayed(loan: &Loan, bytes: &[u8], script: &Script) -> (Wire, Option<Wire>) {
    std::thread::scope(|scope| {
        let origin = scope.spawn(|| {
            let mut origin = Wire::new(loan.accept());
            let config = loan.identity.server(&TLS13, &[]);
            origin.start_server(config).expect("the handshake succeeds");
            origin
                .take(bytes.len())
                .expect("what the client sent arrives");
            script.open(&mut origin);
            origin
        });
        let mut wire = reach(loan, Mode::Connect, Layer::Tls13);
        wire.send(bytes);
        (wire, Some(origin.join().expect("the origin got this far")))
    })
}

/// Gets a client to some stage twice, lets it vanish there with a FIN and with a RST, and waits for the event.
fn vanishes(get_there: impl Fn(&Loan) -> (Wire, Option<Wire>), kind: &str, word: &str) {
    for leave in [Wire::vanish, Wire::reset] {
        let loan = Lab::hostile().lend();
        let (mut wire, server) = get_there(&loan);
        leave(&mut wire);
        expect(&loan, &wire, kind, word);
        if let Some(mut server) = server {
            server.until_end();
            let endings = &server.transcript().endings;
            assert!(
                endings.iter().all(|e| !format!("{e:?}").contains("Stuck")),
                "{endings:?}"
            );
            server.vanish();
        }
        expect(&loan, &wire, "closed", "");
        still_well(&loan);
    }
}

/// A ClientHello for the lent origin.
fn hello(loan: &Loan) -> Vec<u8> {
    let config = client(loan.lab.authority.clone(), &TLS13, &[]);
    let name = loan.host.clone().try_into().expect("a name");
    let mut tls = rustls::ClientConnection::new(config, name).unwrap();
    let mut hello = Vec::new();
    tls.write_tls(&mut hello).unwrap();
    hello
}

// Inside a relay: every byte arrives, and the tap says what it would not read.

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

// What all of them have in common.

/// Waits for an event of this kind with this word in it.
fn expect(loan: &Loan, wire: &Wire, kind: &str, word: &str) {
    let connection = loan.lab.events.connection(wire.caller());
    loan.lab
        .events
        .find(connection, &format!("{kind}: {word}"), |event| {
            is(event, kind, word).then_some(())
        });
}

fn is(event: &Value, kind: &str, word: &str) -> bool {
    let text = event["kind"].to_string();
    text.trim_start_matches('{')
        .starts_with(&format!("\"{kind}\""))
        && text.contains(word)
}

/// A fresh request is served, and the process has never been larger than it may be.
fn still_well(loan: &Loan) {
    loan.strays();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut origin = Wire::new(loan.accept());
            origin
                .start_server(loan.identity.server(&TLS13, &[]))
                .expect("a handshake");
            origin.until(b"\r\n\r\n").expect("a request");
            origin.send(b"HTTP/1.1 204 No Content\r\n\r\n");
            origin.until_end();
        });
        let mut wire = knock(loan, Mode::Connect, Layer::Tls13);
        secure(&mut wire, loan, Mode::Connect, |root| {
            client(root, &TLS13, &[])
        })
        .expect("a handshake");
        wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(
            wire.until(b"204 No Content\r\n\r\n").is_some(),
            "a fresh request is served"
        );
    });
    if let Some(peak) = peak_memory(loan.lab.process_id()) {
        assert!(peak <= MOST, "finspect held {peak} KiB");
    }
}

/// The largest resident set so far, in KiB, where the system tells (Linux).
fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
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
