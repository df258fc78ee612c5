//! What `finspect show` prints of a recording, whole or not.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) fn finspect() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finspect"));
    command.env_remove("FINSPECT_LOG").env("TZ", "UTC");
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A header line of a session that began then, in microseconds since the Unix epoch.
pub(crate) fn header(wall_clock: i64, redaction: &str) -> String {
    let started = json!({
        "version": "0.1.0", "wall-clock": wall_clock, "intercepted": ["finesse.test"],
        "redaction": redaction, "platform": "linux x86_64",
    });
    let header = json!({
        "format": "finspect-recording", "version": "1.0", "recording": "c0ffee", "part": 1,
        "first-event": 1, "began": 0, "session": started,
    });
    format!("{header}\n")
}

/// An event's line; the event is 10 ms after the one of the number before.
pub(crate) fn event(number: u64, connection: Option<u64>, kind: &Value) -> String {
    let mut event = json!({"number": number, "time": {"arrived": number * 10_000}, "kind": kind});
    if let Some(connection) = connection {
        event["connection"] = connection.into();
    }
    format!("{event}\n")
}

/// 2026-11-23 23:59:59 UTC.
const LATE: i64 = 1_795_478_399_000_000;

/// A session of so many events, of the connections 1 and 2 in turn, and its end.
pub(crate) fn session(events: u64) -> String {
    let mut lines = header(LATE, "standard");
    for number in 1..=events {
        lines.push_str(&protocol(number));
    }
    lines + &end(events + 1)
}

fn protocol(number: u64) -> String {
    event(number, Some(1 + number % 2), &json!({"protocol": "tls"}))
}

fn end(number: u64) -> String {
    let ended = json!({"session-ended": {"events": number, "connections": 2}});
    event(number, None, &ended)
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join("a.jsonl");
        fs::write(&path, content).unwrap();
        path
    }
}

fn show(path: &Path, arguments: &[&str]) -> Output {
    let mut command = finspect();
    command.arg("show").arg(path).args(arguments);
    command.output().unwrap()
}

/// The numbers of the events that are shown.
fn numbers(path: &Path, arguments: &[&str]) -> Vec<u64> {
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    let output = show(path, &all);
    let numbers = text(&output.stdout);
    let number = |line: &str| serde_json::from_str::<Value>(line).unwrap()["number"].as_u64();
    numbers.lines().map(|line| number(line).unwrap()).collect()
}

#[test]
fn a_demo_is_shown_from_its_recording_as_it_was_live() {
    let place = Place::new();
    let demo = finspect()
        .args(["demo", "--scenario", "close", "--format", "json"])
        .output()
        .unwrap();
    let live = text(&demo.stdout);
    let path = place.file(header(LATE, "standard") + &live);
    let shown = show(&path, &["--format", "json"]);
    assert_eq!(text(&shown.stdout), live);
    assert_eq!(
        (shown.status.code(), text(&shown.stderr)),
        (Some(0), String::new())
    );

    let pretty = show(&path, &[]);
    assert!(text(&pretty.stdout).contains("bound as 1001002@finesse.example.test/desktop"));
    let pings = show(&path, &["--filter", "stanza ping", "--format", "compact"]);
    let pings = text(&pings.stdout);
    assert!(pings.contains("ping answered"), "{pings}");
    // The question is hidden, and the answer knows it.
    let answers = show(&path, &["--filter", "stanza ping and direction to-client"]);
    assert!(text(&answers.stdout).contains("round trip"));

    // A pipe and a compressed file say the same.
    let mut piped = finspect();
    piped.args(["show", "-", "--format", "json"]);
    piped.stdin(File::open(&path).unwrap());
    assert_eq!(text(&piped.output().unwrap().stdout), live);
    let packed = place.0.path().join("packed.jsonl.zst");
    finspect::recording::compress(&path, &packed).unwrap();
    assert_eq!(text(&show(&packed, &["--format", "json"]).stdout), live);
}

#[test]
fn a_stretch_of_a_recording_is_chosen_by_time_offset_number_and_connection() {
    let place = Place::new();
    // From 23:59:59.010 on, ten milliseconds each; the hundredth is at midnight.
    let path = place.file(session(150));
    let all = numbers(&path, &[]);
    assert_eq!(all.len(), 151);
    for (arguments, expected) in [
        (&["--from", "#149"][..], vec![149, 150, 151]),
        (&["--to", "#2"], vec![1, 2]),
        (&["--from", "+1.48s"], vec![148, 149, 150, 151]),
        (
            &["--from", "23:59:59.030", "--to", "23:59:59.050"],
            vec![3, 4, 5],
        ),
        (&["--from", "00:00:00.500"], vec![150, 151]),
        (&["--from", "2026-11-24T00:00:00.500"], vec![150, 151]),
        (&["--from", "2026-11-24T01:00:00.500+01:00"], vec![150, 151]),
        (&["--to", "23:59:59.020"], vec![1, 2]),
        (&["--connection", "2", "--to", "#5"], vec![1, 3, 5]),
        (
            &["--connection", "#1", "--connection", "2", "--from", "#149"],
            vec![149, 150],
        ),
        (
            &["--from", "#149", "--filter", "kind session-ended"],
            vec![151],
        ),
    ] {
        assert_eq!(numbers(&path, arguments), expected, "{arguments:?}");
    }
    // Shown in UTC, and typed so, wherever the machine is.
    let elsewhere = finspect()
        .env("TZ", "CET-1")
        .args([
            "show",
            "--utc",
            "--from",
            "00:00:00.500",
            "--format",
            "compact",
        ])
        .arg(&path)
        .output()
        .unwrap();
    assert!(text(&elsewhere.stdout).starts_with("00:00:00.500"));
}

#[test]
fn an_empty_stretch_is_explained_and_no_error() {
    let place = Place::new();
    let path = place.file(session(3));
    for arguments in [
        ["--from", "00:10"],
        ["--to", "23:00"],
        ["--connection", "7"],
    ] {
        let output = show(&path, &arguments);
        let talk = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{talk}");
        assert!(output.stdout.is_empty());
        assert!(
            talk.contains("the recording begins at 2026-11-23 23:59:59.000"),
            "{arguments:?}: {talk}"
        );
    }
}

#[test]
fn damage_is_said_with_its_line_and_the_exit_code_tells_what_is_missing() {
    let place = Place::new();
    let whole = session(6);
    let line = |number: usize| whole.split_inclusive('\n').nth(number).unwrap();
    let damaged = whole.replace(line(3), "{\"s3cret\n");
    let skipped = whole.replace(line(4), "");
    let torn = whole.strip_suffix("}}\n").unwrap();
    let unfinished = whole.replace(line(7), "");
    for (content, events, code, says) in [
        (&*damaged, 6, 3, "a.jsonl: line 4 is damaged and left out"),
        (&skipped, 6, 3, "a.jsonl: before line 5, event 4 is missing"),
        (torn, 6, 0, "a.jsonl: line 8, the last one, is not whole"),
        (&unfinished, 6, 0, "a.jsonl: the recording has no end"),
    ] {
        let path = place.file(content);
        let output = show(&path, &["--format", "json"]);
        let talk = text(&output.stderr);
        assert_eq!(
            text(&output.stdout).lines().count(),
            events,
            "{says}: {talk}"
        );
        assert_eq!(output.status.code(), Some(code), "{talk}");
        assert!(talk.contains(says) && !talk.contains("s3cret"), "{talk}");
    }
}

#[test]
fn what_cannot_be_read_is_wrong_usage_and_secrets_in_clear_are_warned_of() {
    let place = Place::new();
    let foreign = place.file("{\"log\":{}}\n");
    assert_eq!(show(&foreign, &[]).status.code(), Some(2));
    assert_eq!(
        show(&place.0.path().join("nowhere"), &[]).status.code(),
        Some(2)
    );
    assert_eq!(show(&foreign, &["--from", "noon"]).status.code(), Some(2));
    let clear = place.file(header(LATE, "off") + &end(1));
    let output = show(&clear, &[]);
    assert!(text(&output.stderr).contains("WARNING: this recording is not redacted"));
    assert_eq!(output.status.code(), Some(0));
}

/// A process that is read line by line, and does not outlive its test.
struct Following {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Following {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    fn rest(&mut self) -> (String, Option<i32>) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        (rest, self.child.wait().unwrap().code())
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn following_shows_what_is_appended_and_ends_with_the_session() {
    let place = Place::new();
    let path = place.file(header(LATE, "standard") + &protocol(1));
    let mut command = finspect();
    command
        .args(["show", "--follow", "--format", "json"])
        .arg(&path);
    let mut following = Following::start(&mut command);
    assert!(following.line().contains("\"number\":1,"));
    let mut file = File::options().append(true).open(&path).unwrap();
    // In two pieces, as a reader can see it.
    let line = protocol(2);
    let (start, rest) = line.split_at(9);
    file.write_all(start.as_bytes()).unwrap();
    file.flush().unwrap();
    file.write_all(rest.as_bytes()).unwrap();
    assert!(following.line().contains("\"number\":2,"));
    file.write_all(end(3).as_bytes()).unwrap();
    let (rest, code) = following.rest();
    assert!(rest.contains("session-ended"));
    assert_eq!(code, Some(0));
}

#[cfg(unix)]
#[test]
fn following_ends_in_order_on_ctrl_c() {
    let place = Place::new();
    let path = place.file(header(LATE, "standard") + &protocol(1));
    let mut command = finspect();
    command
        .args(["show", "--follow", "--format", "json"])
        .arg(&path);
    let mut following = Following::start(&mut command);
    assert!(following.line().contains("\"number\":1,"));
    let pid = following.child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(killed.success());
    assert_eq!(following.rest(), (String::new(), Some(0)));
}

#[test]
fn what_comes_through_a_pipe_is_shown_while_the_pipe_is_open() {
    let mut command = finspect();
    command
        .args(["show", "-", "--format", "json"])
        .stdin(Stdio::piped());
    let mut following = Following::start(&mut command);
    let mut stdin = following.child.stdin.take().unwrap();
    stdin
        .write_all(header(LATE, "standard").as_bytes())
        .unwrap();
    stdin.write_all(protocol(1).as_bytes()).unwrap();
    assert!(following.line().contains("\"number\":1,"));
    stdin.write_all(end(2).as_bytes()).unwrap();
    drop(stdin);
    let (rest, code) = following.rest();
    assert_eq!((rest.lines().count(), code), (1, Some(0)));
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let place = Place::new();
    let path = place.file(session(50_000));
    let mut child = finspect()
        .arg("show")
        .arg(&path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    drop(stdout);
    assert!(first.contains("TLS inside"), "{first}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
