use proptest::prelude::*;

use super::*;
use crate::event::{
    Authority, Carrier, Closing, DataOpcode, Entered, HttpResponse, HttpVersion, MessageFacts,
    Micros, Payload, QName, Stanza, Times, Way, XmppStanza,
};
use crate::session::Contexts;

fn event(connection: u64, direction: Option<Direction>, kind: EventKind) -> Event {
    Event {
        number: 1,
        time: Times::at(Micros(0)),
        connection: Some(ConnectionId(connection)),
        direction,
        kind,
    }
}

fn entered(connection: u64, host: &str) -> Event {
    let target = Authority {
        host: host.to_owned(),
        port: 8445,
    };
    event(
        connection,
        None,
        EventKind::Entered(Entered {
            way: Way::Connect,
            target,
            intercepted: true,
        }),
    )
}

fn stanza(
    direction: Direction,
    root: &str,
    kind_attribute: &str,
    kind: StanzaKind,
    xml: &str,
) -> Event {
    let message = MessageFacts {
        opcode: DataOpcode::Text,
        masked: true,
        compressed: false,
        wire_size: 1,
        frame_count: 1,
        frames: Vec::new(),
    };
    let outline = Stanza {
        root: QName::new(root, ""),
        to: None,
        from: None,
        id: Some("1".to_owned()),
        kind_attribute: Some(kind_attribute.to_owned()),
        error: None,
        kind,
    };
    event(
        1,
        Some(direction),
        EventKind::XmppStanza(Box::new(XmppStanza {
            carrier: Carrier::WebSocket(message),
            stanza: outline,
            xml: Payload::whole(xml.as_bytes()),
        })),
    )
}

/// A small session: two connections, a ping and its answer, a notification, a response, an end.
fn session() -> Vec<Event> {
    let node = Some("/finesse/api/User/7/Dialogs".to_owned());
    let response = EventKind::HttpResponse(HttpResponse {
        exchange: 1,
        version: HttpVersion::Http11,
        status: 503,
        reason: "Service Unavailable".to_owned(),
        headers: Vec::new(),
    });
    vec![
        entered(1, "a.example.com"),
        entered(2, "b.example.org"),
        stanza(Direction::ToServer, "iq", "get", StanzaKind::Ping, "<iq/>"),
        stanza(
            Direction::ToClient,
            "iq",
            "result",
            StanzaKind::Iq { child: None },
            "<iq/>",
        ),
        stanza(
            Direction::ToClient,
            "message",
            "",
            StanzaKind::Notification { node, items: 1 },
            "&lt;state&gt;READY&lt;/state&gt;",
        ),
        event(2, Some(Direction::ToClient), response),
        event(
            1,
            Some(Direction::ToServer),
            EventKind::WebSocketClose(Closing {
                code: None,
                reason: "say \"bye\"".to_owned(),
            }),
        ),
    ]
}

/// The places of the events that an expression lets through.
fn seen(expression: &str) -> Vec<usize> {
    let filter = Filter::parse(expression).unwrap_or_else(|error| panic!("{error}"));
    let mut contexts = Contexts::default();
    let mut seen = Vec::new();
    for (index, event) in session().iter().enumerate() {
        let context = contexts.take(event);
        if filter.matches(event, &context) {
            seen.push(index);
        }
    }
    seen
}

#[test]
fn every_question_finds_its_events() {
    for (expression, want) in [
        ("connection 2", vec![1, 5]),
        ("conn=2", vec![1, 5]),
        ("#2", vec![1, 5]),
        ("connection != 1", vec![1, 5]),
        ("host a.example.com", vec![0, 2, 3, 4, 6]),
        ("host *.ORG", vec![1, 5]),
        ("host b.example.org:8445", vec![1, 5]),
        ("direction to-server", vec![2, 6]),
        ("kind entered", vec![0, 1]),
        ("kind web-socket-*", vec![6]),
        ("stanza ping", vec![2, 3]),
        ("stanza iq", vec![2, 3]),
        ("not stanza ping and kind xmpp-stanza", vec![4]),
        ("node */Dialogs", vec![4]),
        ("node /finesse/*/7/*", vec![4]),
        ("status 5*", vec![5]),
        ("text ready", vec![4]),
        ("text \"<state>READY\"", vec![4]),
        ("text 'say \"bye\"'", vec![6]),
        ("stanza ping or status 503 and connection 1", vec![2, 3]),
        ("(stanza ping or status 503) and connection 2", vec![5]),
        ("not (connection 1)", vec![1, 5]),
        ("NOT connection 1 AND kind entered", vec![1]),
    ] {
        assert_eq!(seen(expression), want, "{expression}");
    }
}

#[test]
fn an_error_points_at_its_place_and_says_what_is_possible() {
    for (expression, column, problem) in [
        ("", 1, Problem::NoTest),
        ("knd http", 1, Problem::UnknownField),
        ("connection x", 12, Problem::NoNumber),
        ("connection", 11, Problem::NoValue),
        ("kind and host x", 6, Problem::NoValue),
        ("direction up", 11, Problem::UnknownDirection),
        ("kind htp", 6, Problem::UnknownKind),
        ("stanza ping host x", 13, Problem::NoOperator),
        ("(stanza ping", 13, Problem::NotClosed),
        ("(stanza ping host x)", 14, Problem::NoOperator),
        ("stanza ping)", 12, Problem::NotOpened),
        ("text \"a", 6, Problem::NoQuote),
        ("é or é", 1, Problem::UnknownField),
        ("stanza é and", 13, Problem::NoTest),
    ] {
        let error = Filter::parse(expression).unwrap_err();
        assert_eq!(
            (error.column(), error.problem()),
            (column, problem),
            "{expression}"
        );
    }
    let error = Filter::parse("stanza ping and knd http").unwrap_err();
    insta::assert_snapshot!(error.to_string(), @r#"
    nothing of this name can be asked for (column 17)
      stanza ping and knd http
                      ^^^
    possible here: connection, host, direction, kind, stanza, node, status, text, not, (
    "#);
    let deep = "(".repeat(1000);
    assert_eq!(
        Filter::parse(&deep).unwrap_err().problem(),
        Problem::TooDeep
    );
    assert_eq!(
        Filter::parse(&"not ".repeat(4000)).unwrap_err().problem(),
        Problem::TooLong
    );
}

#[test]
fn kinds_are_called_as_in_json() {
    for event in session() {
        let json = serde_json::to_value(&event.kind).unwrap();
        let name = json.as_object().unwrap().keys().next().unwrap().clone();
        assert_eq!(event.kind.name(), name);
        assert!(EventKind::NAMES.contains(&name.as_str()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_expression_panics(text in "[a-z#()=!\"'* é\u{7f}]{0,40}|((not|and|or|connection|kind|text|x|\\(|\\)|=|\"a\") ){0,8}") {
        match Filter::parse(&text) {
            Ok(filter) => for event in session() {
                let _ = filter.matches(&event, &Context::default());
            },
            Err(error) => prop_assert!(error.to_string().contains('^')),
        }
    }
}
