//! What `finspect diagnose` and `finspect explain` say, to people and to programs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use finspect::diagnose::rules::TABLE;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::format::strict;
use super::show::{event, finspect, header, session, text};

const SCHEMA: &str = include_str!("../../docs/diagnosis.schema.json");

fn golden(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/golden/1.0").join(name)
}

fn command(path: &Path, arguments: &[&str]) -> Command {
    let mut command = finspect();
    command.env_remove("NO_COLOR").env("COLUMNS", "100");
    command.arg("diagnose").arg(path).args(arguments);
    command
}

fn diagnose(path: &Path, arguments: &[&str]) -> Output {
    command(path, arguments).output().unwrap()
}

/// The text and the exit code.
pub(crate) fn told(path: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    let output = diagnose(path, arguments);
    (text(&output.stdout), output.status.code())
}

/// The JSON, held against the schema.
pub(crate) fn report(path: &Path, arguments: &[&str]) -> Value {
    let mut all = vec!["--json"];
    all.extend(arguments);
    let output = diagnose(path, &all);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut closed = schema.clone();
    strict(&mut closed);
    for schema in [schema, closed] {
        let schema = jsonschema::draft202012::new(&schema).unwrap();
        let wrong: Vec<_> = schema.iter_errors(&report).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", path.display());
    }
    report
}

pub(crate) fn causes(report: &Value) -> Vec<&str> {
    let incidents = report["incidents"].as_array().unwrap();
    let cause = |one: &Value| one["cause"]["rule"].is_string();
    assert!(incidents.iter().all(cause), "{report:#}");
    let causes = incidents
        .iter()
        .filter_map(|one| one["cause"]["rule"].as_str());
    causes.collect()
}

/// A file in a folder of its own.
fn place(content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.jsonl");
    fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn demos_are_diagnosed_from_their_recordings() {
    let folder = TempDir::new().unwrap();
    let scenarios = ["stall", "shutdown", "calm"];
    thread::scope(|scope| {
        for name in scenarios {
            let path = folder.path().join(format!("{name}.jsonl"));
            scope.spawn(move || {
                let mut demo = finspect();
                demo.args(["demo", "--scenario", name, "--record"])
                    .arg(path);
                assert!(demo.output().unwrap().status.success(), "{name}");
            });
        }
    });
    let path = |name: &str| folder.path().join(format!("{name}.jsonl"));

    // Where the system tells of TCP, the server's kernel is seen to be alive.
    let stall = report(&path("stall"), &[]);
    let cause = causes(&stall)[0];
    assert!(
        ["service-stalled", "no-answer"].contains(&cause),
        "{stall:#}"
    );
    let (stall, exit) = told(&path("stall"), &[]);
    assert_eq!(exit, Some(1));
    assert!(
        stall.starts_with("Agent 1001002 lost service at "),
        "{stall}"
    );
    for part in [
        "The moment (0 is",
        "#2 browser",
        "What happened",
        "The events that show it",
        "ping  id 5:ping",
        "What to do",
        "finspect's own delay: ",
    ] {
        assert!(stall.contains(part), "{part}: {stall}");
    }

    let shutdown = report(&path("shutdown"), &[]);
    assert_eq!(causes(&shutdown)[0], "service-restart");
    assert_eq!(shutdown["incidents"][0]["cause"]["confidence"], "certain");
    assert_eq!(shutdown["outcome"], "trouble");

    let (calm, exit) = told(&path("calm"), &[]);
    assert_eq!(exit, Some(0));
    assert!(calm.starts_with("Healthy: in "), "{calm}");
    let pings = "4 of 4 pings answered, the slowest after ";
    assert!(calm.contains(pings), "{calm}");
    assert_eq!(causes(&report(&path("calm"), &[])), ["signed-out"]);
}

#[test]
fn golden_recordings_are_diagnosed() {
    for (name, cause, exit) in [
        ("stall.jsonl", Some("no-answer"), 1),
        ("stall-compressed.jsonl.zst", Some("no-answer"), 1),
        ("shutdown.jsonl", Some("service-restart"), 1),
        ("every-variant.jsonl", None, 3),
    ] {
        let path = golden(name);
        let report = report(&path, &[]);
        assert_eq!(causes(&report).first().copied(), cause, "{name}");
        assert_eq!(told(&path, &[]).1, Some(exit), "{name}");
    }
    report(&golden("reset.jsonl"), &[]);
}

#[test]
fn a_folder_of_parts_is_one_recording_and_a_later_part_says_what_it_lacks() {
    let folder = TempDir::new().unwrap();
    for name in ["shutdown.jsonl", "shutdown.part2.jsonl"] {
        fs::copy(golden(name), folder.path().join(name)).unwrap();
    }
    let whole = report(folder.path(), &[]);
    assert_eq!(causes(&whole)[0], "service-restart");
    assert_eq!(whole["recordings"].as_array().map(Vec::len), Some(1));
    let part = report(&golden("shutdown.part2.jsonl"), &[]);
    assert_eq!(
        part["recordings"][0]["notes"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()["name"],
        "later-part"
    );
}

#[test]
fn stdin_is_read_once_and_that_is_said() {
    let mut piped = command(Path::new("-"), &[]);
    piped.stdin(File::open(golden("stall.jsonl")).unwrap());
    let output = piped.output().unwrap();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("stdin cannot be read twice"), "{said}");
    let evidence = "(the ping that was never answered in time)";
    assert!(said.contains(evidence), "{said}");
    // A file is read twice, and the same event is printed.
    let (file, _) = told(&golden("stall.jsonl"), &[]);
    assert!(
        file.contains(&format!("ping  id 5:ping  {evidence}")),
        "{file}"
    );
    let twice = diagnose(Path::new("-"), &["-"]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(text(&twice.stderr).contains("stdin is read once"));
}

#[test]
fn several_recordings_are_one_report() {
    let other = golden("shutdown.jsonl");
    let arguments = [other.to_str().unwrap()];
    let report = report(&golden("stall.jsonl"), &arguments);
    let causes = causes(&report);
    assert!(
        causes.contains(&"no-answer") && causes.contains(&"service-restart"),
        "{causes:?}"
    );
    let incidents = report["incidents"].as_array().unwrap().iter();
    let numbers: Vec<u64> = incidents
        .map(|one| one["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let (text, _) = told(&golden("stall.jsonl"), &arguments);
    assert!(text.contains(&format!("in {}", other.display())), "{text}");
}

#[test]
fn a_recording_that_is_named_twice_counts_once() {
    let path = golden("stall.jsonl");
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy.jsonl");
    fs::copy(&path, &copy).unwrap();
    let twice = diagnose(&path, &["--json", copy.to_str().unwrap()]);
    let said = text(&twice.stderr);
    assert!(said.contains("the same recording as"), "{said}");
    let report: Value = serde_json::from_slice(&twice.stdout).unwrap();
    assert_eq!(report["recordings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_report_is_narrowed_to_an_agent_or_an_incident() {
    let path = golden("stall.jsonl");
    let second = report(&path, &["--incident", "2"]);
    assert_eq!(causes(&second), ["signed-out"]);
    assert_eq!(
        (&second["incidents"][0]["number"], &second["outcome"]),
        (&json!(2), &json!("healthy"))
    );
    let (whole, exit) = told(&path, &["--incident", "2"]);
    assert_eq!(exit, Some(0));
    assert!(whole.contains("presence unavailable"), "{whole}");
    assert!(
        whole.starts_with("Nothing is wrong with what was chosen"),
        "{whole}"
    );
    assert_eq!(
        causes(&report(&path, &["--agent", "1001002"])),
        causes(&report(&path, &[]))
    );
    for (arguments, says) in [
        (["--agent", "nobody"], "there is 1001002"),
        (["--incident", "9"], "only 1 to 2"),
        (["--incident", "0"], "only 1 to 2"),
    ] {
        let refused = diagnose(&path, &arguments);
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            text(&refused.stderr).contains(says),
            "{}",
            text(&refused.stderr)
        );
    }
}

#[test]
fn the_clients_clocks_can_be_given() {
    let path = golden("stall.jsonl");
    let interval =
        |arguments: &[&str]| report(&path, arguments)["recordings"][0]["ping-interval"].clone();
    assert!(interval(&[]).as_u64() < Some(1_100_000));
    assert_eq!(
        interval(&["--client-profile", "ping-interval=3s"]),
        3_000_000
    );
    let (_folder, file) = place("ping-interval = \"4s\"\nmax-retry = 3\n");
    assert_eq!(
        interval(&["--client-profile", file.to_str().unwrap()]),
        4_000_000
    );
    let refused = diagnose(&path, &["--client-profile", "patience=3"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("there is no `patience`"));
}

#[test]
fn what_is_no_recording_is_refused() {
    let (folder, garbage) = place("not a recording\n");
    let missing = folder.path().join("missing.jsonl");
    for path in [garbage, missing] {
        let output = diagnose(&path, &[]);
        assert_eq!(output.status.code(), Some(2), "{}", path.display());
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    assert_eq!(
        finspect().arg("diagnose").output().unwrap().status.code(),
        Some(2)
    );
}

#[test]
fn holes_are_noted_and_keep_health_from_being_proven() {
    let (_folder, path) = place(session(20));
    assert_eq!(told(&path, &[]).1, Some(0));
    let holed: Vec<String> = session(20).lines().map(str::to_owned).collect();
    let (_folder, path) = place([&holed[..5], &holed[9..]].concat().join("\n") + "\n");
    let report = report(&path, &[]);
    assert_eq!(report["recordings"][0]["missing"]["events"], 4);
    let (said, exit) = told(&path, &[]);
    assert_eq!(exit, Some(3));
    assert!(
        said.contains("Beware: 4 events of the recording are missing."),
        "{said}"
    );
    // What was found is found, holes or not.
    let stall = fs::read_to_string(golden("stall.jsonl")).unwrap();
    let (_folder, path) = place(
        stall
            .lines()
            .filter(|line| !line.starts_with(r#"{"number":20,"#))
            .map(|line| format!("{line}\n"))
            .collect::<String>(),
    );
    assert_eq!(told(&path, &[]).1, Some(1));
}

#[test]
fn colour_comes_where_it_is_asked_for() {
    let path = golden("stall.jsonl");
    assert!(!told(&path, &[]).0.contains('\u{1b}'));
    assert!(told(&path, &["--color"]).0.contains('\u{1b}'));
    assert!(!told(&path, &["--color=never"]).0.contains('\u{1b}'));
}

#[test]
fn lines_keep_to_the_width() {
    for (columns, most) in [("80", 80), ("100", 100), ("400", 120)] {
        let mut narrow = command(&golden("shutdown.jsonl"), &[]);
        let output = narrow.env("COLUMNS", columns).output().unwrap();
        let said = text(&output.stdout);
        // The path of the recording is as long as it is.
        let lines = said.lines().filter(|line| !line.contains(".jsonl"));
        for line in lines {
            assert!(line.chars().count() <= most, "{columns}: {line}");
        }
    }
}

#[test]
fn a_hostile_recording_commands_nothing_and_ends() {
    let evil = fs::read_to_string(golden("stall.jsonl")).unwrap();
    let evil = evil.replace("1001002", r"1\u001b]0;x\u0007\u202e\n2");
    let (_folder, path) = place(&evil);
    let output = diagnose(&path, &["--utc"]);
    let said = text(&output.stdout);
    assert!(
        output.status.code().is_some_and(|code| code < 4),
        "{:?}",
        output.status
    );
    let commands = |one: char| one != '\n' && (one.is_control() || one == '\u{202e}');
    assert!(!said.contains(commands), "{said}");
    assert!(!text(&output.stderr).contains(commands));
    // Times and numbers at the end of what there is.
    for arrived in ["18446744073709551615", "9223372036854775807"] {
        let late = evil.replace("\"arrived\":4", &format!("\"arrived\":{arrived},\"x\":4"));
        let (_folder, path) = place(late);
        let output = diagnose(&path, &[]);
        assert!(
            output.status.code().is_some_and(|code| code < 4),
            "{:?}",
            output.status
        );
    }
}

#[test]
fn a_recording_of_many_losses_is_told_in_short() {
    let mut lines = header(1_795_478_399_000_000, "standard");
    let mut number = 0;
    let mut add = |connection: u64, direction: Option<&str>, kind: Value| {
        number += 1;
        let line = event(number, Some(connection), &kind);
        let mut line: Value = serde_json::from_str(&line).unwrap();
        if let Some(direction) = direction {
            line["direction"] = direction.into();
        }
        lines += &line.to_string();
        lines.push('\n');
    };
    for connection in 1..=3_000 {
        let opened = json!({"exchange": 1, "target": "/ws/", "subprotocol": "xmpp"});
        add(
            connection,
            Some("to-client"),
            json!({"web-socket-opened": opened}),
        );
        let ended = json!({"manner": "reset", "bytes": 1});
        add(connection, Some("to-client"), json!({"ended": ended}));
        add(
            connection,
            None,
            json!({"closed": {"to-server": 1, "to-client": 1, "lasted": 1}}),
        );
    }
    let (_folder, path) = place(lines);
    let (said, exit) = told(&path, &[]);
    assert_eq!(exit, Some(1), "{said}");
    assert!(said.lines().count() < 400, "{}", said.lines().count());
    report(&path, &[]);
}

#[test]
fn every_rule_is_explained() {
    let listed = finspect().arg("explain").output().unwrap();
    let listed = text(&listed.stdout);
    let all = finspect().args(["explain", "--json"]).output().unwrap();
    let all: Vec<Value> = serde_json::from_slice(&all.stdout).unwrap();
    for (rule, explained) in TABLE.iter().zip(&all) {
        assert!(listed.contains(&format!("  {} ", rule.name)), "{listed}");
        assert_eq!(explained["rule"], rule.name);
        let members = explained.as_object().unwrap();
        let empty = |value: &Value| value.as_str() == Some("");
        assert!(!members.values().any(empty), "{explained:#}");
    }
    assert_eq!(all.len(), TABLE.len());
    let one = finspect()
        .args(["explain", "path-black-hole"])
        .output()
        .unwrap();
    let said = text(&one.stdout);
    for heading in [
        "\nMeaning\n",
        "\nOn the wire\n",
        "\nWhat the agent sees\n",
        "\nWhat to do\n",
        "\nOften mistaken for\n",
    ] {
        assert!(said.contains(heading), "{said}");
    }
    let unknown = finspect()
        .args(["explain", "path-blackhole"])
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean `path-black-hole`"));
}
