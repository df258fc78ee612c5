//! The front door: first bytes in any cut, loops refused, the right certificate for each way in.

use std::sync::Arc;

use rustls::AlertDescription;
use rustls::version::TLS13;

use crate::support::{
    Ending, Lab, Layer, Loan, Mode, ROOT, Wire, client, connect_request, knock, secure,
};

#[test]
fn first_bytes_may_come_one_at_a_time() {
    let loan = Lab::shared().lend();
    let mut tunnel = loan.lab.knock();
    tunnel.drip(true);
    tunnel.send(connect_request(&loan.host).as_bytes());
    tunnel.until(b"\r\n\r\n").expect("a tunnel");
    tunnel.forget_consumed();
    let mut by_name = loan.lab.knock();
    by_name.drip(true);
    let mut reverse = knock(&loan, Mode::Reverse, Layer::Tls13);
    reverse.drip(true);
    for (wire, mode) in [
        (tunnel, Mode::Connect),
        (by_name, Mode::Sni),
        (reverse, Mode::Reverse),
    ] {
        converse(&loan, wire, mode);
    }
}

#[test]
fn a_client_hello_in_the_same_segment_as_its_connect_is_not_lost() {
    let loan = Lab::shared().lend();
    let config = client(loan.lab.authority.clone(), &TLS13, &[]);
    let name = loan.host.clone().try_into().expect("a name");
    let mut tls = rustls::ClientConnection::new(config, name).unwrap();
    let mut hello = Vec::new();
    tls.write_tls(&mut hello).unwrap();
    let mut wire = loan.lab.knock();
    wire.send(&[connect_request(&loan.host).into_bytes(), hello].concat());
    let mut server = Wire::new(loan.accept());
    server
        .start_server(loan.identity.server(&TLS13, &[]))
        .expect("the hello gets there");
    wire.until(b"\r\n\r\n").expect("the answer to CONNECT");
    let record = wire.take(3).expect("the answer to the ClientHello");
    assert_eq!(record, [0x16, 3, 3], "a handshake record");
}

#[test]
fn a_tunnel_to_finspect_itself_is_refused() {
    let lab = Lab::shared();
    let port = lab.front.port();
    for host in ["127.0.0.1", "localhost"] {
        let mut wire = lab.knock();
        wire.send(format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
        let answer = String::from_utf8_lossy(&wire.until_end()).into_owned();
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(status.starts_with(['4', '5']), "{host}: {answer}");
        let refused = lab
            .events
            .kind(lab.events.connection(wire.caller()), "refused");
        assert_eq!(refused["loop"]["port"], port, "{host}: {refused}");
    }
}

#[test]
fn a_host_that_is_not_intercepted_shows_its_own_certificate() {
    let loan = Lab::shared().lend();
    assert!(presented(&loan, Mode::Tunnel) == loan.identity.certificate.to_vec());
    for mode in [Mode::Connect, Mode::Sni, Mode::Reverse] {
        assert!(
            presented(&loan, mode) != loan.identity.certificate.to_vec(),
            "{mode:?}"
        );
    }
}

#[test]
fn a_client_that_sends_no_server_name_gets_a_certificate_for_the_tunnels_host() {
    let loan = Lab::shared().lend();
    let wire = handshake(&loan, Mode::Connect, &[], || {
        let mut config = client(loan.lab.authority.clone(), &TLS13, &[]);
        Arc::make_mut(&mut config).enable_sni = false;
        config
    });
    converse_plain(wire);
}

#[test]
fn the_protocol_that_the_server_chose_is_the_one_the_client_gets() {
    let loan = Lab::shared().lend();
    let (h2, http): (&[u8], &[u8]) = (b"h2", b"http/1.1");
    for (offered, spoken, chosen) in [
        (&[h2, http][..], &[h2, http][..], Some(http)),
        (&[http], &[h2, http], Some(http)),
        (&[h2, http], &[http], Some(http)),
        (&[h2, http], &[], None),
        (&[], &[h2, http], None),
    ] {
        for mode in [Mode::Connect, Mode::Sni, Mode::Reverse] {
            let root = loan.lab.authority.clone();
            let (wire, _server) = handshake(&loan, mode, spoken, || {
                client(root.clone(), &TLS13, offered)
            });
            assert_eq!(
                wire.tls().alpn_protocol(),
                chosen,
                "{mode:?}, {offered:?}, {spoken:?}"
            );
        }
    }
}

/// The one place where plaintext waits: the `Host` decides whether it is relayed or rewritten.
#[test]
fn a_plain_reverse_listener_dials_nobody_before_it_knows_the_host() {
    let loan = Lab::shared().lend();
    let mut wire = knock(&loan, Mode::Reverse, Layer::Plain);
    wire.send(b"GET / HTTP/1.1\r\nHos");
    wire.fin();
    wire.until_end();
    let connection = loan.lab.events.connection(wire.caller());
    assert_eq!(loan.lab.events.kind(connection, "refused"), "vanished");
    assert_eq!(loan.strays(), 0);
}

/// The FIN may come before finspect has dialled: it ends a direction, and nobody has left.
#[test]
fn a_request_and_a_fin_in_one_breath_are_served_every_time() {
    let loan = Lab::shared().lend();
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", loan.authority());
    for round in 0..40 {
        let mut wire = knock(&loan, Mode::Reverse, Layer::Plain);
        wire.send(request.as_bytes());
        wire.fin();
        let mut server = Wire::new(loan.accept());
        assert_eq!(server.until_end(), request.as_bytes(), "round {round}");
        server.send(b"HTTP/1.1 200 OK\r\n\r\nserved");
        server.fin();
        assert!(wire.until_end().ends_with(b"served"), "round {round}");
    }
}

/// Direct, a browser would speak h2 with it. Through finspect it is a client without h2, and refused as one.
#[test]
fn a_server_that_speaks_only_h2_refuses_with_its_own_alert() {
    let loan = Lab::shared().lend();
    for mode in [Mode::Connect, Mode::Sni, Mode::Reverse] {
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut server = Wire::new(loan.accept());
                let config = loan.identity.server(&TLS13, &[b"h2"]);
                assert!(server.start_server(config).is_err(), "{mode:?}");
                server.vanish();
            });
            let mut wire = knock(&loan, mode, Layer::Tls13);
            let offer: [&[u8]; 2] = [b"h2", b"http/1.1"];
            secure(&mut wire, &loan, mode, |root| client(root, &TLS13, &offer))
        });
        let alert = rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol);
        assert_eq!(outcome, Err(Ending::Tls(alert.to_string())), "{mode:?}");
    }
}

#[test]
fn a_browser_that_rejects_our_certificate_is_an_event_that_says_why() {
    let loan = Lab::shared().lend();
    for mode in [Mode::Connect, Mode::Sni, Mode::Reverse] {
        let stranger = client(ROOT.der(), &TLS13, &[]);
        let wire = std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut server = Wire::new(loan.accept());
                let _ = server.start_server(loan.identity.server(&TLS13, &[]));
                assert_eq!(server.until_end(), b"");
                assert_eq!(server.transcript().endings, [Ending::Fin], "{mode:?}");
            });
            let mut wire = knock(&loan, mode, Layer::Tls13);
            let outcome = wire.start_client(Arc::clone(&stranger), &loan.host);
            assert!(
                matches!(outcome, Err(Ending::Tls(_))),
                "{mode:?}: {outcome:?}"
            );
            wire.vanish();
            wire
        });
        let connection = loan.lab.events.connection(wire.caller());
        let failed = loan.lab.events.kind(connection, "tls-failed");
        assert_eq!(failed["leg"], "client", "{mode:?}");
        assert!(
            failed["reason"]["authority-unknown"].is_string(),
            "{mode:?}: {failed}"
        );
    }
}

/// The leaf that the client is shown.
fn presented(loan: &Loan, mode: Mode) -> Vec<u8> {
    let root = if mode == Mode::Tunnel {
        ROOT.der()
    } else {
        loan.lab.authority.clone()
    };
    let (wire, _server) = handshake(loan, mode, &[], || client(root.clone(), &TLS13, &[]));
    let chain = wire.tls().peer_certificates().expect("a server shows one");
    chain[0].to_vec()
}

fn handshake(
    loan: &Loan,
    mode: Mode,
    alpn: &[&[u8]],
    config: impl Fn() -> Arc<rustls::ClientConfig>,
) -> (Wire, Wire) {
    both(loan, knock(loan, mode, Layer::Tls13), mode, alpn, config)
}

/// Handshakes on both ends of a connection that is on its way.
fn both(
    loan: &Loan,
    mut wire: Wire,
    mode: Mode,
    alpn: &[&[u8]],
    config: impl Fn() -> Arc<rustls::ClientConfig>,
) -> (Wire, Wire) {
    std::thread::scope(|scope| {
        let server = scope.spawn(|| {
            let mut server = Wire::new(loan.accept());
            server
                .start_server(loan.identity.server(&TLS13, alpn))
                .expect("the origin's handshake");
            server
        });
        secure(&mut wire, loan, mode, |_| config()).expect("the client's handshake");
        (wire, server.join().expect("the origin got this far"))
    })
}

fn converse(loan: &Loan, wire: Wire, mode: Mode) {
    let root = loan.lab.authority.clone();
    converse_plain(both(loan, wire, mode, &[], || {
        client(root.clone(), &TLS13, &[])
    }));
}

fn converse_plain((mut client, mut server): (Wire, Wire)) {
    assert!(client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert!(server.until(b"\r\n\r\n").is_some());
    assert!(server.send(b"HTTP/1.1 204 No Content\r\n\r\n"));
    assert!(client.until(b"\r\n\r\n").is_some());
}
