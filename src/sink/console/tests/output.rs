//! The console before outputs that are slow, gone or full.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::login::login;
use crate::bus::{Bus, Clock, Subscription};
use crate::event::*;
use crate::sink::console::{Colour, Console, Format, Onlooker, Remark, Renderer, Tone};
use crate::sink::filter::Filter;

/// An output that fails in the given way once it is told to.
struct Pipe(Arc<AtomicBool>, ErrorKind);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.load(Ordering::SeqCst) {
            Err(self.1.into())
        } else {
            Ok(bytes.len())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn bus_with(events: u64, budget: usize) -> Subscription {
    let bus = Bus::new(Clock::start());
    let subscription = bus.subscribe(budget);
    for _ in 0..events {
        bus.publish(
            Times::at(Micros(0)),
            None,
            None,
            EventKind::Host(Host::Resumed),
        );
    }
    bus.close();
    subscription
}

fn console<W: Write>(output: W) -> Console<W> {
    Console::new(
        output,
        Renderer::new(Format::Compact, Colour::Never, TimeZone::UTC),
        None,
    )
}

#[test]
fn what_was_too_much_for_the_terminal_is_said_and_counted() {
    let mut output = Vec::new();
    let summary = console(&mut output).run(&bus_with(5, 1));
    assert_eq!((summary.shown, summary.lost), (1, 4));
    let text = String::from_utf8(output).unwrap();
    assert!(
        text.contains("… 4 events were not shown: this terminal was too slow"),
        "{text}"
    );
}

#[test]
fn a_gap_in_the_json_is_an_event_too() {
    let mut output = Vec::new();
    let renderer = Renderer::new(Format::Json, Colour::Never, TimeZone::UTC);
    let console = Console::new(&mut output, renderer, None);
    assert_eq!(console.run(&bus_with(5, 1)).lost, 4);
    let text = String::from_utf8(output).unwrap();
    let last: Event = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last.number, 2);
    assert!(matches!(last.kind, EventKind::Gap(Gap { events: 4, .. })));
}

#[test]
fn what_is_filtered_out_still_counts_for_times_and_pairs() {
    let filter = Filter::parse("kind xmpp-stanza and direction to-client and not stanza ping");
    let renderer = Renderer::new(Format::Compact, Colour::Never, TimeZone::UTC);
    let mut output = Vec::new();
    let mut console = Console::new(&mut output, renderer, Some(filter.unwrap()));
    for event in &login().events {
        console.event(event).unwrap();
    }
    assert_eq!(console.finish().unwrap().shown, 8);
    let text = String::from_utf8(output).unwrap();
    assert!(
        text.contains("+3.3 ms   #3 ← subscribed") && text.contains("round trip 3.3 ms"),
        "{text}"
    );
    assert!(!text.contains("ping"), "{text}");
}

#[test]
fn a_reader_that_left_is_no_failure_and_a_full_disk_is_one() {
    let gone = |kind| Pipe(Arc::new(AtomicBool::new(true)), kind);
    let summary = console(gone(ErrorKind::BrokenPipe)).run(&bus_with(3, 1 << 20));
    assert!(summary.reader_left && summary.error.is_none());
    let summary = console(gone(ErrorKind::StorageFull)).run(&bus_with(3, 1 << 20));
    assert!(!summary.reader_left && summary.error.is_some());
}

#[test]
fn the_console_runs_on_its_own_thread_until_the_bus_closes() {
    let pipe = Pipe(Arc::new(AtomicBool::new(false)), ErrorKind::Other);
    let summary = console(pipe)
        .spawn(bus_with(3, 1 << 20))
        .unwrap()
        .join()
        .unwrap();
    assert_eq!((summary.shown, summary.lost), (3, 0));
}

/// Says one thing after each event that it sees.
#[derive(Debug, Default)]
struct Remarks(Vec<Remark>);

impl Onlooker for Remarks {
    fn see(&mut self, event: &Event) {
        self.0.push(Remark {
            at: event.time.arrived,
            tone: Tone::Bad,
            what: format!("found: it saw a {}", event.kind.name()),
            facts: vec!["with\x1b[2J a fact".to_owned()],
            below: vec!["and a reason".to_owned()],
        });
    }

    fn remarks(&mut self) -> Vec<Remark> {
        std::mem::take(&mut self.0)
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// What is written to the output, and aside.
fn watched(format: Format, aside: bool) -> (String, String) {
    let (mut output, said) = (Vec::new(), Shared::default());
    let renderer = Renderer::new(format, Colour::Never, TimeZone::UTC);
    let beside: Option<Box<dyn Write + Send>> = match aside {
        true => Some(Box::new(said.clone())),
        false => None,
    };
    let nothing = Filter::parse("kind ended").unwrap();
    let console = Console::new(&mut output, renderer, Some(nothing));
    let console = console.watched(Box::<Remarks>::default(), beside);
    let _ = console.run(&bus_with(1, 1 << 20));
    let said = said.0.lock().unwrap().clone();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output), text(said))
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_onlooker_is_heard_among_the_events_even_of_those_that_are_filtered_away() {
    let line = "00:00:00.000                   ■ found: it saw a host  with\\x1b[2J a fact\n";
    let (output, aside) = watched(Format::Compact, false);
    assert_eq!((&*output, &*aside), (line, ""));
    let (output, _) = watched(Format::Pretty, false);
    assert_eq!(output, format!("{line}              and a reason\n"));
    let (output, aside) = watched(Format::Json, true);
    assert_eq!((&*output, &*aside), ("", line));
}

#[test]
fn an_onlooker_goes_on_looking_when_nobody_reads() {
    let broken = Arc::new(AtomicBool::new(true));
    let seen = Counter::default();
    let pipe = Pipe(broken, ErrorKind::BrokenPipe);
    let bus = Bus::new(Clock::start());
    let subscription = bus.subscribe(1 << 20);
    let console = console(pipe).watched(Box::new(seen.clone()), None);
    let running = thread::spawn(move || console.run(&subscription));
    let host = || EventKind::Host(Host::Resumed);
    for number in 1..4 {
        bus.publish(Times::at(Micros(0)), None, None, host());
        // The next one is in a batch of its own.
        while seen.0.load(Ordering::SeqCst) < number {
            thread::yield_now();
        }
    }
    bus.close();
    assert!(running.join().unwrap().reader_left);
    assert_eq!(seen.0.load(Ordering::SeqCst), 3);
}

#[derive(Debug, Clone, Default)]
struct Counter(Arc<AtomicUsize>);

impl Onlooker for Counter {
    fn see(&mut self, _: &Event) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn remarks(&mut self) -> Vec<Remark> {
        Vec::new()
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }
}
