//! What a user gets from `finspect export`: a whole file in another form, or a word about why not.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use finspect::event::{
    ConnectionId, DataOpcode, Direction, Event, EventKind, HttpRequest, HttpResponse, HttpVersion,
    MessageFacts, Micros, Payload, SessionEnded, SessionStarted, Times, WebSocketMessage,
    WebSocketOpened,
};
use finspect::recording::{Header, Writer};
use serde_json::Value;
use tempfile::TempDir;

/// A recording of a WebSocket with that many messages, of which the one with the number `without` is lost.
fn recording(folder: &Path, messages: u64, without: Option<u64>) -> PathBuf {
    let session = SessionStarted {
        wall_clock: 1_781_000_000_000_000,
        ..SessionStarted::default()
    };
    let path = folder.join("session.jsonl");
    let header = Header::new("00ff".to_owned(), session.clone());
    let mut writer = Writer::new(File::create(&path).unwrap(), &header).unwrap();
    let mut kinds = vec![EventKind::SessionStarted(session)];
    kinds.extend(handshake());
    kinds.extend((0..messages).map(message));
    kinds.push(EventKind::SessionEnded(SessionEnded {
        events: messages + 5,
        connections: 1,
    }));
    for (number, kind) in (1..).zip(kinds) {
        let of_session = matches!(
            kind,
            EventKind::SessionStarted(_) | EventKind::SessionEnded(_)
        );
        let event = Event {
            number,
            time: Times::at(Micros(100 * number)),
            connection: (!of_session).then_some(ConnectionId(1)),
            direction: (!of_session).then_some(Direction::ToServer),
            kind,
        };
        if without != Some(number) {
            writer.event(&event).unwrap();
        }
    }
    writer.finish().unwrap();
    path
}

fn handshake() -> [EventKind; 3] {
    let request = HttpRequest {
        exchange: 1,
        method: "GET".to_owned(),
        target: "/ws/".to_owned(),
        version: HttpVersion::Http11,
        headers: Vec::new(),
    };
    let response = HttpResponse {
        exchange: 1,
        version: HttpVersion::Http11,
        status: 101,
        reason: "Switching Protocols".to_owned(),
        headers: Vec::new(),
    };
    let opened = WebSocketOpened {
        exchange: 1,
        target: "/ws/".to_owned(),
        subprotocol: None,
        deflate: None,
        unknown_extensions: Vec::new(),
    };
    [
        EventKind::HttpRequest(request),
        EventKind::HttpResponse(response),
        EventKind::WebSocketOpened(opened),
    ]
}

fn message(index: u64) -> EventKind {
    let payload = Payload::whole(format!("message {index}").as_bytes());
    let message = MessageFacts {
        opcode: DataOpcode::Text,
        masked: true,
        compressed: false,
        wire_size: payload.size,
        frame_count: 1,
        frames: Vec::new(),
    };
    EventKind::WebSocketMessage(WebSocketMessage { message, payload })
}

fn finspect(arguments: &[&str], file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finspect"));
    command.arg("export").args(arguments).arg(file);
    command
}

fn export(arguments: &[&str], file: &Path) -> Output {
    finspect(arguments, file).output().unwrap()
}

fn talk(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn messages(har: &[u8]) -> Vec<String> {
    let har: Value = serde_json::from_slice(har).unwrap();
    let entry = &har["log"]["entries"][0];
    let messages = entry["_webSocketMessages"].as_array().unwrap();
    let data = |message: &Value| message["data"].as_str().unwrap().to_owned();
    messages.iter().map(data).collect()
}

#[test]
fn a_har_file_has_every_message_in_order_in_a_file_or_on_stdout() {
    let folder = TempDir::new().unwrap();
    let session = recording(folder.path(), 20_000, None);
    let out = folder.path().join("session.har");
    let to_file = export(&["har", "-o", out.to_str().unwrap()], &session);
    assert_eq!(to_file.status.code(), Some(0), "{}", talk(&to_file));
    assert!(to_file.stdout.is_empty());
    let to_stdout = export(&["har"], &session);
    assert_eq!(to_stdout.stdout, fs::read(out).unwrap());
    let expected: Vec<_> = (0..20_000)
        .map(|index| format!("message {index}"))
        .collect();
    assert_eq!(messages(&to_stdout.stdout), expected);
}

#[test]
fn a_table_has_a_row_for_each_event_under_a_row_of_names() {
    let folder = TempDir::new().unwrap();
    let session = recording(folder.path(), 10, None);
    let output = export(&["csv"], &session);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<_> = table.split_terminator("\r\n").collect();
    assert_eq!(rows.len(), 1 + 15);
    assert!(rows[0].starts_with("number,time,offset_s,connection,host,direction,kind,"));
    assert!(rows[2].starts_with(
        "2,2026-06-09T10:13:20.000200Z,0.000200,1,,to-server,http-request,GET,GET /ws/,"
    ));
}

#[test]
fn nothing_is_overwritten_and_no_half_file_is_left() {
    let folder = TempDir::new().unwrap();
    let session = recording(folder.path(), 1, None);
    for form in ["har", "csv"] {
        let there = folder.path().join("there");
        fs::write(&there, "precious").unwrap();
        let refused = export(&[form, "-o", there.to_str().unwrap()], &session);
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            talk(&refused).contains("there already"),
            "{}",
            talk(&refused)
        );
        assert_eq!(fs::read_to_string(&there).unwrap(), "precious");

        let new = folder.path().join("new");
        let none = export(&[form, "-o", new.to_str().unwrap()], &there);
        assert_eq!(none.status.code(), Some(2));
        assert!(talk(&none).contains("no recording"), "{}", talk(&none));
        assert!(!new.exists());
    }
}

#[test]
fn what_an_incomplete_recording_has_is_exported_and_the_exit_code_says_3() {
    let folder = TempDir::new().unwrap();
    let session = recording(folder.path(), 10, Some(7));
    let output = export(&["har"], &session);
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    assert!(
        talk(&output).contains("1 event is missing"),
        "{}",
        talk(&output)
    );
    assert_eq!(messages(&output.stdout).len(), 9);
}

#[test]
fn a_reader_that_leaves_early_is_no_failure_and_ends_the_export() {
    let folder = TempDir::new().unwrap();
    let session = recording(folder.path(), 50_000, Some(40_000));
    let mut export = finspect(&["csv"], &session)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(export.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.starts_with("number,"), "{first}");
    let output = export.wait_with_output().unwrap();
    // It never came to the event that is missing.
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert_eq!(talk(&output), "");
}

#[test]
fn the_help_of_export_has_examples() {
    let help = Command::new(env!("CARGO_BIN_EXE_finspect"))
        .args(["export", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for example in ["finspect export har", "finspect export csv"] {
        assert!(help.contains(example), "{help}");
    }
}
