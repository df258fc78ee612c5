//! A client that vanishes, with a FIN and with a RST, in the middle of each stage.

use rustls::version::TLS13;

use super::{expect, still_well};
use crate::support::websocket::{FIN, TEXT, masked, upgrade_answer, upgrade_request};
use crate::support::{
    Ending, Lab, Layer, Loan, Mode, Script, Wire, client, connect_request, knock, reach, script,
};

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

/// Gets a client to some stage twice, lets it vanish there with a FIN and with a RST, and waits for the event. The
/// server, where there is one, sees it vanish in the same manner.
fn vanishes(get_there: impl Fn(&Loan) -> (Wire, Option<Wire>), kind: &str, word: &str) {
    for manner in [Ending::Fin, Ending::Reset] {
        let loan = Lab::hostile().lend();
        let (mut wire, server) = get_there(&loan);
        match manner {
            Ending::Reset => wire.reset(),
            _ => wire.fin(),
        }
        expect(&loan, &wire, kind, word);
        if let Some(mut server) = server {
            server.until_end();
            assert_eq!(server.transcript().endings, [manner]);
            server.vanish();
        }
        wire.until_end();
        wire.vanish();
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
