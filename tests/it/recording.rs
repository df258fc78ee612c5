//! Where a session is recorded, what is in the file, and what finspect never does to one that is there.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::wait_for;

fn finspect(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finspect"));
    command
        .env_remove("SSLKEYLOGFILE")
        .env_remove("XDG_DATA_HOME")
        .env("HOME", home)
        .env("LOCALAPPDATA", home);
    command
}

fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Starts a run, waits until it is ready, ends it in order; its ready file and what it said.
fn run(home: &Path, options: &[&str]) -> (Value, Output) {
    let ready = home.join("ready.json");
    let mut command = finspect(home);
    command
        .args(["run", "a.test:8445", "--listen", "127.0.0.1:0"])
        .args(options)
        .arg("--ready-file")
        .arg(&ready)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    wait_for("ready file or end", || {
        let ended = process.try_wait().unwrap().is_some();
        (ended || ready.exists()).then_some(())
    });
    let id = process.id().to_string();
    drop(Command::new("kill").args(["-TERM", &id]).status());
    let output = process.wait_with_output().unwrap();
    let text = fs::read_to_string(&ready).unwrap_or_else(|_| panic!("{}", talk(&output)));
    fs::remove_file(&ready).unwrap();
    (serde_json::from_str(&text).unwrap(), output)
}

#[test]
fn a_recording_is_a_header_and_then_what_json_prints() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("session.jsonl");
    let output = finspect(folder.path())
        .args(["demo", "--scenario", "calm", "--format", "json", "--record"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", talk(&output));
    let text = fs::read_to_string(&path).unwrap();
    let (header, events) = text.split_once('\n').unwrap();
    assert_eq!(events, String::from_utf8(output.stdout).unwrap());
    let header: Value = serde_json::from_str(header).unwrap();
    let first: Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    assert_eq!(header["format"], "finspect-recording");
    assert_eq!(header["session"], first["kind"]["session-started"]);
    let said = format!("to {}", path.display());
    assert!(output.stderr.len() > said.len() && text.len() > 10_000);
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(talk.contains("recorded ") && talk.contains(&said), "{talk}");
}

#[cfg(unix)]
#[test]
fn a_run_is_recorded_unless_it_is_told_not_to_be() {
    let home = TempDir::new().unwrap();
    let (ready, output) = run(home.path(), &[]);
    let path = ready["recording"].as_str().unwrap();
    assert!(path.contains("finspect/recordings/"), "{path}");
    assert!(path.ends_with("_a.test.jsonl"), "{path}");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with("}}}\n") && text.contains("\"session-ended\""));
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert!(talk(&output).contains("recording to "), "{}", talk(&output));

    let (ready, _) = run(home.path(), &["--no-record"]);
    assert_eq!(ready["recording"], Value::Null);
    let recordings = Path::new(path).parent().unwrap();
    assert_eq!(fs::read_dir(recordings).unwrap().count(), 1);

    let own = home.path().join("mine");
    let own_text = own.to_str().unwrap().to_owned();
    let (ready, _) = run(home.path(), &["--record", &own_text]);
    let path = ready["recording"].as_str().unwrap();
    assert_eq!(Path::new(path).parent(), Some(own.as_path()));
}

#[test]
fn a_file_that_is_there_stays_as_it_is_and_a_wrong_name_is_refused() {
    let home = TempDir::new().unwrap();
    let there = home.path().join("precious.jsonl");
    fs::write(&there, "precious").unwrap();
    let missing = home.path().join("nowhere/x.jsonl");
    let text = home.path().join("x.txt");
    for (path, words) in [
        (&there, "overwrites nothing"),
        (&missing, "cannot record to"),
        (&text, "ends in .jsonl"),
    ] {
        let output = finspect(home.path())
            .args(["run", "a.test", "--listen", "127.0.0.1:0", "--record"])
            .arg(path)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", path.display());
        assert!(talk(&output).contains(words), "{}", talk(&output));
    }
    assert_eq!(fs::read_to_string(&there).unwrap(), "precious");
}
