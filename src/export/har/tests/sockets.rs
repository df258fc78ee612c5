//! Entries of WebSockets, with their messages.

use serde_json::{Value, json};

use super::story::*;
use crate::event::*;

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
