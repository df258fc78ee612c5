//! What a user gets from the command line: answers to mistakes, a demo that tells its story, an end in order.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::wait_for;

/// A process that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn finspect() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finspect"));
    command
        .env_remove("FINSPECT_LOG")
        .env_remove("SSLKEYLOGFILE");
    command
}

fn run(arguments: &[&str]) -> Output {
    finspect().args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_mistake_is_answered_with_exit_code_2_and_the_way_out() {
    for (arguments, says) in [
        (&["run"][..], "name what to look into"),
        (&["run", "https://finesse"], "HOST or HOST:PORT"),
        (
            &["run", "a.test", "--format", "xml"],
            "pretty, compact and json",
        ),
        (
            &["run", "a.test", "--filter", "kind and"],
            "a value is missing here",
        ),
        (
            &["run", "a.test", "--redact", "strickt"],
            "there is standard, strict and off",
        ),
        (
            &["run", "a.test", "--upstream-pin", "a.test=1"],
            "HOST=sha256:",
        ),
        (
            &["run", "a.test", "--upstream-ca", "/nowhere"],
            "cannot read /nowhere",
        ),
        (
            &["run", "a.test", "--upstream-proxy", "ftp://u:s3cret@p"],
            "http://HOST:PORT",
        ),
        (
            &["run", "a.test", "--config", "/nowhere"],
            "cannot read /nowhere",
        ),
        (&["demo", "--scenario", "nope"], "there are calm, "),
        (&["nope"], "unrecognized subcommand"),
    ] {
        let output = run(arguments);
        let talk = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {talk}");
        assert!(talk.contains(says), "{arguments:?}: {talk}");
        assert!(!talk.contains("s3cret"), "{talk}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn every_command_has_help_with_examples() {
    for command in [
        "run",
        "demo",
        "show",
        "recordings",
        "redact",
        "export",
        "import",
        "simulate",
        "ca",
    ] {
        let output = run(&[command, "--help"]);
        assert!(output.status.success());
        let help = text(&output.stdout);
        assert!(
            help.contains("Examples:") && help.contains(&format!("finspect {command}")),
            "{help}"
        );
    }
    assert!(text(&run(&["completions", "bash"]).stdout).contains("finspect"));
}

#[test]
fn a_configuration_file_has_the_same_names_and_a_typing_error_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("finspect.toml");
    std::fs::write(
        &path,
        "intercept = [\"a.test\"]\nlissten = [\"127.0.0.1:0\"]\n",
    )
    .unwrap();
    let output = run(&["run", "--config", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("unknown field `lissten`"));
}

#[test]
fn the_demo_tells_a_login_and_a_disconnect_and_no_password() {
    let output = run(&["demo", "--scenario", "reset"]);
    assert!(output.status.success());
    let (session, talk) = (text(&output.stdout), text(&output.stderr));
    for story in [
        "asks to upgrade to websocket",
        "101 Switching Protocols",
        "auth PLAIN as 1001002 (password redacted)",
        "bound as 1001002@finesse.example.test/desktop",
        "ping answered",
        "the server reset the connection (RST)",
    ] {
        assert!(session.contains(story), "no {story:?} in\n{session}");
    }
    assert!(talk.contains("the Notification Service crashes"), "{talk}");
    assert_eq!(talk.matches("connected as 1001002@").count(), 2, "{talk}");
    for secret in ["pass-1001002", "MTAwMTAwMjpwYXNz", "cGFzcy0xMDAxMDAy"] {
        assert!(
            !session.contains(secret) && !talk.contains(secret),
            "{secret}"
        );
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let mut demo = finspect();
    demo.args(["demo", "--scenario", "calm"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut demo = Running(demo.spawn().unwrap());
    let mut first = String::new();
    BufReader::new(demo.0.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.contains("session of finspect"), "{first}");
    assert_eq!(demo.0.wait().unwrap().code(), Some(0));
}

/// A terminal that stops reading: traffic goes on, and what was not shown is counted.
#[cfg(unix)]
#[test]
fn an_output_that_nobody_reads_holds_up_nothing_and_is_owned_up_to() {
    const BODY: usize = 200_000;
    const EXCHANGES: usize = 600;
    let folder = TempDir::new().unwrap();
    let (origin, ready) = (origin(BODY), folder.path().join("ready.json"));
    let mut command = finspect();
    command
        .args([
            "run",
            "127.0.0.1",
            "--no-record",
            "--listen",
            "127.0.0.1:0",
            "--format",
            "json",
            "--ca-dir",
        ])
        .arg(folder.path().join("ca"))
        .arg("--ready-file")
        .arg(&ready)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let door = wait_for("ready file", || front_door(&ready));
    let mut client = TcpStream::connect(door).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    write!(client, "CONNECT {origin} HTTP/1.1\r\n\r\n").unwrap();
    read_past_head(&mut client);
    let mut body = vec![0; BODY];
    for _ in 0..EXCHANGES {
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        read_past_head(&mut client);
        client.read_exact(&mut body).unwrap();
    }
    drop(client);
    let mut stdout = running.0.stdout.take().unwrap();
    let reader = thread::spawn(move || {
        let mut session = String::new();
        stdout.read_to_string(&mut session).unwrap();
        session
    });
    let pid = running.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let status = running.0.wait().unwrap();
    let session = reader.join().unwrap();
    let lost: u64 = session
        .lines()
        .filter_map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["kind"]["gap"]["events"].as_u64()
        })
        .sum();
    assert!(lost > 0, "600 bodies of 200 kB fit into 64 MiB?");
    assert_eq!(status.code(), Some(3));
    let mut talk = String::new();
    running
        .0
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut talk)
        .unwrap();
    assert!(
        talk.contains(&format!("{lost} events were not shown")),
        "{talk}"
    );
}

/// Its own trouble is no trouble of the line, so finspect has to own up to it.
#[cfg(unix)]
#[test]
fn a_finspect_that_was_stopped_for_seconds_says_so() {
    let folder = TempDir::new().unwrap();
    let mut command = finspect();
    command
        .args(["run", "127.0.0.1", "--no-record", "--listen", "127.0.0.1:0"])
        .args(["--format", "json", "--ca-dir"])
        .arg(folder.path().join("ca"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut running = Running(command.spawn().unwrap());
    let pid = running.0.id().to_string();
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(sent.success());
    };
    let lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
    let mut events = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let started = events.find(|event| event["kind"]["listening"].is_object());
    assert!(started.is_some());
    signal("-STOP");
    // That nothing of it runs for so long is what is tested.
    thread::sleep(Duration::from_secs(3));
    signal("-CONT");
    signal("-TERM");
    let events: Vec<Value> = events.collect();
    assert!(events.last().unwrap()["kind"]["session-ended"].is_object());
    let of = |value: &Value| value.as_u64().unwrap();
    let stopped = events.iter().find(|event| {
        let late = event["kind"]["host"]["starved"]["late"].as_u64();
        late.is_some_and(|late| late >= 1_500_000)
    });
    let stopped = stopped.unwrap_or_else(|| panic!("nothing of it in {events:?}"));
    let starved = &stopped["kind"]["host"]["starved"];
    let span = of(&stopped["time"]["arrived"]) - of(&starved["since"]);
    assert_eq!(span, of(&starved["late"]) + 1_000_000, "{stopped}");
}

fn front_door(ready: &Path) -> Option<String> {
    let ready: Value = serde_json::from_slice(&std::fs::read(ready).ok()?).unwrap();
    Some(
        ready["listeners"][0]["address"]
            .as_str()
            .unwrap()
            .to_owned(),
    )
}

/// A server that answers each request with that many bytes; its address.
fn origin(body: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {body}\r\n\r\n{}",
            "x".repeat(body)
        );
        while read_past_head_or_end(&mut stream) {
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

fn read_past_head(stream: &mut TcpStream) {
    assert!(read_past_head_or_end(stream), "the connection ended");
}

fn read_past_head_or_end(stream: &mut TcpStream) -> bool {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return false,
        }
    }
    true
}
