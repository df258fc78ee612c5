//! What must hold for any events: what is written is read again, in one file or many, plain or compressed.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use super::samples::Sample;
use super::*;
use crate::event::{Event, EventKind, Gap, SessionStarted};

/// Numbers that follow on, as the bus gives them.
fn numbered(kinds: Vec<Event>) -> Vec<Event> {
    let mut next = 1;
    let give = |mut event: Event| {
        event.number = next;
        next = match &mut event.kind {
            EventKind::Gap(Gap { events, .. }) => {
                *events %= 1000;
                next + (*events).max(1)
            }
            _ => next + 1,
        };
        event
    };
    kinds.into_iter().map(give).collect()
}

fn events(most: usize) -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(Event::any(), 0..most).prop_map(numbered)
}

fn header(session: &SessionStarted) -> Header {
    Header::new("00c0ffee".to_owned(), session.clone())
}

fn file(header: &Header, events: &[Event]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), header).unwrap();
    for event in events {
        writer.event(event).unwrap();
    }
    writer.finish().unwrap()
}

/// The events of a file in which nothing is wrong.
fn read(bytes: &[u8]) -> (Header, Vec<Event>) {
    let mut reader = Reader::new(Cursor::new(bytes)).unwrap();
    let mut events = Vec::new();
    while let Some(item) = reader.advance().unwrap() {
        match item {
            Item::Event(event) => events.push(*event),
            Item::Trouble(trouble) => panic!("{trouble}"),
        }
    }
    assert_eq!(reader.finish().unwrap(), None);
    (reader.header().clone(), events)
}

/// The events of a recording of which nothing is wrong but that it may have no end.
fn read_all(path: &Path) -> Vec<Event> {
    let mut source = Source::open(path).unwrap();
    let mut events = Vec::new();
    while let Some(item) = source.advance() {
        match item {
            Item::Event(event) => events.push(*event),
            Item::Trouble(Trouble::Unfinished) => {}
            Item::Trouble(trouble) => panic!("{trouble}"),
        }
    }
    events
}

/// The schema as it is published.
fn schema() -> jsonschema::Validator {
    let text = include_str!("../../docs/recording.schema.json");
    let schema: Value = serde_json::from_str(text).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_events_are_read_as_they_were_written(
        session in SessionStarted::any(),
        events in events(12),
    ) {
        let bytes = file(&header(&session), &events);
        let said = read(&bytes);
        prop_assert_eq!(&said.0.session, &session);
        prop_assert_eq!(&said.1, &events);
        prop_assert_eq!(file(&said.0, &said.1), bytes, "the same bytes when they are written again");
    }

    #[test]
    fn a_recording_with_anything_done_to_it_is_read_to_its_end(
        events in events(6),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = file(&header(&SessionStarted::default()), &events);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        fuzzing::recording_reader(&bytes);
    }

    #[test]
    fn a_line_is_one_line_of_text_that_no_terminal_obeys(event in Event::any()) {
        let mut line = Vec::new();
        encode(&event, &mut line);
        let text = std::str::from_utf8(&line).unwrap();
        prop_assert_eq!(text.find(char::is_control), Some(text.len() - 1), "{:?}", text);
    }

    #[test]
    fn any_event_is_what_the_schema_says(session in SessionStarted::any(), event in Event::any()) {
        thread_local!(static SCHEMA: jsonschema::Validator = schema());
        let lines = [
            serde_json::to_value(header(&session)).unwrap(),
            serde_json::to_value(&event).unwrap(),
        ];
        SCHEMA.with(|schema| {
            for line in lines {
                let wrong: Vec<_> = schema.iter_errors(&line).map(|error| error.to_string()).collect();
                prop_assert!(wrong.is_empty(), "{wrong:?}: {line}");
            }
            Ok(())
        })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_events_are_one_recording_at_every_split_of_its_parts(events in events(6), compressed: [bool; 2]) {
        for split in 0..=events.len() {
            let folder = tempfile::tempdir().unwrap();
            let first = PartName::first(&folder.path().join("recording.jsonl"));
            let (before, after) = events.split_at(split);
            let mut header = header(&SessionStarted::default());
            put(&first, compressed[0], &file(&header, before));
            header.part = 2;
            header.first_event = after.first().map_or(u64::MAX, |event| event.number);
            // What is open is repeated; whoever has read it passes over it.
            let repeated: Vec<_> = before.iter().step_by(2).chain(after).cloned().collect();
            put(&first.next(), compressed[1], &file(&header, &repeated));
            prop_assert_eq!(&read_all(folder.path()), &events, "split at {}", split);
        }
    }
}

fn put(name: &PartName, compressed: bool, bytes: &[u8]) {
    fs::write(name.path(), bytes).unwrap();
    if compressed {
        let to = PartName {
            compressed,
            ..name.clone()
        };
        compress(&name.path(), &to.path()).unwrap();
        fs::remove_file(name.path()).unwrap();
    }
}

/// Each kind, each variant and each optional field, there and not there.
fn each() -> Vec<Event> {
    let mut each = numbered(Event::each());
    // A reader holds the last event for the end; the rest is in the order of the code.
    each.retain(|event| !matches!(event.kind, EventKind::SessionEnded(_)));
    let ended = Event::each()
        .into_iter()
        .find(|event| matches!(event.kind, EventKind::SessionEnded(_)));
    each.extend(ended);
    numbered(each)
}

/// Writes `tests/golden/1.0/every-variant.jsonl` where `FINSPECT_GOLDEN=write` asks for it, and compares otherwise.
#[test]
fn the_golden_recording_of_every_variant_is_what_is_written_today() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/1.0/every-variant.jsonl");
    let session = SessionStarted::each().swap_remove(0);
    let bytes = file(&header(&session), &each());
    if std::env::var_os("FINSPECT_GOLDEN").is_some_and(|value| value == "write") {
        fs::write(&path, &bytes).unwrap();
    }
    let golden = fs::read(&path).unwrap();
    assert_eq!(
        read(&golden).1,
        each(),
        "tests/golden/README.md says what to do"
    );
    assert!(golden == bytes, "tests/golden/README.md says what to do");
}

/// Likewise `stall-compressed.jsonl.zst`; another zstd may make other bytes of it.
#[test]
fn the_golden_compressed_recording_is_the_plain_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/1.0");
    let path = folder.join("stall-compressed.jsonl.zst");
    let plain = folder.join("stall.jsonl");
    if std::env::var_os("FINSPECT_GOLDEN").is_some_and(|value| value == "write") {
        drop(fs::remove_file(&path));
        compress(&plain, &path).unwrap();
    }
    assert_eq!(read_all(&path), read_all(&plain));
}

#[test]
fn the_seeds_of_the_fuzz_target_hold() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/recording_reader");
    let mut count = 0;
    for seed in fs::read_dir(seeds).unwrap() {
        fuzzing::recording_reader(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{count}");
}

#[test]
fn every_kind_has_a_sample() {
    let mut names: Vec<_> = EventKind::each().iter().map(EventKind::name).collect();
    names.dedup();
    assert_eq!(names, EventKind::NAMES);
}
