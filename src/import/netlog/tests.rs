//! Events as Chromium writes them, and what they become. The numbers are not those of any Chromium, on purpose.

use serde_json::{Value, json};

use crate::event::{
    AttemptOutcome, Closing, DialFailure, Direction, EventKind, Host, Manner, Source, TlsFailure,
};
use crate::import::tests::{Imported, NETLOG, netlog};

const TYPES: [&str; 24] = [
    "REQUEST_ALIVE",
    "URL_REQUEST_START_JOB",
    "HTTP_STREAM_REQUEST_BOUND_TO_JOB",
    "HTTP_STREAM_JOB",
    "SOCKET_POOL_BOUND_TO_CONNECT_JOB",
    "SOCKET_POOL_BOUND_TO_SOCKET",
    "SOCKET_ALIVE",
    "TCP_CONNECT_ATTEMPT",
    "TCP_CONNECT",
    "SSL_CONNECT",
    "SOCKET_READ_ERROR",
    "HTTP_TRANSACTION_SEND_REQUEST_HEADERS",
    "HTTP_TRANSACTION_READ_RESPONSE_HEADERS",
    "WEBSOCKET_SENT_FRAME_HEADER",
    "WEBSOCKET_RECV_FRAME_HEADER",
    "WEBSOCKET_ALIVE",
    "WEBSOCKET_CLOSE_TIMEOUT",
    "PROXY_CONFIG_CHANGED",
    "NETWORK_CHANGED",
    "SOMETHING_NEW",
    "URL_REQUEST_JOB_FILTERED_BYTES_READ",
    "SSL_ALERT_RECEIVED",
    "SOCKET_BYTES_RECEIVED",
    "SSL_SOCKET_BYTES_RECEIVED",
];
const SOURCES: [&str; 6] = [
    "NONE",
    "URL_REQUEST",
    "HTTP_STREAM_JOB",
    "SSL_CONNECT_JOB",
    "SOCKET",
    "WEBSOCKET_CHANNEL",
];

fn number(names: &[&str], name: &str) -> usize {
    names.iter().position(|one| *one == name).unwrap() + 700
}

/// An event; its phase is `begin`, `end` or nothing.
fn event(time: u64, source: (&str, u64), kind: &str, phase: &str, params: &Value) -> Value {
    let phase = match phase {
        "begin" => 31,
        "end" => 32,
        _ => 30,
    };
    json!({"params": params, "phase": phase, "source": {"id": source.1, "start_time": "1", "type": number(&SOURCES, source.0)},
        "time": time.to_string(), "type": number(&TYPES, kind)})
}

fn import(events: &[Value]) -> Imported {
    let numbers = |names: &[&str]| -> Value {
        names
            .iter()
            .map(|name| ((*name).to_owned(), number(names, name).into()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let file = json!({"constants": {
        "clientInfo": {"name": "Chromium", "version": "1.2", "os_type": "Windows NT: 10"},
        "logEventTypes": numbers(&TYPES), "logSourceType": numbers(&SOURCES),
        "logEventPhase": {"PHASE_NONE": 30, "PHASE_BEGIN": 31, "PHASE_END": 32},
        "netError": {"ERR_CONNECTION_RESET": -1101, "ERR_CERT_DATE_INVALID": -1201, "ERR_CONNECTION_REFUSED": -1102,
            "ERR_NETWORK_IO_SUSPENDED": -1331, "ERR_ABORTED": -1003},
        "timeTickOffset": 1_700_000_000_000_u64,
    }, "events": events});
    netlog(&serde_json::to_vec(&file).unwrap()).unwrap()
}

/// Events as lines: time, source, its number, type, phase, parameters.
fn transcript(lines: &str) -> Vec<Value> {
    let one = |line: &str| {
        let [time, source, id, kind, phase, params] = line.splitn(6, ' ').collect::<Vec<_>>()[..]
        else {
            panic!("{line}")
        };
        let source = (source, id.parse().unwrap());
        let params = serde_json::from_str(params).unwrap();
        event(time.parse().unwrap(), source, kind, phase, &params)
    };
    lines.trim().lines().map(one).collect()
}

/// A socket for a request, until its TLS handshake begins.
const DIALLED: &str = r#"
10 WEBSOCKET_CHANNEL 9 WEBSOCKET_ALIVE begin null
10 URL_REQUEST 1 REQUEST_ALIVE begin {"url": "wss://a.test:8445/ws/"}
10 HTTP_STREAM_JOB 2 HTTP_STREAM_JOB begin {"destination": "https://a.test:8445", "logical_destination": "wss://a.test:8445"}
11 SOCKET 4 SOCKET_ALIVE begin {"source_dependency": {"id": 3, "type": 1}}
11 SOCKET 4 TCP_CONNECT begin {"address_list": ["10.0.0.7:8445"]}
11 SOCKET 4 TCP_CONNECT_ATTEMPT begin {"address": "10.0.0.7:8445"}
12 HTTP_STREAM_JOB 2 SOCKET_POOL_BOUND_TO_CONNECT_JOB - {"source_dependency": {"id": 3, "type": 1}}
14 SOCKET 4 TCP_CONNECT_ATTEMPT end null
14 SOCKET 4 TCP_CONNECT end {"local_address": "10.0.0.1:5", "remote_address": "10.0.0.7:8445"}
15 SOCKET 4 SSL_CONNECT begin null
"#;

/// The same, from there to the 101.
const UPGRADED: &str = r#"
19 SOCKET 4 SSL_CONNECT end {"version": "TLS 1.2", "cipher_suite": 49199, "next_proto": "http/1.1"}
19 HTTP_STREAM_JOB 2 SOCKET_POOL_BOUND_TO_SOCKET - {"source_dependency": {"id": 4, "type": 1}}
19 URL_REQUEST 1 HTTP_STREAM_REQUEST_BOUND_TO_JOB - {"source_dependency": {"id": 2, "type": 1}}
20 URL_REQUEST 1 HTTP_TRANSACTION_SEND_REQUEST_HEADERS - {"line": "GET /ws/ HTTP/1.1\r\n", "headers": ["Host: a.test:8445", "Authorization: [45 bytes were stripped]"]}
25 URL_REQUEST 1 HTTP_TRANSACTION_READ_RESPONSE_HEADERS - {"headers": ["HTTP/1.1 101 Switching Protocols", "Sec-WebSocket-Protocol: xmpp"]}
25 URL_REQUEST 1 REQUEST_ALIVE end {"net_error": -9}
"#;

fn connected() -> Vec<Value> {
    let mut events = transcript(DIALLED);
    events.extend(transcript(UPGRADED));
    events
}

fn frame(time: u64, way: &str, params: &Value) -> Value {
    event(
        time,
        ("URL_REQUEST", 1),
        &format!("WEBSOCKET_{way}_FRAME_HEADER"),
        "",
        params,
    )
}

#[test]
fn the_log_of_a_real_chromium_shows_the_reset() {
    let imported = netlog(NETLOG).unwrap();
    assert!(
        matches!(&imported.session.source, Source::Netlog(name) if name.starts_with("Chromium 1"))
    );
    let is_reset = |event: &&crate::event::Event| matches!(&event.kind, EventKind::Ended(ended) if ended.manner == Manner::Reset);
    let reset = imported.events.iter().find(is_reset).expect("a reset");
    assert_eq!(reset.direction, Some(Direction::ToClient));
    let same = imported
        .events
        .iter()
        .filter(|event| event.connection == reset.connection);
    let names: Vec<_> = same.map(|event| event.kind.name()).collect();
    assert_eq!(
        names[..6],
        [
            "entered",
            "attempt",
            "tls-established",
            "http-request",
            "http-response",
            "web-socket-opened"
        ]
    );
    assert_eq!(
        names
            .iter()
            .filter(|name| **name == "web-socket-message")
            .count(),
        17
    );
    assert_eq!(names[names.len() - 3..], ["ended", "ended", "closed"]);
    let failed = imported.kinds().into_iter().find_map(|kind| match kind {
        EventKind::UpstreamFailed(failed) if failed.target.port == 8444 => Some(&failed.reason),
        _ => None,
    });
    assert_eq!(failed, Some(&DialFailure::ConnectionRefused));
    let refused = AttemptOutcome::Failed(DialFailure::ConnectionRefused);
    let is_refused = |kind: &&EventKind| matches!(kind, EventKind::Attempt(attempt) if attempt.outcome == refused);
    assert!(imported.kinds().iter().any(is_refused));
}

#[test]
fn a_socket_is_told_from_its_dial_to_its_reset() {
    let mut events = connected();
    events.extend([
        frame(30, "SENT", &json!({"opcode": 1, "final": false, "masked": true, "payload_length": 5, "reserved1": true})),
        frame(31, "SENT", &json!({"opcode": 0, "final": true, "masked": true, "payload_length": 7})),
        frame(32, "RECV", &json!({"opcode": 9, "final": true, "payload_length": 2})),
        frame(33, "RECV", &json!({"opcode": 8, "final": true, "payload_length": 14})),
        event(34, ("SOCKET", 4), "SOCKET_READ_ERROR", "", &json!({"net_error": -1101, "os_error": 10054})),
        event(35, ("SOCKET", 4), "SOCKET_ALIVE", "end", &Value::Null),
    ]);
    let imported = import(&events);
    assert_eq!(
        imported.names(),
        [
            "entered",
            "attempt",
            "tls-established",
            "http-request",
            "http-response",
            "web-socket-opened",
            "web-socket-message",
            "web-socket-ping",
            "web-socket-close",
            "ended",
            "ended",
            "closed",
        ]
    );
    assert_eq!(imported.session.wall_clock, 1_700_000_000_011_000);
    assert_eq!(imported.session.platform, "Windows NT: 10");
    let kinds = imported.kinds();
    let EventKind::TlsEstablished(tls) = kinds[2] else {
        panic!("{:?}", kinds[2])
    };
    assert_eq!(
        (tls.version.as_str(), tls.cipher_suite.as_str(), tls.took.0),
        ("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 4000)
    );
    let EventKind::WebSocketMessage(message) = kinds[6] else {
        panic!("{:?}", kinds[6])
    };
    assert_eq!(
        (
            message.payload.size,
            message.payload.cut,
            message.message.frame_count
        ),
        (12, 12, 2)
    );
    assert!(message.message.compressed && message.message.masked);
    assert!(
        matches!(kinds[8], EventKind::WebSocketClose(Closing { code: None, reason }) if !reason.is_empty())
    );
    let EventKind::Closed(closed) = kinds[11] else {
        panic!("{:?}", kinds[11])
    };
    assert_eq!(closed.first, Some(Direction::ToClient));
}

#[test]
fn a_handshake_that_fails_is_told_once() {
    let mut events = transcript(DIALLED);
    events.extend(transcript(
        r#"
18 SOCKET 4 SSL_CONNECT end {"net_error": -1201}
18 SOCKET 4 SOCKET_ALIVE end null
18 URL_REQUEST 1 HTTP_STREAM_REQUEST_BOUND_TO_JOB - {"source_dependency": {"id": 2, "type": 1}}
19 URL_REQUEST 1 REQUEST_ALIVE end {"net_error": -1201}
"#,
    ));
    let imported = import(&events);
    assert_eq!(
        imported.names(),
        [
            "entered",
            "attempt",
            "tls-failed",
            "ended",
            "ended",
            "closed"
        ]
    );
    assert!(
        matches!(imported.kinds()[2], EventKind::TlsFailed(failed) if failed.reason == TlsFailure::Expired)
    );
}

#[test]
fn the_machine_is_told_of_and_a_swarm_of_errors_is_one_suspend() {
    let none = ("NONE", 50);
    let mut events = vec![
        event(
            1,
            none,
            "PROXY_CONFIG_CHANGED",
            "",
            &json!({"new_config": {"pac_url": "http://wpad/wpad.dat"}}),
        ),
        event(
            5,
            none,
            "NETWORK_CHANGED",
            "",
            &json!({"new_connection_type": "CONNECTION_WIFI"}),
        ),
        event(
            6,
            none,
            "PROXY_CONFIG_CHANGED",
            "",
            &json!({"old_config": {"pac_url": "http://wpad/wpad.dat"}, "new_config": {"auto_detect": true}}),
        ),
        event(7, none, "SOMETHING_NEW", "", &json!({"new_config": 5})),
    ];
    for socket in 60..63 {
        events.push(event(
            9,
            ("SOCKET", socket),
            "SOCKET_READ_ERROR",
            "",
            &json!({"net_error": -1331}),
        ));
    }
    let imported = import(&events);
    let hosts: Vec<_> = imported.kinds().into_iter().cloned().collect();
    assert_eq!(
        hosts,
        [
            EventKind::Host(Host::NetworkChanged(
                "NETWORK_CHANGED new_connection_type: CONNECTION_WIFI".to_owned()
            )),
            EventKind::Host(Host::ProxyChanged("auto_detect: true".to_owned())),
            EventKind::Host(Host::Suspended),
        ]
    );
    assert_eq!(
        imported.session.options,
        ["the browser's proxy settings: pac_url: http://wpad/wpad.dat"]
    );
}

#[test]
fn a_close_without_an_answer_is_told_on_its_socket() {
    let mut events = connected();
    events.push(event(
        40,
        ("WEBSOCKET_CHANNEL", 9),
        "WEBSOCKET_CLOSE_TIMEOUT",
        "",
        &Value::Null,
    ));
    let imported = import(&events);
    assert!(
        matches!(imported.kinds().last(), Some(EventKind::Ended(ended)) if matches!(&ended.manner, Manner::Error(words) if words.contains("Close")))
    );
}

#[test]
fn an_event_without_a_time_is_counted_as_lost() {
    let mut odd = event(1, ("NONE", 1), "NETWORK_CHANGED", "", &Value::Null);
    odd["time"] = json!("soon");
    assert_eq!(import(&[odd]).report.lost, 1);
}
