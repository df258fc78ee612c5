//! What must hold for a file of any bytes; the fuzz target and the property tests call in here.

use super::{Header, Item, Reader, Writer};
use crate::event::Event;

/// A recording: it is read to its end or refused, and what was read reads the same when it is written again.
pub fn recording_reader(input: &[u8]) {
    let Some((header, events)) = read(input) else {
        return;
    };
    // Only the preamble of a part may be out of order, and of several parts in one file only one header is written.
    if !events.is_sorted_by(|one, next| one.number < next.number) {
        return;
    }
    let (_, again) = read(&file(&header, &events)).expect("a recording of ours");
    assert_eq!(events, again);
}

fn read(input: &[u8]) -> Option<(Header, Vec<Event>)> {
    let mut reader = Reader::new(input).ok()?;
    let header = reader.header().clone();
    let mut events = Vec::new();
    let mut items = 0;
    while let Some(item) = next(&mut reader) {
        items += 1;
        match item {
            Item::Event(event) => events.push(*event),
            Item::Trouble(trouble) => {
                let words = trouble.to_string();
                assert!(words.len() < 200 && !words.contains(char::is_control));
                assert!(trouble.lost() < u64::MAX);
            }
        }
    }
    let lines = 1 + memchr::memchr_iter(b'\n', input).count();
    assert!(items <= 1 + 2 * lines, "{items} of {lines} lines");
    Some((header, events))
}

fn next(reader: &mut Reader<&[u8]>) -> Option<Item> {
    let item = reader.advance().expect("memory can be read");
    item.or_else(|| reader.finish().expect("memory can be read"))
}

fn file(header: &Header, events: &[Event]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), header).expect("memory can be written");
    for event in events {
        writer.event(event).expect("memory can be written");
    }
    writer.finish().expect("memory can be written")
}
