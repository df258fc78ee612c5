//! The recording that a command reads, and what the user is told about its state.

use std::path::Path;

use super::session::say;
use super::{Exit, Failed};
use crate::event::{Event, EventKind, Redaction};
use crate::recording::{Header, Item, OpenError, Source, Trouble};

/// A recording that is read from its start to its end; what is wrong with it is said on stderr as it is met.
pub(super) struct Reading {
    source: Source,
    /// Troubles said so far.
    said: u64,
    /// Events that are missing, those included that the recorder itself had to let go.
    missing: u64,
    /// Lines left out since the last event.
    left_out: u64,
}

impl Reading {
    /// Opens a file, a folder with the parts of one recording, or `-`.
    pub(super) fn open(path: &Path) -> Result<Self, Failed> {
        Self::over(Source::open(path).map_err(failed)?)
    }

    /// The same, but does not stop at the end of what there is so far.
    pub(super) fn follow(path: &Path) -> Result<Self, Failed> {
        Self::over(Source::open(path).map_err(failed)?.follow(true))
    }

    fn over(source: Source) -> Result<Self, Failed> {
        if source.header().session.redaction == Redaction::Off {
            say(OFF);
        }
        let part = source.header().part;
        if part > 1 {
            say(&format!(
                "{}: this is part {part}: of what came before it, only what was still open is in it",
                source.path().display()
            ));
        }
        Ok(Self {
            source,
            said: 0,
            missing: 0,
            left_out: 0,
        })
    }

    /// The header.
    pub(super) const fn header(&self) -> &Header {
        self.source.header()
    }

    /// Passes over whole parts as long as the one after them may be begun with.
    pub(super) fn skip_to(&mut self, may_begin: impl Fn(&Header) -> bool) {
        self.source.skip_to(may_begin);
    }

    /// Whether the next event is in memory, so that asking for it waits for nobody.
    pub(super) fn ready(&mut self) -> bool {
        self.source.ready()
    }

    /// Whether there may be more later, although there is no next event.
    pub(super) const fn grows(&self) -> bool {
        self.source.grows()
    }

    /// How many lines were left out since the last event, for what they said is not known.
    pub(super) const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Events that are missing so far, those included that the recorder itself had to let go.
    pub(super) const fn missing(&self) -> u64 {
        self.missing
    }

    /// The next event; `None` at the end, or, where it is followed, at the end of what there is so far.
    pub(super) fn next(&mut self) -> Option<Event> {
        self.left_out = 0;
        loop {
            match self.source.advance()? {
                Item::Event(event) => {
                    if let EventKind::Gap(gap) = &event.kind {
                        self.missing = self.missing.saturating_add(gap.events);
                    }
                    return Some(*event);
                }
                Item::Trouble(trouble) => self.trouble(&trouble),
            }
        }
    }

    fn trouble(&mut self, trouble: &Trouble) {
        self.missing = self.missing.saturating_add(trouble.lost());
        self.left_out += u64::from(matches!(
            trouble,
            Trouble::Damaged { .. } | Trouble::Unknown { .. }
        ));
        self.said += 1;
        if self.said <= SAID {
            say(&format!("{}: {trouble}", self.source.path().display()));
        }
    }

    /// Says what was missing; 3 where it was anything.
    pub(super) fn finish(self) -> Exit {
        if self.said > SAID {
            say(&format!("… and {} more of that kind", self.said - SAID));
        }
        if self.missing == 0 {
            return Exit::Done;
        }
        say(&format!(
            "the recording is incomplete: {} missing",
            match self.missing {
                1 => "1 event is".to_owned(),
                many => format!("{many} events are"),
            }
        ));
        Exit::Incomplete
    }
}

fn failed(error: OpenError) -> Failed {
    Failed::usage(error.to_string())
}

/// Said wherever a recording without redaction is read or written.
pub(super) const OFF: &str = "WARNING: this recording is not redacted: passwords, tokens and cookies are in it in clear; do not share it (`finspect redact` makes one that can be)";

/// Troubles said one by one; the rest is counted.
const SAID: u64 = 50;
