//! A long day in a short time.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use finspect::bus::Clock;
use finspect::recording::Trouble;

use crate::support::{Diary, Echo, Socket, Subject, alone, recorded, stanza, wait_for};

#[test]
fn two_hundred_thousand_messages_are_all_there_and_cost_no_memory() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let echo = Echo::start(&Diary::new(Clock::start()));
    // What a slow machine has still to print is no leak, and nobody reads it here.
    let subject = Subject::start(&[], folder.path(), &["--filter", "kind closed"]);
    let mut sender = Socket::open(subject.door, echo.address);
    let mut receiver = sender.twin();
    let (mut settled, mut largest) = (0, 0);
    for number in 0..MESSAGES / 2 {
        sender.send(&stanza(number, 200)).unwrap();
        if (number + 1) % WINDOW == 0 {
            for _ in 0..WINDOW {
                receiver.receive().unwrap();
            }
        }
        if (number + 1) % LOOK == 0 {
            wait_for("message in the recording", || {
                is_in(&subject.recording, number).then_some(())
            });
            largest = subject.resident().max(largest);
        }
        if number + 1 == SETTLED / 2 {
            settled = subject.resident();
        }
    }
    let recording = subject.recording.clone();
    let (status, talk) = subject.end();
    assert_eq!(status.code(), Some(0), "{talk}");
    let recorded = recorded(&recording);
    assert_eq!(recorded.troubles, Vec::<Trouble>::new());
    for way in &recorded.messages {
        assert!(way.keys().copied().eq(0..MESSAGES / 2));
        assert!(way.values().all(|count| *count == 1));
    }
    let grown = largest.saturating_sub(settled);
    println!("{settled} KiB after {SETTLED} messages, {largest} KiB at most");
    assert!(
        grown <= 20 * 1024,
        "{settled} KiB after {SETTLED} messages, {largest} KiB at most"
    );
}

/// Whether a message has come to the end of the file.
fn is_in(recording: &Path, number: u64) -> bool {
    let mut file = File::open(recording).unwrap();
    let length = file.metadata().unwrap().len();
    let start = length.saturating_sub(64 * 1024);
    file.seek(SeekFrom::Start(start)).unwrap();
    let mut end = Vec::new();
    file.read_to_end(&mut end).unwrap();
    String::from_utf8_lossy(&end).contains(&format!("\"id\":\"{number}\""))
}

const MESSAGES: u64 = 200_000;
/// Messages after which memory has to have settled.
const SETTLED: u64 = 10_000;
/// Messages under way at a time.
const WINDOW: u64 = 50;
/// Messages between two looks at memory, at which nothing waits for the disk.
const LOOK: u64 = 1_000;
