//! Entries of HTTP exchanges, and of connections that came to none.

use serde_json::{Value, json};

use super::story::*;
use crate::event::*;

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
