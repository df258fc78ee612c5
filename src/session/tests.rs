//! What the projection tells of real sessions of the demo.

use std::path::Path;

use super::*;
use crate::event::{Direction, Manner};
use crate::recording::{Item, Source};

/// The session of a golden recording.
fn golden(name: &str) -> Session {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/1.0");
    let mut source = Source::open(&folder.join(name)).unwrap();
    let mut session = Session::default();
    while let Some(item) = source.advance() {
        match item {
            Item::Event(event) => session.take(&event),
            Item::Trouble(trouble) => panic!("{name}: {trouble}"),
        }
    }
    session
}

/// The connections with a WebSocket, in order.
fn sockets(session: &Session) -> Vec<(&Connection, &Socket)> {
    let all = session.connections();
    all.filter_map(|one| Some((one, one.socket.as_ref()?)))
        .collect()
}

#[test]
fn an_agent_is_one_over_a_reset_and_the_socket_after_it() {
    let session = golden("reset.jsonl");
    let agents: Vec<&Agent> = session.agents().collect();
    let [agent] = agents[..] else {
        panic!("{agents:?}");
    };
    assert_eq!(agent.user, "1001002");
    let ids: Vec<ConnectionId> = agent.sockets.iter().map(|(_, id)| *id).collect();
    let sockets = sockets(&session);
    assert_eq!(
        ids,
        sockets.iter().map(|(one, _)| one.id).collect::<Vec<_>>()
    );
    let (connection, socket) = sockets[0];
    let end = connection.first_end().unwrap();
    assert_eq!(
        (end.direction, &end.manner),
        (Direction::ToClient, &Manner::Reset)
    );
    let heard = end.heard.to_client.max(end.heard.to_server).unwrap();
    assert!(heard < end.at);
    assert_eq!(end.quiet(), Some(end.at.time.since(heard.time)));
    let (longest, spoke) = connection.quiet.unwrap();
    assert!(longest.0 > 0 && spoke <= heard);
    let stream = &socket.stream;
    assert_eq!(
        (stream.user(), stream.resource()),
        (Some("1001002"), Some("desktop"))
    );
    assert_eq!(stream.client_said_goodbye(), None);
    let pings = &stream.pings.to_server;
    assert!(pings.sent >= 3, "{pings:?}");
    assert_eq!(pings.sent, pings.answered);
    assert!(stream.finesse.iter().all(|presence| presence.available));
    let (_, last) = sockets[1];
    assert!(last.stream.client_said_goodbye().is_some(), "signed out");
}

#[test]
fn a_ping_that_waits_is_in_the_ledger_until_its_answer_comes() {
    let session = golden("stall.jsonl");
    let (_, socket) = sockets(&session)[0];
    let pings = &socket.stream.pings.to_server;
    let close = socket.closes.first().unwrap();
    assert_eq!((close.direction, close.code), (Direction::ToServer, None));
    let waited = pings.outstanding(close.at.time).unwrap();
    // Ten seconds of the desktop's life are one here.
    assert!(waited.0 > 1_400_000, "{waited:?}");
    assert_eq!(socket.stream.client_said_goodbye(), None);
    let (worst, _) = pings.worst.unwrap();
    assert!(worst.0 > 3_000_000, "it came at last: {worst:?}");
    let interval = pings.interval().unwrap().0;
    assert!((900_000..1_100_000).contains(&interval), "{interval}");
}

#[test]
fn a_restart_is_a_stream_error_and_upgrades_that_are_refused() {
    let session = golden("shutdown.jsonl");
    let (connection, socket) = sockets(&session)[0];
    let conditions: Vec<&str> = socket
        .stream
        .errors
        .iter()
        .map(|(_, _, condition)| condition.as_str())
        .collect();
    assert_eq!(conditions, ["system-shutdown"]);
    assert!(connection.is_over());
    let refused = session
        .connections()
        .flat_map(|connection| &connection.exchanges.failures)
        .filter(|failure| failure.upgrade && failure.status == 503);
    assert!(refused.count() > 0);
    assert!(
        session.ordinary() > 0,
        "calls to REST are not kept one by one"
    );
}

#[test]
fn delay_of_our_own_is_counted_over_every_unit() {
    let delay = golden("stall.jsonl").delay();
    let (worst, _) = delay.worst.unwrap();
    assert!(delay.units > 50);
    assert!(delay.total >= worst.0 && worst.0 < 1_000_000, "{delay:?}");
}

#[test]
fn a_part_read_alone_tells_the_same_of_what_was_open() {
    let whole = golden("shutdown.jsonl");
    let part = golden("shutdown.part2.jsonl");
    for (connection, socket) in sockets(&part) {
        let same = whole.get(connection.id).and_then(|one| one.socket.as_ref());
        let same = same.expect("the same number in both");
        assert_eq!(same.stream.user(), socket.stream.user());
        assert_eq!(same.opened, socket.opened);
    }
}

#[test]
fn memory_has_a_bound() {
    let mut session = Session::default();
    for number in 1..=3 * CONNECTIONS as u64 {
        session.take(&Event {
            number,
            time: crate::event::Times::at(Micros(number)),
            connection: Some(ConnectionId(number)),
            direction: None,
            kind: EventKind::Protocol(crate::event::Protocol::Opaque),
        });
    }
    assert_eq!(session.connections().count(), CONNECTIONS);
    assert_eq!(session.forgotten(), 2 * CONNECTIONS as u64);
}
