//! What a survey says of small sessions.

use super::survey::Survey;
use crate::event::{
    Authority, Carrier, Closed, Closing, ConnectionId, DataOpcode, Direction, Ended, Entered,
    Event, EventKind, Gap, HttpRequest, HttpVersion, Manner, MessageFacts, Micros, Payload, QName,
    SessionEnded, SessionStarted, Stanza, StanzaKind, Times, Way, WebSocketOpened, XmppStanza,
};
use crate::recording::{Header, PartName, Writer};

/// A session that is written down event by event.
#[derive(Default)]
struct Session(Vec<Event>);

impl Session {
    fn push(
        &mut self,
        connection: u64,
        direction: Option<Direction>,
        kind: EventKind,
    ) -> &mut Self {
        let number = self.0.len() as u64 + 1;
        self.0.push(Event {
            number,
            time: Times::at(Micros(number * 1_000)),
            connection: Some(ConnectionId(connection)),
            direction,
            kind,
        });
        self
    }

    fn entered(&mut self, connection: u64, host: &str, intercepted: bool) -> &mut Self {
        let entered = Entered {
            way: Way::Connect,
            target: Authority {
                host: host.to_owned(),
                port: 8445,
            },
            intercepted,
        };
        self.push(connection, None, EventKind::Entered(entered))
    }

    fn socket(&mut self, connection: u64) -> &mut Self {
        let opened = WebSocketOpened {
            exchange: 1,
            target: "/ws/".to_owned(),
            subprotocol: Some("xmpp".to_owned()),
            deflate: None,
            unknown_extensions: Vec::new(),
        };
        self.push(connection, None, EventKind::WebSocketOpened(opened))
    }

    fn stanza(&mut self, connection: u64, direction: Direction, kind: StanzaKind) -> &mut Self {
        self.presence(connection, direction, kind, None)
    }

    fn presence(
        &mut self,
        connection: u64,
        direction: Direction,
        kind: StanzaKind,
        kind_attribute: Option<&str>,
    ) -> &mut Self {
        let facts = MessageFacts {
            opcode: DataOpcode::Text,
            masked: false,
            compressed: false,
            wire_size: 1,
            frame_count: 1,
            frames: Vec::new(),
        };
        let stanza = XmppStanza {
            carrier: Carrier::WebSocket(facts),
            stanza: Stanza {
                root: QName::new("iq", "jabber:client"),
                to: None,
                from: None,
                id: None,
                kind_attribute: kind_attribute.map(ToOwned::to_owned),
                error: None,
                kind,
            },
            xml: Payload::whole(b"<iq/>"),
        };
        self.push(
            connection,
            Some(direction),
            EventKind::XmppStanza(Box::new(stanza)),
        )
    }

    fn close_frame(
        &mut self,
        connection: u64,
        direction: Direction,
        code: Option<u16>,
    ) -> &mut Self {
        let closing = Closing {
            code,
            reason: String::new(),
        };
        self.push(
            connection,
            Some(direction),
            EventKind::WebSocketClose(closing),
        )
    }

    fn ended(&mut self, connection: u64, direction: Direction, manner: Manner) -> &mut Self {
        let ended = Ended { manner, bytes: 0 };
        self.push(connection, Some(direction), EventKind::Ended(ended))
    }

    fn closed(&mut self, connection: u64) -> &mut Self {
        let closed = Closed {
            first: None,
            to_server: 0,
            to_client: 0,
            lasted: Micros(0),
        };
        self.push(connection, None, EventKind::Closed(closed))
    }

    fn request(&mut self, target: &str) -> &mut Self {
        let head = HttpRequest {
            exchange: 1,
            method: "GET".to_owned(),
            target: target.to_owned(),
            version: HttpVersion::Http11,
            headers: Vec::new(),
        };
        self.push(1, Some(Direction::ToServer), EventKind::HttpRequest(head))
    }

    fn survey(&self) -> Survey {
        let folder = tempfile::tempdir().unwrap();
        let path = PartName::first(&folder.path().join("x")).path();
        let header = Header::new("c0ffee".to_owned(), SessionStarted::default());
        let mut writer = Writer::new(Vec::new(), &header).unwrap();
        for event in &self.0 {
            writer.event(event).unwrap();
        }
        std::fs::write(&path, writer.finish().unwrap()).unwrap();
        let found = crate::recording::recordings(folder.path()).unwrap();
        Survey::of(&found[0]).unwrap()
    }
}

const CLIENT: Direction = Direction::ToServer;
const SERVER: Direction = Direction::ToClient;

#[test]
fn hosts_and_agents_are_those_that_were_seen_once_each() {
    let mut session = Session::default();
    session
        .entered(1, "finesse1.test", true)
        .entered(2, "elsewhere.test", false)
        .entered(3, "finesse1.test", true)
        .request("/finesse/api/User/1001001/Dialogs?x=/finesse/api/User/7")
        .request("/finesse/api/Users")
        .request("/finesse/api/User/");
    assert_eq!(session.survey().agents, ["1001001"]);
    session
        .stanza(
            3,
            CLIENT,
            StanzaKind::Auth {
                mechanism: "PLAIN".to_owned(),
                user: Some("1001002".to_owned()),
            },
        )
        .stanza(
            3,
            SERVER,
            StanzaKind::Bind {
                resource: None,
                jid: Some("1001002@finesse1.test/desktop".to_owned()),
            },
        );
    let survey = session.survey();
    assert_eq!(survey.hosts, ["finesse1.test"]);
    // Whom a desktop asks for may be of a supervisor's team.
    assert_eq!(survey.agents, ["1001002"]);
    assert_eq!((survey.events, survey.lasted), (8, Micros(8_000)));
    assert!(!survey.ended);
}

#[test]
fn a_sign_out_of_the_desktop_is_no_disconnect() {
    let unavailable = StanzaKind::Presence {
        show: None,
        priority: None,
    };
    let mut session = Session::default();
    session
        .socket(1)
        .presence(1, CLIENT, unavailable, Some("unavailable"))
        .close_frame(1, SERVER, Some(1011))
        .closed(1);
    session
        .socket(2)
        .stanza(2, CLIENT, StanzaKind::Close)
        .closed(2);
    for code in [1000, 1001] {
        session
            .socket(3)
            .close_frame(3, CLIENT, Some(code))
            .closed(3);
    }
    // finspect's own end, and what is no WebSocket.
    session
        .socket(4)
        .ended(4, SERVER, Manner::Stopped)
        .closed(4);
    session.ended(5, SERVER, Manner::Reset).closed(5);
    assert_eq!(session.survey().disconnects, 0);
}

#[test]
fn every_other_end_of_a_socket_is_a_disconnect() {
    type End = fn(&mut Session);
    let ends: [(&str, End); 6] = [
        ("reset", |s| {
            s.ended(1, SERVER, Manner::Reset);
        }),
        ("the client vanishes", |s| {
            s.ended(1, CLIENT, Manner::Fin);
        }),
        ("the server closes", |s| {
            s.close_frame(1, SERVER, Some(1001));
        }),
        ("the server closes first", |s| {
            s.close_frame(1, SERVER, Some(1000))
                .close_frame(1, CLIENT, Some(1000));
        }),
        ("the client gives up", |s| {
            s.close_frame(1, CLIENT, None);
        }),
        ("the server ends the stream", |s| {
            s.stanza(1, SERVER, StanzaKind::Close)
                .stanza(1, CLIENT, StanzaKind::Close);
        }),
    ];
    for (name, end) in ends {
        let mut session = Session::default();
        session.socket(1);
        end(&mut session);
        session.closed(1);
        assert_eq!(session.survey().disconnects, 1, "{name}");
    }
}

#[test]
fn missing_events_are_counted_and_the_end_is_noticed() {
    let mut session = Session::default();
    let gap = Gap {
        events: 5,
        ..Gap::default()
    };
    session
        .entered(1, "a.test", true)
        .push(1, None, EventKind::Gap(gap));
    session
        .entered(1, "a.test", true)
        .entered(1, "a.test", true);
    let ended = SessionEnded {
        events: 12,
        connections: 1,
    };
    session.push(1, None, EventKind::SessionEnded(ended));
    // 1, the gap from 2 to 6, then 7; 8 to 10 are missing.
    session.0[2].number = 7;
    session.0[3].number = 11;
    session.0[4].number = 12;
    let survey = session.survey();
    assert_eq!(survey.missing, 8);
    assert!(survey.ended);
}

#[test]
fn names_are_bounded() {
    let mut session = Session::default();
    for host in 0..300 {
        session.entered(1, &format!("h{host}.test"), true);
    }
    assert_eq!(session.survey().hosts.len(), 256);
}
