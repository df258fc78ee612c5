//! What reality does to recordings: they begin in the middle, have holes, know less, hold several agents. The verdict is
//! then the same or weaker, and never another cause with confidence.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{fmt, fs};

use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::rule::{Confidence, Severity};
use super::rules::named;
use super::testing::report;
use super::{Profile, Report, Subject, diagnose, fuzzing};
use crate::event::{ClockJumped, ConnectionId, Event, EventKind, Host, Manner, Micros, Times};
use crate::recording::samples::Sample as _;
use crate::recording::{Item, Source};
use crate::session::Session;

/// A golden recording, whole.
struct Golden {
    name: String,
    events: Vec<Event>,
    /// Every cause that it has, and the more general ones that say less of the same.
    causes: BTreeSet<&'static str>,
    agents: Vec<String>,
    /// Whether somebody in it is not known by name.
    nameless: bool,
}

impl fmt::Debug for Golden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

static GOLDEN: LazyLock<Vec<Golden>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<PathBuf> = ["1.0/reset.jsonl", "1.0/shutdown.jsonl", "1.0/stall.jsonl"]
        .map(|name| root.join(name))
        .into();
    if let Ok(entries) = fs::read_dir(root.join("causes")) {
        let found = entries.map(|entry| entry.unwrap().path());
        files.extend(found.filter(|path| path.extension().is_some_and(|is| is == "zst")));
    }
    files.sort();
    files.iter().map(|file| golden(file)).collect()
});

fn golden(path: &Path) -> Golden {
    let mut source = Source::open(path).unwrap();
    let mut events = Vec::new();
    while let Some(item) = source.advance() {
        if let Item::Event(event) = item {
            events.push(*event);
        }
    }
    let found = diagnosed(&events);
    let causes = found.incidents.iter().filter_map(|one| one.cause.as_ref());
    let mut causes: BTreeSet<&str> = causes.map(|cause| cause.rule).collect();
    let general = causes.iter().flat_map(|cause| named(cause).unwrap().covers);
    causes.extend(general.copied().collect::<Vec<_>>());
    // Who never got through is known by his incident alone.
    let agents = found.incidents.iter().filter_map(|one| one.agent.clone());
    let agents: BTreeSet<String> = agents.chain(found.recordings[0].agents.clone()).collect();
    Golden {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        causes,
        agents: agents.into_iter().collect(),
        nameless: found.incidents.iter().any(|one| one.agent.is_none()),
        events,
    }
}

fn diagnosed(events: &[Event]) -> Report {
    let mut session = Session::default();
    for event in events {
        session.take(event);
    }
    report(&session)
}

/// Causes of which the report is sure.
fn confident(report: &Report) -> BTreeSet<&'static str> {
    let causes = report.incidents.iter().filter_map(|one| one.cause.as_ref());
    // That somebody signed out in the end is true of nearly all of them, and no trouble; that a ping was not answered is
    // what remains of a cause that can no longer be told.
    let causes =
        causes.filter(|cause| cause.severity > Severity::Info && cause.rule != "no-answer");
    let sure = causes.filter(|cause| cause.confidence >= Confidence::Likely);
    sure.map(|cause| cause.rule).collect()
}

/// The same events with consecutive numbers, so that nothing tells that some are missing.
fn renumbered(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
    let numbered = events.into_iter().zip(1..);
    numbered
        .map(|(event, number)| Event { number, ..event })
        .collect()
}

fn holds(golden: &Golden, changed: &[Event]) -> Result<(), TestCaseError> {
    let report = diagnosed(changed);
    let sure = confident(&report);
    prop_assert!(
        sure.is_subset(&golden.causes),
        "{}: {sure:?} instead of {:?}",
        golden.name,
        golden.causes
    );
    Ok(())
}

fn any_golden() -> impl Strategy<Value = &'static Golden> {
    (0..GOLDEN.len()).prop_map(|place| &GOLDEN[place])
}

/// The same cases each time, so that no build fails for what is not in it. `PROPTEST_RNG_SEED` chooses others, and
/// `PROPTEST_CASES` how many.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 200;
    }
    if matches!(config.rng_seed, RngSeed::Random) {
        config.rng_seed = RngSeed::Fixed(0);
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_recording_that_begins_in_the_middle_or_ends_early(
        golden in any_golden(),
        (from, to) in (0.0..1.0, 0.0..=1.0),
    ) {
        let count = golden.events.len() as f64;
        let (from, to) = ((from * count) as usize, (to * count) as usize);
        holds(golden, golden.events.get(from..to).unwrap_or_default())?;
    }

    #[test]
    fn a_recording_with_holes(
        golden in any_golden(),
        kept in prop::collection::vec(prop::bool::weighted(0.95), 4096),
    ) {
        let events = golden.events.iter().zip(kept.iter().cycle());
        let events: Vec<Event> = events.filter(|(_, kept)| **kept).map(|(event, _)| event.clone()).collect();
        holds(golden, &events)?;
    }

    #[test]
    fn a_recording_with_one_long_hole(
        golden in any_golden(),
        (from, length) in (0.0..1.0, 0.0..0.3),
    ) {
        let count = golden.events.len() as f64;
        let (from, length) = ((from * count) as usize, (length * count) as usize);
        let mut events = golden.events.clone();
        let to = (from + length).min(events.len());
        events.drain(from..to);
        holds(golden, &events)?;
    }

    #[test]
    fn a_wall_clock_that_jumps(
        golden in any_golden(),
        (place, by) in (0.0..1.0, -7_200_000_000i64..7_200_000_000),
    ) {
        let mut events = golden.events.clone();
        let place = (place * events.len() as f64) as usize;
        let at = events.get(place).map_or(Micros(0), |event| event.time.arrived);
        let wall_clock = 1_772_452_800_000_000 + by;
        events.insert(place, Event {
            number: 0,
            time: Times::at(at),
            connection: None,
            direction: None,
            kind: EventKind::Host(Host::ClockJumped(ClockJumped { by, wall_clock })),
        });
        holds(golden, &renumbered(events))?;
    }

    #[test]
    fn any_events_at_all(
        events in prop::collection::vec((Event::any(), 0u64..6, 0u64..30_000_000), 0..120),
    ) {
        let mut now = 0;
        let events = events.into_iter().map(|(mut event, connection, later)| {
            now += later;
            event.time.arrived = Micros(now);
            event.connection = (connection > 0).then_some(ConnectionId(connection));
            event
        });
        fuzzing::of(&renumbered(events));
    }

    #[test]
    fn two_agents_in_one_recording(
        (one, other) in (any_golden(), any_golden()),
        apart in 0u64..60_000_000,
    ) {
        let first = one.events.iter().map(|event| moved(event, 0, 0));
        let second = other.events.iter().map(|event| somebody_else(other, &moved(event, apart, 1)));
        // Of two behind one client nobody can tell whose an attempt is that names neither.
        let one_client = !one.nameless && !other.nameless;
        let second = second.map(|event| if one_client { event } else { elsewhere(event) });
        let mut events: Vec<Event> = first.chain(second).collect();
        events.sort_by_key(|event| event.time.arrived);
        let sure = confident(&diagnosed(&renumbered(events)));
        let both: BTreeSet<&str> = one.causes.union(&other.causes).copied().collect();
        prop_assert!(sure.is_subset(&both), "{} and {}: {sure:?} instead of {both:?}", one.name, other.name);
    }
}

/// The event on connections that do not meet those of another recording, later.
fn moved(event: &Event, later: u64, odd: u64) -> Event {
    let mut event = event.clone();
    event.time.arrived.0 += later;
    event.time.first = event.time.first.map(|at| Micros(at.0 + later));
    event.time.forwarded = event.time.forwarded.map(|at| Micros(at.0 + later));
    event.connection = event.connection.map(|id| ConnectionId(id.0 * 2 + odd));
    event
}

/// The event as if it had come from another machine.
fn elsewhere(mut event: Event) -> Event {
    if let EventKind::Accepted(accepted) = &mut event.kind {
        accepted.client.set_ip([10, 9, 9, 9].into());
    }
    event
}

/// The event as if other agents had caused it, at another server.
fn somebody_else(golden: &Golden, event: &Event) -> Event {
    let mut text = serde_json::to_string(event).unwrap();
    for agent in &golden.agents {
        text = text.replace(agent, &agent.replacen('1', "9", 1));
    }
    serde_json::from_str(
        &text
            .replace("finesse.example.test", "elsewhere.example.test")
            .replace("finesse.test", "elsewhere.test"),
    )
    .unwrap()
}

#[test]
fn without_tcp_readings_no_other_cause_is_sure() {
    for golden in GOLDEN.iter() {
        let events = golden.events.iter();
        let events = events.filter(|event| !matches!(event.kind, EventKind::TcpInfo(_)));
        holds(golden, &renumbered(events.cloned())).unwrap();
    }
}

#[test]
fn what_a_browser_alone_can_know_names_no_other_cause() {
    for golden in GOLDEN.iter() {
        let events = golden.events.iter().filter(|event| {
            !matches!(
                event.kind,
                EventKind::TcpInfo(_)
                    | EventKind::Stalled(_)
                    | EventKind::Host(_)
                    | EventKind::ClientHello(_)
                    | EventKind::Minted(_)
                    | EventKind::Attempt(_)
            )
        });
        let events = events.cloned().map(|mut event| {
            if let EventKind::Ended(ended) = &mut event.kind {
                ended.manner = Manner::Unknown;
            }
            event
        });
        holds(golden, &renumbered(events)).unwrap();
    }
}

#[test]
fn a_recording_beside_itself_has_the_same_causes() {
    for golden in GOLDEN.iter() {
        let mut sessions = [Session::default(), Session::default()];
        for event in &golden.events {
            sessions[0].take(event);
            sessions[1].take(&somebody_else(golden, event));
        }
        let subjects = [0, 1].map(|place| Subject {
            name: "golden",
            session: &sessions[place],
            offset: 0,
        });
        let report = diagnose(&subjects, &Profile::default(), &TimeZone::UTC);
        let sure = confident(&report);
        assert!(sure.is_subset(&golden.causes), "{}: {sure:?}", golden.name);
    }
}
