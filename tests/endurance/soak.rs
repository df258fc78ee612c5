//! A long day in a short time.

use finspect::bus::Clock;
use finspect::recording::Trouble;

use crate::support::{Diary, Echo, Socket, Subject, alone, recorded, stanza};

#[test]
fn two_hundred_thousand_messages_are_all_there_and_cost_no_memory() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let echo = Echo::start(&Diary::new(Clock::start()));
    let subject = Subject::start(&[], folder.path(), &[]);
    let mut sender = Socket::open(subject.door, echo.address);
    let mut receiver = sender.twin();
    let (mut settled, mut largest) = (0, 0);
    let mut received = 0;
    while received < MESSAGES / 2 {
        for number in received..received + WINDOW {
            sender.send(&stanza(number, 200)).unwrap();
        }
        for _ in 0..WINDOW {
            receiver.receive().unwrap();
        }
        received += WINDOW;
        if received == SETTLED / 2 {
            settled = subject.resident();
        }
        largest = subject.resident().max(largest);
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

const MESSAGES: u64 = 200_000;
/// Messages after which memory has to have settled.
const SETTLED: u64 = 10_000;
/// Messages under way at a time.
const WINDOW: u64 = 50;
