//! What `finspect recordings` says of a folder.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::show::{event, finspect, header, session, text};

fn list(arguments: &[&str], folder: &Path) -> Output {
    let mut command = finspect();
    command.arg("recordings").args(arguments).arg(folder);
    command.output().unwrap()
}

/// A session with one connection to the host, which is reset, and an event that is missing.
fn disconnected(wall_clock: i64, host: &str) -> String {
    let mut lines = header(wall_clock, "standard");
    let target = json!({"host": host, "port": 8445});
    let entered = json!({"way": "connect", "target": target, "intercepted": true});
    let opened = json!({"exchange": 1, "target": "/ws/"});
    let ended = json!({"manner": "reset", "bytes": 9});
    let closed = json!({"to-server": 1, "to-client": 9, "lasted": 5});
    for (number, kind) in [
        (1, json!({"entered": entered})),
        (2, json!({"web-socket-opened": opened})),
        (4, json!({"ended": ended})),
        (5, json!({"closed": closed})),
        (6, json!({"session-ended": {"events": 6, "connections": 1}})),
    ] {
        lines.push_str(&event(number, Some(1), &kind));
    }
    lines
}

#[test]
fn the_newest_recording_comes_first_and_the_rest_of_the_folder_is_no_failure() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    file(
        "old.jsonl",
        &disconnected(1_795_000_000_000_000, "old.test"),
    );
    file("new.jsonl", &session(3));
    file("foreign.jsonl", "{\"log\":{}}\n");
    file("notes.txt", "not mine");
    let output = list(&[], folder.path());
    assert_eq!(output.status.code(), Some(0));
    let (table, talk) = (text(&output.stdout), text(&output.stderr));
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("STARTED"), "{table}");
    assert!(lines[1].ends_with("new.jsonl"), "{table}");
    assert!(
        lines[2].contains("old.test") && lines[2].ends_with("old.jsonl"),
        "{table}"
    );
    assert!(
        talk.contains("foreign.jsonl: this is no recording"),
        "{talk}"
    );
    assert_eq!(talk.lines().count(), 1, "{talk}");
}

#[test]
fn a_recording_with_its_secrets_in_clear_is_marked() {
    let folder = TempDir::new().unwrap();
    for level in ["off", "standard", "strict"] {
        let ended = json!({"session-ended": {"events": 1, "connections": 0}});
        let lines = header(1_795_000_000_000_000, level) + &event(1, None, &ended);
        fs::write(folder.path().join(format!("{level}.jsonl")), lines).unwrap();
    }
    let table = text(&list(&[], folder.path()).stdout);
    let marked: Vec<_> = table
        .lines()
        .filter(|line| line.contains("complete, NOT REDACTED"))
        .collect();
    let [only] = marked[..] else {
        panic!("{table}");
    };
    assert!(only.ends_with("off.jsonl"), "{table}");
}

#[test]
fn the_json_has_what_the_documentation_promises() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.jsonl");
    let content = disconnected(1_795_000_000_000_000, "finesse.test");
    fs::write(&path, &content).unwrap();
    let output = list(&["--json"], folder.path());
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!([{
        "path": path.to_str().unwrap(),
        "state": "complete",
        "started": "2026-11-18T11:06:40.000Z",
        "duration-ms": 60,
        "bytes": content.len(),
        "parts": 1,
        "events": 5,
        "hosts": ["finesse.test"],
        "agents": [],
        "disconnects": 1,
        "gaps": 1,
        "redaction": "standard",
    }]);
    assert_eq!(rows, expected);
    let documented = include_str!("../../docs/reading.md");
    for key in rows[0].as_object().unwrap().keys() {
        assert!(
            documented.contains(&format!("| `{key}` |")),
            "no row for {key}"
        );
    }
}

#[test]
fn a_recording_without_an_end_is_running_while_it_is_written_and_cut_off_later() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.jsonl");
    fs::write(&path, header(1_795_000_000_000_000, "standard")).unwrap();
    let state = || {
        let output = list(&["--json"], folder.path());
        let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
        rows[0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(), "running");
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(state(), "cut-off");
}

#[test]
fn a_demo_that_was_recorded_has_its_host_its_agent_and_its_disconnect() {
    let folder = TempDir::new().unwrap();
    let demo = finspect()
        .args(["demo", "--scenario", "reset", "--format", "json"])
        .output()
        .unwrap();
    let recorded = header(1_795_000_000_000_000, "standard") + &text(&demo.stdout);
    fs::write(folder.path().join("demo.jsonl"), recorded).unwrap();
    let output = list(&["--json"], folder.path());
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows[0]["hosts"], json!(["finesse.example.test"]));
    assert_eq!(rows[0]["agents"], json!(["1001002"]));
    assert_eq!(rows[0]["disconnects"], 1);
    assert_eq!(rows[0]["gaps"], 0);
    assert_eq!(rows[0]["state"], "complete");
}

#[test]
fn a_folder_without_recordings_is_said_and_one_that_is_not_there_is_wrong() {
    let folder = TempDir::new().unwrap();
    let empty = list(&[], folder.path());
    assert_eq!(empty.status.code(), Some(0));
    assert!(empty.stdout.is_empty());
    assert!(text(&empty.stderr).contains("there is no recording in"));
    assert_eq!(list(&["--json"], folder.path()).stdout, b"[]\n");
    let missing = list(&[], &folder.path().join("nowhere"));
    assert_eq!(missing.status.code(), Some(2));

    let default = finspect()
        .arg("recordings")
        .env("HOME", folder.path())
        .env("XDG_DATA_HOME", folder.path())
        .env("LOCALAPPDATA", folder.path())
        .output()
        .unwrap();
    assert_eq!(default.status.code(), Some(0));
    assert!(text(&default.stderr).contains("there is no recording in"));
}

#[test]
fn a_hostile_recording_does_not_command_the_terminal() {
    let folder = TempDir::new().unwrap();
    let content = disconnected(1_795_000_000_000_000, "\u{1b}]0;x\u{7}\u{9b}2J");
    fs::write(folder.path().join("a.jsonl"), content).unwrap();
    let table = text(&list(&[], folder.path()).stdout);
    assert!(table.contains("\\x1b]0;x\\x07\\x9b2J"), "{table}");
    assert!(!table.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{table}");
}
