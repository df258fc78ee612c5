//! What a recording costs: bytes on the disk for a day of an agent, events a second to write and to read, and time to
//! diagnose it.
//!
//! `cargo bench --bench recording` runs it; `--quick` behind `--` is a smoke run. It fails when an event is lost on the
//! way, never because of a figure. Each figure is the median of its rounds, which take turns.

mod day;
mod storm;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use finspect::bus::{Bus, Clock};
use finspect::diagnose::{Profile, Report, Subject, diagnose};
use finspect::event::{Event, EventKind, SessionEnded, SessionStarted};
use finspect::recording::{Header, Item, PartName, Source, Writer, compress};
use finspect::session::Session;
use finspect::sink::console::{Colour, Console, Format, Renderer};
use finspect::sink::recorder::{Recorder, Rotation, Settings};
use jiff::tz::TimeZone;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let quick = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    match run(if quick { 1 } else { 5 }, if quick { 1 } else { 10 }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr(), "recording benchmark: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures `rounds` times with as many days as `days`, and prints the tables.
fn run(rounds: usize, days: u64) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let out = &mut io::stdout();

    let day = day::events(1)?;
    write(&day, &path("day.jsonl"))?;
    compress(&path("day.jsonl"), &path("day.jsonl.zst"))?;
    let (plain, packed) = (size(&path("day.jsonl"))?, size(&path("day.jsonl.zst"))?);
    writeln!(out, "| a day of an agent | |\n|---|---|")?;
    writeln!(out, "| events | {} |", day.len())?;
    writeln!(out, "| plain, MB | {:.1} |", plain / 1e6)?;
    writeln!(out, "| compressed, MB | {:.1} |", packed / 1e6)?;
    for (kind, bytes) in day::sizes(&day) {
        writeln!(out, "| bytes a line, {kind} | {bytes} |")?;
    }
    diagnoses(out, rounds, &day, &path("day.jsonl"))?;
    drop(day);

    let events = day::events(days)?;
    let count = events.len() as f64;
    let (plain, packed) = (path("many.jsonl"), path("many-packed.jsonl.zst"));
    write(&events, &plain)?;
    compress(&plain, &packed)?;
    let bytes = size(&plain)?;
    let shared: Vec<Arc<Event>> = events.iter().cloned().map(Arc::new).collect();
    let mut figures: Vec<(&str, Vec<f64>)> = Vec::new();
    for round in 0..rounds {
        let target = path(&format!("round-{round}.jsonl"));
        let mut note = |what: &'static str, seconds: f64| match figures
            .iter_mut()
            .find(|(name, _)| *name == what)
        {
            Some((_, all)) => all.push(seconds),
            None => figures.push((what, vec![seconds])),
        };
        note("encode and write", timed(|| write(&events, &target))?);
        fs::remove_file(&target)?;
        note("bus, recorder, file", timed(|| record(&shared, &target))?);
        fs::remove_file(&target)?;
        note(
            "compress",
            timed(|| Ok(compress(&plain, &path("packed"))?))?,
        );
        fs::remove_file(path("packed"))?;
        note(
            "read, plain",
            timed(|| read(&plain, events.len(), |_| Ok(())))?,
        );
        note(
            "read, compressed",
            timed(|| read(&packed, events.len(), |_| Ok(())))?,
        );
        note("fold into a session", timed(|| fold(&events).map(drop))?);
        note(
            "show, compact",
            timed(|| show(&plain, events.len(), Format::Compact))?,
        );
        note(
            "show, pretty",
            timed(|| show(&plain, events.len(), Format::Pretty))?,
        );
    }
    writeln!(out, "\n| | events a second | MB a second |\n|---|---|---|")?;
    for (what, seconds) in figures {
        let median = median(seconds);
        writeln!(
            out,
            "| {what} | {:.0} | {:.0} |",
            count / median,
            bytes / 1e6 / median
        )?;
    }
    Ok(())
}

/// What the diagnosis costs: of the day, from its file on, and of a recording with many incidents.
fn diagnoses(out: &mut impl Write, rounds: usize, day: &[Event], file: &Path) -> Outcome<()> {
    let storm = storm::events(1_500);
    let connections = storm
        .iter()
        .filter(|one| matches!(one.kind, EventKind::Accepted(_)));
    let (mut whole, mut folding, mut judging) = (Vec::new(), Vec::new(), Vec::new());
    let mut incidents = 0;
    for _ in 0..rounds {
        whole.push(timed(|| {
            let mut session = Session::default();
            read(file, day.len(), |event| {
                session.take(event);
                Ok(())
            })?;
            judged(&session);
            Ok(())
        })?);
        let mut session = Session::default();
        folding.push(timed(|| {
            session = fold(&storm)?;
            Ok(())
        })?);
        judging.push(timed(|| {
            incidents = judged(&session).incidents.len();
            Ok(())
        })?);
    }
    writeln!(out, "\n| diagnosis | ms |\n|---|---|")?;
    writeln!(
        out,
        "| a day of an agent, read, folded and judged | {:.0} |",
        median(whole) * 1e3
    )?;
    writeln!(
        out,
        "| {incidents} incidents on {} connections, {} events: folded | {:.0} |",
        connections.count(),
        storm.len(),
        median(folding) * 1e3
    )?;
    writeln!(out, "| the same, judged | {:.0} |", median(judging) * 1e3)?;
    Ok(())
}

fn fold(events: &[Event]) -> Outcome<Session> {
    let mut session = Session::default();
    for event in events {
        session.take(event);
    }
    match session.span() {
        Some(_) => Ok(session),
        None => Err("no event was taken in".into()),
    }
}

fn judged(session: &Session) -> Report {
    let subject = Subject {
        name: "day.jsonl",
        session,
        offset: 0,
    };
    diagnose(&[subject], &Profile::default(), &TimeZone::UTC)
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Seconds that the work takes.
fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
    let clock = Clock::start();
    work()?;
    Ok(clock.now().0.max(1) as f64 / 1e6)
}

fn size(path: &Path) -> Outcome<f64> {
    Ok(path.metadata()?.len() as f64)
}

fn header() -> Header {
    Header::new("0123456789abcdef".to_owned(), SessionStarted::default())
}

fn write(events: &[Event], path: &Path) -> Outcome<()> {
    let file = BufWriter::with_capacity(256 * 1024, File::create(path)?);
    let mut writer = Writer::new(file, &header())?;
    for event in events {
        writer.event(event)?;
    }
    writer.finish()?;
    Ok(())
}

/// All that a running session does, but for the proxy.
fn record(events: &[Arc<Event>], path: &Path) -> Outcome<()> {
    let bus = Arc::new(Bus::new(Clock::start()));
    let settings = Settings {
        first: PartName::first(path),
        header: header(),
        sync: false,
        rotation: Rotation {
            size: u64::MAX,
            every: None,
            keep: None,
        },
        budget: usize::MAX,
        talk: |_| {},
    };
    let recorder = Recorder::start(settings, &bus)?;
    for event in events {
        let Event {
            time,
            connection,
            direction,
            kind,
            ..
        } = &**event;
        bus.publish(*time, *connection, *direction, kind.clone());
    }
    bus.close_with(|events| {
        EventKind::SessionEnded(SessionEnded {
            events,
            connections: 1,
        })
    });
    let summary = recorder.finish().ok_or("the recorder panicked")?;
    if summary.events != events.len() as u64 + 1 {
        return Err(format!("{summary:?} of {} events", events.len()).into());
    }
    Ok(())
}

fn read(path: &Path, count: usize, mut each: impl FnMut(&Event) -> Outcome<()>) -> Outcome<()> {
    let mut source = Source::open(path)?;
    let mut read = 0;
    while let Some(item) = source.advance() {
        if let Item::Event(event) = item {
            each(&event)?;
            read += 1;
        }
    }
    if read != count {
        return Err(format!("{read} events of {count} in {}", path.display()).into());
    }
    Ok(())
}

fn show(path: &Path, count: usize, format: Format) -> Outcome<()> {
    let renderer = Renderer::new(format, Colour::Never, TimeZone::UTC);
    let mut console = Console::new(io::sink(), renderer, None);
    read(path, count, |event| Ok(console.event(event)?))
}
