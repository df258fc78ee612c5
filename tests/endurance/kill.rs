//! SIGKILL at any moment.

use std::thread::{self, sleep};
use std::time::Duration;

use finspect::bus::Clock;
use finspect::event::Micros;
use finspect::recording::Trouble;

use crate::support::{Diary, Echo, Socket, Subject, alone, number, recorded, stanza};

#[test]
fn a_killed_finspect_loses_no_more_than_the_last_moment() {
    let _turn = alone();
    let mut checked = 0;
    for round in 0..ROUNDS {
        checked += kill_after(Duration::from_millis(LATEST * round / ROUNDS));
    }
    assert!(checked > 1_000, "too little to mean anything: {checked}");
}

/// Kills finspect under load after a while; how many messages had to be in the recording.
fn kill_after(moment: Duration) -> usize {
    let clock = Clock::start();
    let folder = tempfile::tempdir().unwrap();
    let (at_server, at_client) = (Diary::new(clock), Diary::new(clock));
    let echo = Echo::start(&at_server);
    let mut subject = Subject::start(&[], folder.path(), &[]);
    let mut threads = Vec::new();
    for socket in 0..SOCKETS {
        let mut sender = Socket::open(subject.door, echo.address);
        let mut receiver = sender.twin();
        let diary = at_client.clone();
        threads.push(thread::spawn(move || {
            while let Ok(text) = receiver.receive() {
                diary.note(number(&text));
            }
        }));
        threads.push(thread::spawn(move || {
            for count in 0.. {
                if sender.send(&stanza(count * SOCKETS + socket, 500)).is_err() {
                    return;
                }
                sleep(PACE);
            }
        }));
    }
    sleep(ALLOWED + moment);
    let killed = clock.now();
    subject.kill();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());

    let recorded = recorded(&subject.recording);
    for trouble in &recorded.troubles {
        let expected = matches!(trouble, Trouble::Torn { .. } | Trouble::Unfinished);
        assert!(expected, "{trouble}");
    }
    let surely = Micros(killed.0 - ALLOWED.as_micros() as u64);
    let (sent, answered) = (at_server.before(surely), at_client.before(surely));
    for (way, received) in [&sent, &answered].into_iter().enumerate() {
        for number in received {
            let there = recorded.messages[way].contains_key(number);
            assert!(
                there,
                "message {number}, way {way}, killed after {moment:?}"
            );
        }
    }
    // And a new run starts in the same place.
    let another = Subject::start(&[], folder.path(), &[]);
    assert_ne!(another.recording, subject.recording);
    let (status, talk) = another.end();
    assert!(status.success(), "{talk}");
    sent.len() + answered.len()
}

/// How often it is killed.
const ROUNDS: u64 = 12;
/// The latest moment, in milliseconds.
const LATEST: u64 = 600;
/// Sockets that carry messages at the same time.
const SOCKETS: u64 = 3;
/// Between two messages of a socket: enough of them for an unoptimised build that shares two processors with both ends.
const PACE: Duration = Duration::from_millis(2);
/// What is allowed to be lost.
const ALLOWED: Duration = Duration::from_millis(200);
