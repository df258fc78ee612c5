//! What a user gets from `finspect import`: a recording of a browser's file, and a clear word where it is none.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const HAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/devtools.har");
const NETLOG: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/net-export.json"
);

fn import(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finspect"));
    command
        .env_remove("FINSPECT_LOG")
        .arg("import")
        .args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    import(arguments).output().unwrap()
}

/// Runs it with these bytes as the standard input.
fn piped(format: &str, bytes: &[u8]) -> Output {
    let mut child = import(&[format, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may not want all of it.
    drop(stdin.write_all(bytes));
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The header and the events.
fn lines(recording: &str) -> Vec<Value> {
    recording
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_har_becomes_a_recording_in_a_new_file_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("agent.jsonl");
    let out = out.to_str().unwrap();
    let done = run(&["har", HAR, "-o", out]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(done.stdout.is_empty());
    let recording = std::fs::read_to_string(out).unwrap();
    let lines = lines(&recording);
    assert_eq!(lines[0]["session"]["source"]["har"], "WebInspector 537.36");
    assert_eq!(lines[0]["session"]["redaction"], "standard");
    let last = &lines[lines.len() - 1]["kind"]["session-ended"];
    assert_eq!(last["events"], lines.len() - 1);
    let password = std::fs::read_to_string(HAR).unwrap();
    assert!(password.contains("MTAwMTAwMjpwYXNz") && !recording.contains("MTAwMTAwMjpwYXNz"));
    let again = run(&["har", HAR, "-o", out]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("overwrites nothing"));
}

#[test]
fn a_netlog_comes_through_a_pipe_and_can_be_limited_to_a_host() {
    let file = std::fs::read(NETLOG).unwrap();
    let done = piped("netlog", &file);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let all = lines(&text(&done.stdout));
    let done = run(&["netlog", NETLOG, "-i", "*.example.test"]);
    let some = lines(&text(&done.stdout));
    assert!(some.len() < all.len());
    let foreign = |line: &Value| {
        let host = line["kind"]["entered"]["target"]["host"].as_str();
        host.is_some_and(|host| !host.ends_with(".example.test"))
    };
    assert!(all.iter().any(foreign) && !some.iter().any(foreign));
}

#[test]
fn a_file_that_ends_in_the_middle_is_imported_with_a_warning() {
    let file = std::fs::read(HAR).unwrap();
    let done = piped("har", &file[..file.len() / 2]);
    assert_eq!(done.status.code(), Some(0));
    assert!(text(&done.stderr).contains("ends in the middle"));
    let lines = lines(&text(&done.stdout));
    assert!(lines[lines.len() - 1]["kind"]["session-ended"].is_object());
}

#[test]
fn a_file_that_is_no_json_from_some_line_on_is_incomplete() {
    let mut file = std::fs::read(HAR).unwrap();
    let middle = file.len() / 2;
    file[middle..middle + 4].copy_from_slice(b"\"}]\n");
    let done = piped("har", &file);
    assert_eq!(done.status.code(), Some(3));
    assert!(
        text(&done.stderr).contains("no JSON from line"),
        "{}",
        text(&done.stderr)
    );
}

#[test]
fn what_is_no_such_file_is_said_with_the_way_out_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("agent.jsonl");
    let secret = folder.path().join("secret.txt");
    std::fs::write(&secret, "password=hunter2").unwrap();
    let (out, secret) = (out.to_str().unwrap(), secret.to_str().unwrap());
    for (arguments, says) in [
        (["har", NETLOG, "-o", out], "Export HAR"),
        (["netlog", HAR, "-o", out], "chrome://net-export"),
        (["har", secret, "-o", out], "no HAR file"),
        (["har", "/nowhere/x.har", "-o", out], "cannot read"),
        (["pcap", HAR, "-o", out], "har, netlog"),
    ] {
        let done = run(&arguments);
        assert_eq!(done.status.code(), Some(2), "{arguments:?}");
        let said = text(&done.stderr);
        assert!(said.contains(says), "{said}");
        assert!(!said.contains("hunter2"));
        assert!(!std::path::Path::new(out).exists());
    }
}

#[test]
fn without_redaction_everything_is_there_and_the_user_is_warned() {
    let done = run(&["har", HAR, "--redact", "off"]);
    assert_eq!(done.status.code(), Some(0));
    assert!(text(&done.stderr).contains("WARNING"));
    assert!(text(&done.stdout).contains("MTAwMTAwMjpwYXNz"));
    let done = run(&["har", HAR, "--redact", "some"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("standard, strict and off"));
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut child = import(&["har", HAR])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
