//! A bad week of many agents: sockets that are reset again and again, and attempts that are refused until one succeeds.

use std::net::{Ipv4Addr, SocketAddr};

use finspect::event::{
    Accepted, Authority, Closed, ConnectionId, Direction, Ended, Entered, Event, EventKind, Manner,
    Micros, SessionStarted, Times, Way,
};
use finspect::tap::{Chunk, Limits, Tap};

use crate::day::{SWITCHED, UPGRADE, answer, frame, question};

/// The events of so many incidents, with four connections each.
pub(crate) fn events(incidents: u64) -> Vec<Event> {
    let mut storm = Storm::default();
    storm.fact(None, EventKind::SessionStarted(SessionStarted::default()));
    for number in 0..incidents {
        let user = 1_001_000 + number % 200;
        storm.served(user);
        for _ in 0..3 {
            storm.refused(user);
        }
    }
    storm.events
}

#[derive(Default)]
struct Storm {
    events: Vec<Event>,
    connections: u64,
    now: u64,
}

impl Storm {
    /// A socket with some pings, which the server resets.
    fn served(&mut self, user: u64) {
        let mut tap = self.opened(user);
        self.push(&mut tap, Direction::ToServer, UPGRADE);
        self.push(&mut tap, Direction::ToClient, SWITCHED);
        let bind = format!(
            "<iq xmlns='jabber:client' id='b' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{user}@finesse.example.com/desktop</jid></bind></iq>"
        );
        self.push(&mut tap, Direction::ToClient, &frame(false, &bind));
        let here = "<presence xmlns='jabber:client'/>";
        self.push(&mut tap, Direction::ToServer, &frame(true, here));
        let there = "<presence xmlns='jabber:client' from='finesse@finesse.example.com/x'/>";
        self.push(&mut tap, Direction::ToClient, &frame(false, there));
        for ping in 0..6 {
            self.now += 10_000_000;
            self.push(&mut tap, Direction::ToServer, &frame(true, &question(ping)));
            self.push(&mut tap, Direction::ToClient, &frame(false, &answer(ping)));
        }
        self.gone(Manner::Reset);
    }

    /// An attempt that is answered with 503.
    fn refused(&mut self, user: u64) {
        let mut tap = self.opened(user);
        self.push(&mut tap, Direction::ToServer, UPGRADE);
        self.push(&mut tap, Direction::ToClient, REFUSED);
        self.gone(Manner::CloseNotify);
    }

    /// A new connection from the user's own machine.
    fn opened(&mut self, user: u64) -> Tap {
        self.connections += 1;
        self.now += 3_000_000;
        let machine = Ipv4Addr::new(10, 0, 1, (user % 200) as u8);
        let accepted = Accepted {
            client: SocketAddr::from((machine, 50_000)),
            listener: SocketAddr::from((Ipv4Addr::LOCALHOST, 8899)),
        };
        self.fact(None, EventKind::Accepted(accepted));
        let target = Authority {
            host: "finesse.example.com".to_owned(),
            port: 8445,
        };
        let entered = Entered {
            way: Way::Connect,
            target,
            intercepted: true,
        };
        self.fact(None, EventKind::Entered(entered));
        Tap::new(Limits::default())
    }

    /// The server's end of it.
    fn gone(&mut self, manner: Manner) {
        self.now += 1_000_000;
        let ended = Ended { manner, bytes: 900 };
        self.fact(Some(Direction::ToClient), EventKind::Ended(ended));
        let closed = Closed {
            first: Some(Direction::ToClient),
            to_server: 500,
            to_client: 900,
            lasted: Micros(1_000_000),
        };
        self.fact(None, EventKind::Closed(closed));
    }

    fn push(&mut self, tap: &mut Tap, direction: Direction, bytes: &[u8]) {
        self.now += 900;
        let chunk = Chunk {
            arrived: Micros(self.now),
            forwarded: Some(Micros(self.now + 80)),
            bytes,
        };
        let mut seen = Vec::new();
        tap.push(direction, chunk, &mut seen);
        for one in seen {
            self.fact(Some(one.direction), one.kind);
        }
    }

    fn fact(&mut self, direction: Option<Direction>, kind: EventKind) {
        self.events.push(Event {
            number: self.events.len() as u64 + 1,
            time: Times::at(Micros(self.now)),
            connection: (self.connections > 0).then_some(ConnectionId(self.connections)),
            direction,
            kind,
        });
    }
}

const REFUSED: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
