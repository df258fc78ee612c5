//! What holds for both formats, with the files of a real Chromium.

use std::io::Cursor;

use proptest::prelude::*;

use super::{Damage, ImportError, Options, Report, fuzzing};
use crate::event::{Event, EventKind, Redaction, SessionStarted};
use crate::recording::{Item, Reader};
use crate::redact::Redactor;

pub(super) const HAR: &[u8] = include_bytes!("../../tests/fixtures/devtools.har");
pub(super) const NETLOG: &[u8] = include_bytes!("../../tests/fixtures/net-export.json");

/// What became of a file.
pub(super) struct Imported {
    pub(super) report: Report,
    pub(super) session: SessionStarted,
    pub(super) events: Vec<Event>,
}

impl Imported {
    /// The kinds, without the session's own.
    pub(super) fn kinds(&self) -> Vec<&EventKind> {
        let inner = 1..self.events.len() - 1;
        self.events[inner].iter().map(|event| &event.kind).collect()
    }

    /// The names of the kinds.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.kinds().into_iter().map(EventKind::name).collect()
    }

    /// The events by what they say and when, with the wall clock for a time.
    fn facts(&self) -> Vec<String> {
        let inner = 1..self.events.len() - 1;
        let fact = |event: &Event| {
            let at = self.session.wall_clock + i64::try_from(event.time.arrived.0).unwrap();
            let kind = serde_json::to_string(&event.kind).unwrap();
            format!("{at} {:?} {kind}", event.direction)
        };
        self.events[inner].iter().map(fact).collect()
    }
}

pub(super) fn har(file: &[u8]) -> Result<Imported, ImportError> {
    imported(super::har(file, Vec::new(), &redactor(), &ALL))
}

pub(super) fn netlog(file: &[u8]) -> Result<Imported, ImportError> {
    imported(super::netlog(file, Vec::new(), &redactor(), &ALL))
}

const ALL: Options<'_> = Options { wanted: &|_| true };

fn redactor() -> Redactor {
    Redactor::new(Redaction::Standard, &[7; 32].into())
}

fn imported(result: Result<(Report, Vec<u8>), ImportError>) -> Result<Imported, ImportError> {
    let (report, recording) = result?;
    let mut reader = Reader::new(Cursor::new(recording)).unwrap();
    let mut events = Vec::new();
    while let Some(item) = reader.advance().unwrap() {
        match item {
            Item::Event(event) => events.push(*event),
            Item::Trouble(trouble) => panic!("{trouble}"),
        }
    }
    let session = reader.header().session.clone();
    Ok(Imported {
        report,
        session,
        events,
    })
}

/// Facts of a file that was cut off which the whole file does not have, in order; the others have to come in its order.
fn strangers(cut: &Imported, whole: &[String]) -> Vec<String> {
    let mut strangers = Vec::new();
    let mut counts = std::collections::HashMap::new();
    for fact in whole {
        *counts.entry(fact.clone()).or_insert(0) += 1;
    }
    for fact in cut.facts() {
        match counts.get_mut(&fact) {
            Some(count) if *count > 0 => *count -= 1,
            _ => strangers.push(fact),
        }
    }
    strangers
}

#[test]
fn a_har_may_end_anywhere_and_what_was_whole_is_kept() {
    let whole = har(HAR).unwrap();
    assert_eq!(whole.report.damage, None);
    let facts = whole.facts();
    let messages = |imported: &Imported| {
        imported
            .names()
            .iter()
            .filter(|name| **name == "xmpp-stanza")
            .count()
    };
    let mut before = 0;
    for end in (0..HAR.len()).step_by(1499) {
        let cut = match har(&HAR[..end]) {
            Ok(cut) => cut,
            Err(ImportError::NoHar) => {
                assert!(end < 3000, "the first entry has begun at {end}");
                continue;
            }
            Err(error) => panic!("{error} at {end}"),
        };
        assert_eq!(cut.report.damage, Some(Damage::CutOff), "at {end}");
        // What is known of the entry in which the file ends, which is less than in the end.
        let strangers = strangers(&cut, &facts);
        assert!(strangers.len() <= 9, "at {end}: {strangers:#?}");
        assert!(
            !strangers.iter().any(|fact| fact.contains("xmpp-stanza")),
            "at {end}"
        );
        assert!(messages(&cut) >= before, "at {end}");
        before = messages(&cut);
    }
    assert!(before > 20);
}

#[test]
fn a_netlog_may_end_anywhere_and_what_was_whole_is_kept() {
    let whole = netlog(NETLOG).unwrap();
    assert_eq!(whole.report.damage, None);
    let facts = whole.facts();
    let mut before = 0;
    for end in (0..NETLOG.len()).step_by(4999) {
        let cut = match netlog(&NETLOG[..end]) {
            Ok(cut) => cut,
            Err(ImportError::NoNetlog) => {
                assert!(end < 80_000, "the constants are over at {end}");
                continue;
            }
            Err(error) => panic!("{error} at {end}"),
        };
        assert_eq!(cut.report.damage, Some(Damage::CutOff), "at {end}");
        // A socket whose host would have been told later has its address for a name.
        let strangers = strangers(&cut, &facts);
        assert!(
            strangers.iter().all(|fact| fact.contains("entered")),
            "at {end}: {strangers:#?}"
        );
        assert!(cut.events.len() >= before, "at {end}");
        before = cut.events.len();
    }
    assert!(before > 100);
}

#[test]
fn one_format_is_not_taken_for_the_other() {
    assert!(matches!(har(NETLOG), Err(ImportError::NoHar)));
    assert!(matches!(netlog(HAR), Err(ImportError::NoNetlog)));
    for other in [
        &b""[..],
        b"[]",
        b"{}",
        b"{\"log\":{}}",
        b"<html>",
        b"\x28\xb5\x2f\xfd",
    ] {
        assert!(matches!(har(other), Err(ImportError::NoHar)));
        assert!(matches!(netlog(other), Err(ImportError::NoNetlog)));
    }
}

#[test]
fn what_is_broken_in_the_middle_says_from_which_line_on() {
    let mut broken = HAR.to_vec();
    let middle = broken.len() / 2;
    broken[middle..middle + 4].copy_from_slice(b"\"}]\n");
    let imported = har(&broken).unwrap();
    assert!(matches!(imported.report.damage, Some(Damage::Broken(line)) if line > 100));
    assert!(imported.events.len() > 10);
}

#[test]
fn every_secret_of_the_fixture_is_gone() {
    let text = std::str::from_utf8(HAR).unwrap();
    for secret in [
        "MTAwMTAwMjpwYXNzLTEwMDEwMDI=",
        "MTAwMTAwMkBmaW5lc3NlLmV4YW1wbGUudGVzdAAxMDAxMDAyAHBhc3MtMTAwMTAwMg==",
    ] {
        assert!(text.contains(secret), "the fixture has lost its secret");
        let facts = har(HAR).unwrap().facts();
        assert!(!facts.iter().any(|fact| fact.contains(secret)));
    }
}

#[test]
fn only_the_hosts_that_are_wanted_are_taken() {
    let wanted = |target: &crate::event::Authority| target.host == "nowhere.example.test";
    let options = Options { wanted: &wanted };
    let imported = imported(super::netlog(NETLOG, Vec::new(), &redactor(), &options)).unwrap();
    assert_eq!(imported.names(), ["entered", "upstream-failed"]);
    assert_eq!(imported.report.connections, 1);
}

proptest! {
    #[test]
    fn any_bytes_are_a_recording_or_an_error(bytes in any::<Vec<u8>>()) {
        fuzzing::har(&bytes);
        fuzzing::netlog(&bytes);
    }

    #[test]
    fn a_har_in_which_anything_was_changed_is_a_recording_or_an_error(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)
    ) {
        for seed in [&include_bytes!("../../fuzz/seeds/har_import/socket")[..], include_bytes!("../../fuzz/seeds/har_import/http")] {
            let mut bytes = seed.to_vec();
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            fuzzing::har(&bytes);
        }
    }

    #[test]
    fn a_netlog_in_which_anything_was_changed_is_a_recording_or_an_error(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)
    ) {
        let mut bytes = include_bytes!("../../fuzz/seeds/netlog_import/socket").to_vec();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        fuzzing::netlog(&bytes);
    }
}
