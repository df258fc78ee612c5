use std::io;

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::event::*;

const TO_SERVER: Option<Direction> = Some(Direction::ToServer);
const TO_CLIENT: Option<Direction> = Some(Direction::ToClient);

/// A session whose events are easily told.
struct Story {
    session: SessionStarted,
    events: Vec<Event>,
    now: u64,
}

impl Story {
    fn new() -> Self {
        let session = SessionStarted {
            wall_clock: 1_781_000_000_000_000,
            ..SessionStarted::default()
        };
        Self {
            session,
            events: Vec::new(),
            now: 0,
        }
    }

    /// An event `after` microseconds after the one before, handed on 7 microseconds later.
    fn on(
        &mut self,
        connection: u64,
        after: u64,
        direction: Option<Direction>,
        kind: EventKind,
    ) -> &mut Self {
        self.now += after;
        self.events.push(Event {
            number: self.events.len() as u64 + 1,
            time: Times {
                arrived: Micros(self.now),
                first: None,
                forwarded: direction.map(|_| Micros(self.now + 7)),
            },
            connection: Some(ConnectionId(connection)),
            direction,
            kind,
        });
        self
    }

    /// A connection with TLS that is ready after 10 ms: 1 look-up, 2 dial, 3 handshake, 4 of our own.
    fn connected(&mut self, connection: u64) -> &mut Self {
        self.entered(connection, true);
        let resolved = Resolved {
            host: "f.test".to_owned(),
            addresses: vec!["192.0.2.1".parse().unwrap()],
            took: Micros(1_000),
            by_option: false,
        };
        let attempt = Attempt {
            address: "192.0.2.1:8445".parse().unwrap(),
            local: None,
            outcome: AttemptOutcome::Connected,
            took: Micros(2_000),
            via: None,
        };
        let established = TlsEstablished {
            leg: Leg::Upstream,
            version: "TLSv1.3".to_owned(),
            cipher_suite: "TLS_AES_256_GCM_SHA384".to_owned(),
            alpn: None,
            chain: Vec::new(),
            verified: None,
            took: Micros(3_000),
        };
        self.on(connection, 1_000, None, EventKind::Resolved(resolved))
            .on(connection, 2_000, None, EventKind::Attempt(attempt))
            .on(
                connection,
                7_000,
                None,
                EventKind::TlsEstablished(established),
            )
    }

    fn entered(&mut self, connection: u64, intercepted: bool) -> &mut Self {
        let accepted = Accepted {
            client: "127.0.0.1:50000".parse().unwrap(),
            listener: "127.0.0.1:8899".parse().unwrap(),
        };
        let entered = Entered {
            way: Way::Connect,
            target: authority(),
            intercepted,
        };
        self.on(connection, 0, None, EventKind::Accepted(accepted))
            .on(connection, 0, None, EventKind::Entered(entered))
    }

    fn request(
        &mut self,
        connection: u64,
        after: u64,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> &mut Self {
        let asked = |event: &&Event| {
            event.connection == Some(ConnectionId(connection))
                && matches!(event.kind, EventKind::HttpRequest(_))
        };
        let request = HttpRequest {
            exchange: self.events.iter().filter(asked).count() as u64 + 1,
            method: method.to_owned(),
            target: target.to_owned(),
            version: HttpVersion::Http11,
            headers: fields(headers),
        };
        self.on(
            connection,
            after,
            TO_SERVER,
            EventKind::HttpRequest(request),
        )
    }

    fn response(
        &mut self,
        connection: u64,
        after: u64,
        exchange: u64,
        status: u16,
        headers: &[(&str, &str)],
    ) -> &mut Self {
        let response = HttpResponse {
            exchange,
            version: HttpVersion::Http11,
            status,
            reason: "Reason".to_owned(),
            headers: fields(headers),
        };
        self.on(
            connection,
            after,
            TO_CLIENT,
            EventKind::HttpResponse(response),
        )
    }

    fn body(
        &mut self,
        connection: u64,
        direction: Option<Direction>,
        exchange: u64,
        content: Payload,
        complete: bool,
    ) -> &mut Self {
        let body = HttpBody {
            exchange,
            framing: BodyFraming::Length,
            wire_size: content.size,
            content_type: None,
            content_encoding: None,
            content,
            still_encoded: false,
            trailers: Vec::new(),
            complete,
        };
        self.on(connection, 500, direction, EventKind::HttpBody(body))
    }

    /// A WebSocket, from the connection on.
    fn socket(&mut self, connection: u64) -> &mut Self {
        let upgrade = [("Upgrade", "websocket")];
        let opened = WebSocketOpened {
            exchange: 1,
            target: "/ws/".to_owned(),
            subprotocol: None,
            deflate: None,
            unknown_extensions: Vec::new(),
        };
        self.connected(connection)
            .request(connection, 0, "GET", "/ws/", &upgrade)
            .response(connection, 100, 1, 101, &upgrade)
            .on(connection, 0, TO_CLIENT, EventKind::WebSocketOpened(opened))
    }

    fn message(
        &mut self,
        connection: u64,
        direction: Option<Direction>,
        opcode: DataOpcode,
        payload: Payload,
    ) -> &mut Self {
        let message = MessageFacts {
            opcode,
            masked: direction == TO_SERVER,
            compressed: false,
            wire_size: payload.size,
            frame_count: 1,
            frames: Vec::new(),
        };
        self.on(
            connection,
            1_000,
            direction,
            EventKind::WebSocketMessage(WebSocketMessage { message, payload }),
        )
    }

    fn ended(
        &mut self,
        connection: u64,
        direction: Option<Direction>,
        manner: Manner,
    ) -> &mut Self {
        let closed = Closed {
            first: direction,
            to_server: 0,
            to_client: 0,
            lasted: Micros(0),
        };
        let ended = Ended { manner, bytes: 0 };
        self.on(connection, 1_000, direction, EventKind::Ended(ended))
            .on(connection, 0, None, EventKind::Closed(closed))
    }

    /// The file, and the remarks.
    fn exported(&self) -> (Value, Vec<String>) {
        export(&self.session, &self.events)
    }

    fn entries(&self) -> Vec<Value> {
        self.exported().0["log"]["entries"]
            .as_array()
            .unwrap()
            .clone()
    }
}

fn export(session: &SessionStarted, events: &[Event]) -> (Value, Vec<String>) {
    let mut output = Vec::new();
    let mut har = Box::new(Har::new(&mut output, session.clone()).unwrap());
    for event in events {
        har.event(event).unwrap();
    }
    let remarks = har.finish().unwrap();
    (serde_json::from_slice(&output).unwrap(), remarks)
}

fn authority() -> Authority {
    Authority {
        host: "f.test".to_owned(),
        port: 8445,
    }
}

fn fields(headers: &[(&str, &str)]) -> Vec<Header> {
    let field = |(name, value): &(&str, &str)| Header {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    headers.iter().map(field).collect()
}

fn bytes(bytes: &'static [u8]) -> Payload {
    Payload {
        content: Content::Base64(Bytes::from_static(bytes)),
        size: bytes.len() as u64,
        cut: 0,
    }
}

#[test]
fn an_exchange_is_an_entry_with_all_its_phases() {
    let mut story = Story::new();
    story
        .connected(3)
        .request(3, 50_000, "GET", "/api/User?a=b", &[("Cookie", "s=1")])
        .response(
            3,
            4_000,
            1,
            200,
            &[("Content-Type", "text/plain"), ("Content-Length", "4")],
        )
        .body(3, TO_CLIENT, 1, Payload::whole(b"text"), true);
    assert_eq!(
        story.entries(),
        [json!({
            "startedDateTime": "2026-06-09T10:13:20.050000Z",
            "time": 14.5,
            "request": {
                "method": "GET",
                "url": "https://f.test:8445/api/User?a=b",
                "httpVersion": "HTTP/1.1",
                "cookies": [{"name": "s", "value": "1"}],
                "headers": [{"name": "Cookie", "value": "s=1"}],
                "queryString": [{"name": "a", "value": "b"}],
                "headersSize": -1,
                "bodySize": 0,
                "_finspectDelayUs": 7,
            },
            "response": {
                "status": 200,
                "statusText": "Reason",
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [
                    {"name": "Content-Type", "value": "text/plain"},
                    {"name": "Content-Length", "value": "4"},
                ],
                "content": {"size": 4, "mimeType": "text/plain", "text": "text"},
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": 4,
                "_transferSize": 4,
                "_error": null,
                "_finspectDelayUs": 7,
            },
            "cache": {},
            "timings": {
                "blocked": 4.0, "dns": 1.0, "connect": 5.0, "ssl": 3.0,
                "send": 0.0, "wait": 4.0, "receive": 0.5,
            },
            "serverIPAddress": "192.0.2.1",
            "connection": "8445",
            "_connectionId": "3",
            "_finspectEvent": 6,
        })]
    );
}

#[test]
fn only_the_first_exchange_of_a_connection_waited_for_it() {
    let mut story = Story::new();
    story
        .connected(1)
        .request(1, 0, "GET", "/a", &[])
        .response(1, 10, 1, 204, &[])
        .request(1, 10, "GET", "/b", &[])
        .response(1, 10, 2, 204, &[]);
    let timings = |entry: &Value| {
        ["blocked", "dns", "connect", "ssl"].map(|phase| entry["timings"][phase].as_f64().unwrap())
    };
    let timings: Vec<_> = story.entries().iter().map(timings).collect();
    assert_eq!(timings, [[4.0, 1.0, 5.0, 3.0], [-1.0; 4]]);
}

#[test]
fn a_body_that_is_sent_is_there_as_a_form_as_text_or_as_bytes() {
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    let mut story = Story::new();
    story.connected(1);
    for (exchange, (kind, body)) in [
        (form, Payload::whole(b"user=a+b&x=%3D")),
        ("application/xml", Payload::capped(b"<User/>", 7, 4)),
        ("application/octet-stream", bytes(&[0xff, 0])),
    ]
    .into_iter()
    .enumerate()
    {
        let exchange = exchange as u64 + 1;
        let headers = [("Content-Type", kind), ("Content-Length", "9")];
        story
            .request(1, 0, "POST", "/", &headers)
            .body(1, TO_SERVER, exchange, body, true)
            .response(1, 0, exchange, 204, &[]);
    }
    let entries = story.entries();
    assert_eq!(
        entries[0]["request"]["postData"],
        json!({
            "mimeType": form,
            "text": "user=a+b&x=%3D",
            "params": [{"name": "user", "value": "a b"}, {"name": "x", "value": "="}],
        })
    );
    assert_eq!(
        entries[1]["request"]["postData"],
        json!({"mimeType": "application/xml", "text": "<Use"})
    );
    assert_eq!(entries[1]["request"]["_finspectCut"], 3);
    assert_eq!(
        entries[2]["request"]["_content"],
        json!({"text": "/wA=", "size": 2, "encoding": "base64"})
    );
    assert_eq!(entries[0]["timings"]["send"], 0.5);
}

#[test]
fn messages_of_sockets_that_interleave_stay_with_their_socket_and_in_order() {
    let mut story = Story::new();
    let close = Closing {
        code: Some(1001),
        reason: "Idle".to_owned(),
    };
    let pong = Pong {
        payload: bytes(&[0xff]),
        round_trip: Some(Micros(40)),
    };
    story
        .socket(1)
        .socket(2)
        .message(1, TO_SERVER, DataOpcode::Text, Payload::whole(b"<a/>"))
        .message(2, TO_SERVER, DataOpcode::Text, Payload::whole(b"other"))
        .message(1, TO_CLIENT, DataOpcode::Binary, Payload::whole(b"text"))
        .message(
            1,
            TO_CLIENT,
            DataOpcode::Text,
            Payload::capped(b"long", 4, 2),
        )
        .on(
            1,
            0,
            TO_CLIENT,
            EventKind::WebSocketPing(Payload::whole(b"tick")),
        )
        .on(1, 0, TO_SERVER, EventKind::WebSocketPong(pong))
        .on(1, 0, TO_CLIENT, EventKind::WebSocketClose(close))
        .ended(1, TO_CLIENT, Manner::CloseNotify)
        .ended(2, TO_CLIENT, Manner::Reset);
    let entries = story.entries();
    let told = |message: &Value| {
        let fields = ["type", "opcode", "data"].map(|field| message[field].clone());
        Value::from(fields.to_vec())
    };
    let messages = entries[0]["_webSocketMessages"].as_array().unwrap();
    assert_eq!(
        messages.iter().map(told).collect::<Vec<_>>(),
        [
            json!(["send", 1, "<a/>"]),
            json!(["receive", 2, "dGV4dA=="]),
            json!(["receive", 1, "lo"]),
            json!(["receive", 9, "dGljaw=="]),
            json!(["send", 10, "/w=="]),
            json!(["receive", 8, "A+lJZGxl"]),
        ]
    );
    assert_eq!(
        messages[0],
        json!({
            "type": "send", "time": 1_781_000_000.021_2, "opcode": 1, "data": "<a/>",
            "_finspectEvent": 17, "_finspectDelayUs": 7,
        })
    );
    assert_eq!(messages[2]["_finspectCut"], 2);
    assert_eq!(messages[4]["_finspectRoundTripUs"], 40);
    assert_eq!(messages[5]["_finspectCode"], 1001);
    assert_eq!(
        entries[0]["_webSocketClose"],
        json!({"code": 1001, "reason": "Idle", "timestamp": 1_781_000_000.024_2})
    );
    assert_eq!(entries[0]["request"]["url"], "wss://f.test:8445/ws/");
    assert_eq!(entries[0]["_resourceType"], "websocket");
    assert_eq!(entries[1]["_webSocketMessages"][0]["data"], "other");
    assert_eq!(entries[1]["_webSocketClose"], "aborted");
}

#[test]
fn a_long_socket_waits_on_disk_and_loses_nothing() {
    let mut story = Story::new();
    story.socket(1);
    for index in 0..5_000 {
        let text = format!("message {index}");
        let payload = Payload::whole(text.as_bytes());
        story.message(1, TO_CLIENT, DataOpcode::Text, payload);
    }
    let entries = story.entries();
    let messages = entries[0]["_webSocketMessages"].as_array().unwrap();
    assert_eq!(messages.len(), 5_000);
    for (index, message) in messages.iter().enumerate() {
        assert_eq!(message["data"], format!("message {index}"));
    }
    assert_eq!(
        entries[0]["comment"],
        "still open at the end of the recording"
    );
    assert!(entries[0].get("_webSocketClose").is_none());
}

#[test]
fn messages_are_kept_where_the_handshake_is_missing_from_the_recording() {
    let mut story = Story::new();
    story
        .message(9, TO_CLIENT, DataOpcode::Text, Payload::whole(b"<a/>"))
        .message(9, TO_CLIENT, DataOpcode::Text, bytes(&[0xff]))
        .ended(9, TO_CLIENT, Manner::Fin);
    let entries = story.entries();
    assert_eq!(entries[0]["_webSocketMessages"][0]["data"], "<a/>");
    let broken = &entries[0]["_webSocketMessages"][1];
    assert_eq!(broken["data"], "/w==");
    assert_eq!(broken["_finspectEncoding"], "base64");
    assert_eq!(entries[0]["request"]["url"], "ws://unknown.invalid/");
    assert_eq!(
        entries[0]["comment"],
        "the handshake is not in the recording"
    );
}

#[test]
fn an_exchange_without_an_answer_says_why_in_the_words_of_chrome() {
    for (direction, manner, error) in [
        (TO_CLIENT, Manner::Reset, "net::ERR_CONNECTION_RESET"),
        (TO_CLIENT, Manner::CloseNotify, "net::ERR_EMPTY_RESPONSE"),
        (TO_SERVER, Manner::Fin, "net::ERR_ABORTED"),
    ] {
        let mut story = Story::new();
        story
            .connected(1)
            .request(1, 0, "GET", "/", &[])
            .ended(1, direction, manner);
        let entries = story.entries();
        assert_eq!(entries[0]["response"]["status"], 0);
        assert_eq!(entries[0]["response"]["_error"], error);
        assert_eq!(entries[0]["timings"]["wait"], 1.0);
    }
    let mut story = Story::new();
    story
        .connected(1)
        .request(1, 0, "GET", "/", &[])
        .response(1, 0, 1, 200, &[("Content-Length", "9")])
        .body(1, TO_CLIENT, 1, Payload::whole(b"half"), false);
    let entries = story.entries();
    assert_eq!(entries[0]["response"]["status"], 200);
    let error = &entries[0]["response"]["_error"];
    assert_eq!(error, "net::ERR_CONTENT_LENGTH_MISMATCH");
}

#[test]
fn a_connection_that_came_to_nothing_is_an_entry_and_a_tunnel_is_a_remark() {
    let mut story = Story::new();
    let failed = UpstreamFailed {
        target: authority(),
        reason: DialFailure::ConnectionRefused,
        answered: Some(502),
    };
    story
        .entered(1, true)
        .on(1, 3_000, None, EventKind::UpstreamFailed(failed))
        .ended(1, TO_SERVER, Manner::Fin)
        .entered(2, false)
        .ended(2, TO_CLIENT, Manner::Fin);
    let (har, remarks) = story.exported();
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["request"]["method"], "CONNECT");
    assert_eq!(entries[0]["response"]["status"], 0);
    assert_eq!(
        entries[0]["response"]["_error"],
        "net::ERR_CONNECTION_REFUSED"
    );
    assert_eq!(
        entries[0]["comment"],
        "connection refused (the browser was answered 502)"
    );
    assert_eq!(entries[0]["time"], 3.0);
    assert_eq!(
        remarks,
        ["1 connections were tunnelled unseen and have no entry"]
    );
}

#[test]
fn the_file_says_that_it_is_not_redacted_and_what_it_lacks() {
    let mut story = Story::new();
    let gap = Gap {
        events: 12,
        ..Gap::default()
    };
    story.session.redaction = Redaction::Off;
    story.on(1, 0, None, EventKind::Gap(gap));
    let (har, _) = story.exported();
    let comment = har["log"]["comment"].as_str().unwrap();
    assert!(comment.starts_with("WARNING: not redacted"), "{comment}");
    assert!(
        comment.ends_with("12 events are missing from the recording, and so from this file"),
        "{comment}"
    );
    assert_eq!(har["log"]["_finspectSession"]["redaction"], "off");
}

#[test]
fn more_open_exchanges_and_sockets_than_are_remembered_are_written_early_and_said() {
    let mut story = Story::new();
    for connection in 0..SOCKETS as u64 + 3 {
        let payload = Payload::whole(b"m");
        story.message(connection, TO_CLIENT, DataOpcode::Text, payload);
    }
    for _ in 0..EXCHANGES + 2 {
        // Its number is that of the last but one; the story's own count would make this quadratic.
        let request = HttpRequest {
            exchange: story.now,
            method: "GET".to_owned(),
            target: "/".to_owned(),
            version: HttpVersion::Http2,
            headers: Vec::new(),
        };
        story.on(1, 1, TO_SERVER, EventKind::HttpRequest(request));
    }
    let (har, remarks) = story.exported();
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), SOCKETS + 3 + EXCHANGES + 2);
    assert_eq!(
        remarks,
        ["5 entries end before their exchange did: too many were open at once"]
    );
}

#[test]
fn whatever_is_missing_or_out_of_order_the_file_is_whole() {
    let mut story = Story::new();
    story
        .socket(1)
        .message(1, TO_CLIENT, DataOpcode::Text, Payload::whole(b"a"))
        .connected(2)
        .request(2, 0, "POST", "/", &[("Content-Length", "1")])
        .response(2, 0, 1, 302, &[("Location", "/x"), ("Content-Length", "1")])
        .body(2, TO_CLIENT, 1, bytes(&[0xc3]), true)
        .body(2, TO_SERVER, 1, Payload::whole(b"x"), true)
        .ended(2, TO_SERVER, Manner::Fin)
        .ended(1, TO_CLIENT, Manner::Unknown);
    for gone in 0..story.events.len() {
        let mut events = story.events.clone();
        events.remove(gone);
        export(&story.session, &events);
        events.rotate_left(gone);
        export(&story.session, &events);
        events.reverse();
        export(&story.session, &events);
    }
}

#[test]
fn an_output_that_fails_is_an_error() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let session = SessionStarted::default();
    let har = Box::new(Har::new(Full(100), session).unwrap());
    let error = har.finish().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}
