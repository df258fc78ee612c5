//! What must hold for any bytes; the fuzz targets and the property tests call in here.

use std::io::Cursor;
use std::sync::LazyLock;

use super::{ImportError, Options, Report};
use crate::event::{Event, EventKind, Redaction};
use crate::recording::{Item, Reader};
use crate::redact::Redactor;

/// A HAR file: whatever it holds, either nothing is written or a whole recording.
pub fn har(input: &[u8]) {
    import(input, super::har);
}

/// A NetLog file, with the constants of a real one if it has none of its own.
pub fn netlog(input: &[u8]) {
    import(input, super::netlog);
    let mut whole = CONSTANTS.to_vec();
    whole.extend_from_slice(input);
    import(&whole, super::netlog);
}

type Importer<'i> =
    fn(&'i [u8], Vec<u8>, &Redactor, &Options<'_>) -> Result<(Report, Vec<u8>), ImportError>;

fn import<'i>(input: &'i [u8], importer: Importer<'i>) {
    // It is made once: making it takes longer than most inputs.
    static REDACTOR: LazyLock<Redactor> =
        LazyLock::new(|| Redactor::new(Redaction::Standard, &[7; 32].into()));
    let options = Options { wanted: &|_| true };
    match importer(input, Vec::new(), &REDACTOR, &options) {
        Ok((report, recording)) => whole(&report, recording),
        Err(ImportError::NoHar | ImportError::NoNetlog) => {}
        Err(error) => panic!("{error}"),
    }
}

/// A recording with a beginning, an end, and every number between them.
fn whole(report: &Report, recording: Vec<u8>) {
    let mut reader = Reader::new(Cursor::new(recording)).expect("it has a header");
    let mut events: Vec<Event> = Vec::new();
    while let Some(item) = reader.advance().expect("memory can be read") {
        match item {
            Item::Event(event) => events.push(*event),
            Item::Trouble(trouble) => panic!("{trouble}"),
        }
    }
    assert_eq!(events.len() as u64, report.events);
    assert!(
        events
            .iter()
            .zip(1..)
            .all(|(event, number)| event.number == number)
    );
    assert!(matches!(
        events.first().map(|event| &event.kind),
        Some(EventKind::SessionStarted(_))
    ));
    assert!(matches!(
        events.last().map(|event| &event.kind),
        Some(EventKind::SessionEnded(_))
    ));
}

/// The start of a NetLog: the types that are read, numbered, and the start of its events.
const CONSTANTS: &[u8] = include_bytes!("fuzzing_constants.json");
