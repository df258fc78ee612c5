//! There and back: a recording that was exported as HAR and imported again says the same of every WebSocket.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::thread;

use finspect::event::{Content, DataOpcode, Direction, Event, EventKind};
use finspect::recording::{Item, Source};
use tempfile::TempDir;

#[test]
fn every_message_comes_back_with_its_direction_opcode_and_order() {
    thread::scope(|scope| {
        for scenario in ["stall", "close", "conflict", "reset"] {
            scope.spawn(move || there_and_back(scenario));
        }
    });
}

fn there_and_back(scenario: &str) {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    finspect(
        &["demo", "--scenario", scenario, "--record"],
        &path("there.jsonl"),
    );
    let har = path("there.har");
    finspect(
        &["export", "har", "-o", har.to_str().unwrap()],
        &path("there.jsonl"),
    );
    let back = path("back.jsonl");
    finspect(&["import", "har", "-o", back.to_str().unwrap()], &har);
    let (there, back) = (sockets(&path("there.jsonl")), sockets(&back));
    let messages: usize = there.iter().map(Vec::len).sum();
    assert!(messages > 20, "{scenario}: {messages}");
    assert_eq!(there, back, "{scenario}");
}

fn finspect(words: &[&str], file: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_finspect"))
        .args(words)
        .arg(file)
        .env_remove("SSLKEYLOGFILE")
        .output()
        .unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {talk}");
}

/// What was said on each WebSocket, in the order in which they were opened.
fn sockets(path: &Path) -> Vec<Vec<(Option<Direction>, u8, String)>> {
    let mut sockets = Vec::new();
    let mut places = BTreeMap::new();
    let mut source = Source::open(path).unwrap();
    while let Some(item) = source.advance() {
        let event = match item {
            Item::Event(event) => event,
            Item::Trouble(trouble) => panic!("{}: {trouble}", path.display()),
        };
        if let EventKind::WebSocketOpened(_) = event.kind {
            places.insert(event.connection, sockets.len());
            sockets.push(Vec::new());
        }
        if let (Some(at), Some((opcode, said))) = (places.get(&event.connection), said(&event)) {
            sockets[*at].push((event.direction, opcode, said));
        }
    }
    sockets
}

/// The opcode of a frame, and what it said.
fn said(event: &Event) -> Option<(u8, String)> {
    let content = |content: &Content| match content {
        Content::Text(text) => text.clone(),
        Content::Base64(bytes) => format!("{bytes:?}"),
    };
    Some(match &event.kind {
        EventKind::XmppStanza(stanza) => (1, content(&stanza.xml.content)),
        EventKind::WebSocketMessage(message) => {
            let opcode = match message.message.opcode {
                DataOpcode::Text => 1,
                DataOpcode::Binary => 2,
            };
            (opcode, content(&message.payload.content))
        }
        EventKind::WebSocketClose(closing) => (8, format!("{:?} {}", closing.code, closing.reason)),
        EventKind::WebSocketPing(payload) => (9, content(&payload.content)),
        EventKind::WebSocketPong(pong) => (10, content(&pong.payload.content)),
        _ => return None,
    })
}
