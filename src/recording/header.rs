//! The first line of a recording: what it is, and whether this version can read it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::line::reason;
use crate::event::{Micros, SessionStarted};

/// The first line of each part of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Header {
    /// Always [`Header::FORMAT`].
    pub format: String,
    /// The version of the format.
    pub version: Version,
    /// Names the recording; the same in all its parts, in hex.
    pub recording: String,
    /// Which part this is, from 1.
    pub part: u32,
    /// The first event that belongs to this part; events of a lower number are its preamble, repeated from the parts
    /// before.
    pub first_event: u64,
    /// When this part was begun, on the session's clock.
    pub began: Micros,
    /// What the session is, as its first event says it.
    pub session: SessionStarted,
}

impl Header {
    /// The format's name.
    pub const FORMAT: &'static str = "finspect-recording";

    /// The header of a recording's first part.
    #[must_use]
    pub fn new(recording: String, session: SessionStarted) -> Self {
        Self {
            format: Self::FORMAT.to_owned(),
            version: Version::CURRENT,
            recording,
            part: 1,
            first_event: 1,
            began: Micros(0),
            session,
        }
    }

    /// Reads a first line.
    ///
    /// # Errors
    /// Where it is the first line of something else, or of a recording that this version cannot read.
    pub fn parse(line: &[u8]) -> Result<Self, RefusedHeader> {
        // The version first: what a later major version changes is not known.
        let outline: Outline = serde_json::from_slice(line).map_err(|error| {
            if !line.starts_with(START) && !START.starts_with(line) {
                RefusedHeader::NoRecording
            } else if error.is_eof() {
                RefusedHeader::Torn
            } else {
                RefusedHeader::Damaged(reason(&error))
            }
        })?;
        if outline.format != Self::FORMAT {
            return Err(RefusedHeader::NoRecording);
        }
        if outline.version.major != Version::CURRENT.major {
            return Err(RefusedHeader::TooNew(outline.version));
        }
        serde_json::from_slice(line).map_err(|error| RefusedHeader::Damaged(reason(&error)))
    }
}

/// How the first line of a recording begins.
const START: &[u8] = b"{\"format\":\"finspect-recording\",";

#[derive(Deserialize)]
struct Outline {
    format: String,
    version: Version,
}

/// Why a first line is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedHeader {
    /// Nothing in it at all.
    #[error("there is nothing to read in it: it is empty, or compressed and cut off")]
    Empty,
    /// It is the beginning of a header, and no more.
    #[error(
        "the recording ends within its first line: writing was cut off there, or has only begun"
    )]
    Torn,
    /// It is something else.
    #[error(
        "this is no recording of finspect: its first line is not a header (`finspect import` reads HAR and NetLog files)"
    )]
    NoRecording,
    /// Another major version.
    #[error(
        "this recording has format {0}, and this finspect reads {major}.x: use a newer finspect",
        major = Version::CURRENT.major
    )]
    TooNew(Version),
    /// A header that lacks something.
    #[error("the recording's header is damaged ({0})")]
    Damaged(String),
}

/// A version of the format: a change of `major` breaks readers, a change of `minor` adds what they can skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Breaks readers.
    pub major: u32,
    /// Adds.
    pub minor: u32,
}

impl Version {
    /// What this finspect writes.
    pub const CURRENT: Self = Self { major: 1, minor: 0 };
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts = text.split_once('.').and_then(|(major, minor)| {
            Some(Self {
                major: major.parse().ok()?,
                minor: minor.parse().ok()?,
            })
        });
        parts.ok_or_else(|| serde::de::Error::custom("a version is MAJOR.MINOR"))
    }
}
