//! The events that show a finding, as the console tells them: a second walk over the recording.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::tz::TimeZone;

use crate::diagnose::report::{Incident, Report};
use crate::event::{Direction, Event};
use crate::recording::{Item, Source};
use crate::session::Contexts;
use crate::sink::console::{Colour, Format, Renderer};

/// Events in words, by their numbers.
pub(super) type Told = BTreeMap<u64, String>;

/// The evidence of the incidents of one recording; empty where it cannot be read twice.
pub(super) fn collect(path: &Path, wanted: &BTreeSet<u64>, zone: &TimeZone) -> Told {
    let mut told = Told::new();
    let Some(last) = wanted.last().filter(|_| path != Path::new("-")) else {
        return told;
    };
    // What is wrong with it was said the first time.
    let Ok(mut source) = Source::open(path) else {
        return told;
    };
    let wall_clock = source.header().session.wall_clock;
    let renderer = Renderer::new(Format::Compact, Colour::Never, zone.clone());
    let mut renderer = renderer.begun_at(wall_clock);
    let mut contexts = Contexts::default();
    while let Some(item) = source.advance() {
        let Item::Event(event) = item else {
            continue;
        };
        let context = contexts.take(&event);
        renderer.pass(&event);
        if wanted.contains(&event.number) {
            let words = renderer.tell(&event, &context).words;
            told.entry(event.number)
                .or_insert_with(|| line(&event, &words));
        }
        if event.number >= *last {
            break;
        }
    }
    told
}

/// The numbers of a recording's events that the report refers to.
pub(super) fn wanted(report: &Report, recording: usize) -> BTreeSet<u64> {
    let incidents = report
        .incidents
        .iter()
        .filter(|one| one.recording == recording);
    incidents.flat_map(numbers).collect()
}

fn numbers(incident: &Incident) -> impl Iterator<Item = u64> {
    let causes = incident.cause.iter();
    let all = causes
        .chain(&incident.consequences)
        .chain(&incident.contributing);
    all.flat_map(|finding| &finding.evidence)
        .map(|evidence| evidence.at.number)
}

fn line(event: &Event, words: &str) -> String {
    let connection = event
        .connection
        .map_or_else(String::new, |id| format!("{id} "));
    let arrow = match event.direction {
        Some(Direction::ToServer) => "\u{2192} ",
        Some(Direction::ToClient) => "\u{2190} ",
        None => "",
    };
    format!("{connection}{arrow}{words}")
}
