//! A session: the bus, the redactor, and who listens; `run` and `demo` have one each.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::bus::{Bus, Clock};
use crate::cli::{Exit, Failed};
use crate::event::{EventKind, Micros, Redaction, SessionEnded, SessionStarted, Source, Times};
use crate::redact::{Key, Redactor};
use crate::sink::console::{Colour, Console, Format, Renderer, Summary};
use crate::sink::filter::Filter;

/// How the session is shown.
#[derive(Debug)]
pub(super) struct View {
    format: Format,
    filter: Option<Filter>,
    redaction: Redaction,
    key: Option<Key>,
}

/// A running session.
pub(super) struct Session {
    bus: Arc<Bus>,
    redactor: Arc<Redactor>,
    console: JoinHandle<Summary>,
}

/// Events that wait for a slow terminal, in bytes.
const CONSOLE_BUDGET: usize = 64 * 1024 * 1024;

/// How long the end waits for a terminal that has stopped reading.
const END_PATIENCE: Duration = Duration::from_secs(10);

impl View {
    /// Reads `--format` and `--filter`.
    pub(super) fn new(
        format: Option<&str>,
        filter: Option<&str>,
        redaction: Redaction,
    ) -> Result<Self, Failed> {
        let format = match format {
            None | Some("pretty") => Format::Pretty,
            Some("compact") => Format::Compact,
            Some("json") => Format::Json,
            Some(other) => {
                return Err(Failed::usage(format!(
                    "`{other}` is no format; there is pretty, compact and json"
                )));
            }
        };
        let filter = filter
            .map(Filter::parse)
            .transpose()
            .map_err(|error| Failed::usage(format!("--filter: {error}")))?;
        Ok(Self {
            format,
            filter,
            redaction,
            key: None,
        })
    }

    /// The same with pseudonyms of this key, instead of one that is made for the session.
    pub(super) fn with_key(self, key: Option<Key>) -> Self {
        Self { key, ..self }
    }
}

impl Session {
    /// Starts the listeners of a session and publishes its first event.
    pub(super) fn start(view: View, intercepted: Vec<String>) -> Result<Self, Failed> {
        let redactor = match &view.key {
            Some(key) => Redactor::new(view.redaction, key),
            None => Redactor::random(view.redaction)
                .map_err(|error| Failed::usage(error.to_string()))?,
        };
        let clock = Clock::start();
        let bus = Arc::new(Bus::new(clock));
        let renderer = Renderer::new(view.format, colour(), TimeZone::system());
        let console = Console::new(io::stdout(), renderer, view.filter)
            .spawn(bus.subscribe(CONSOLE_BUDGET))
            .map_err(|error| Failed::usage(format!("cannot start the console: {error}")))?;
        let started = SessionStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            wall_clock: clock.wall_at_start(),
            source: Source::Live,
            time_zone: TimeZone::system().iana_name().map(ToOwned::to_owned),
            intercepted,
            options: Vec::new(),
            redaction: view.redaction,
            pseudonyms: redactor.key_name(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        };
        let mut started = EventKind::SessionStarted(started);
        redactor.redact(&mut started);
        bus.publish(Times::at(Micros(0)), None, None, started);
        if view.redaction == Redaction::Off {
            say("WARNING: redaction is off: passwords, tokens and cookies are shown in clear");
        }
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
        let events = self.bus.published() + 1;
        let ended = SessionEnded {
            events,
            connections,
        };
        let now = self.bus.clock().now();
        let ended = EventKind::SessionEnded(ended);
        self.bus.publish(Times::at(now), None, None, ended);
        self.bus.close();
        let printed = wait_until(END_PATIENCE, || self.console.is_finished());
        say(&format!(
            "finspect saw {events} events on {connections} connections"
        ));
        if !printed {
            say("the output does not take the rest of the session: what waited for it is lost");
            return Exit::Incomplete;
        }
        match self.console.join() {
            Ok(summary) => conclude(&summary),
            Err(_) => Exit::Bug,
        }
    }
}

/// Whether `done` came true within `patience`.
fn wait_until(patience: Duration, done: impl Fn() -> bool) -> bool {
    const STEP: Duration = Duration::from_millis(5);
    let mut waited = Duration::ZERO;
    while !done() {
        if waited > patience {
            return false;
        }
        std::thread::sleep(STEP);
        waited += STEP;
    }
    true
}

/// What the console's end means for the session.
fn conclude(summary: &Summary) -> Exit {
    if let Some(error) = &summary.error {
        say(&format!(
            "the session could not be printed to its end: {error}"
        ));
        return Exit::Incomplete;
    }
    if summary.lost > 0 {
        say(&format!(
            "{} events were not shown: the output was too slow for them",
            summary.lost
        ));
        return Exit::Incomplete;
    }
    Exit::Done
}

/// Colour where a person looks, unless `NO_COLOR` is set to anything (no-color.org).
fn colour() -> Colour {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stdout().is_terminal() && !refused {
        Colour::Always
    } else {
        Colour::Never
    }
}

/// Talk that nobody reads must not stop a session.
pub(super) fn say(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}
