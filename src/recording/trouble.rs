//! What is wrong with a recording, without a word of its content.

use std::fmt;
use std::path::PathBuf;

use super::Version;

/// Something that a reader of a recording has to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The recording is of a later minor version: what this finspect does not know is skipped.
    Newer(Version),
    /// A line that is no event.
    Damaged {
        /// The line, from 1.
        line: u64,
        /// Why.
        why: String,
    },
    /// An event of a kind, or with a value, that this finspect does not know.
    Unknown {
        /// The line, from 1.
        line: u64,
        /// The event's number.
        number: u64,
        /// Its kind.
        kind: String,
    },
    /// Events are missing: the numbers skip.
    Missing {
        /// The line after the hole, from 1.
        line: u64,
        /// The first number that is missing.
        from: u64,
        /// The last one.
        to: u64,
        /// Lines before it that were left out and said already: so many of the events may be among them.
        left_out: u64,
    },
    /// A number that was there before: lines were added or moved.
    Disorder {
        /// The line, from 1.
        line: u64,
        /// The number.
        number: u64,
    },
    /// The last line is not whole: writing was cut off there.
    Torn {
        /// The line, from 1.
        line: u64,
    },
    /// The file gives no more from here on: a compressed file that is damaged, or a disk that fails.
    Unreadable {
        /// The last line that was read, from 1.
        line: u64,
        /// Why.
        why: String,
    },
    /// A part that cannot be read at all, and is left out.
    LeftOut {
        /// Its file.
        part: PathBuf,
        /// Why.
        why: String,
    },
    /// There is no `session-ended`: finspect was killed, or is still running.
    Unfinished,
}

impl Trouble {
    /// How many events are surely missing for it.
    #[must_use]
    pub fn lost(&self) -> u64 {
        match self {
            Self::Missing {
                from, to, left_out, ..
            } => (to - from + 1).saturating_sub(*left_out),
            Self::Damaged { .. } | Self::Unknown { .. } | Self::Unreadable { .. } => 1,
            // What is lost with a part shows in the numbers of the next one.
            Self::LeftOut { .. }
            | Self::Newer(_)
            | Self::Disorder { .. }
            | Self::Torn { .. }
            | Self::Unfinished => 0,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer(version) => write!(
                f,
                "the recording has format {version}, newer than this finspect's {}: what it does not know is skipped",
                Version::CURRENT
            ),
            Self::Damaged { line, why } => {
                write!(f, "line {line} is damaged and left out: {why}")
            }
            Self::Unknown { line, number, kind } => write!(
                f,
                "line {line} is left out: event {number} ({kind}) says what this finspect does not know"
            ),
            Self::Missing { line, from, to, .. } if from == to => {
                write!(f, "before line {line}, event {from} is missing")
            }
            Self::Missing { line, from, to, .. } => {
                write!(f, "before line {line}, events {from} to {to} are missing")
            }
            Self::Disorder { line, number } => write!(
                f,
                "line {line} is out of order and left out: event {number} comes after a later one"
            ),
            Self::Torn { line } => write!(
                f,
                "line {line}, the last one, is not whole: writing was cut off there"
            ),
            Self::Unreadable { line, why } => {
                write!(f, "behind line {line} nothing more can be read: {why}")
            }
            Self::LeftOut { part, why } => {
                write!(f, "the part {} is left out: {why}", part.display())
            }
            Self::Unfinished => {
                f.write_str("the recording has no end: finspect was killed or is still running")
            }
        }
    }
}
