//! What a reader gets of what was written, and of what became of it since.

use std::collections::BTreeMap;
use std::io::Cursor;

use super::*;
use crate::event::{Event, EventKind, Gap, Listening, Micros, SessionEnded, SessionStarted, Times};

fn header() -> Header {
    Header::new("00c0ffee".to_owned(), SessionStarted::default())
}

fn event(number: u64) -> Event {
    let kind = EventKind::Listening(Listening {
        address: "127.0.0.1:8899".parse().unwrap(),
        upstream: Some("a\u{7f}b\u{9b}c é".to_owned()),
    });
    of(number, kind)
}

fn of(number: u64, kind: EventKind) -> Event {
    Event {
        number,
        time: Times::at(Micros(number * 10)),
        connection: None,
        direction: None,
        kind,
    }
}

fn ended(number: u64) -> Event {
    let ended = SessionEnded {
        events: number,
        connections: 0,
    };
    of(number, EventKind::SessionEnded(ended))
}

/// The file of these events.
fn file(events: &[Event]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    for event in events {
        writer.event(event).unwrap();
    }
    writer.finish().unwrap()
}

/// Numbers of events, and troubles in words.
fn read(bytes: &[u8]) -> Vec<String> {
    let mut reader = Reader::new(Cursor::new(bytes.to_vec())).unwrap();
    let mut said = Vec::new();
    while let Some(item) = reader.advance().unwrap() {
        said.push(item);
    }
    while let Some(item) = reader.finish().unwrap() {
        said.push(item);
    }
    let words = |item: Item| match item {
        Item::Event(event) => event.number.to_string(),
        Item::Trouble(trouble) => trouble.to_string(),
    };
    said.into_iter().map(words).collect()
}

#[test]
fn what_is_written_is_read() {
    let events = [event(1), event(2), ended(3)];
    let bytes = file(&events);
    assert!(!bytes.contains(&0x7f), "a terminal obeys DEL");
    let mut reader = Reader::new(Cursor::new(bytes)).unwrap();
    assert_eq!(*reader.header(), header());
    for event in events {
        assert_eq!(
            reader.advance().unwrap(),
            Some(Item::Event(Box::new(event)))
        );
    }
    assert_eq!(reader.advance().unwrap(), None);
    assert!(reader.ended());
}

#[test]
fn a_torn_last_line_is_said_and_nothing_else_is_lost() {
    let mut bytes = file(&[event(1), event(2)]);
    let whole = file(&[event(1)]).len();
    bytes.truncate(bytes.len() - 2);
    assert_eq!(
        read(&bytes),
        [
            "1",
            "line 3, the last one, is not whole: writing was cut off there"
        ]
    );
    bytes.truncate(whole);
    assert_eq!(read(&bytes), ["1"]);
}

#[test]
fn a_last_line_without_its_line_end_counts() {
    let mut bytes = file(&[event(1), ended(2)]);
    bytes.pop();
    assert_eq!(read(&bytes), ["1", "2"]);
}

#[test]
fn a_damaged_line_is_said_once_and_reading_goes_on() {
    let mut bytes = file(&[event(1)]);
    bytes.extend(b"{\"number\":2,\"secret x\"}\n");
    let tail = file(&[event(3)]);
    bytes.extend(tail.split_inclusive(|byte| *byte == b'\n').nth(1).unwrap());
    let said = read(&bytes);
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(
        said[1].starts_with("line 3 is damaged and left out: it is not JSON"),
        "{said:?}"
    );
    assert!(!said[1].contains("secret"), "{said:?}");
}

#[test]
fn numbers_that_skip_are_said_and_a_gap_explains_itself() {
    let gap = Gap {
        events: 3,
        bytes: 9,
        kinds: BTreeMap::new(),
    };
    let events = [event(1), of(2, EventKind::Gap(gap)), event(5), event(9)];
    assert_eq!(
        read(&file(&events)),
        [
            "1",
            "2",
            "5",
            "before line 5, events 6 to 8 are missing",
            "9"
        ]
    );
}

/// Events that are surely missing.
fn lost(bytes: &[u8]) -> u64 {
    let mut reader = Reader::new(Cursor::new(bytes.to_vec())).unwrap();
    let mut lost = 0;
    while let Some(item) = reader.advance().unwrap() {
        if let Item::Trouble(trouble) = item {
            lost += trouble.lost();
        }
    }
    lost
}

#[test]
fn a_line_that_is_damaged_and_skipped_by_the_numbers_is_one_loss() {
    let mut bytes = file(&[event(1)]);
    bytes.extend(b"damaged\n");
    let tail = file(&[event(5)]);
    bytes.extend(tail.split_inclusive(|byte| *byte == b'\n').nth(1).unwrap());
    // 2, 3 and 4, one of which was the damaged line.
    assert_eq!(lost(&bytes), 3);
}

#[test]
fn a_header_that_is_all_there_is_needs_no_line_end() {
    let mut bytes = file(&[]);
    bytes.pop();
    assert!(read(&bytes).is_empty());
    bytes.pop();
    let Err(error) = Reader::new(Cursor::new(bytes)) else {
        panic!("half a header is none");
    };
    assert!(
        error.to_string().contains("ends within its first line"),
        "{error}"
    );
}

#[test]
fn a_damaged_header_is_not_quoted() {
    let bytes = String::from_utf8(file(&[])).unwrap();
    let bytes = bytes.replace("\"standard\"", "\"s3cret\"");
    let Err(error) = Reader::new(Cursor::new(bytes.into_bytes())) else {
        panic!("a redaction that does not exist");
    };
    let error = error.to_string();
    assert!(
        error.contains("header is damaged") && !error.contains("s3cret"),
        "{error}"
    );
}

#[test]
fn what_a_later_version_added_is_skipped_and_said() {
    let mut bytes = Vec::new();
    let mut later = header();
    later.version.minor += 1;
    encode(&later, &mut bytes);
    encode(&event(1), &mut bytes);
    bytes.extend(br#"{"number":2,"time":{"arrived":5},"kind":{"telepathy":{"a":1}},"new":true}"#);
    bytes.push(b'\n');
    encode(&event(3), &mut bytes);
    let said = read(&bytes);
    assert!(said[0].contains("format 1.1, newer than"), "{said:?}");
    assert_eq!(said[1], "1");
    assert_eq!(
        said[2],
        "line 3 is left out: event 2 (telepathy) says what this finspect does not know"
    );
    assert_eq!(said[3], "3");
}

#[test]
fn a_later_major_version_is_refused() {
    let mut later = header();
    later.version.major += 1;
    let mut bytes = Vec::new();
    encode(&later, &mut bytes);
    let refused = Header::parse(&bytes).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "this recording has format 2.0, and this finspect reads 1.x: use a newer finspect"
    );
}

#[test]
fn a_part_read_alone_gives_its_preamble_and_read_after_another_does_not() {
    let mut second = header();
    second.part = 2;
    second.first_event = 4;
    let mut bytes = Vec::new();
    encode(&second, &mut bytes);
    for event in [event(1), event(3), event(4), ended(5)] {
        encode(&event, &mut bytes);
    }
    assert_eq!(read(&bytes), ["1", "3", "4", "5"]);
    let mut reader = Reader::new(Cursor::new(bytes))
        .unwrap()
        .resume(reader::Progress {
            next: 4,
            ended: false,
        });
    let Some(Item::Event(first)) = reader.advance().unwrap() else {
        panic!("an event");
    };
    assert_eq!(first.number, 4);
}

#[test]
fn parts_in_either_form_are_one_recording() {
    let folder = tempfile::tempdir().unwrap();
    let first = PartName::first(&folder.path().join("day_10.0.0.2.jsonl"));
    let second = first.next();
    std::fs::write(first.path(), file(&[event(1), event(2)])).unwrap();
    let mut header = header();
    header.part = 2;
    header.first_event = 3;
    let mut bytes = Vec::new();
    encode(&header, &mut bytes);
    for event in [event(2), event(3), ended(4)] {
        encode(&event, &mut bytes);
    }
    std::fs::write(second.path(), bytes).unwrap();
    let compressed = PartName {
        compressed: true,
        ..first.clone()
    };
    compress(&first.path(), &compressed.path()).unwrap();
    for gone in [false, true] {
        if gone {
            std::fs::remove_file(first.path()).unwrap();
        }
        for named in [
            folder.path(),
            &first.path(),
            &compressed.path(),
            &first.stem,
        ] {
            let mut source = Source::open(named).unwrap();
            let mut numbers = Vec::new();
            while let Some(item) = source.advance() {
                match item {
                    Item::Event(event) => numbers.push(event.number),
                    Item::Trouble(trouble) => panic!("{trouble}"),
                }
            }
            assert_eq!(numbers, [1, 2, 3, 4], "{}", named.display());
        }
    }
}

#[test]
fn what_an_editor_on_windows_does_to_a_file_is_no_damage() {
    let text = String::from_utf8(file(&[event(1), ended(2)])).unwrap();
    let windows = format!("\u{feff}{}\r\n", text.replace('\n', "\r\n"));
    assert_eq!(read(windows.as_bytes()), ["1", "2"]);
}

#[test]
fn a_header_alone_is_a_recording_with_or_without_its_line_end() {
    let mut bytes = file(&[]);
    assert_eq!(read(&bytes), [""; 0]);
    bytes.pop();
    assert_eq!(read(&bytes), [""; 0]);
}

#[test]
fn parts_put_one_behind_the_other_are_one_recording() {
    let mut bytes = file(&[event(1), event(2)]);
    let mut second = header();
    second.part = 2;
    second.first_event = 3;
    encode(&second, &mut bytes);
    for event in [event(1), event(3), ended(4)] {
        encode(&event, &mut bytes);
    }
    assert_eq!(read(&bytes), ["1", "2", "3", "4"]);
    second.recording = "00facade".to_owned();
    encode(&second, &mut bytes);
    assert_eq!(
        read(&bytes)[4..],
        ["line 8 is damaged and left out: it is the header of another recording"]
    );
}

#[test]
fn an_event_that_is_missing_is_counted_once() {
    let mut bytes = file(&[event(1)]);
    bytes.extend(b"{}\n");
    encode(&event(5), &mut bytes);
    let mut reader = Reader::new(Cursor::new(bytes)).unwrap();
    let mut lost = 0;
    while let Some(item) = reader.advance().unwrap() {
        if let Item::Trouble(trouble) = item {
            lost += trouble.lost();
        }
    }
    assert_eq!(lost, 3, "2, 3 and 4, one of them for its damage");
}

#[test]
fn a_damaged_header_is_refused_without_a_word_of_it() {
    let text = String::from_utf8(file(&[])).unwrap();
    let damaged = text.replace("\"part\":1", "\"part\":\"\u{1b}secret\"");
    let damaged = damaged.replace('\u{1b}', "\\u001b");
    let refused = Header::parse(damaged.as_bytes()).unwrap_err().to_string();
    assert!(
        refused.starts_with("the recording's header is damaged"),
        "{refused}"
    );
    assert!(
        !refused.contains("secret") && !refused.contains('\u{1b}'),
        "{refused}"
    );
}

#[test]
fn numbers_of_any_size_and_any_nesting_are_survived() {
    let most = Gap {
        events: u64::MAX,
        bytes: u64::MAX,
        kinds: BTreeMap::new(),
    };
    let mut last = ended(1);
    last.number = u64::MAX;
    let mut bytes = file(&[of(1, EventKind::Gap(most)), last]);
    bytes.extend(b"{\"number\":18446744073709551616,\"kind\":{\"gap\":1}}\n");
    bytes.extend([b"[".repeat(100_000), b"\n\0\0\n".to_vec()].concat());
    let said = read(&bytes);
    assert_eq!(said[..2], ["1", "18446744073709551615"]);
    assert!(
        said[2..].iter().all(|one| one.contains("is damaged")),
        "{said:?}"
    );
}

#[test]
fn a_line_that_is_too_long_is_left_out_and_no_first_line_is_that_long() {
    let long = [b"x".repeat(17 * 1024 * 1024), b"\n".to_vec()].concat();
    let bytes = [file(&[event(1)]), long.clone()].concat();
    assert_eq!(
        read(&bytes),
        ["1", "line 3 is damaged and left out: it is too long"]
    );
    assert!(Reader::new(Cursor::new(long)).is_err());
}
