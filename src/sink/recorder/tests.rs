//! What stands in the files, whatever the disk does meanwhile.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::bus::{Clock, Received};
use crate::event::{
    self, Accepted, ConnectionId, Event, EventKind, Micros, Payload, SessionEnded, SessionStarted,
    Times,
};
use crate::recording::{Item, Source, recordings};

/// A session that is recorded into a folder of its own.
struct Rig {
    folder: TempDir,
    bus: Arc<Bus>,
    recorder: Recorder,
}

impl Rig {
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        let bus = Arc::new(Bus::new(Clock::start()));
        let mut settings = settings(&folder.path().join("in/day.jsonl"));
        change(&mut settings);
        let recorder = Recorder::start(settings, &bus).unwrap();
        Self {
            folder,
            bus,
            recorder,
        }
    }

    fn publish(&self, connection: Option<u64>, kind: EventKind) {
        let connection = connection.map(ConnectionId);
        self.bus
            .publish(Times::at(Micros(1)), connection, None, kind);
    }

    fn ping(&self, size: usize) {
        let kind = EventKind::WebSocketPing(Payload::whole(&vec![b'x'; size]));
        self.publish(Some(1), kind);
    }

    /// Ends the session; how the recorder did, and the folder.
    fn end(self) -> (Summary, TempDir) {
        self.bus.close_with(|events| {
            EventKind::SessionEnded(SessionEnded {
                events,
                connections: 1,
            })
        });
        (self.recorder.finish().unwrap(), self.folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("in").join(name)
    }
}

fn settings(path: &Path) -> Settings {
    Settings {
        first: PartName::first(path),
        header: Header::new("0123".to_owned(), SessionStarted::default()),
        sync: false,
        rotation: Rotation {
            size: Rotation::SIZE,
            every: None,
            keep: None,
        },
        budget: Rotation::BUDGET,
        talk: |_| {},
    }
}

/// Every event of the recording; panics if anything is wrong with it.
fn events(path: &Path) -> Vec<Event> {
    let mut source = Source::open(path).unwrap();
    let mut events = Vec::new();
    while let Some(item) = source.advance() {
        match item {
            Item::Event(event) => events.push(*event),
            Item::Trouble(trouble) => panic!("{}: {trouble}", source.path().display()),
        }
    }
    events
}

fn numbers(path: &Path) -> Vec<u64> {
    events(path).iter().map(|event| event.number).collect()
}

/// Waits until this holds, for ten seconds at most.
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("{what}: not in time");
}

#[test]
fn an_event_is_in_the_file_while_the_session_runs() {
    let rig = Rig::new(|settings| settings.sync = true);
    rig.ping(3);
    let file = rig.file("day.jsonl");
    let there = || {
        let text = fs::read_to_string(&file).unwrap();
        text.lines().count() == 2 && text.ends_with('\n')
    };
    wait_until("the event", there);
    let (summary, folder) = rig.end();
    assert_eq!((summary.events, summary.parts), (2, 1));
    assert_eq!(summary.failed, None);
    assert_eq!(numbers(folder.path().join("in").as_path()), [1, 2]);
}

#[test]
fn a_file_that_is_there_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let bus = Arc::new(Bus::new(Clock::start()));
    for (there, wanted) in [
        ("a.jsonl", "a.jsonl"),
        ("b.jsonl.zst", "b.jsonl"),
        ("c.part2.jsonl", "c.jsonl"),
    ] {
        fs::write(folder.path().join(there), "precious").unwrap();
        let refused = Recorder::start(settings(&folder.path().join(wanted)), &bus).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists, "{there}");
        let content = fs::read_to_string(folder.path().join(there)).unwrap();
        assert_eq!(content, "precious");
    }
}

#[cfg(unix)]
#[test]
fn a_recording_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let rig = Rig::new(|settings| settings.rotation.size = 200);
    for _ in 0..3 {
        rig.ping(100);
        sleep(Duration::from_millis(60));
    }
    let (_, folder) = rig.end();
    let mut files = 0;
    for entry in fs::read_dir(folder.path().join("in")).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        files += 1;
    }
    assert!(files > 1);
}

#[test]
fn parts_are_one_recording_and_each_says_what_is_open() {
    let rig = Rig::new(|settings| settings.rotation.size = 8 * 1024);
    let accepted = |port| {
        EventKind::Accepted(Accepted {
            client: ([127, 0, 0, 1], port).into(),
            listener: ([127, 0, 0, 1], 8899).into(),
        })
    };
    rig.publish(Some(1), accepted(1000));
    rig.publish(Some(2), accepted(2000));
    for _ in 0..4 {
        for _ in 0..10 {
            rig.ping(1000);
        }
        // One piece of lines goes to one part, so parts need pauses.
        sleep(Duration::from_millis(60));
    }
    let (summary, folder) = rig.end();
    assert!(summary.parts > 2, "{summary:?}");
    let folder = folder.path().join("in");
    assert_eq!(numbers(&folder), (1..=summary.events).collect::<Vec<_>>());
    let recording = &recordings(&folder).unwrap()[0];
    assert_eq!(recording.parts.len(), summary.parts as usize);
    let last = recording.parts.keys().copied().max().unwrap();
    for (part, path) in &recording.parts {
        let name = PartName::parse(path).unwrap();
        assert_eq!(name.compressed, *part != last, "{}", path.display());
    }
    let alone = events(&recording.parts[&last]);
    let opened = alone
        .iter()
        .filter(|event| matches!(event.kind, EventKind::Accepted(_)) && event.number <= 2);
    assert_eq!(opened.count(), 2, "both connections are still open");
}

#[test]
fn only_so_many_parts_are_kept() {
    let rig = Rig::new(|settings| {
        settings.rotation.size = 1024;
        settings.rotation.keep = Some(2);
    });
    for _ in 0..5 {
        rig.ping(2000);
        sleep(Duration::from_millis(60));
    }
    let (summary, folder) = rig.end();
    let kept = &recordings(&folder.path().join("in")).unwrap()[0].parts;
    let kept: Vec<u32> = kept.keys().copied().collect();
    assert_eq!(kept, [summary.parts - 1, summary.parts]);
}

#[test]
fn a_part_is_finished_at_its_age() {
    let rig = Rig::new(|settings| settings.rotation.every = Some(Duration::from_millis(100)));
    rig.ping(1);
    sleep(Duration::from_millis(200));
    rig.ping(1);
    let (summary, folder) = rig.end();
    assert_eq!(summary.parts, 2);
    assert_eq!(numbers(&folder.path().join("in")), [1, 2, 3]);
}

#[test]
fn what_the_queue_had_to_let_go_stands_in_the_file_and_in_the_summary() {
    let rig = Rig::new(|settings| settings.budget = 1);
    for _ in 0..2_000 {
        rig.ping(10);
    }
    let (summary, folder) = rig.end();
    assert!(summary.lost.events > 0);
    let events = events(&folder.path().join("in"));
    let gaps = events.iter().filter_map(|event| match &event.kind {
        EventKind::Gap(gap) => Some(gap.clone()),
        _ => None,
    });
    let mut lost = Gap::default();
    gaps.for_each(|gap| lost.add(&gap));
    assert_eq!(lost, summary.lost);
    assert_eq!(lost.kinds.values().sum::<u64>(), lost.events);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_taken_away_is_replaced_by_another_part() {
    let rig = Rig::new(|_| {});
    rig.ping(1);
    let (first, second) = (rig.file("day.jsonl"), rig.file("day.part2.jsonl"));
    let moved = rig.folder.path().join("elsewhere.jsonl");
    wait_until("the event", || {
        fs::read_to_string(&first).unwrap().lines().count() == 2
    });
    fs::rename(&first, &moved).unwrap();
    wait_until("the recorder's words", || {
        fs::read_to_string(&second).is_ok_and(|text| text.lines().count() == 3)
    });
    let (summary, folder) = rig.end();
    assert_eq!((summary.parts, summary.lost.events), (2, 0));
    let (before, after) = (events_of(&moved), events(&second));
    assert_eq!(before, [1]);
    let words: Vec<&str> = after.iter().map(|event| event.kind.name()).collect();
    assert_eq!(words, ["recorder", "recorder", "session-ended"]);
    drop(folder);
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_gone_for_a_while_loses_nothing_that_fits_into_the_queue() {
    let rig = Rig::new(|_| {});
    let (folder, away) = (rig.folder.path().join("in"), rig.folder.path().join("away"));
    rig.ping(1);
    wait_until("the event", || {
        fs::read_to_string(rig.file("day.jsonl"))
            .unwrap()
            .lines()
            .count()
            == 2
    });
    fs::rename(&folder, &away).unwrap();
    // Noticed within a second or so; nothing can be written until the folder is back.
    sleep(Duration::from_millis(1_600));
    for _ in 0..50 {
        rig.ping(100);
    }
    sleep(Duration::from_millis(700));
    fs::create_dir(&folder).unwrap();
    let second = rig.file("day.part2.jsonl");
    wait_until("another part", || second.exists());
    let (summary, kept) = rig.end();
    assert_eq!(summary.lost.events, 0, "{summary:?}");
    assert_eq!(summary.failed, None);
    let pings = events(&second);
    let pings = pings
        .iter()
        .filter(|event| matches!(event.kind, EventKind::WebSocketPing(_)));
    assert_eq!(pings.count(), 50);
    drop(kept);
}

#[cfg(unix)]
#[test]
fn a_session_that_ends_while_the_file_cannot_be_written_says_what_is_missing() {
    let rig = Rig::new(|_| {});
    let folder = rig.folder.path().join("in");
    fs::remove_dir_all(&folder).unwrap();
    sleep(Duration::from_millis(1_600));
    for _ in 0..7 {
        rig.ping(1);
    }
    let (summary, _) = rig.end();
    assert!(summary.failed.is_some(), "{summary:?}");
    assert!(summary.lost.events >= 8, "{summary:?}");
}

#[cfg(unix)]
#[test]
fn what_the_session_is_told_of_a_failure_names_no_file() {
    let rig = Rig::new(|_| {});
    let told = rig.bus.subscribe(1 << 20);
    fs::remove_dir_all(rig.folder.path().join("in")).unwrap();
    wait_until("the recorder's words", || rig.bus.published() > 0);
    rig.ping(1);
    let (summary, _) = rig.end();
    let failed = summary.failed.unwrap();
    assert!(failed.contains("/in/day.part2.jsonl cannot"), "{failed}");
    let mut reasons = Vec::new();
    while let Some(batch) = told.receive() {
        reasons.extend(batch.into_iter().filter_map(reason));
    }
    assert_eq!(reasons, ["the file was moved or removed"]);
}

#[test]
fn a_part_that_cannot_be_made_is_named_on_stderr_alone() {
    let error = fs::File::open("/home/maria/day.part2.jsonl").unwrap_err();
    let failure = Failure::to_make("/home/maria/day.part2.jsonl".into(), &error);
    assert_eq!(failure.reason(), error.to_string());
    assert!(!failure.reason().contains("maria"));
    assert!(failure.to_string().contains("maria"));
}

/// Why the recorder says that it is interrupted, if it says so.
fn reason(received: Received) -> Option<String> {
    let Received::Event(event) = received else {
        panic!("nothing is lost");
    };
    match &event.kind {
        EventKind::Recorder(event::Recorder::Interrupted(reason)) => Some(reason.clone()),
        _ => None,
    }
}

/// Numbers of what is there of a file, whatever its end.
fn events_of(path: &Path) -> Vec<u64> {
    let mut source = Source::open(path).unwrap();
    let mut numbers = Vec::new();
    while let Some(item) = source.advance() {
        if let Item::Event(event) = item {
            numbers.push(event.number);
        }
    }
    numbers
}
