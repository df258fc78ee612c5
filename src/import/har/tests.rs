//! Entries as browsers and other programs write them, and what they become.

use serde_json::{Value, json};

use crate::event::{
    BodyFraming, Closing, Content, DataOpcode, DialFailure, Direction, EventKind, Host,
    HttpVersion, Manner, Micros, StanzaKind, TlsFailure,
};
use crate::import::tests::{HAR, Imported, har};

/// A HAR with these entries.
fn file(entries: &Value) -> Vec<u8> {
    serde_json::to_vec(&json!({"log": {"version": "1.2", "entries": entries}})).unwrap()
}

fn import(entries: &Value) -> Imported {
    har(&file(entries)).unwrap()
}

/// An entry of a WebSocket with these messages, its members in this order.
fn socket(subprotocol: &str, messages: &Value, messages_first: bool) -> String {
    let request = json!({"method": "GET", "url": "wss://a.test:8445/ws/", "httpVersion": "HTTP/1.1", "headers": []});
    let response = json!({"status": 101, "statusText": "Switching Protocols", "httpVersion": "HTTP/1.1",
        "headers": [{"name": "Sec-WebSocket-Protocol", "value": subprotocol}]});
    let rest = format!(
        r#""startedDateTime":"2026-11-23T14:09:45.313Z","time":0,"request":{request},"response":{response}"#
    );
    let entry = if messages_first {
        format!(r#"{{"_webSocketMessages":{messages},{rest}}}"#)
    } else {
        format!(r#"{{{rest},"_webSocketMessages":{messages}}}"#)
    };
    format!(r#"{{"log":{{"entries":[{entry}]}}}}"#)
}

/// Direction, name and content of each message.
fn messages(imported: &Imported) -> Vec<(Direction, &'static str, Vec<u8>)> {
    let content = |kind: &EventKind| match kind {
        EventKind::XmppStanza(stanza) => Some(stanza.xml.content.as_bytes().to_vec()),
        EventKind::WebSocketMessage(message) => Some(message.payload.content.as_bytes().to_vec()),
        EventKind::WebSocketPing(payload) => Some(payload.content.as_bytes().to_vec()),
        EventKind::WebSocketPong(pong) => Some(pong.payload.content.as_bytes().to_vec()),
        EventKind::WebSocketClose(closing) => Some(closing.reason.clone().into_bytes()),
        _ => None,
    };
    let message = |event: &crate::event::Event| {
        Some((event.direction?, event.kind.name(), content(&event.kind)?))
    };
    imported.events.iter().filter_map(message).collect()
}

#[test]
fn the_export_of_devtools_becomes_a_session() {
    let imported = har(HAR).unwrap();
    let stanzas: Vec<_> = imported
        .kinds()
        .into_iter()
        .filter_map(|kind| match kind {
            EventKind::XmppStanza(stanza) => Some(&stanza.stanza.kind),
            _ => None,
        })
        .collect();
    assert_eq!(stanzas.len(), 37);
    let logins = stanzas.iter().filter(
        |kind| matches!(kind, StanzaKind::Auth { user: Some(user), .. } if user == "1001002"),
    );
    assert_eq!(
        logins.count(),
        2,
        "the agent signs in, and again after the reset"
    );
    let notification = |kind: &&&StanzaKind| matches!(kind, StanzaKind::Notification { node: Some(node), .. } if node == "/finesse/api/User/1001002");
    assert!(stanzas.iter().find(notification).is_some());
    let last = imported.kinds().last().copied().cloned().unwrap();
    assert!(
        matches!(last, EventKind::UpstreamFailed(failed) if failed.reason == DialFailure::ConnectionRefused)
    );
    assert_eq!(imported.report.connections, 5);
    assert_eq!(imported.report.lost, 0);
}

#[test]
fn messages_keep_order_direction_opcode_and_content() {
    let sent = json!([
        {"type": "send", "time": 1_795_442_985.5, "opcode": 1, "data": "<presence xmlns='jabber:client'/>"},
        {"type": "receive", "time": 1_795_442_985.4, "opcode": 2, "data": "AP8="},
        {"type": "receive", "time": 1_795_442_985.6, "opcode": 9, "data": "cGluZw=="},
        {"type": "send", "time": 1_795_442_985.6, "opcode": 10, "data": "cGluZw=="},
        {"type": "receive", "opcode": 1, "data": "<message xmlns='jabber:client'/>"},
        {"type": "receive", "time": 1_795_442_986.0, "opcode": 8, "data": "A+lnb25l"},
    ]);
    let expected = [
        (
            Direction::ToServer,
            "xmpp-stanza",
            b"<presence xmlns='jabber:client'/>".to_vec(),
        ),
        (Direction::ToClient, "web-socket-message", vec![0, 0xff]),
        (Direction::ToClient, "web-socket-ping", b"ping".to_vec()),
        (Direction::ToServer, "web-socket-pong", b"ping".to_vec()),
        (
            Direction::ToClient,
            "xmpp-stanza",
            b"<message xmlns='jabber:client'/>".to_vec(),
        ),
        (Direction::ToClient, "web-socket-close", b"gone".to_vec()),
    ];
    for messages_first in [false, true] {
        let imported = har(socket("xmpp", &sent, messages_first).as_bytes()).unwrap();
        assert_eq!(
            messages(&imported),
            expected,
            "messages first: {messages_first}"
        );
        let names = imported.names();
        assert_eq!(
            names[..4],
            [
                "entered",
                "http-request",
                "http-response",
                "web-socket-opened"
            ]
        );
        assert_eq!(names[10..], ["ended", "ended", "closed"]);
    }
}

#[test]
fn text_on_another_subprotocol_is_no_stanza() {
    let sent = json!([{"type": "send", "time": 1_795_442_985.5, "opcode": 1, "data": "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"}]);
    for messages_first in [false, true] {
        let imported = har(socket("chat", &sent, messages_first).as_bytes()).unwrap();
        let message = imported.kinds().into_iter().find_map(|kind| match kind {
            EventKind::WebSocketMessage(message) => Some(message),
            _ => None,
        });
        let message = message.expect("it is a message");
        assert_eq!(message.message.opcode, DataOpcode::Text);
        assert_eq!(message.payload.size, 51);
    }
}

#[test]
fn a_close_that_is_a_member_of_the_entry_is_told() {
    let entry = json!([{"startedDateTime": "2026-11-23T14:09:45Z", "time": 9, "request": {"url": "ws://a.test/ws/", "method": "GET"},
        "response": {"status": 101}, "_webSocketMessages": [],
        "_webSocketClose": {"code": 1001, "reason": "Idle Timeout", "type": "receive"}}]);
    let imported = import(&entry);
    let closing = Closing {
        code: Some(1001),
        reason: "Idle Timeout".to_owned(),
    };
    assert!(
        imported
            .kinds()
            .contains(&&EventKind::WebSocketClose(closing))
    );
    assert_eq!(imported.names()[5..], ["ended", "ended", "closed"]);
}

#[test]
fn what_our_own_export_adds_is_taken_back() {
    let sent = json!([
        {"type": "receive", "time": 1_795_442_985.5, "opcode": 1, "data": "/w==", "_finspectEncoding": "base64", "_finspectCut": 4},
        {"type": "receive", "time": 1_795_442_985.5, "opcode": 10, "data": "", "_finspectRoundTripUs": 7},
        {"type": "receive", "time": 1_795_442_985.5, "opcode": 8, "data": "AAJ4", "_finspectCode": 2},
    ]);
    let imported = har(socket("chat", &sent, false).as_bytes()).unwrap();
    let kinds = imported.kinds();
    let EventKind::WebSocketMessage(message) = kinds[4] else {
        panic!("{:?}", kinds[4])
    };
    assert_eq!((message.payload.size, message.payload.cut), (5, 4));
    assert_eq!(message.message.opcode, DataOpcode::Text);
    assert!(
        matches!(kinds[5], EventKind::WebSocketPong(pong) if pong.round_trip == Some(Micros(7)))
    );
    let closing = Closing {
        code: Some(2),
        reason: "x".to_owned(),
    };
    assert_eq!(kinds[6], &EventKind::WebSocketClose(closing));
}

#[test]
fn a_socket_that_was_aborted_has_no_close() {
    let entry = json!([{"startedDateTime": "2026-11-23T14:09:45Z", "time": 9, "request": {"url": "ws://a.test/ws/", "method": "GET"},
        "response": {"status": 101}, "_webSocketMessages": [], "_webSocketClose": "aborted"}]);
    assert_eq!(import(&entry).names()[4..], ["ended", "ended", "closed"]);
}

#[test]
fn a_socket_that_never_opened_has_its_error() {
    let entry = json!([{"startedDateTime": "2026-11-23T14:09:45Z", "request": {"url": "wss://a.test/ws/", "method": "GET"},
        "response": {"status": 0}, "_webSocketMessages": [
            {"type": "error", "time": 1_795_442_985.5, "opcode": -1, "data": "Error in connection establishment: net::ERR_CONNECTION_REFUSED"}]}]);
    assert_eq!(import(&entry).names(), ["entered", "upstream-failed"]);
}

#[test]
fn a_message_that_is_too_long_says_how_much_is_missing() {
    let text = "x".repeat(3_000_000);
    let sent = json!([{"type": "receive", "time": 1_795_442_985.5, "opcode": 1, "data": text}]);
    let imported = har(socket("chat", &sent, false).as_bytes()).unwrap();
    let payload = imported.kinds().into_iter().find_map(|kind| match kind {
        EventKind::WebSocketMessage(message) => Some(&message.payload),
        _ => None,
    });
    let payload = payload.unwrap();
    assert_eq!(payload.size, 3_000_000);
    assert_eq!(payload.content.len() as u64 + payload.cut, payload.size);
    assert_eq!(payload.content.len(), 256 * 1024);
}

#[test]
fn bodies_come_with_what_is_known_of_them() {
    let entry = json!([{"startedDateTime": "2026-11-23T14:09:45Z", "connection": "7", "timings": {"connect": 5, "ssl": 3, "dns": 1},
        "serverIPAddress": "[::1]", "time": 20,
        "request": {"method": "POST", "url": "https://a.test/x?y#z", "httpVersion": "h2", "headers": [], "bodySize": 3,
            "postData": {"mimeType": "text/plain", "text": "abc"}},
        "response": {"status": 200, "headers": [], "bodySize": -1, "_transferSize": 90, "headersSize": 50,
            "content": {"size": 3, "mimeType": "image/x", "text": "/wCA", "encoding": "base64"}}}]);
    let imported = import(&entry);
    assert_eq!(
        imported.names(),
        [
            "entered",
            "resolved",
            "attempt",
            "tls-established",
            "http-request",
            "http-body",
            "http-response",
            "http-body"
        ]
    );
    let kinds = imported.kinds();
    let EventKind::HttpRequest(request) = kinds[4] else {
        panic!("{:?}", kinds[4])
    };
    assert_eq!(
        (request.target.as_str(), request.version),
        ("/x?y", HttpVersion::Http2)
    );
    let EventKind::HttpBody(body) = kinds[7] else {
        panic!("{:?}", kinds[7])
    };
    assert_eq!((body.wire_size, body.framing), (40, BodyFraming::Unknown));
    assert_eq!(
        body.content.content,
        Content::Base64(vec![0xff, 0, 0x80].into())
    );
}

#[test]
fn errors_of_the_browser_become_facts() {
    let entry = |error: &str| {
        json!([{"startedDateTime": "2026-11-23T14:09:45Z", "request": {"url": "https://a.test/"},
            "response": {"status": 0, "_error": error}}])
    };
    let last = |error: &str| import(&entry(error)).kinds().last().copied().cloned();
    assert!(
        matches!(last("net::ERR_NAME_NOT_RESOLVED"), Some(EventKind::UpstreamFailed(failed)) if matches!(failed.reason, DialFailure::Unresolved(_)))
    );
    assert!(
        matches!(last("net::ERR_CERT_AUTHORITY_INVALID"), Some(EventKind::TlsFailed(failed)) if failed.reason == TlsFailure::UnknownIssuer)
    );
    assert!(
        matches!(last("net::ERR_CONNECTION_RESET"), Some(EventKind::Ended(ended)) if ended.manner == Manner::Reset)
    );
    let suspended = import(&entry("net::ERR_NETWORK_IO_SUSPENDED"));
    assert!(
        suspended
            .kinds()
            .contains(&&EventKind::Host(Host::Suspended))
    );
}

#[test]
fn what_never_was_on_the_wire_is_left_out_and_counted() {
    let entries = json!([
        {"startedDateTime": "2026-11-23T14:09:45Z", "_fromCache": "disk", "request": {"url": "https://a.test/"}, "response": {"status": 200}},
        {"startedDateTime": "2026-11-23T14:09:45Z", "request": {"url": "data:text/plain,x"}, "response": {"status": 200}},
    ]);
    let imported = import(&entries);
    assert_eq!(
        (imported.report.connections, imported.report.not_on_the_wire),
        (0, 2)
    );
}

#[test]
fn messages_of_an_entry_without_a_url_are_counted_as_lost() {
    let entries = json!([{"_webSocketMessages": [{"type": "send", "opcode": 1, "data": "a"}, {"type": "odd", "data": "b"}]}]);
    let imported = import(&entries);
    assert_eq!((imported.report.connections, imported.report.lost), (0, 2));
}

#[test]
fn members_of_another_type_than_they_should_be_are_passed_over() {
    let entries = json!([7, null, [], {"startedDateTime": 5, "time": "x", "request": [], "response": 3, "timings": null},
        {"startedDateTime": {}, "request": {"url": "http://a.test/", "headers": {"a": 1}, "method": null, "bodySize": "7"},
         "response": {"status": "204", "headers": [3, {"name": 4, "value": true}], "content": []},
         "_webSocketClose": "aborted", "_webSocketMessages": {"type": "send"}}]);
    let imported = import(&entries);
    let response = imported.kinds().into_iter().find_map(|kind| match kind {
        EventKind::HttpResponse(response) => Some(response),
        _ => None,
    });
    let response = response.unwrap();
    assert_eq!((response.status, response.headers.len()), (204, 1));
    assert_eq!(imported.report.connections, 1);
}

#[test]
fn entries_with_the_same_connection_are_exchanges_of_one() {
    let entry = |id: &str| {
        json!({"startedDateTime": "2026-11-23T14:09:45Z", "_connectionId": id, "connection": "443",
            "request": {"url": "https://a.test/", "method": "GET"}, "response": {"status": 204}})
    };
    let imported = import(&json!([entry("7"), entry("8"), entry("7")]));
    assert_eq!(imported.report.connections, 2);
    let exchanges = imported
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::HttpRequest(request) => {
                Some((event.connection.unwrap().0, request.exchange))
            }
            _ => None,
        });
    assert_eq!(exchanges.collect::<Vec<_>>(), [(1, 1), (2, 1), (1, 2)]);
}
