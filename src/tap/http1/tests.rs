//! What a user reads of HTTP.

use std::io::Write as _;

use crate::event::{EventKind, HttpRequest};
use crate::tap::Limits;
use crate::tap::testing::{Cut, Transcript, frame, masked};

#[test]
fn pipelined_requests_are_paired_with_their_answers() {
    Transcript::default()
        .client("GET /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /b HTTP/1.1\r\n\r\nPOST /c HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc")
        .server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        .server("HTTP/1.0 204 No Content\r\n\r\n")
        .sees(&[
            "> request 1 GET /a HTTP/1.1",
            "> request 2 HEAD /b HTTP/1.1",
            "> request 3 POST /c HTTP/1.0",
            "> body 3 Length wire=3 \"abc\"",
            "< response 1 HTTP/1.1 200 OK",
            "< body 1 Length wire=2 \"hi\"",
            "< response 2 HTTP/1.1 200 OK",
            "< response 3 HTTP/1.0 204 No Content",
        ]);
}

#[test]
fn interim_answers_do_not_end_an_exchange() {
    Transcript::default()
        .client("PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        .server("HTTP/1.1 100 Continue\r\n\r\n")
        .client("ok")
        .server("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        .client("GET / HTTP/1.1\r\n\r\n")
        .server("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")
        .sees(&[
            "> request 1 PUT / HTTP/1.1",
            "< response 1 HTTP/1.1 100 Continue",
            "> body 1 Length wire=2 \"ok\"",
            "< response 1 HTTP/1.1 103 Early Hints",
            "< response 1 HTTP/1.1 202 Accepted",
            "> request 2 GET / HTTP/1.1",
            "< response 2 HTTP/1.1 304 Not Modified",
        ]);
}

#[test]
fn chunks_with_extensions_and_trailers() {
    Transcript::default()
        .client("POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5;a=b\r\nHello\r\n6 \n world\n00A;\"x\"\r\n0123456789\r\n0;last\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX")
        .sees(&[
            "> request 1 POST / HTTP/1.1",
            "> body 1 Chunked wire=0 \"\"",
            "> request 2 GET / HTTP/1.1",
            "< response 1 HTTP/1.1 200 OK",
            "< body 1 Chunked wire=21 \"Hello world0123456789\" X-Sum=1 X-Sum=2",
            "< response 2 HTTP/1.1 200 OK",
            "< body 2 Chunked wire=3 \"abc\" incomplete",
            "< http BadChunk",
        ]);
}

#[test]
fn a_body_ends_with_the_connection_or_is_cut_off_by_it() {
    Transcript::default()
        .client("GET / HTTP/1.0\r\n\r\n")
        .server("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it")
        .server_ends()
        .client_ends()
        .sees(&[
            "> request 1 GET / HTTP/1.0",
            "< response 1 HTTP/1.0 200 OK",
            "< body 1 UntilClose wire=9 \"all of it\"",
        ]);
    Transcript::default()
        .client("GET / HTTP/1.1\r\n\r\nGET /half")
        .server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        .server_ends()
        .client_ends()
        .sees(&[
            "> request 1 GET / HTTP/1.1",
            "< response 1 HTTP/1.1 200 OK",
            "< body 1 Length wire=4 \"half\" incomplete",
            "> http CutOff",
        ]);
}

#[test]
fn odd_heads_are_read_as_far_as_they_can_be() {
    let transcript = Transcript::default()
        .client("\r\n\r\nGET  /x%20y HTTP/1.1\nX-Fold: a\r\n\tb\nHOST:x\nhost: y\n\n")
        .server(b"HTTP/1.1 200\r\nServer : odd\r\nContent-Length: 0, 0\r\n\r\n\r\n".as_slice())
        .client("GET / HTTP/1.1\r\n\r\n")
        .server(b"HTTP/1.1 404 Nicht gef\xc3\xbcnden \xff\r\nContent-Length: 0\r\n\r\n".as_slice());
    transcript.sees(&[
        "> request 1 GET /x%20y HTTP/1.1",
        "< response 1 HTTP/1.1 200 ",
        "> request 2 GET / HTTP/1.1",
        "< response 2 HTTP/1.1 404 Nicht gefünden \u{fffd}",
    ]);
    let seen = transcript.seen(Cut::Whole);
    let EventKind::HttpRequest(HttpRequest { headers, .. }) = &seen[0].kind else {
        panic!("no request: {seen:?}");
    };
    let headers: Vec<_> = headers
        .iter()
        .map(|header| (&*header.name, &*header.value))
        .collect();
    assert_eq!(
        headers,
        [("X-Fold", "a  \tb"), ("HOST", "x"), ("host", "y")]
    );
}

#[test]
fn what_is_no_http_is_said_once() {
    let no_request = "> http MalformedHead(\"this is no HTTP/1 request\")";
    for garbage in [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n".as_slice(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b" GET / HTTP/1.1\r\n\r\n",
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ",
    ] {
        Transcript::default()
            .client(garbage)
            .client(garbage)
            .sees(&[no_request]);
    }
    Transcript::default()
        .client("GET / HTTP/1.1\r\n\r\n")
        .server("220 mail.example.com ESMTP\r\n")
        .server("HTTP/1.1 200 OK\r\n\r\n")
        .sees(&[
            "> request 1 GET / HTTP/1.1",
            "< http MalformedHead(\"this is no HTTP/1 response\")",
        ]);
}

#[test]
fn contradictions_about_length_end_the_reading() {
    Transcript::default()
        .client("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello")
        .server("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello")
        .sees(&[
            "> request 1 POST / HTTP/1.1",
            "> http BadContentLength",
            "< response 1 HTTP/1.1 200 OK",
            "< http BadContentLength",
        ]);
}

#[test]
fn an_answer_to_nothing_is_shown_and_then_the_server_is_not_read_on() {
    Transcript::default()
        .server("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\n\r\n")
        .sees(&[
            "< response 0 HTTP/1.1 408 Request Timeout",
            "< http UnaskedResponse",
        ]);
}

#[test]
fn answers_beyond_the_bound_on_pairing_are_paired_with_nothing() {
    let limits = Limits {
        outstanding: 1,
        ..Limits::default()
    };
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    Transcript::with(limits)
        .client("GET / HTTP/1.1\r\n\r\n".repeat(2))
        .server(answer.repeat(2))
        .client("GET / HTTP/1.1\r\n\r\n")
        .server(answer)
        .sees(&[
            "> request 1 GET / HTTP/1.1",
            "> request 2 GET / HTTP/1.1",
            "< response 1 HTTP/1.1 200 OK",
            "< response 0 HTTP/1.1 200 OK",
            "> request 3 GET / HTTP/1.1",
            "< response 3 HTTP/1.1 200 OK",
        ]);
}

#[test]
fn a_head_over_the_limit_is_refused() {
    let limits = Limits {
        head: 64,
        ..Limits::default()
    };
    let fits = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(64 - 23));
    assert_eq!(fits.len(), 64);
    Transcript::with(limits)
        .client(&fits)
        .client(fits.replace("X:", "XX:"))
        .sees(&["> request 1 GET / HTTP/1.1", "> http HeadTooLarge(64)"]);
    Transcript::with(limits)
        .client("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        .client(format!("X: {}", "x".repeat(64)))
        .sees(&[
            "> request 1 POST / HTTP/1.1",
            "> body 1 Chunked wire=0 \"\" incomplete",
            "> http HeadTooLarge(64)",
        ]);
}

#[test]
fn content_is_decoded_and_bounded() {
    let limits = Limits {
        body: 300,
        decoded_body: 1000,
        ..Limits::default()
    };
    let get = "GET / HTTP/1.1\r\n\r\n";
    let answer = |coding: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    let zlib = {
        let mut encoder =
            flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"zlib").unwrap();
        encoder.finish().unwrap()
    };
    let raw = {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"raw").unwrap();
        encoder.finish().unwrap()
    };
    let bomb = gzip(&vec![b'0'; 200_000]);
    assert!(bomb.len() < 300);
    let mut torn = gzip(b"a gzip that is torn");
    torn.truncate(torn.len() - 4);
    Transcript::with(limits)
        .client(get.repeat(8))
        .server(answer("gzip", &gzip(b"gzip")))
        .server(answer("deflate", &zlib))
        .server(answer("deflate", &raw))
        // A stored metablock of six bytes (RFC 7932 section 9.2) and an empty last one.
        .server(answer("br", b"\x8b\x02\x80brotli\x03"))
        .server(answer("gzip", &bomb))
        .server(answer("gzip", &torn))
        .server(answer("zstd", b"plain"))
        .server(answer("identity", &[b'x'; 301]))
        .sees(&[
            "> request 1 GET / HTTP/1.1",
            "> request 2 GET / HTTP/1.1",
            "> request 3 GET / HTTP/1.1",
            "> request 4 GET / HTTP/1.1",
            "> request 5 GET / HTTP/1.1",
            "> request 6 GET / HTTP/1.1",
            "> request 7 GET / HTTP/1.1",
            "> request 8 GET / HTTP/1.1",
            "< response 1 HTTP/1.1 200 OK",
            "< body 1 Length wire=24 \"gzip\"",
            "< response 2 HTTP/1.1 200 OK",
            "< body 2 Length wire=12 \"zlib\"",
            "< response 3 HTTP/1.1 200 OK",
            "< body 3 Length wire=5 \"raw\"",
            "< response 4 HTTP/1.1 200 OK",
            "< body 4 Length wire=10 \"brotli\"",
            "< response 5 HTTP/1.1 200 OK",
            "< body 5 Length wire=229 1000 bytes of text still encoded",
            "< response 6 HTTP/1.1 200 OK",
            "< body 6 Length wire=35 \"a gzip that is torn\" still encoded",
            "< response 7 HTTP/1.1 200 OK",
            "< body 7 Length wire=5 \"plain\" still encoded",
            "< response 8 HTTP/1.1 200 OK",
            "< body 8 Length wire=301 300 bytes of text of 301 cut 1",
        ]);
}

#[test]
fn a_refused_upgrade_goes_on_as_http() {
    Transcript::default()
        .client("GET /ws/ HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        .client("GET /next HTTP/1.1\r\n\r\n")
        .server("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        .server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .sees(&[
            "> request 1 GET /ws/ HTTP/1.1",
            "< response 1 HTTP/1.1 403 Forbidden",
            "> request 2 GET /next HTTP/1.1",
            "< body 1 Length wire=2 \"no\"",
            "< response 2 HTTP/1.1 200 OK",
        ]);
}

#[test]
fn bytes_around_the_101_are_frames() {
    Transcript::default()
        .client(
            [
                b"GET /ws/ HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
                    .as_slice(),
                &masked(0x81, "early"),
            ]
            .concat(),
        )
        .server(
            [
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n".as_slice(),
                &frame(0x81, "behind"),
            ]
            .concat(),
        )
        .client(masked(0x81, "later"))
        .sees(&[
            "> request 1 GET /ws/ HTTP/1.1",
            "< response 1 HTTP/1.1 101 Switching Protocols",
            "< opened /ws/ - deflate=false unknown=[]",
            "> Text frames=1 wire=5 \"early\"",
            "< Text frames=1 wire=6 \"behind\"",
            "> Text frames=1 wire=5 \"later\"",
        ]);
}

#[test]
fn other_protocols_are_named_and_left_alone() {
    Transcript::default()
        .client("GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")
        .server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n\0\0\0\x04")
        .client("PRI * HTTP/2.0\r\n\r\n")
        .server_ends()
        .sees(&[
            "> request 1 GET / HTTP/1.1",
            "< response 1 HTTP/1.1 101 Switching Protocols",
            "< http UnknownUpgrade(\"h2c\")",
        ]);
    Transcript::default()
        .client("CONNECT a:1 HTTP/1.1\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nxxxxxyyyy")
        .client("\x16\x03")
        .sees(&[
            "> request 1 CONNECT a:1 HTTP/1.1",
            "< response 1 HTTP/1.1 200 OK",
            "< http UnknownUpgrade(\"CONNECT\")",
        ]);
}

#[test]
fn a_client_that_floods_before_the_answer_is_held_up_to_a_bound() {
    let limits = Limits {
        early: 10,
        ..Limits::default()
    };
    Transcript::with(limits)
        .client("GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        .client("01234567890")
        .server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
        .client(masked(0x81, "lost"))
        .server(frame(0x81, "read"))
        .sees(&[
            "> request 1 GET / HTTP/1.1",
            "> http UnknownUpgrade(\"websocket\")",
            "< response 1 HTTP/1.1 101 Switching Protocols",
            "< opened / - deflate=false unknown=[]",
            "< Text frames=1 wire=4 \"read\"",
        ]);
}

#[test]
fn times_are_those_of_first_and_last_chunk() {
    let seen = Transcript::default()
        .client("GET / HT")
        .client("TP/1.1\r\n\r\n")
        .seen(Cut::Whole);
    let [request] = seen.as_slice() else {
        panic!("{seen:?}");
    };
    let time = request.time;
    assert_eq!(
        (time.arrived.0, time.first.map(|at| at.0)),
        (200, Some(100))
    );
    assert_eq!(time.forwarded.map(|at| at.0), Some(201));
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
