//! The file that is being written: whole lines, and nothing after them.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::event::Event;
use crate::recording::{Header, PartName, create_file, encode, same_file};

/// One part, open for writing.
#[derive(Debug)]
pub(super) struct Part {
    name: PartName,
    path: PathBuf,
    file: File,
    /// Bytes of whole lines written.
    bytes: u64,
    /// Bytes that a failed write may have left behind them.
    torn: bool,
    /// Written since the last flush to the disk itself.
    dirty: bool,
}

impl Part {
    /// Makes the file, with its header and what was open when it began.
    pub(super) fn create(
        name: PartName,
        header: &Header,
        preamble: &[Arc<Event>],
    ) -> io::Result<Self> {
        let path = name.path();
        let mut lines = Vec::new();
        encode(header, &mut lines);
        for event in preamble {
            encode(&**event, &mut lines);
        }
        let file = create_file(&path)?;
        let mut part = Self {
            name,
            path,
            file,
            bytes: 0,
            torn: false,
            dirty: false,
        };
        let written = part.write(&lines);
        if written.is_err() {
            // Half a part must not pass for one, and its name is wanted for the next try.
            drop(std::fs::remove_file(&part.path));
        }
        written.map(|()| part)
    }

    /// Appends whole lines, all or nothing: after an error the next try begins where the last whole line ended.
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.bytes)?;
            self.file.seek(SeekFrom::Start(self.bytes))?;
            self.torn = false;
        }
        if let Err(error) = self.file.write_all(lines) {
            self.torn = true;
            // At once if it can be done, so that a reader never sees half a line.
            if self.file.set_len(self.bytes).is_ok()
                && self.file.seek(SeekFrom::Start(self.bytes)).is_ok()
            {
                self.torn = false;
            }
            return Err(error);
        }
        self.bytes += lines.len() as u64;
        self.dirty = true;
        Ok(())
    }

    /// Flushes to the disk itself.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.dirty {
            self.file.sync_data()?;
            self.dirty = false;
        }
        Ok(())
    }

    /// Whether the file is still where it was made.
    pub(super) fn is_there(&self) -> bool {
        same_file(&self.file, &self.path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn name(&self) -> &PartName {
        &self.name
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }
}
