//! What must hold for a recording of any bytes; the fuzz target and the property tests call in here.

use jiff::tz::TimeZone;

use super::{Live, Profile, Subject, diagnose};
use crate::event::Event;
use crate::recording::{Item, Reader};
use crate::session::Session;

/// A recording of any bytes is diagnosed without a panic.
pub fn diagnosis(input: &[u8]) {
    let Ok(mut reader) = Reader::new(input) else {
        return;
    };
    let mut events = Vec::new();
    while let Ok(Some(item)) = reader.advance() {
        if let Item::Event(event) = item {
            events.push(*event);
        }
    }
    of(&events);
}

/// Any events are diagnosed, and what is said of them is of them.
pub(super) fn of(events: &[Event]) {
    let mut session = Session::default();
    let mut live = Live::new(Profile::default(), TimeZone::UTC);
    for event in events {
        session.take(event);
        live.take(event);
        drop(live.look(event.time.arrived));
    }
    let subject = Subject {
        name: "any",
        session: &session,
        offset: 0,
    };
    let report = diagnose(&[subject, subject], &Profile::default(), &TimeZone::UTC);
    let numbers: Vec<u64> = events.iter().map(|event| event.number).collect();
    for incident in &report.incidents {
        let findings = incident.cause.iter().chain(&incident.consequences);
        for finding in findings.chain(&incident.contributing) {
            assert!(!finding.says.is_empty(), "{}", finding.rule);
            for evidence in &finding.evidence {
                assert!(numbers.contains(&evidence.at.number), "{}", finding.rule);
            }
        }
    }
    serde_json::to_string(&report).expect("a report is JSON");
}
