//! Files that a browser wrote become recordings: HAR from DevTools, NetLog from net-export.
//!
//! Both are read as a stream, are redacted before anything is put down, and may end anywhere: what was whole until
//! there is kept. Facts come in the order of the file, which is not that of time, so they go through a temporary file.

mod collector;
mod failure;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod har;
mod json;
mod netlog;
mod shorten;
mod spool;
#[cfg(test)]
mod tests;
mod url;

use std::io::{self, BufReader, Read, Write};

use serde::de::DeserializeSeed as _;

use crate::event::{Authority, SessionStarted, Source};
use crate::redact::Redactor;

use collector::Collector;
use json::{Members, Object};
use shorten::{Mark, Shorten};

/// What to take of a file.
pub struct Options<'a> {
    /// Whether connections to this host are wanted.
    pub wanted: &'a dyn Fn(&Authority) -> bool,
}

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Events written, the first and the last included.
    pub events: u64,
    /// Connections among them.
    pub connections: u64,
    /// How the file ended, where that was not in order.
    pub damage: Option<Damage>,
    /// Messages and events that were read, but that nothing could be made of.
    pub lost: u64,
    /// Entries of a HAR that never were on the wire: from the cache, `data:` and `blob:`.
    pub not_on_the_wire: u64,
}

/// How a file ended that is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It ends in the middle.
    CutOff,
    /// It is no JSON from this line on, from 1.
    Broken(u64),
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is something else.
    #[error(
        "this is no HAR file: there is no `log` with `entries` in it (in DevTools: Network, the download arrow, Export HAR)"
    )]
    NoHar,
    /// It is something else.
    #[error(
        "this is no NetLog file: there are no `constants` with `logEventTypes` before its events (made by chrome://net-export or --log-net-log)"
    )]
    NoNetlog,
    /// It cannot be read.
    #[error("cannot read: {0}")]
    Read(io::Error),
    /// The events cannot be put into the temporary file.
    #[error("cannot use a temporary file: {0} (the folder is that of TMPDIR)")]
    Spool(io::Error),
    /// The recording cannot be written.
    #[error("cannot write: {0}")]
    Write(io::Error),
}

/// Reads a HAR file and writes it as a recording.
///
/// # Errors
/// Where it is no HAR file, and those of input, output and temporary files.
pub fn har<W: Write>(
    input: impl Read,
    output: W,
    redactor: &Redactor,
    options: &Options<'_>,
) -> Result<(Report, W), ImportError> {
    import::<har::File<'_>, _>(input, output, redactor, options)
}

/// Reads a NetLog file and writes it as a recording.
///
/// # Errors
/// Where it is no NetLog file, and those of input, output and temporary files.
pub fn netlog<W: Write>(
    input: impl Read,
    output: W,
    redactor: &Redactor,
    options: &Options<'_>,
) -> Result<(Report, W), ImportError> {
    import::<netlog::File<'_>, _>(input, output, redactor, options)
}

/// A form of file: an object whose members become facts as they are read.
trait Form<'a>: Object + Sized {
    /// Nothing is read yet; strings that were cut end in `mark`.
    fn new(collector: Collector<'a>, mark: Mark) -> Self;

    /// What the session is, and what was in the file; an error where it is something else.
    fn finish(self) -> Result<(SessionStarted, Collector<'a>), ImportError>;
}

fn import<'a, F: Form<'a>, W: Write>(
    input: impl Read,
    output: W,
    redactor: &'a Redactor,
    options: &'a Options<'a>,
) -> Result<(Report, W), ImportError> {
    let mark = Mark::random().map_err(ImportError::Spool)?;
    let collector = Collector::new(redactor, options).map_err(ImportError::Spool)?;
    let mut file = F::new(collector, mark.clone());
    let damage = read(input, mark, &mut file)?;
    let (session, mut collector) = file.finish()?;
    collector.report.damage = damage;
    collector.write(session, output)
}

/// Reads the file's object until its end, or until it is no more JSON.
fn read(
    input: impl Read,
    mark: Mark,
    file: &mut impl Object,
) -> Result<Option<Damage>, ImportError> {
    let input = BufReader::with_capacity(BUFFER, Shorten::new(input, mark, STRING));
    let mut deserializer = serde_json::Deserializer::from_reader(input);
    match Members(file).deserialize(&mut deserializer) {
        Ok(()) => Ok(None),
        Err(error) if error.is_io() => Err(ImportError::Read(error.into())),
        Err(error) if error.is_eof() => Ok(Some(Damage::CutOff)),
        Err(error) => Ok(Some(Damage::Broken(error.line() as u64))),
    }
}

fn session(source: Source, platform: String, options: Vec<String>) -> SessionStarted {
    SessionStarted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        source,
        options,
        platform,
        ..SessionStarted::default()
    }
}

/// Bytes of one JSON string that are kept, escapes as they stand in the file; messages and bodies are cut further.
const STRING: usize = 1024 * 1024;
/// Bytes between the filter and the parser.
const BUFFER: usize = 64 * 1024;
