//! `finspect show`: a recording, printed as it was live.

use std::io::{self, BufWriter, StdoutLock};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::moment::{Moment, OutOfTime, connection};
use super::reading::Reading;
use super::session::{View, colour, say};
use super::{Exit, Failed, signals, written};
use crate::event::{ConnectionId, Event, Micros};
use crate::recording::Header;
use crate::sink::console::{Console, Renderer};
use crate::sink::filter::{Position, Selection};

/// The arguments of `finspect show`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ShowArgs {
    /// A recording, plain or compressed: a file, a folder with the parts of one, or - for stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How it is printed: pretty, compact (a line an event) or json (an event a line)
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: String,
    /// What is printed, such as 'not stanza ping'
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,
    /// Nothing before this: 12:31:04, 2026-11-23T12:31, +90s since the start, or #123, an event's number
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<Moment>,
    /// Nothing after this
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    to: Option<Moment>,
    /// Only this connection, by the number after # in the output; may repeat
    #[arg(long = "connection", value_name = "N", value_parser = connection)]
    connections: Vec<ConnectionId>,
    /// At the end wait for more, as `tail -f` does, until the session ends
    #[arg(long)]
    follow: bool,
    /// Times in UTC, shown and typed; otherwise those of this machine's time zone
    #[arg(long)]
    utc: bool,
}

const EXAMPLES: &str = "\
Examples:
  finspect show session.jsonl
      All of it. Parts (session.part2.jsonl.zst, ...) are read on as one recording.
  finspect show session.jsonl --from 12:31 --to 12:31:20 --filter 'not stanza ping'
      What went on before the desktop disconnected.
  finspect show session.jsonl --from +90s --connection 7
      A minute and a half after the start, one connection.
  finspect show session.jsonl --format json --filter 'kind closed' | jq .time.arrived
      For scripts.
  finspect show --follow session.jsonl
      While another finspect records it.

What is wrong with a recording is said on stderr with file and line, and reading goes on. Exit codes: 0 done, be it that
the last line was torn off or that the recording has no end; 2 it cannot be read; 3 events are missing: numbers skip,
lines are damaged, or finspect itself lost some while it recorded.";

/// Prints a recording.
pub(super) fn run(args: &ShowArgs) -> Result<Exit, Failed> {
    let view = View::new(Some(&args.format), args.filter.as_deref())?;
    let mut reading = if args.follow {
        Reading::follow(&args.file)?
    } else {
        Reading::open(&args.file)?
    };
    let zone = if args.utc {
        TimeZone::UTC
    } else {
        TimeZone::system()
    };
    let wall_clock = reading.header().session.wall_clock;
    let began = Timestamp::from_microsecond(wall_clock).map(|at| at.to_zoned(zone.clone()));
    // A header with an impossible time: only offsets and numbers mean anything.
    let began = began.unwrap_or_else(|_| Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC));
    let selection = Selection {
        filter: view.filter,
        from: position(args.from, |moment| moment.position(&began))?,
        to: position(args.to, |moment| moment.end(&began))?,
        connections: args.connections.clone(),
    };
    if let Some(from) = selection.from {
        reading.skip_to(|part| reaches_back_to(part, from));
    }
    let told = if args.follow {
        signals::watch()
            .map_err(|error| Failed::usage(format!("cannot wait for Ctrl-C: {error}")))?
    } else {
        Arc::default()
    };
    let renderer = Renderer::new(view.format, colour(), zone).begun_at(wall_clock);
    let output = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let mut show = Show {
        reading,
        console: Console::new(output, renderer, selection.clone()),
        selection,
        told,
        last: None,
    };
    match show.print() {
        Ok(()) => {
            show.say_if_nothing(&began);
            Ok(show.reading.finish())
        }
        Err(error) => written(Err(error)),
    }
}

/// A recording on its way to stdout.
struct Show {
    reading: Reading,
    console: Console<BufWriter<StdoutLock<'static>>>,
    selection: Selection,
    /// Ctrl-C was typed.
    told: Arc<AtomicBool>,
    /// The last event read: its number and when it was.
    last: Option<(u64, Micros)>,
}

impl Show {
    fn print(&mut self) -> io::Result<()> {
        while !self.told.load(Ordering::Relaxed) {
            // What was read is seen before more is waited for.
            if !self.reading.ready() {
                self.console.flush()?;
            }
            match self.reading.next() {
                Some(event) => {
                    self.event(&event)?;
                    if self.selection.is_over(&event) {
                        break;
                    }
                }
                None if self.reading.grows() => sleep(POLL),
                None => break,
            }
        }
        self.console.flush()
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        let (number, time) = self.last.unwrap_or_default();
        self.last = Some((number.max(event.number), time.max(event.time.arrived)));
        self.console.event(event)
    }

    /// An empty answer to a question about a stretch is explained.
    fn say_if_nothing(&self, began: &Zoned) {
        let Selection {
            from,
            to,
            connections,
            ..
        } = &self.selection;
        let asked = from.is_some() || to.is_some() || !connections.is_empty();
        if self.console.shown() > 0 || !asked {
            return;
        }
        let Some((number, Micros(micros))) = self.last else {
            return say("nothing is shown: the recording has no events");
        };
        let day = |at: &Zoned| at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
        let last = i64::try_from(micros).ok().and_then(|micros| {
            let since = jiff::SignedDuration::from_micros(micros);
            began.checked_add(since).ok()
        });
        say(&format!(
            "nothing is shown: the recording begins at {}, and what was read of it ends at {} with event {number}",
            day(began),
            last.as_ref().map_or_else(|| format!("+{micros} µs"), day),
        ));
    }
}

fn position(
    moment: Option<Moment>,
    place: impl FnOnce(Moment) -> Result<Position, OutOfTime>,
) -> Result<Option<Position>, Failed> {
    let position = moment.map(place).transpose();
    position.map_err(|error| Failed::usage(error.to_string()))
}

/// Whether all that comes at or after the place is in this part or in later ones.
fn reaches_back_to(part: &Header, place: Position) -> bool {
    match place {
        Position::Time(time) => i64::try_from(part.began.0).is_ok_and(|began| began < time),
        Position::Number(number) => part.first_event <= number,
    }
}

/// Written at a time.
const BUFFER: usize = 128 * 1024;
/// How often a recording that is followed is asked for more.
const POLL: Duration = Duration::from_millis(100);
