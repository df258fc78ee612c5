//! What a command reads: a file, a folder with the parts of one recording, or the standard input.

mod open;

#[cfg(test)]
mod tests;

pub use open::OpenError;

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use super::files::{PartName, Recording};
use super::header::{Header, RefusedHeader};
use super::reader::{HeaderError, Item, Reader};
use super::trouble::Trouble;
use open::{Input, Parts, beside, input, open, parts};

/// A recording as a stream, over all its parts.
pub struct Source {
    reader: Reader<Input>,
    /// Where the reader reads.
    path: PathBuf,
    /// Parts that are still to be read.
    waiting: VecDeque<PathBuf>,
    /// A part that was named alone: those after it are not read, and the session's end may be in them.
    alone: bool,
    follow: bool,
    /// The part after this one, with its header read: what is left of this one comes first.
    closing: Option<Part>,
    /// The last part that was tried; it may have been unreadable.
    tried: PathBuf,
    said: Said,
}

/// A part whose header is read.
struct Part {
    path: PathBuf,
    reader: Reader<Input>,
}

/// What is said once.
#[derive(Default)]
struct Said {
    unreadable: bool,
    unfinished: bool,
}

impl Source {
    /// Opens what was named: a file, a folder with the parts of one recording, or `-` for the standard input.
    ///
    /// A recording's first part, or its path without endings, stands for all parts; a later part for itself.
    ///
    /// # Errors
    /// Where it is no recording.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        if path == Path::new("-") {
            let path = PathBuf::from(STANDARD_INPUT);
            return match input(io::stdin()) {
                Ok(input) => Self::begin(input, path, VecDeque::new()),
                Err(error) => Err(OpenError::Io { path, error }),
            };
        }
        let Parts { mut files, alone } = parts(path)?;
        let first = files
            .pop_front()
            .ok_or_else(|| OpenError::NotFound(path.to_owned()))?;
        let source = Self::begin(open(&first)?, first, files)?;
        Ok(Self { alone, ..source })
    }

    /// Does not stop at the end of what there is: [`Source::advance`] then gives `None`, and more at a later call.
    ///
    /// The standard input is waited for in any case, and ends where it ends.
    #[must_use]
    pub fn follow(mut self, follow: bool) -> Self {
        self.follow = follow && self.path != Path::new(STANDARD_INPUT);
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
        Self::begin(Box::new(input), path, waiting)
    }

    /// Reads a recording by the names of its parts.
    ///
    /// # Errors
    /// Where its first part is no recording.
    pub fn of_parts(recording: &Recording) -> Result<Self, OpenError> {
        let mut files: VecDeque<PathBuf> = recording.parts.values().cloned().collect();
        let first = files
            .pop_front()
            .ok_or_else(|| OpenError::NotFound(recording.stem.clone()))?;
        Self::begin(open(&first)?, first, files)
    }

    fn begin(input: Input, path: PathBuf, waiting: VecDeque<PathBuf>) -> Result<Self, OpenError> {
        let reader = Reader::new(input).map_err(|error| OpenError::Header {
            path: path.clone(),
            error,
        })?;
        Ok(Self {
            reader,
            tried: path.clone(),
            path,
            waiting,
            alone: false,
            follow: false,
            closing: None,
            said: Said::default(),
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

    /// Whether there may be more later, although [`Source::advance`] gave `None`.
    #[must_use]
    pub const fn grows(&self) -> bool {
        self.follow && !self.ended()
    }

    /// Whether the next event or trouble is in memory, so that [`Source::advance`] waits for nobody.
    pub fn ready(&mut self) -> bool {
        self.reader.ready()
    }

    /// The next event or trouble; `None` at the end.
    pub fn advance(&mut self) -> Option<Item> {
        loop {
            let item = self.read(Reader::advance);
            if item.is_some() {
                return item;
            }
            if let Some(next) = self.closing.take() {
                let item = self.read(Reader::finish);
                if item.is_some() {
                    self.closing = Some(next);
                    return item;
                }
                self.go_on(next);
                continue;
            }
            match self.next_part() {
                Some(Ok(part)) => self.closing = Some(part),
                Some(Err(trouble)) => return Some(Item::Trouble(trouble)),
                None if self.grows() => return None,
                None => return self.end(),
            }
        }
    }

    /// Asks the reader; an input that fails is one that ends, with a word about it.
    fn read(
        &mut self,
        ask: impl FnOnce(&mut Reader<Input>) -> io::Result<Option<Item>>,
    ) -> Option<Item> {
        if self.said.unreadable {
            return None;
        }
        match ask(&mut self.reader) {
            Ok(item) => item,
            Err(error) => {
                self.said.unreadable = true;
                Some(Item::Trouble(self.reader.unreadable(&error)))
            }
        }
    }

    /// What is left to say where nothing more will come.
    fn end(&mut self) -> Option<Item> {
        let item = self.read(Reader::finish);
        if item.is_some() {
            return item;
        }
        let elsewhere = self.alone && self.successor().is_some();
        if self.ended() || self.said.unfinished || elsewhere {
            return None;
        }
        self.said.unfinished = true;
        Some(Item::Trouble(Trouble::Unfinished))
    }

    /// Passes over whole parts as long as the one after them may be begun with, by its header. Whatever was still open
    /// then is repeated at its start.
    pub fn skip_to(&mut self, may_begin: impl Fn(&Header) -> bool) {
        while let Some(next) = self.waiting.front() {
            match part(next) {
                Ok(part) if self.follows(&part).is_ok() && may_begin(part.reader.header()) => {
                    self.waiting.pop_front();
                    self.reader = part.reader;
                    self.tried.clone_from(&part.path);
                    self.path = part.path;
                }
                _ => break,
            }
        }
    }

    /// The part after this one; with a word about one that is there and cannot be read.
    fn next_part(&mut self) -> Option<Result<Part, Trouble>> {
        let path = match self.waiting.pop_front() {
            Some(path) => path,
            None if self.grows() => self.successor()?,
            None => return None,
        };
        let growing = self.follow && self.waiting.is_empty();
        let why = match part(&path) {
            Ok(part) => match self.follows(&part) {
                Ok(()) => return Some(Ok(part)),
                Err(why) => why,
            },
            // Its recorder has begun it this moment.
            Err(error) if growing && only_begun(&error) => return None,
            Err(error) => error.reason(),
        };
        self.tried.clone_from(&path);
        Some(Err(Trouble::LeftOut { part: path, why }))
    }

    /// The part after this one, if a recorder has begun it.
    fn successor(&self) -> Option<PathBuf> {
        let name = PartName::parse(&self.tried)?;
        name.next().find().or_else(|| {
            // Where old parts are removed, the next one may be gone as well.
            let removed = name.find().is_none();
            let later = |parts: BTreeMap<u32, PathBuf>| {
                let mut later = parts.into_iter().filter(|(part, _)| *part > name.part);
                later.next().map(|(_, path)| path)
            };
            removed.then(|| beside(&name.stem)).and_then(later)
        })
    }

    /// Whether the part is one of this recording.
    fn follows(&self, part: &Part) -> Result<(), String> {
        if part.reader.header().recording == self.header().recording {
            Ok(())
        } else {
            Err("it belongs to another recording".to_owned())
        }
    }

    fn go_on(&mut self, next: Part) {
        self.reader = next.reader.resume(self.reader.progress());
        self.tried.clone_from(&next.path);
        self.path = next.path;
        self.said.unreadable = false;
    }
}

/// Opens a part and reads its header.
fn part(path: &Path) -> Result<Part, OpenError> {
    // It may have been compressed since its name was read.
    let renamed = || match PartName::parse(path).and_then(|name| name.find()) {
        Some(path) => open(&path).map(|input| (input, path)),
        None => Err(OpenError::NotFound(path.to_owned())),
    };
    let (input, path) = match open(path) {
        Err(OpenError::NotFound(_)) => renamed()?,
        opened => (opened?, path.to_owned()),
    };
    match Reader::new(input) {
        Ok(reader) => Ok(Part { path, reader }),
        Err(error) => Err(OpenError::Header { path, error }),
    }
}

/// Whether the file has no whole first line yet.
fn only_begun(error: &OpenError) -> bool {
    matches!(
        error,
        OpenError::Header {
            error: HeaderError::Refused(RefusedHeader::Empty | RefusedHeader::Torn),
            ..
        }
    )
}

/// What errors and troubles call the standard input.
const STANDARD_INPUT: &str = "standard input";
