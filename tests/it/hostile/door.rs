//! Before there is a connection to anybody.

use super::{expect, still_well};
use crate::support::{Lab, Layer, Mode, knock};

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
