//! What would have failed without finspect fails in the same way through it; what only finspect cannot do, it explains.

use rcgen::CertificateParams;
use rustls::version::TLS13;
use serde_json::Value;

use crate::support::{
    Ending, Identity, Lab, Layer, Loan, Mode, REFUSING, ROOT, UNKNOWN, UNREACHABLE, Wire, client,
    connect_request, knock, secure,
};

const INTERCEPTED: [Mode; 3] = [Mode::Connect, Mode::Sni, Mode::Reverse];

#[test]
fn a_closed_port_is_a_502_that_says_refused() {
    let failed = refused_tunnel(REFUSING, "refused");
    assert_eq!(failed["reason"], "connection-refused");
}

#[test]
fn an_address_out_of_reach_is_a_502_that_says_so() {
    refused_tunnel(UNREACHABLE, "");
}

#[test]
fn a_name_without_an_address_is_a_502_that_says_so() {
    let failed = refused_tunnel(UNKNOWN, "resolve");
    assert!(failed["reason"]["unresolved"].is_string(), "{failed}");
}

/// Asks for a tunnel that cannot be had: the reason, with `word` in it, is in status line and body, and is an event.
fn refused_tunnel(host: &str, word: &str) -> Value {
    let lab = Lab::shared();
    let mut wire = lab.knock();
    wire.send(connect_request(host).as_bytes());
    let answer = wire.until_end();
    let answer = String::from_utf8(answer).expect("the answer is text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let line = head.lines().next().expect("a status line");
    assert!(line.starts_with("HTTP/1.1 502 "), "{line}");
    for place in [line, body] {
        assert!(place.contains(host) && place.contains(word), "{place}");
    }
    assert_eq!(
        wire.transcript().endings,
        [Ending::Fin],
        "the answer arrives whole"
    );
    let failed = lab
        .events
        .kind(lab.events.connection(wire.caller()), "upstream-failed");
    assert_eq!(failed["answered"], 502);
    failed
}

#[test]
fn a_closed_port_is_a_reset_where_the_browser_is_connected_already() {
    let lab = Lab::shared();
    let mut by_name = lab.knock();
    let config = client(lab.authority.clone(), &TLS13, &[]);
    assert_eq!(by_name.start_client(config, REFUSING), Err(Ending::Reset));

    let mut reverse = lab.connect(lab.reverse_refusing);
    reverse.send(format!("GET / HTTP/1.1\r\nHost: {REFUSING}:8445\r\n\r\n").as_bytes());
    reverse.until_end();
    assert_eq!(reverse.transcript().endings, [Ending::Reset]);
    for wire in [by_name, reverse] {
        let connection = lab.events.connection(wire.caller());
        let failed = lab.events.kind(connection, "upstream-failed");
        assert_eq!(failed["reason"], "connection-refused");
    }
}

#[test]
fn an_alert_in_the_servers_handshake_is_the_same_alert() {
    for alert in [40, 70, 71, 80, 112, 116] {
        let record = [0x15, 3, 3, 0, 2, 2, alert];
        let direct = same_failure(|server| {
            read_hello(server);
            server.send_raw(&record);
            server.fin();
        });
        assert!(matches!(direct, Ending::Tls(_)), "{direct:?}");
    }
}

#[test]
fn a_reset_in_the_servers_handshake_is_a_reset() {
    let direct = same_failure(|server| {
        read_hello(server);
        server.reset();
    });
    assert_eq!(direct, Ending::Reset);
}

#[test]
fn a_reset_before_the_servers_handshake_is_a_reset() {
    // Not before the hello: a reset that comes while the dial still ends is a failed dial, here as without finspect.
    let direct = same_failure(|server| {
        read_hello(server);
        server.reset();
    });
    assert_eq!(direct, Ending::Reset);
}

#[test]
fn a_silent_end_of_the_servers_handshake_is_a_silent_end() {
    let direct = same_failure(|server| {
        read_hello(server);
        server.fin();
    });
    assert_eq!(direct, Ending::Fin);
}

#[test]
fn a_reset_in_the_middle_of_the_servers_hello_is_a_reset() {
    let direct = same_failure(|server| {
        read_hello(server);
        server.send_raw(&[0x16, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3]);
        server.reset();
    });
    assert_eq!(direct, Ending::Reset);
}

#[test]
fn a_server_that_speaks_no_tls_fails_the_handshake_and_is_no_page() {
    let loan = Lab::shared().lend();
    for mode in INTERCEPTED {
        let (ending, wire) = handshake(&loan, mode, |server| {
            read_hello(server);
            server.send_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            server.fin();
        });
        assert!(
            matches!(ending, Ending::Tls(_) | Ending::Fin | Ending::Reset),
            "{mode:?}: {ending:?}"
        );
        let failed = tls_failure(&loan, &wire);
        assert_eq!(failed["leg"], "upstream");
        assert!(failed["reason"]["broken"].is_string(), "{failed}");
    }
}

/// Lets the server's handshake fail in every mode; how it fails direct, which must be how it fails everywhere.
fn same_failure(server: impl Fn(&mut Wire) + Sync) -> Ending {
    let loan = Lab::shared().lend();
    let (direct, _) = handshake(&loan, Mode::Direct, &server);
    for mode in INTERCEPTED {
        let (through, wire) = handshake(&loan, mode, &server);
        assert_eq!(through, direct, "{mode:?}");
        assert_eq!(tls_failure(&loan, &wire)["leg"], "upstream", "{mode:?}");
    }
    direct
}

fn handshake(loan: &Loan, mode: Mode, server: impl Fn(&mut Wire) + Sync) -> (Ending, Wire) {
    std::thread::scope(|scope| {
        let origin = scope.spawn(|| {
            let mut wire = Wire::new(loan.accept());
            server(&mut wire);
            wire.until_end();
        });
        let mut wire = knock(loan, mode, Layer::Tls13);
        let outcome = secure(&mut wire, loan, mode, |root| client(root, &TLS13, &[]));
        let ending = outcome.expect_err("the server let the handshake fail");
        wire.vanish();
        origin.join().expect("the origin does not panic");
        (ending, wire)
    })
}

/// Reads a ClientHello, whole.
fn read_hello(server: &mut Wire) {
    let head = server.take(5).expect("a record");
    let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
    server.take(length).expect("a whole record");
}

fn tls_failure(loan: &Loan, wire: &Wire) -> Value {
    let connection = loan.lab.events.connection(wire.caller());
    loan.lab.events.kind(connection, "tls-failed")
}

#[test]
fn an_unknown_issuer_is_a_page_with_the_pin_to_type() {
    let loan = Lab::shared().lend();
    let identity = Identity::self_signed(&[&loan.host]);
    let pin = format!(
        "--upstream-pin {}=sha256:{}",
        loan.host,
        identity.fingerprint()
    );
    for mode in INTERCEPTED {
        let (page, failed) = page(&loan, mode, &identity);
        assert!(page.contains(&pin), "{mode:?}: no `{pin}` in {page}");
        assert_eq!(failed["reason"], "unknown-issuer");
        assert!(
            failed["advice"]
                .as_str()
                .is_some_and(|advice| advice.contains(&pin)),
            "{failed}"
        );
        assert_eq!(failed["chain"][0]["sha256"], identity.fingerprint());
    }
}

#[test]
fn a_certificate_for_another_name_is_a_page() {
    let loan = Lab::shared().lend();
    let identity = ROOT.identity(&["other.finesse.test"]);
    let (page, failed) = page(&loan, Mode::Connect, &identity);
    assert_eq!(failed["reason"], "wrong-name");
    assert!(page.contains(&identity.fingerprint()), "{page}");
}

#[test]
fn an_expired_certificate_is_a_page() {
    let loan = Lab::shared().lend();
    let mut params = CertificateParams::new(vec![loan.host.clone()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2020, 2, 1);
    let identity = ROOT.sign(&params);
    let (page, failed) = page(&loan, Mode::Connect, &identity);
    assert_eq!(failed["reason"], "expired");
    assert!(page.contains(&identity.fingerprint()), "{page}");
}

/// Asks for a page of an origin with this certificate, which is not believed; what comes instead, and the event.
fn page(loan: &Loan, mode: Mode, identity: &Identity) -> (String, Value) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut wire = Wire::new(loan.accept());
            let _ = wire.start_server(identity.server(&TLS13, &[]));
            assert_eq!(
                wire.until_end(),
                b"",
                "{mode:?}: nothing of the browser's may reach it"
            );
        });
        let mut wire = knock(loan, mode, Layer::Tls13);
        secure(&mut wire, loan, mode, |root| client(root, &TLS13, &[]))
            .expect("the page comes under a certificate of finspect's");
        let host = loan.authority();
        wire.send(
            format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes(),
        );
        let page = String::from_utf8(wire.until_end()).expect("the page is text");
        assert!(page.starts_with("HTTP/1.1 5"), "{mode:?}: {page}");
        assert!(page.contains(&loan.host), "{mode:?}: {page}");
        let failed = tls_failure(loan, &wire);
        (page, failed)
    })
}
