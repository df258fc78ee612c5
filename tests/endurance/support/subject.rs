//! A running finspect that records.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use finspect::event::{Direction, Event, EventKind};
use finspect::recording::{Item, Source, Trouble};
use serde_json::Value;
use tempfile::TempDir;

use super::wait_for;

/// The process, and where it writes.
pub(crate) struct Subject {
    process: Child,
    pub(crate) door: SocketAddr,
    /// The recording, as the ready file names it.
    pub(crate) recording: PathBuf,
    folder: TempDir,
}

impl Subject {
    /// Starts it; `launcher` goes before its command line, `options` behind it.
    pub(crate) fn start(launcher: &[&str], record: &Path, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let program = env!("CARGO_BIN_EXE_finspect");
        let mut words = launcher.iter().copied().chain([program]);
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
            .args(["run", "127.0.0.1", "--listen", "127.0.0.1:0"])
            .args(["--format", "compact", "--ca-dir"])
            .arg(path("ca"))
            .arg("--ready-file")
            .arg(path("ready"))
            .arg("--record")
            .arg(record)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(path("stderr")).unwrap());
        let mut process = command.spawn().unwrap();
        let ready = wait_for("ready file", || {
            if let Ok(Some(status)) = process.try_wait() {
                let talk = fs::read_to_string(path("stderr")).unwrap();
                panic!("finspect ended before it was ready ({status}): {talk}");
            }
            let text = fs::read_to_string(path("ready")).ok()?;
            serde_json::from_str::<Value>(&text).ok()
        });
        let door = ready["listeners"][0]["address"].as_str().unwrap();
        Self {
            door: door.parse().unwrap(),
            recording: ready["recording"].as_str().unwrap().into(),
            process,
            folder,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it said on stderr so far.
    pub(crate) fn talk(&self) -> String {
        fs::read_to_string(self.folder.path().join("stderr")).unwrap()
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// SIGTERM, and the end that follows; with what it said.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let id = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(told.success());
        let status = wait_for("end", || self.process.try_wait().unwrap());
        (status, self.talk())
    }

    /// Resident memory in KiB.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let size = line.and_then(|line| line.split_whitespace().nth(1));
        size.unwrap().parse().unwrap()
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a recording holds.
#[derive(Default)]
pub(crate) struct Recorded {
    /// How often each numbered message is there, by direction: to the server, to the client.
    pub(crate) messages: [BTreeMap<u64, u64>; 2],
    /// Everything else.
    pub(crate) others: Vec<Event>,
    pub(crate) troubles: Vec<Trouble>,
}

/// Reads a recording to its end.
pub(crate) fn recorded(path: &Path) -> Recorded {
    let mut recorded = Recorded::default();
    let mut source = Source::open(path).unwrap();
    while let Some(item) = source.advance() {
        match item {
            Item::Trouble(trouble) => recorded.troubles.push(trouble),
            Item::Event(event) => match (message(&event), event.direction) {
                (Some(number), Some(direction)) => {
                    let way = usize::from(direction == Direction::ToClient);
                    *recorded.messages[way].entry(number).or_default() += 1;
                }
                _ => recorded.others.push(*event),
            },
        }
    }
    recorded
}

/// The number of a message.
fn message(event: &Event) -> Option<u64> {
    match &event.kind {
        EventKind::XmppStanza(stanza) => stanza.stanza.id.as_ref()?.parse().ok(),
        _ => None,
    }
}
