//! Who moved first, and how, is an event: the connection's death on the wire and in the session are the same story.

use rustls::version::TLS13;
use serde_json::Value;

use crate::support::websocket::{FIN, TEXT, browser, frame, masked, server};
use crate::support::{Case, Ending, Lab, Layer, Loan, Mode, Script, Where, Wire, reach, watch};

const TO_SERVER: &str = "to-server";
const TO_CLIENT: &str = "to-client";

#[test]
fn a_fin_of_the_server_is_told() {
    told(
        Where::EveryVersion,
        TO_CLIENT,
        "fin",
        "fin-without-close-notify",
        |at| (browser(at).until_end().fin(), server().fin()),
    );
}

#[test]
fn a_fin_of_the_client_is_told() {
    told(
        Where::EveryVersion,
        TO_SERVER,
        "fin",
        "fin-without-close-notify",
        |at| (browser(at).fin(), server().until_end().fin()),
    );
}

#[test]
fn an_orderly_end_by_the_server_is_told() {
    told(
        Where::EveryVersion,
        TO_CLIENT,
        "fin",
        "close-notify",
        |at| (browser(at).until_end().close(), server().close()),
    );
}

#[test]
fn an_orderly_end_by_the_client_is_told() {
    told(
        Where::EveryVersion,
        TO_SERVER,
        "fin",
        "close-notify",
        |at| (browser(at).close(), server().until_end().close()),
    );
}

#[test]
fn a_reset_by_the_server_is_told() {
    told(Where::EveryVersion, TO_CLIENT, "reset", "reset", |at| {
        let frame = frame(FIN | TEXT, "x");
        (
            browser(at).take(&frame).say("got it"),
            server().send(&frame).hear("got it").reset(),
        )
    });
}

#[test]
fn a_reset_by_the_client_is_told() {
    told(Where::EveryVersion, TO_SERVER, "reset", "reset", |at| {
        let frame = masked(FIN | TEXT, "x");
        (
            browser(at).send(&frame).hear("got it").reset(),
            server().take(&frame).say("got it"),
        )
    });
}

/// No relay can make the same broken record on the other leg: what is left is to say so and to cut the stream off.
#[test]
fn broken_tls_of_the_client_is_told_and_cuts_the_server_off() {
    let loan = Lab::shared().lend();
    for mode in [Mode::Connect, Mode::Sni, Mode::Reverse] {
        let (mut client, mut origin) = open(&loan, mode);
        client.send_raw(&[0x17, 3, 3, 0, 20, 1, 2, 3]);
        client.send_raw(&[9; 17]);
        client.until_end();
        let alerted = &client.transcript().endings;
        assert!(
            matches!(alerted[..], [Ending::Tls(_)]),
            "{mode:?}: {alerted:?}"
        );
        origin.until_end();
        assert_eq!(origin.transcript().endings, [Ending::Fin], "{mode:?}");
        let manner = manner(&loan, &client, TO_SERVER);
        assert!(manner["tls-broken"].is_string(), "{mode:?}: {manner}");
    }
}

#[test]
fn broken_tls_of_the_server_is_told_and_cuts_the_client_off() {
    let loan = Lab::shared().lend();
    for mode in [Mode::Connect, Mode::Sni, Mode::Reverse] {
        let (mut client, mut origin) = open(&loan, mode);
        origin.send_raw(b"HTTP/1.1 500 not TLS at all\r\n\r\n");
        client.until_end();
        assert_eq!(client.transcript().endings, [Ending::Fin], "{mode:?}");
        client.fin();
        origin.until_end();
        let manner = manner(&loan, &client, TO_CLIENT);
        assert!(manner["tls-broken"].is_string(), "{mode:?}: {manner}");
    }
}

/// A TLS connection that has carried a byte each way.
fn open(loan: &Loan, mode: Mode) -> (Wire, Wire) {
    std::thread::scope(|scope| {
        let origin = scope.spawn(|| {
            let mut origin = Wire::new(loan.accept());
            let config = loan.identity.server(&TLS13, &[]);
            origin.start_server(config).expect("a handshake");
            origin.take(1).expect("a byte");
            origin.send(b"b");
            origin
        });
        let mut client = reach(loan, mode, Layer::Tls13);
        client.send(b"a");
        client.take(1).expect("a byte back");
        (client, origin.join().expect("the origin got this far"))
    })
}

/// How a direction ended.
fn manner(loan: &Loan, client: &Wire, direction: &str) -> Value {
    let connection = loan.lab.events.connection(client.caller());
    loan.lab.events.find(connection, "ended", |event| {
        let is_it = event["direction"] == direction;
        let manner = &event["kind"]["ended"]["manner"];
        (is_it && !manner.is_null()).then(|| manner.clone())
    })
}

/// Plays the two scripts in each mode; each time the events say that `first` moved first, and how.
fn told(
    place: Where,
    first: &str,
    plain: &str,
    tls: &str,
    scripts: impl Fn(&str) -> (Script, Script),
) {
    let write = |at: &str| {
        let (client, origin) = scripts(at);
        Case { client, origin }
    };
    let lab = Lab::shared();
    watch(&lab, place, write, |(mode, layer), performance| {
        // In a tunnel that is not looked into, TLS is bytes: its close_notify is none of our knowledge.
        let sees_tls = mode != Mode::Tunnel && layer != Layer::Plain;
        let manner = if sees_tls { tls } else { plain };
        let connection = lab.events.connection(performance.caller);
        let closed = lab.events.kind(connection, "closed");
        assert_eq!(closed["first"], first, "{closed}");
        let all = lab.events.all(connection);
        let ended = all.iter().find(|event| event["kind"]["ended"].is_object());
        let ended = ended.expect("an `ended` comes before `closed`");
        assert_eq!(ended["direction"], first, "{ended}");
        assert_eq!(ended["kind"]["ended"]["manner"], manner, "{ended}");
        if mode != Mode::Tunnel {
            assert!(all.iter().any(is_websocket), "the tap was there: {all:?}");
        }
        let count = |name: &str| {
            all.iter()
                .filter(|event| event["kind"][name].is_object())
                .count()
        };
        assert_eq!(count("closed"), 1);
        let size = ended["kind"]["ended"]["bytes"].as_u64();
        let sent = if first == TO_CLIENT {
            &performance.origin.sent
        } else {
            &performance.client.sent
        };
        if sees_tls || layer == Layer::Plain {
            assert_eq!(size, Some(sent.len() as u64), "{ended}");
        }
    });
}

fn is_websocket(event: &Value) -> bool {
    event["kind"]["web-socket-opened"].is_object()
}
