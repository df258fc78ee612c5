//! A session: the bus, the redactor, and who listens; `run` and `demo` have one each.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::bus::{Bus, Clock, Received, Subscription};
use crate::cli::{Exit, Failed};
use crate::event::{EventKind, Micros, Redaction, SessionEnded, SessionStarted, Times};
use crate::redact::Redactor;

/// How the session is shown.
#[derive(Debug)]
pub(super) struct View {
    redaction: Redaction,
}

/// A running session.
pub(super) struct Session {
    bus: Arc<Bus>,
    redactor: Arc<Redactor>,
    console: JoinHandle<u64>,
}

/// Events that wait for a slow terminal, in bytes.
const CONSOLE_BUDGET: usize = 16 * 1024 * 1024;

impl View {
    pub(super) fn new(
        format: Option<&str>,
        _filter: Option<&str>,
        redaction: Redaction,
    ) -> Result<Self, Failed> {
        match format {
            None | Some("pretty" | "compact" | "json") => Ok(Self { redaction }),
            Some(other) => Err(Failed::usage(format!(
                "`{other}` is no format; there is pretty, compact and json"
            ))),
        }
    }
}

impl Session {
    /// Starts the listeners of a session and publishes its first event.
    pub(super) fn start(view: View, intercepted: Vec<String>) -> Result<Self, Failed> {
        let redactor =
            Redactor::random(view.redaction).map_err(|error| Failed::usage(error.to_string()))?;
        let clock = Clock::start();
        let bus = Arc::new(Bus::new(clock));
        let subscription = bus.subscribe(CONSOLE_BUDGET);
        let console = std::thread::spawn(move || print_json(&subscription));
        let started = SessionStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            wall_clock: clock.wall_at_start(),
            intercepted,
            redaction: view.redaction,
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        };
        bus.publish(
            Times::at(Micros(0)),
            None,
            None,
            EventKind::SessionStarted(started),
        );
        Ok(Self {
            bus,
            redactor: Arc::new(redactor),
            console,
        })
    }

    pub(super) fn bus(&self) -> Arc<Bus> {
        Arc::clone(&self.bus)
    }

    pub(super) fn redactor(&self) -> Arc<Redactor> {
        Arc::clone(&self.redactor)
    }

    /// Publishes the last event, waits until everything is printed, and says how it went.
    pub(super) fn end(self, connections: u64) -> Exit {
        let ended = SessionEnded {
            events: self.bus.published() + 1,
            connections,
        };
        let now = self.bus.clock().now();
        self.bus
            .publish(Times::at(now), None, None, EventKind::SessionEnded(ended));
        self.bus.close();
        match self.console.join() {
            Ok(0) => Exit::Done,
            Ok(_) => Exit::Incomplete,
            Err(_) => Exit::Bug,
        }
    }
}

fn print_json(subscription: &Subscription) -> u64 {
    let mut lost = 0;
    let mut out = io::stdout().lock();
    while let Some(batch) = subscription.receive() {
        for received in batch {
            match received {
                Received::Event(event) => {
                    let line = serde_json::to_string(&*event).unwrap_or_default();
                    drop(writeln!(out, "{line}"));
                }
                Received::Lost(gap) => lost += gap.events,
            }
        }
    }
    lost
}
