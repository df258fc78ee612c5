//! What finspect finds while a session goes on, and says at its end.

use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn demo(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finspect"));
    command.env_remove("FINSPECT_LOG").arg("demo");
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_demo_tells_the_cause_when_it_is_sure_and_in_the_summary() {
    for (scenario, causes, confidence) in [
        ("stall", &["service-stalled", "no-answer"][..], "likely"),
        ("shutdown", &["service-restart"], "certain"),
        ("conflict", &["second-login"], "certain"),
    ] {
        let output = demo(&["--scenario", scenario]);
        let (session, talk) = (text(&output.stdout), text(&output.stderr));
        let told = |cause: &&&str| {
            let found = format!("■ found: {cause} ({confidence})");
            let (_, rest) = session.split_once(&found)?;
            // It is told before the agent comes back and signs out.
            rest.contains("signed-out").then_some(())
        };
        let found = causes.iter().find(|cause| told(cause).is_some());
        assert!(found.is_some(), "{scenario}:\n{session}");
        let (_, summary) = talk.split_once("What finspect found\n").expect(&talk);
        let listed = |cause: &&str| {
            summary.contains(&format!("{cause} ({confidence})  agent 1001002, for "))
        };
        assert!(causes.iter().any(listed), "{scenario}:\n{talk}");
    }
}

#[test]
fn what_was_played_is_told_behind_the_last_event_and_before_the_summary() {
    let folder = TempDir::new().unwrap();
    let terminal = folder.path().join("terminal");
    let file = std::fs::File::create(&terminal).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_finspect"))
        .env_remove("FINSPECT_LOG")
        .args(["demo", "--scenario", "conflict"])
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .status();
    assert!(ran.unwrap().success());
    let shown = std::fs::read_to_string(&terminal).unwrap();
    let (session, talk) = shown.split_once("What was played\n").expect(&shown);
    assert!(session.contains("· session ended"), "{shown}");
    assert!(!talk.contains(" #1 "), "{shown}");
    let (_, summary) = talk.split_once("finspect saw ").expect(&shown);
    assert!(summary.contains("What finspect found\n"), "{shown}");
}

#[test]
fn with_json_stdout_has_events_alone_and_findings_go_to_stderr() {
    let output = demo(&["--scenario", "conflict", "--format", "json"]);
    let session = text(&output.stdout);
    for line in session.lines() {
        let event: Value = serde_json::from_str(line).expect(line);
        assert!(
            event["number"].is_u64() && event["kind"].is_object(),
            "{line}"
        );
    }
    let talk = text(&output.stderr);
    assert!(talk.contains("■ found: second-login (certain)"), "{talk}");
}

#[test]
fn what_is_filtered_away_is_looked_at_all_the_same() {
    let output = demo(&["--scenario", "conflict", "--filter", "kind session-started"]);
    let session = text(&output.stdout);
    assert!(
        session.contains("■ found: second-login (certain)"),
        "{session}"
    );
    assert!(!session.contains("ping answered"), "{session}");
}

#[test]
fn a_calm_demo_is_healthy() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("calm.jsonl");
    let output = demo(&["--scenario", "calm", "--record", path.to_str().unwrap()]);
    let (session, talk) = (text(&output.stdout), text(&output.stderr));
    let remarks: Vec<&str> = session.lines().filter(|line| line.contains('■')).collect();
    let [remark] = remarks.as_slice() else {
        panic!("{remarks:?}");
    };
    assert!(remark.contains("found: signed-out (certain)"), "{remark}");
    let (_, summary) = talk.split_once("What finspect found\n").expect(&talk);
    assert!(summary.trim_start().starts_with("Healthy"), "{talk}");
    let more = format!("more: finspect diagnose {}", path.display());
    assert!(summary.contains(&more), "{talk}");
}
