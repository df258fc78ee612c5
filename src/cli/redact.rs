//! `finspect redact`: tightens a recording before it is shared; and the level and the key of `run`.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::Output;
use super::reading::Reading;
use super::session::say;
use super::{Exit, Failed};
use crate::event::{Event, EventKind, Gap, Redaction, SessionStarted, Times};
use crate::recording::{Header, Writer, create_file};
use crate::redact::{Key, Redactor};

/// The arguments of `finspect redact`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RedactArgs {
    /// The recording: a file, a folder with the parts of one, or `-`
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How much is replaced: standard (credentials, tokens, cookies, call variables) or strict (persons, numbers and client
    /// addresses too)
    #[arg(long, value_name = "LEVEL", default_value = "strict")]
    level: String,
    /// The key of the pseudonyms, so that those of several recordings can be compared; made if it is not there
    #[arg(long, value_name = "FILE")]
    redact_key: Option<PathBuf>,
    /// Where to write the new recording; nothing is overwritten [default: stdout]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  finspect redact session.jsonl --level strict -o shared.jsonl
      No person is left in shared.jsonl, and what happened still is.
  finspect redact session.jsonl --redact-key team.key -o shared.jsonl
      The same agent has the same pseudonym in each recording that was redacted with this key.
  finspect redact raw.jsonl --level standard -o safe.jsonl
      Takes the secrets out of a recording that was made with --redact off.";

/// Writes the recording anew.
pub(super) fn run(args: &RedactArgs) -> Result<Exit, Failed> {
    let level = match level(Some(&args.level))? {
        Redaction::Off => {
            return Err(Failed::usage(
                "`redact` takes standard or strict: what was replaced once cannot be brought back",
            ));
        }
        level => level,
    };
    let mut reading = Reading::open(&args.file)?;
    if reading.header().session.redaction > level {
        return Err(Failed::usage(
            "the recording is strict already, and what was replaced cannot be brought back: use --level strict",
        ));
    }
    let redactor = redactor(level, args.redact_key.as_deref())?;
    let former = reading.header().session.pseudonyms.clone();
    if former.is_some() && former != redactor.key_name() {
        say(
            "pseudonyms that are in the recording already keep their former key, and cannot be compared with new ones",
        );
    }
    let output = Output::create(args.output.as_deref())?;
    let output = tighten(&mut reading, &redactor, output)?;
    let lost = reading.finish();
    output.finish()?;
    report(&redactor);
    Ok(lost)
}

/// Copies what is known, redacted; `gap` events stand for what is not.
fn tighten(reading: &mut Reading, redactor: &Redactor, output: Output) -> Result<Output, Failed> {
    let unwritable = |error| Failed::usage(format!("cannot write the new recording: {error}"));
    let mut header = reading.header().clone();
    header.session = tightened(redactor, header.session);
    let mut copy = Copy::new(Writer::new(output, &header).map_err(unwritable)?, &header);
    while let Some(mut event) = reading.next() {
        if let EventKind::SessionStarted(started) = &mut event.kind {
            mark(redactor, started);
        }
        redactor.redact(&mut event.kind);
        copy.event(&event).map_err(unwritable)?;
    }
    copy.gap(reading.left_out()).map_err(unwritable)?;
    if copy.left_out > 0 {
        say(&format!(
            "{} events are not in the new recording: what cannot be read cannot be redacted; `gap` events stand in their places",
            copy.left_out
        ));
    }
    copy.writer.finish().map_err(unwritable)
}

/// The header's copy of the session's start.
fn tightened(redactor: &Redactor, mut session: SessionStarted) -> SessionStarted {
    mark(redactor, &mut session);
    let mut kind = EventKind::SessionStarted(session);
    redactor.redact(&mut kind);
    match kind {
        EventKind::SessionStarted(session) => session,
        _ => SessionStarted::default(),
    }
}

/// Says the new level and key.
fn mark(redactor: &Redactor, session: &mut SessionStarted) {
    session.redaction = redactor.level();
    session.pseudonyms = redactor.key_name();
}

/// The recording that is written, and where its numbers are.
struct Copy {
    writer: Writer<Output>,
    first: u64,
    /// The number that comes next, and the time of the event before.
    next: u64,
    time: Times,
    left_out: u64,
}

impl Copy {
    const fn new(writer: Writer<Output>, header: &Header) -> Self {
        Self {
            writer,
            first: header.first_event,
            next: header.first_event,
            time: Times::at(header.began),
            left_out: 0,
        }
    }

    /// Writes an event, and a gap before it where numbers are missing.
    fn event(&mut self, event: &Event) -> std::io::Result<()> {
        if event.number >= self.first {
            self.gap(event.number.saturating_sub(self.next))?;
            let stands_for = match &event.kind {
                EventKind::Gap(gap) => gap.events.max(1),
                _ => 1,
            };
            self.next = event.number.saturating_add(stands_for);
            self.time = Times::at(event.time.arrived);
        }
        self.writer.event(event)
    }

    /// Writes a gap in place of the next `events`.
    fn gap(&mut self, events: u64) -> std::io::Result<()> {
        if events == 0 {
            return Ok(());
        }
        let gap = Gap {
            events,
            ..Gap::default()
        };
        self.writer.event(&Event {
            number: self.next,
            time: self.time,
            connection: None,
            direction: None,
            kind: EventKind::Gap(gap),
        })?;
        self.next = self.next.saturating_add(events);
        self.left_out = self.left_out.saturating_add(events);
        Ok(())
    }
}

/// Says what was replaced.
fn report(redactor: &Redactor) {
    let counts: Vec<String> = redactor.counts().iter().map(ToString::to_string).collect();
    if counts.is_empty() {
        say("replaced: nothing, there was nothing left to replace");
    } else {
        say(&format!("replaced: {}", counts.join(", ")));
    }
}

/// What `--redact` and `--level` say.
pub(super) fn level(typed: Option<&str>) -> Result<Redaction, Failed> {
    match typed {
        None | Some("standard") => Ok(Redaction::Standard),
        Some("strict") => Ok(Redaction::Strict),
        Some("off") => Ok(Redaction::Off),
        Some(other) => Err(Failed::usage(format!(
            "`{other}` is no redaction level; there is standard, strict and off"
        ))),
    }
}

/// The redactor of a command: with the key of `--redact-key`, or one that nobody knows.
pub(super) fn redactor(level: Redaction, file: Option<&Path>) -> Result<Redactor, Failed> {
    match file {
        Some(path) => Ok(Redactor::new(level, &key(path)?)),
        None => Redactor::random(level).map_err(|error| Failed::usage(error.to_string())),
    }
}

/// Reads the key of `--redact-key`; makes it where there is no such file.
pub(super) fn key(path: &Path) -> Result<Key, Failed> {
    let failed = |why: &str| Failed::usage(format!("the redaction key {}: {why}", path.display()));
    match create_file(path) {
        Ok(mut file) => {
            let key = Key::random().map_err(|error| failed(&error.to_string()))?;
            let text = format!("{}\n", key.to_hex());
            let written = file
                .write_all(text.as_bytes())
                .and_then(|()| file.sync_all());
            written.map_err(|error| failed(&format!("cannot be written: {error}")))?;
            say(&format!(
                "made the redaction key {}: keep it among those who may know whom a pseudonym stands for",
                path.display()
            ));
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if is_open_to_others(path) {
                return Err(failed(
                    "others can read it, so pseudonyms would hide nobody from them: chmod 600 it",
                ));
            }
            let mut text = String::new();
            File::open(path)
                .and_then(|file| file.take(KEY_LONGEST).read_to_string(&mut text))
                .map_err(|error| failed(&format!("cannot be read: {error}")))?;
            Key::from_hex(&text).map_err(|error| {
                failed(&format!(
                    "{error}; name a file that is not there to have one made"
                ))
            })
        }
        Err(error) => Err(failed(&format!("cannot be made: {error}"))),
    }
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

/// The folder's rights decide.
#[cfg(not(unix))]
const fn is_open_to_others(_: &Path) -> bool {
    false
}

/// A longer file is no key, in bytes.
const KEY_LONGEST: u64 = 1024;
