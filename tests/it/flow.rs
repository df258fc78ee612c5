//! Back-pressure goes from end to end, is bounded, and stops nobody else.

use crate::support::{Lab, Layer, Mode, Wire, reach};

/// More than all buffers on the way hold together, the kernel's at their largest included.
pub(crate) const LIMIT: usize = 48 << 20;
/// What is sent after the stall.
const REST: &[u8] = &[b'r'; 3 << 20];

const WAYS: [(Mode, Layer); 6] = [
    (Mode::Direct, Layer::Plain),
    (Mode::Connect, Layer::Plain),
    (Mode::Reverse, Layer::Plain),
    (Mode::Tunnel, Layer::Tls13),
    (Mode::Connect, Layer::Tls12),
    (Mode::Sni, Layer::Tls13),
];

#[test]
fn a_client_that_does_not_read_holds_the_server_back_and_loses_nothing() {
    each_way(|mut client, mut server, way| {
        let poured = server.pour(LIMIT);
        assert!(
            poured < LIMIT,
            "{way}: {poured} bytes went nowhere and were taken"
        );
        finish(server, reads(&mut client), way);
    });
}

#[test]
fn a_server_that_does_not_read_holds_the_client_back_and_loses_nothing() {
    each_way(|mut client, mut server, way| {
        let poured = client.pour(LIMIT);
        assert!(
            poured < LIMIT,
            "{way}: {poured} bytes went nowhere and were taken"
        );
        finish(client, reads(&mut server), way);
    });
}

#[test]
fn a_stall_in_one_direction_does_not_stop_the_other() {
    each_way(|mut client, mut server, way| {
        server.pour(LIMIT);
        for _ in 0..3 {
            assert!(client.send(b"I cannot read, but I can talk"), "{way}");
            assert!(
                server.take(29).is_some(),
                "{way}: the stall stopped the other direction"
            );
        }
        finish(server, reads(&mut client), way);
    });
    each_way(|mut client, mut server, way| {
        client.pour(LIMIT);
        for _ in 0..3 {
            assert!(server.send(b"I cannot read, but I can talk"), "{way}");
            assert!(
                client.take(29).is_some(),
                "{way}: the stall stopped the other direction"
            );
        }
        finish(client, reads(&mut server), way);
    });
}

#[test]
fn a_hundred_connections_to_one_server_stand_at_the_same_time() {
    let loan = Lab::shared().lend();
    let mut pairs: Vec<(Wire, Wire)> = (0..100)
        .map(|_| open(&loan, Mode::Connect, Layer::Plain))
        .collect();
    for (number, (client, server)) in pairs.iter_mut().enumerate() {
        let name = format!("{number:03}");
        assert!(client.send(name.as_bytes()));
        assert_eq!(server.take(3), Some(name.into_bytes()));
    }
}

#[test]
fn a_stall_is_an_event() {
    let loan = Lab::shared().lend();
    let (mut client, mut server) = open(&loan, Mode::Connect, Layer::Tls13);
    server.pour(LIMIT);
    let connection = loan.lab.events.connection(client.caller());
    let stalled = loan.lab.events.find(connection, "stalled", |event| {
        let towards = &event["direction"];
        (towards == "to-client").then(|| event["kind"]["stalled"]["waiting"].as_u64())?
    });
    assert!(stalled > 0);
    finish(server, reads(&mut client), "after the event");
}

/// Opens a connection in each way and hands both ends over, a request and the head of its answer behind them.
fn each_way(play: impl Fn(Wire, Wire, &str)) {
    let loan = Lab::shared().lend();
    for (mode, layer) in WAYS {
        let (client, server) = open(&loan, mode, layer);
        play(client, server, &format!("{mode:?}, {layer:?}"));
    }
}

pub(crate) fn open(loan: &crate::support::Loan, mode: Mode, layer: Layer) -> (Wire, Wire) {
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        loan.authority()
    );
    let (mut client, mut server) = std::thread::scope(|scope| {
        let server = scope.spawn(|| {
            let mut server = Wire::new(loan.accept());
            if let Some(version) = layer.version() {
                let config = loan.identity.server(version, &[]);
                server.start_server(config).expect("the handshake succeeds");
            }
            server.until(b"\r\n\r\n").expect("the request arrives");
            server.send(b"HTTP/1.1 200 OK\r\n\r\n");
            server
        });
        let mut client = reach(loan, mode, layer);
        client.send(request.as_bytes());
        client.until(b"\r\n\r\n").expect("the answer arrives");
        (client, server.join().expect("the origin got this far"))
    });
    client.forget_consumed();
    server.forget_consumed();
    (client, server)
}

/// The end that was stalled reads again, to the end.
pub(crate) fn reads(end: &mut Wire) -> impl FnOnce() -> Vec<u8> + Send + '_ {
    move || {
        end.until_end();
        end.transcript().received.clone()
    }
}

/// The end that was held back sends the rest and hangs up; all of it must arrive.
pub(crate) fn finish(mut sender: Wire, read: impl FnOnce() -> Vec<u8> + Send, way: &str) {
    let (sent, received) = std::thread::scope(|scope| {
        let reader = scope.spawn(read);
        assert!(sender.send(REST), "{way}: the stall never ended");
        sender.close_notify();
        sender.fin();
        let received = reader.join().expect("reading does not panic");
        (sender.into_transcript().sent, received)
    });
    assert!(
        sent == received,
        "{way}: {} bytes were sent, {} arrived",
        sent.len(),
        received.len()
    );
}
