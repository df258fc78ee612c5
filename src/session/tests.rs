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

/// What can be written into a recording: long texts in all that is kept, on connections that end or do not.
fn hostile(number: u64, kind: u64) -> EventKind {
    use crate::event::*;
    let long = || format!("{number}{}", "x".repeat(2_000));
    let certificate = || CertificateFacts {
        subject: long(),
        issuer: long(),
        names: vec![String::new(); 100],
        sha256: long(),
        not_before: 0,
        not_after: 0,
    };
    match kind {
        0 => EventKind::Entered(Entered {
            way: Way::Connect,
            target: Authority {
                host: long(),
                port: 443,
            },
            intercepted: true,
        }),
        1 => EventKind::TlsEstablished(TlsEstablished {
            leg: Leg::Upstream,
            version: long(),
            cipher_suite: long(),
            alpn: Some(long()),
            chain: vec![certificate(); 9],
            verified: None,
            took: Micros(0),
        }),
        2 => EventKind::HttpRequest(HttpRequest {
            exchange: number,
            method: "GET".to_owned(),
            target: long(),
            version: HttpVersion::Http11,
            headers: Vec::new(),
        }),
        3 => EventKind::HttpViolation(HttpViolation::MalformedHead(long())),
        4 => EventKind::WebSocketPing(Payload::whole(long().as_bytes())),
        5 => EventKind::WebSocketClose(Closing {
            code: Some(1000),
            reason: long(),
        }),
        6 => EventKind::Refused(Refusal::BadRequest(long())),
        7 => EventKind::Ended(Ended {
            manner: Manner::Error(long()),
            bytes: 0,
        }),
        _ => EventKind::Gap(Gap {
            events: 1,
            bytes: 1,
            kinds: (0..100)
                .map(|one| (format!("{one}{}", long()), 1))
                .collect(),
        }),
    }
}

#[test]
fn heavy_connections_make_room_for_later_ones() {
    let mut session = Session::default();
    let mut number = 0;
    for connection in 1..=600 {
        for kind in 0..40 {
            number += 1;
            session.take(&Event {
                number,
                time: crate::event::Times::at(Micros(number)),
                connection: Some(ConnectionId(connection)),
                direction: Some(Direction::ToServer),
                kind: hostile(number, if kind < 30 { 1 } else { kind % 9 }),
            });
        }
    }
    let sum: usize = session.connections().map(Connection::weight).sum();
    assert_eq!(session.weight.0, sum, "kept account of");
    assert!(sum <= CONNECTIONS_WEIGH, "{sum}");
    assert!(
        sum > CONNECTIONS_WEIGH / 2,
        "no more is forgotten than must be: {sum}"
    );
    assert_eq!(
        session.forgotten() + session.connections().count() as u64,
        600
    );
    assert!(
        session.get(ConnectionId(600)).is_some(),
        "the latest is there"
    );
    let one = session.get(ConnectionId(600)).unwrap();
    let target = one.target.as_ref().unwrap();
    assert_eq!(target.host.len(), 256);
}

#[test]
fn those_that_are_over_are_forgotten_before_those_that_are_open() {
    let mut session = Session::default();
    let mut number = 0;
    let mut take = |session: &mut Session, connection, kind| {
        number += 1;
        session.take(&Event {
            number,
            time: crate::event::Times::at(Micros(number)),
            connection: Some(ConnectionId(connection)),
            direction: Some(Direction::ToServer),
            kind,
        });
    };
    for connection in 1..=CONNECTIONS as u64 + 2 {
        take(&mut session, connection, hostile(connection, 6));
        if (3..=5).contains(&connection) {
            let closed = crate::event::Closed {
                first: None,
                to_server: 0,
                to_client: 0,
                lasted: Micros(0),
            };
            take(&mut session, connection, EventKind::Closed(closed));
        }
    }
    let left: Vec<u64> = session.connections().take(4).map(|one| one.id.0).collect();
    assert_eq!(left, [1, 2, 5, 6]);
    assert_eq!(session.forgotten(), 2);
}

#[test]
fn agents_are_bounded_in_bytes() {
    let mut session = Session::default();
    for user in 0..200 {
        for state in 0..400_u64 {
            let change = StateChange {
                at: At::default(),
                connection: ConnectionId(1),
                state: format!("{state}{}", "x".repeat(1_000)),
                reason_code: Some("9".repeat(1_000)),
                reason: None,
            };
            session.of_agent(&format!("{user:04}"), |agent| agent.changed(change));
        }
    }
    let sum: usize = session.agents().map(Agent::weight).sum();
    assert_eq!(session.weight.1, sum);
    assert!(sum <= AGENTS_WEIGH && sum > AGENTS_WEIGH / 2, "{sum}");
    assert_eq!(session.forgotten() + session.agents().count() as u64, 200);
}

#[test]
fn the_agent_that_was_heard_of_longest_ago_is_forgotten() {
    let mut session = Session::default();
    let bound = |session: &mut Session, user: &str| {
        session.of_agent(user, |agent| agent.bound(ConnectionId(1), At::default()));
    };
    for user in (0..AGENTS).rev() {
        bound(&mut session, &format!("{user:04}"));
    }
    // The first of them is heard of again; of the others `4094` is the quietest now.
    bound(&mut session, "4095");
    assert_eq!(session.forgotten(), 0);
    bound(&mut session, "zzz");
    let known = |user: &str| session.agent(user).is_some();
    assert!(known("4095") && known("0000") && known("zzz") && !known("4094"));
    assert_eq!(session.forgotten(), 1);
    assert_eq!(
        (session.agents().count(), session.heard.len()),
        (AGENTS, AGENTS)
    );
}
