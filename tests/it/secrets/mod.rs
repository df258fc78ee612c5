//! Planted secrets: whatever a session carries, and however it is written there, no output of any command shows it.

mod plants;
mod stage;
mod traffic;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use plants::{PERSONS, Plants, UNSEEN, assert_hidden, forms};
use stage::{RECORDING, Stage};

/// Every command that reads a recording: the words, with `FILE` for the recording and `FOLDER` for where it is. What it
/// prints must be clean.
const COMMANDS: &[&[&str]] = &[
    &["redact", "FILE", "--level", "strict"],
    &["redact", "FILE", "--level", "standard"],
    &["show", "FILE"],
    &["show", "FILE", "--format", "compact"],
    &["show", "FILE", "--format", "json"],
    &["recordings", "FOLDER"],
    &["recordings", "FOLDER", "--json"],
    &["export", "har", "FILE"],
    &["export", "pcapng", "FILE"],
    &["export", "csv", "FILE"],
    &["export", "text", "FILE"],
];

#[test]
fn no_secret_is_in_a_standard_session_in_any_format_nor_in_what_is_made_of_it() {
    for format in ["pretty", "compact", "json"] {
        let session = Session::play("standard", format);
        session.assert_clean(&session.plants.secrets());
    }
}

#[test]
fn no_secret_and_no_person_is_in_a_strict_session_nor_in_what_is_made_of_it() {
    for format in ["pretty", "compact", "json"] {
        let session = Session::play("strict", format);
        let persons = PERSONS.map(|(place, text)| (place.to_owned(), text.to_owned()));
        let hidden = [session.plants.secrets(), persons.to_vec()].concat();
        session.assert_clean(&hidden);
    }
}

/// The proof that the tests above can fail, and that `redact` makes clean what was not.
#[test]
fn without_redaction_every_secret_is_seen_and_redact_takes_it_out() {
    let session = Session::play("off", "json");
    let mut unseen = session.plants.secrets();
    unseen.retain(|(_, secret)| {
        let mut forms = forms(secret).into_iter();
        !forms.any(|form| session.stdout.contains(&form))
    });
    let unseen: Vec<&str> = unseen.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(unseen, UNSEEN, "a secret that is never seen proves nothing");
    for (place, text) in PERSONS {
        assert!(session.stdout.contains(text), "{place} was never seen");
    }
    assert!(session.stderr.contains("WARNING: redaction is off"));
    let recording = session.recording();
    for level in ["standard", "strict"] {
        let out = session.folder.path().join(format!("{level}.jsonl"));
        let output = finspect()
            .args(["redact", "--level", level, "-o"])
            .args([&out, &recording])
            .output()
            .unwrap();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{talk}");
        assert!(
            talk.contains(" passwords") && talk.contains(" tokens"),
            "{talk}"
        );
        assert!(
            talk.contains("WARNING: this recording is not redacted"),
            "{talk}"
        );
        let text = std::fs::read_to_string(&out).unwrap();
        let mut hidden = session.plants.secrets();
        if level == "strict" {
            hidden.extend(PERSONS.map(|(place, text)| (place.to_owned(), text.to_owned())));
            assert!(
                talk.contains(" users") && talk.contains(" phone numbers"),
                "{talk}"
            );
        }
        assert_hidden(&text, &hidden, level);
        assert_hidden(&talk, &hidden, level);
        let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(header["session"]["redaction"], level);
        assert!(header["session"]["pseudonyms"].is_string());
        let events = |text: &str| text.lines().count();
        assert_eq!(
            events(&text),
            events(&std::fs::read_to_string(&recording).unwrap())
        );
    }
}

#[test]
fn one_key_joins_two_sessions_and_another_does_not() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("team.key");
    let names: Vec<Value> = ["a", "b"]
        .map(|_| {
            let session =
                Session::play_with("strict", "json", &["--redact-key", key.to_str().unwrap()]);
            session.events()[0]["kind"]["session-started"]["pseudonyms"].clone()
        })
        .to_vec();
    assert_eq!(names[0], names[1]);
    assert_eq!(names[0].as_str().map(str::len), Some(8));
    let apart = Session::play("strict", "json");
    assert_ne!(
        apart.events()[0]["kind"]["session-started"]["pseudonyms"],
        names[0]
    );
}

#[test]
#[cfg(unix)]
fn a_key_that_others_can_read_or_that_is_none_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("key");
    let run = || {
        let output = finspect()
            .args(["run", "a.test", "--listen", "192.0.2.1:1", "--redact-key"])
            .arg(&path)
            .arg("--ca-dir")
            .arg(folder.path().join("ca"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let talk = run();
    assert!(talk.contains("made the redaction key"), "{talk}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.trim().len(), 64);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert!(!run().contains("made the redaction key"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(run().contains("others can read it"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&path, "s3cret").unwrap();
    let talk = run();
    assert!(
        talk.contains("64 hexadecimal digits") && !talk.contains("s3cret"),
        "{talk}"
    );
}

#[test]
fn a_strict_recording_never_becomes_standard() {
    let session = Session::play("strict", "json");
    let output = finspect()
        .args(["redact", "--level", "standard"])
        .arg(session.recording())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(talk.contains("strict already"), "{talk}");
}

#[test]
fn what_cannot_be_read_is_not_copied_and_a_gap_stands_for_it() {
    let session = Session::play("off", "json");
    let recording = session.recording();
    let text = std::fs::read_to_string(&recording).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let last = lines.len() - 1;
    lines[3] = "{\"number\":3,\"kind\":{\"damaged password=hunter2".to_owned();
    lines[5] = "{\"number\":5,\"time\":{\"arrived\":1},\"kind\":{\"newer\":\"password=hunter2\"}}"
        .to_owned();
    lines.remove(7);
    lines[last - 1] = "password=hunter2".to_owned();
    std::fs::write(&recording, lines.join("\n") + "\n").unwrap();
    let output = finspect().arg("redact").arg(&recording).output().unwrap();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{talk}");
    assert!(
        talk.contains("4 events are not in the new recording"),
        "{talk}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        !text.contains("hunter2") && !talk.contains("hunter2"),
        "{text}"
    );
    let mut next = 1;
    for line in text.lines().skip(1) {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["number"], next, "{line}");
        next += event["kind"]["gap"]["events"].as_u64().unwrap_or(1);
    }
    assert_eq!(text.matches("\"gap\"").count(), 4, "{text}");
}

/// A session that is over, and what it left.
struct Session {
    plants: Plants,
    stdout: String,
    stderr: String,
    folder: TempDir,
}

impl Session {
    fn play(level: &str, format: &str) -> Self {
        Self::play_with(level, format, &[])
    }

    fn play_with(level: &str, format: &str, more: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let plants = Plants::default();
        let stage = Stage::start(&folder, &plants, level, format, more);
        stage.door(&plants);
        stage.http(&plants);
        stage.websocket(&plants);
        stage.tls(&plants);
        stage.end();
        let read = |name: &str| {
            let bytes = std::fs::read(folder.path().join(name)).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let (stdout, stderr) = (read("stdout"), read("stderr"));
        Self {
            plants,
            stdout,
            stderr,
            folder,
        }
    }

    fn assert_clean(&self, hidden: &[(String, String)]) {
        assert!(self.stdout.len() > 4096, "{}", self.stdout);
        assert_hidden(&self.stdout, hidden, "stdout");
        assert_hidden(&self.stderr, hidden, "stderr");
        let recording = self.recording();
        let text = std::fs::read_to_string(&recording).unwrap();
        assert_hidden(&text, hidden, "the recording");
        for words in COMMANDS {
            let words = words.iter().map(|word| match *word {
                "FILE" => recording.as_path(),
                "FOLDER" => self.folder.path(),
                word => Path::new(word),
            });
            let words: Vec<&Path> = words.collect();
            let output = finspect().args(&words).output().unwrap();
            let wanted = match self.is_strict() && words.ends_with(&[Path::new("standard")]) {
                true => Some(2),
                false => Some(0),
            };
            assert_eq!(output.status.code(), wanted, "{words:?}");
            assert!(wanted == Some(2) || output.stdout.len() > 100, "{words:?}");
            for bytes in [output.stdout, output.stderr] {
                assert_hidden(
                    &String::from_utf8_lossy(&bytes),
                    hidden,
                    &format!("{words:?}"),
                );
            }
        }
    }

    fn events(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The session's recording.
    fn recording(&self) -> PathBuf {
        self.folder.path().join(RECORDING)
    }

    fn is_strict(&self) -> bool {
        let text = std::fs::read_to_string(self.recording()).unwrap();
        let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        header["session"]["redaction"] == "strict"
    }
}

fn finspect() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finspect"));
    command.env_remove("SSLKEYLOGFILE");
    command
        .env("FINSPECT_LOG", "trace")
        .env("RUST_LOG", "trace");
    command
}
