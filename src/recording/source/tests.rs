//! What is read of parts that are damaged, missing, foreign, or only begun.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use tempfile::{TempDir, tempdir};

use super::*;
use crate::event::{Event, EventKind, Host, Micros, SessionEnded, SessionStarted, Times};
use crate::recording::{compress, encode};

/// A folder with parts of one recording, `day.jsonl` and on.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempdir().unwrap())
    }

    fn name(&self, part: u32) -> PartName {
        PartName {
            stem: self.0.path().join("day"),
            part,
            compressed: false,
        }
    }

    /// Writes a part with these events; its first event is that of the range.
    fn part(&self, part: u32, numbers: std::ops::RangeInclusive<u64>) -> PathBuf {
        let mut lines = header(part, *numbers.start(), "c0ffee");
        for number in numbers {
            encode(&event(number), &mut lines);
        }
        let path = self.name(part).path();
        fs::write(&path, lines).unwrap();
        path
    }

    fn compressed(&self, part: u32, numbers: std::ops::RangeInclusive<u64>) -> PathBuf {
        let plain = self.part(part, numbers);
        let name = PartName {
            compressed: true,
            ..self.name(part)
        };
        compress(&plain, &name.path()).unwrap();
        fs::remove_file(plain).unwrap();
        name.path()
    }

    fn open(&self) -> Source {
        Source::open(self.0.path()).unwrap()
    }
}

fn header(part: u32, first_event: u64, recording: &str) -> Vec<u8> {
    let mut header = Header::new(recording.to_owned(), SessionStarted::default());
    header.part = part;
    header.first_event = first_event;
    header.began = Micros(first_event * 10);
    let mut line = Vec::new();
    encode(&header, &mut line);
    line
}

/// Number 9 is the session's end.
fn event(number: u64) -> Event {
    Event {
        number,
        time: Times::at(Micros(number * 10)),
        connection: None,
        direction: None,
        kind: match number {
            9 => EventKind::SessionEnded(SessionEnded {
                events: 9,
                connections: 0,
            }),
            _ => EventKind::Host(Host::Resumed),
        },
    }
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

/// Numbers, and troubles in words, until there is nothing more.
fn read(source: &mut Source) -> Vec<String> {
    let mut said = Vec::new();
    while let Some(item) = source.advance() {
        said.push(match item {
            Item::Event(event) => event.number.to_string(),
            Item::Trouble(trouble) => trouble.to_string(),
        });
    }
    said
}

#[test]
fn a_part_that_is_damaged_or_foreign_is_left_out_and_reading_goes_on() {
    for (damage, why) in [
        (&b"\x00\x01"[..], "this is no recording"),
        (b"", "there is nothing to read in it"),
        (&header(2, 3, "another"), "it belongs to another recording"),
    ] {
        let folder = Folder::new();
        folder.part(1, 1..=2);
        let second = folder.part(2, 3..=4);
        fs::write(&second, damage).unwrap();
        folder.part(3, 5..=9);
        let said = read(&mut folder.open());
        assert_eq!(said[..2], ["1", "2"]);
        assert!(
            said[2].contains("day.part2.jsonl is left out") && said[2].contains(why),
            "{said:?}"
        );
        assert_eq!(said[3], "before line 2, events 3 to 4 are missing");
        assert_eq!(said[4..], ["5", "6", "7", "8", "9"]);
    }
}

#[test]
fn a_compressed_part_that_is_damaged_inside_is_said_and_the_next_one_is_read() {
    let folder = Folder::new();
    let first = folder.compressed(1, 1..=3);
    // A frame whose header asks for what no frame may have.
    append(&first, &[0x28, 0xb5, 0x2f, 0xfd]);
    append(&first, &[0xff; 100]);
    folder.part(2, 4..=9);
    let said = read(&mut folder.open());
    assert_eq!(said[..3], ["1", "2", "3"]);
    assert!(
        said[3].starts_with("behind line 4 nothing more can be read"),
        "{said:?}"
    );
    assert_eq!(said[4..], ["4", "5", "6", "7", "8", "9"]);
}

#[test]
fn a_compressed_part_that_is_cut_off_gives_what_is_there() {
    let folder = Folder::new();
    let path = folder.compressed(1, 1..=8);
    let bytes = fs::read(&path).unwrap();
    // Without the seek table, which is no content.
    let content = bytes.len() - (8 + 8 + 9);
    fs::write(&path, &bytes[..content]).unwrap();
    let said = read(&mut folder.open());
    assert_eq!(said[..8], ["1", "2", "3", "4", "5", "6", "7", "8"]);
    assert!(said[8].contains("the recording has no end"), "{said:?}");
    assert_eq!(said.len(), 9);
}

#[test]
fn a_missing_part_shows_in_the_numbers() {
    let folder = Folder::new();
    folder.part(1, 1..=2);
    folder.part(3, 6..=9);
    let said = read(&mut folder.open());
    assert_eq!(
        said,
        [
            "1",
            "2",
            "before line 2, events 3 to 5 are missing",
            "6",
            "7",
            "8",
            "9"
        ]
    );
}

#[test]
fn a_part_that_was_compressed_while_the_one_before_was_read_is_found() {
    let folder = Folder::new();
    folder.part(1, 1..=2);
    folder.part(2, 3..=9);
    let mut source = folder.open();
    folder.compressed(2, 3..=9);
    assert_eq!(read(&mut source).len(), 9);
}

#[test]
fn a_later_part_by_itself_is_no_recording_without_an_end() {
    let folder = Folder::new();
    folder.part(1, 1..=2);
    let second = folder.part(2, 3..=4);
    folder.part(3, 5..=9);
    assert_eq!(read(&mut Source::open(&second).unwrap()), ["3", "4"]);
}

#[test]
fn following_reads_what_is_appended_half_lines_and_new_parts_included() {
    let folder = Folder::new();
    let first = folder.part(1, 1..=2);
    let mut source = folder.open().follow(true);
    assert_eq!(read(&mut source), ["1", "2"]);
    let mut line = Vec::new();
    encode(&event(3), &mut line);
    let (start, end) = line.split_at(20);
    append(&first, start);
    assert!(read(&mut source).is_empty(), "half a line is not there yet");
    append(&first, end);
    assert_eq!(read(&mut source), ["3"]);

    let mut lines = header(2, 4, "c0ffee");
    encode(&event(4), &mut lines);
    let second = folder.name(2).path();
    fs::write(&second, "").unwrap();
    assert!(
        read(&mut source).is_empty(),
        "a part without a header is not there yet"
    );
    append(&second, &lines[..10]);
    assert!(
        read(&mut source).is_empty(),
        "nor is one with half a header"
    );
    append(&second, &lines[10..]);
    assert_eq!(read(&mut source), ["4"]);
    assert!(source.grows());

    // The recorder has moved on and removed what a slow reader did not get to.
    folder.part(4, 7..=9);
    fs::remove_file(second).unwrap();
    assert_eq!(
        read(&mut source),
        ["before line 2, events 5 to 6 are missing", "7", "8", "9"]
    );
    assert!(!source.grows());
}

#[test]
fn a_part_that_cannot_be_followed_into_is_said_once() {
    let folder = Folder::new();
    folder.part(1, 1..=2);
    let mut source = folder.open().follow(true);
    fs::write(folder.name(2).path(), "no recording\n").unwrap();
    assert_eq!(read(&mut source).len(), 3);
    assert!(read(&mut source).is_empty());
    folder.part(3, 3..=9);
    assert_eq!(read(&mut source).len(), 7);
}

#[test]
fn skipping_begins_with_the_last_part_that_may_be_begun_with() {
    let folder = Folder::new();
    folder.part(1, 1..=2);
    folder.compressed(2, 3..=4);
    folder.part(3, 5..=9);
    for (to, first) in [(0, "1"), (3, "3"), (4, "3"), (5, "5"), (99, "5")] {
        let mut source = folder.open();
        source.skip_to(|part| part.first_event <= to);
        assert_eq!(read(&mut source)[0], first, "to {to}");
    }
}

#[test]
fn what_is_in_memory_is_ready_and_the_end_is_not() {
    let folder = Folder::new();
    folder.part(1, 1..=2);
    let mut source = folder.open();
    assert!(source.ready());
    source.advance();
    assert!(source.ready());
    source.advance();
    assert!(!source.ready());
}

#[test]
fn a_file_of_any_name_is_read_as_it_is_even_beside_one_with_endings() {
    let folder = Folder::new();
    let path = folder.part(1, 1..=2);
    let other = folder.0.path().join("day");
    fs::copy(path, &other).unwrap();
    folder.part(1, 1..=9);
    assert_eq!(read(&mut Source::open(&other).unwrap())[..2], ["1", "2"]);
    assert_eq!(read(&mut Source::open(&other).unwrap()).len(), 3);
}
