//! Events out of order in a temporary file, and an index in memory by which they come out in order.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};

use serde::{Deserialize, Serialize};

use crate::event::{Direction, EventKind};

/// An event before it has its number: redacted, and with times of the wall clock.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Fact {
    /// When it was seen, in microseconds since the Unix epoch.
    pub(super) at: i64,
    /// Its connection, counted in the order in which the importer met them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) connection: Option<usize>,
    /// Its direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) direction: Option<Direction>,
    /// What was seen.
    pub(super) kind: EventKind,
}

impl Fact {
    /// A fact of a connection that has no direction.
    pub(super) const fn of(connection: usize, at: i64, kind: EventKind) -> Self {
        Self {
            at,
            connection: Some(connection),
            direction: None,
            kind,
        }
    }

    /// A fact of one direction of a connection.
    pub(super) const fn sent(
        connection: usize,
        direction: Direction,
        at: i64,
        kind: EventKind,
    ) -> Self {
        Self {
            at,
            connection: Some(connection),
            direction: Some(direction),
            kind,
        }
    }
}

/// The file, and where in it each event stands.
#[derive(Debug)]
pub(super) struct Spool {
    file: BufWriter<File>,
    length: u64,
    line: Vec<u8>,
    /// 16 bytes an event: the time to sort by, and where it stands.
    index: Vec<(i64, u64)>,
}

impl Spool {
    /// A file that nobody else can open by a name, and that is gone with this process.
    ///
    /// # Errors
    /// Where there is no room for temporary files.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(BUFFER, tempfile::tempfile()?),
            length: 0,
            line: Vec::new(),
            index: Vec::new(),
        })
    }

    /// Adds an event that is to come at `key`; of equal keys, openings come first, then the order of adding counts.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn push(&mut self, key: i64, is_opening: bool, fact: &Fact) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, fact)?;
        let length = u32::try_from(self.line.len()).map_err(io::Error::other)?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&self.line)?;
        let place = if is_opening {
            self.length
        } else {
            self.length | LATER
        };
        self.index.push((key, place));
        self.length += 4 + u64::from(length);
        Ok(())
    }

    /// Ends the writing; the events come out sorted.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn sorted(mut self) -> io::Result<Sorted> {
        self.index.sort_unstable();
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        let mut file = BufReader::with_capacity(BUFFER, file);
        file.seek(SeekFrom::Start(0))?;
        Ok(Sorted {
            file,
            position: 0,
            line: self.line,
            index: self.index.into_iter(),
        })
    }
}

/// The events in order.
#[derive(Debug)]
pub(super) struct Sorted {
    file: BufReader<File>,
    position: u64,
    line: Vec<u8>,
    index: std::vec::IntoIter<(i64, u64)>,
}

impl Sorted {
    /// The next event.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn next(&mut self) -> io::Result<Option<Fact>> {
        let Some((_, place)) = self.index.next() else {
            return Ok(None);
        };
        let place = place & !LATER;
        // Both are lengths of a file, which the system counts in 63 bits.
        self.file
            .seek_relative(place.cast_signed() - self.position.cast_signed())?;
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length);
        self.line.resize(length as usize, 0);
        self.file.read_exact(&mut self.line)?;
        self.position = place + 4 + u64::from(length);
        Ok(Some(serde_json::from_slice(&self.line)?))
    }
}

/// Marks in the index what is no opening.
const LATER: u64 = 1 << 63;
/// Read and written at a time.
const BUFFER: usize = 256 * 1024;
