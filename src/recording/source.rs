//! What a command reads: a file, a folder with the parts of one recording, or the standard input.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::files::{PartName, recordings};
use super::header::Header;
use super::reader::{HeaderError, Item, Progress, Reader};
use super::trouble::Trouble;

/// A recording as a stream, over all its parts.
pub struct Source {
    reader: Reader<Input>,
    /// Where the reader reads.
    path: PathBuf,
    /// Parts that are still to be read.
    waiting: VecDeque<PathBuf>,
    follow: bool,
    /// The next part is there: what is left of this one is read, then that.
    closing: Option<PathBuf>,
    said_unfinished: bool,
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing there.
    #[error("{path}: there is no such file or folder", path = .0.display())]
    NotFound(PathBuf),
    /// It cannot be opened or read.
    #[error("{path}: {error}", path = .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no recording.
    #[error("{path}: {error}", path = .path.display())]
    Header {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: HeaderError,
    },
    /// A folder without a recording.
    #[error("{path}: there is no recording in this folder", path = .0.display())]
    NoRecording(PathBuf),
    /// A folder with several.
    #[error("{}", several(folder, names))]
    Several {
        /// The folder.
        folder: PathBuf,
        /// What to type for each of them.
        names: Vec<PathBuf>,
    },
}

type Input = Box<dyn BufRead + Send>;

impl Source {
    /// Opens what was named: a file, a folder with the parts of one recording, or `-` for the standard input.
    ///
    /// A recording's first part, or its path without endings, stands for all parts; a later part for itself.
    ///
    /// # Errors
    /// Where it is no recording.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        if path == Path::new("-") {
            let input = input(io::stdin()).map_err(|error| OpenError::Io {
                path: PathBuf::from("standard input"),
                error,
            })?;
            return Self::over(input, PathBuf::from("standard input"), VecDeque::new());
        }
        let mut parts = parts(path)?;
        let first = parts
            .pop_front()
            .ok_or_else(|| OpenError::NotFound(path.to_owned()))?;
        Self::over(open(&first)?, first, parts)
    }

    /// Does not stop at the end of what there is: [`Source::advance`] then gives `None`, and more at a later call.
    #[must_use]
    pub const fn follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    /// Reads from any input.
    ///
    /// # Errors
    /// Where it is no recording.
    pub fn over(
        input: impl BufRead + Send + 'static,
        path: PathBuf,
        waiting: VecDeque<PathBuf>,
    ) -> Result<Self, OpenError> {
        let reader = Reader::new(Box::new(input) as Input).map_err(|error| OpenError::Header {
            path: path.clone(),
            error,
        })?;
        Ok(Self {
            reader,
            path,
            waiting,
            follow: false,
            closing: None,
            said_unfinished: false,
        })
    }

    /// The header of the part that is being read.
    #[must_use]
    pub const fn header(&self) -> &Header {
        self.reader.header()
    }

    /// Where reading is: for troubles, whose lines are lines of this file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the session's end was read.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.reader.ended()
    }

    /// The next event or trouble; `None` at the end.
    ///
    /// # Errors
    /// Where a part cannot be read.
    pub fn advance(&mut self) -> Result<Option<Item>, OpenError> {
        loop {
            if let Some(item) = self.reader.advance().map_err(self.failed())? {
                return Ok(Some(item));
            }
            if let Some(next) = self.closing.take() {
                if let Some(item) = self.reader.finish().map_err(self.failed())? {
                    self.closing = Some(next);
                    return Ok(Some(item));
                }
                self.go_on(next)?;
                continue;
            }
            self.closing = self.waiting.pop_front().or_else(|| self.appeared());
            if self.closing.is_some() {
                continue;
            }
            if self.follow && !self.ended() {
                return Ok(None);
            }
            if let Some(item) = self.reader.finish().map_err(self.failed())? {
                return Ok(Some(item));
            }
            if self.ended() || self.said_unfinished {
                return Ok(None);
            }
            self.said_unfinished = true;
            return Ok(Some(Item::Trouble(Trouble::Unfinished)));
        }
    }

    /// Passes over all parts that were over before `time`, as far as later parts say when they began.
    ///
    /// # Errors
    /// Where a part cannot be read.
    pub fn skip_to(&mut self, time: crate::event::Micros) -> Result<(), OpenError> {
        while let Some(next) = self.waiting.front().cloned() {
            let input = open(&next)?;
            let reader = Reader::new(input).map_err(|error| OpenError::Header {
                path: next.clone(),
                error,
            })?;
            if reader.header().began > time {
                break;
            }
            self.waiting.pop_front();
            self.reader = reader;
            self.path = next;
        }
        Ok(())
    }

    /// The part after this one, if a recorder has begun it meanwhile.
    fn appeared(&self) -> Option<PathBuf> {
        if !self.follow || self.ended() {
            return None;
        }
        PartName::parse(&self.path)?.next().find()
    }

    fn go_on(&mut self, next: PathBuf) -> Result<(), OpenError> {
        let progress: Progress = self.reader.progress();
        let recording = self.header().recording.clone();
        let reader = Reader::new(open(&next)?).map_err(|error| OpenError::Header {
            path: next.clone(),
            error,
        })?;
        if reader.header().recording != recording {
            return Err(OpenError::Io {
                path: next,
                error: io::Error::other("this part belongs to another recording"),
            });
        }
        self.reader = reader.resume(progress);
        self.path = next;
        Ok(())
    }

    fn failed(&self) -> impl FnOnce(io::Error) -> OpenError + use<> {
        let path = self.path.clone();
        move |error| OpenError::Io { path, error }
    }
}

/// The files that a path stands for.
fn parts(path: &Path) -> Result<VecDeque<PathBuf>, OpenError> {
    if path.is_dir() {
        return in_folder(path);
    }
    let name = PartName::parse(path);
    if let Some(name) = name.as_ref().filter(|name| name.part > 1) {
        let found = name.find().unwrap_or_else(|| path.to_owned());
        return Ok(VecDeque::from([found]));
    }
    let stem = name.map_or_else(|| path.to_owned(), |name| name.stem);
    let all = beside(&stem);
    if !all.is_empty() {
        return Ok(all);
    }
    if path.exists() {
        return Ok(VecDeque::from([path.to_owned()]));
    }
    Err(OpenError::NotFound(path.to_owned()))
}

fn in_folder(folder: &Path) -> Result<VecDeque<PathBuf>, OpenError> {
    let mut found = recordings(folder).map_err(|error| OpenError::Io {
        path: folder.to_owned(),
        error,
    })?;
    if found.len() > 1 {
        let names = found.iter().map(|one| one.path().to_owned()).collect();
        return Err(OpenError::Several {
            folder: folder.to_owned(),
            names,
        });
    }
    let only = found
        .pop()
        .ok_or_else(|| OpenError::NoRecording(folder.to_owned()))?;
    Ok(only.parts.into_values().collect())
}

/// The parts of one recording.
fn beside(stem: &Path) -> VecDeque<PathBuf> {
    let folder = match stem.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let same = |one: &super::files::Recording| one.stem.file_name() == stem.file_name();
    let found = recordings(folder).unwrap_or_default();
    let parts = found.into_iter().find(same).map(|one| one.parts);
    parts.unwrap_or_default().into_values().collect()
}

fn open(path: &Path) -> Result<Input, OpenError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => OpenError::NotFound(path.to_owned()),
        _ => OpenError::Io {
            path: path.to_owned(),
            error,
        },
    };
    let file = File::open(path).map_err(failed)?;
    input(file).map_err(failed)
}

/// Plain or zstd, told by the first bytes.
fn input(raw: impl io::Read + Send + 'static) -> io::Result<Input> {
    const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let mut raw = raw;
    let mut start = Vec::with_capacity(ZSTD.len());
    (&mut raw).take(ZSTD.len() as u64).read_to_end(&mut start)?;
    let compressed = start == ZSTD;
    let whole = BufReader::with_capacity(BUFFER, io::Cursor::new(start).chain(raw));
    if !compressed {
        return Ok(Box::new(whole));
    }
    let mut decoder = zstd::stream::read::Decoder::with_buffer(whole)?;
    decoder.window_log_max(WINDOW)?;
    Ok(Box::new(BufReader::with_capacity(BUFFER, decoder)))
}

fn several(folder: &Path, names: &[PathBuf]) -> impl fmt::Display {
    let mut text = format!(
        "{}: there are {} recordings in this folder; name one of them:",
        folder.display(),
        names.len()
    );
    for name in names.iter().rev().take(SHOWN) {
        text.push_str("\n  ");
        text.push_str(&name.display().to_string());
    }
    if names.len() > SHOWN {
        text.push_str("\n  …");
    }
    text
}

/// Read at a time.
const BUFFER: usize = 128 * 1024;
/// The largest window of a compressed file that is read, as a power of two: 8 MiB.
const WINDOW: u32 = 23;
/// Recordings named in an error.
const SHOWN: usize = 20;
