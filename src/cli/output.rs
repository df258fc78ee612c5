//! Where a command puts its data: the file of `-o`, new and readable by its owner alone, or stdout.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};
use std::path::{Path, PathBuf};

use super::Failed;
use crate::recording::create_file;

/// A file that is being made, or stdout. A reader of stdout that has left is no failure.
pub(super) struct Output {
    target: Target,
    reader_left: bool,
}

enum Target {
    Stdout(BufWriter<StdoutLock<'static>>),
    File {
        path: PathBuf,
        file: BufWriter<File>,
        finished: bool,
    },
}

impl Output {
    /// Opens the output. A file that is there is not overwritten.
    pub(super) fn create(path: Option<&Path>) -> Result<Self, Failed> {
        let target = match path {
            None => Target::Stdout(BufWriter::with_capacity(BUFFER, io::stdout().lock())),
            Some(path) if path == Path::new("-") => return Self::create(None),
            Some(path) => Target::File {
                path: path.to_owned(),
                file: BufWriter::with_capacity(
                    BUFFER,
                    create_file(path).map_err(|error| refused(path, &error))?,
                ),
                finished: false,
            },
        };
        Ok(Self {
            target,
            reader_left: false,
        })
    }

    /// Whether stdout's reader has left, so that more work is in vain.
    pub(super) const fn reader_left(&self) -> bool {
        self.reader_left
    }

    /// Hands out what is buffered; until then a file counts as unfinished, and is removed on drop.
    pub(super) fn finish(mut self) -> Result<(), Failed> {
        let flushed = self.flush();
        if let Target::File { finished, .. } = &mut self.target {
            *finished = flushed.is_ok();
        }
        flushed.map_err(|error| self.failed(&error))
    }

    /// What to tell the user of an error of writing.
    pub(super) fn failed(&self, error: &io::Error) -> Failed {
        match &self.target {
            Target::Stdout(_) => Failed::usage(format!("cannot write to stdout: {error}")),
            Target::File { path, .. } => {
                Failed::usage(format!("cannot write {}: {error}", path.display()))
            }
        }
    }

    fn forgive<T: Default>(&mut self, result: io::Result<T>, gone: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.reader_left = true;
                Ok(gone)
            }
            other => other,
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.reader_left {
            return Ok(bytes.len());
        }
        let written = match &mut self.target {
            Target::Stdout(out) => out.write(bytes),
            Target::File { file, .. } => file.write(bytes),
        };
        self.forgive(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.reader_left {
            return Ok(());
        }
        let flushed = match &mut self.target {
            Target::Stdout(out) => out.flush(),
            Target::File { file, .. } => file.flush(),
        };
        self.forgive(flushed, ())
    }
}

/// Half a file must not pass for a whole one.
impl Drop for Output {
    fn drop(&mut self) {
        if let Target::File {
            path,
            finished: false,
            ..
        } = &self.target
        {
            drop(fs::remove_file(path));
        }
    }
}

fn refused(path: &Path, error: &io::Error) -> Failed {
    Failed::usage(if error.kind() == ErrorKind::AlreadyExists {
        format!(
            "{} is there already, and finspect overwrites nothing: name another file",
            path.display()
        )
    } else {
        format!("cannot create {}: {error}", path.display())
    })
}

/// Written at a time.
const BUFFER: usize = 128 * 1024;
