//! A disk that is full: a real file system of a fixed size, in a mount namespace of finspect's own.

use std::fs;
use std::path::PathBuf;

use finspect::bus::Clock;
use finspect::event::{EventKind, Recorder};
use finspect::recording::Trouble;
use tempfile::TempDir;

use crate::support::{Diary, Echo, Socket, Subject, alone, recorded, stanza, wait_for};

/// finspect with a recording on a small file system, nearly all of which a ballast takes.
struct Rig {
    subject: Subject,
    client: Socket,
    sent: u64,
    folder: TempDir,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().to_str().unwrap();
        let script = format!(
            "mount -t tmpfs -o size={SIZE}k none {disk} && \
             dd if=/dev/zero of={disk}/ballast bs=1k count={BALLAST} status=none && exec \"$@\""
        );
        let launcher = ["unshare", "-rm", "sh", "-c", &script, "sh"];
        let echo = Echo::start(&Diary::new(Clock::start()));
        let subject = Subject::start(&launcher, &folder.path().join("day.jsonl"), &[]);
        let client = Socket::open(subject.door, echo.address);
        Self {
            subject,
            client,
            sent: 0,
            folder,
        }
    }

    /// A message there and back, so that both have been relayed.
    fn exchange(&mut self, size: usize) {
        let text = stanza(self.sent, size);
        self.sent += 1;
        self.client.send(&text).unwrap();
        assert_eq!(self.client.receive().unwrap(), text);
    }

    /// A file on the small disk, seen from outside.
    fn on_disk(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().display();
        PathBuf::from(format!("/proc/{}/root{folder}/{name}", self.subject.id()))
    }

    fn fill(&mut self) {
        for _ in 0..FILLING {
            self.exchange(2_000);
        }
        wait_for("word of the interruption", || {
            let said = self.subject.talk().contains("RECORDING INTERRUPTED");
            said.then_some(())
        });
    }

    fn free(&self) {
        fs::remove_file(self.on_disk("ballast")).unwrap();
        wait_for("word of the recovery", || {
            self.subject
                .talk()
                .contains("recording again")
                .then_some(())
        });
    }

    /// A copy of the recording, which goes with the file system.
    fn copy(&self) -> (TempDir, PathBuf) {
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("day.jsonl");
        fs::copy(self.on_disk("day.jsonl"), &path).unwrap();
        (copy, path)
    }
}

#[test]
fn a_full_disk_stops_nothing_and_once_there_is_room_all_of_it_is_there() {
    let _turn = alone();
    let mut rig = Rig::new();
    rig.fill();
    // The proxy goes on.
    for _ in 0..50 {
        rig.exchange(2_000);
    }
    let (_copy, path) = rig.copy();
    let full = recorded(&path);
    assert_eq!(
        full.troubles,
        [Trouble::Unfinished],
        "whole lines, even now"
    );
    rig.free();
    rig.exchange(10);
    wait_for("the last message", || {
        let (_copy, path) = rig.copy();
        let last = rig.sent - 1;
        recorded(&path).messages[1]
            .contains_key(&last)
            .then_some(())
    });
    let (_copy, path) = rig.copy();
    let recorded = recorded(&path);
    assert_eq!(recorded.troubles, [Trouble::Unfinished]);
    for way in &recorded.messages {
        assert!(
            way.keys().copied().eq(0..rig.sent),
            "each once, none missing"
        );
        assert!(way.values().all(|count| *count == 1));
    }
    let said: Vec<_> = recorded
        .others
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Recorder(recorder) => Some(recorder),
            _ => None,
        })
        .collect();
    let [Recorder::Interrupted(_), Recorder::Resumed(lost)] = said[..] else {
        panic!("{said:?}");
    };
    assert_eq!(lost.events, 0);
    let (status, talk) = rig.subject.end();
    assert_eq!(status.code(), Some(0), "{talk}");
}

#[test]
fn what_a_full_disk_costs_is_counted_where_it_is_missing() {
    let _turn = alone();
    let mut rig = Rig::new();
    rig.fill();
    for _ in 0..ABOVE_THE_BUDGET {
        rig.exchange(250_000);
    }
    rig.free();
    rig.exchange(10);
    let gaps = wait_for("gap", || {
        let (_copy, path) = rig.copy();
        let recorded = recorded(&path);
        assert_eq!(recorded.troubles, [Trouble::Unfinished]);
        let gaps = recorded
            .others
            .into_iter()
            .filter_map(|event| match event.kind {
                EventKind::Gap(gap) => Some(gap),
                _ => None,
            });
        let gaps: Vec<_> = gaps.collect();
        (!gaps.is_empty()).then_some(gaps)
    });
    let lost: u64 = gaps.iter().map(|gap| gap.events).sum();
    let of_stanzas: u64 = gaps.iter().map(|gap| gap.kinds["xmpp-stanza"]).sum();
    assert!(lost > 0 && lost == of_stanzas, "{gaps:?}");
    let (status, talk) = rig.subject.end();
    assert_eq!(status.code(), Some(3), "{talk}");
    assert!(
        talk.contains(&format!("{lost} events are NOT in the recording")),
        "{talk}"
    );
}

/// The file system, in KiB.
const SIZE: u32 = 400 * 1024;
/// What of it is taken, in KiB.
const BALLAST: u32 = SIZE - 300;
/// Messages of 2 kB that fill the rest.
const FILLING: u32 = 150;
/// Messages of 250 kB, there and back, that do not fit into the recorder's queue of 64 MiB.
const ABOVE_THE_BUDGET: u32 = 200;
