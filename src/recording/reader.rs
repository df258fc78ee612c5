//! One part of a recording, event by event.

use std::io::{self, BufRead};

use super::header::{Header, RefusedHeader, Version};
use super::line::{self, Line};
use super::lines::{Lines, Next};
use super::trouble::Trouble;
use crate::event::{Event, EventKind};

/// What a reader finds next.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// An event.
    Event(Box<Event>),
    /// Something that is not as it should be; reading goes on.
    Trouble(Trouble),
}

/// Reads one part of a recording as a stream, in bounded memory.
///
/// Reads on where more was appended since the end was found, so a growing file can be followed.
#[derive(Debug)]
pub struct Reader<R> {
    lines: Lines<R>,
    header: Header,
    /// The line that was looked at last, from 1.
    line: u64,
    progress: Progress,
    /// Lines that were left out since the last event: each may have been one of the numbers that are missing.
    left_out: u64,
    /// What comes before anything else is read.
    pending: Option<Item>,
    finished: bool,
}

/// How far reading has come in the session; carried from part to part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// The number that the next event should have; 0 before the first part.
    pub(super) next: u64,
    /// The session's end was read.
    pub(super) ended: bool,
}

/// Why there is no reader.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The first line is not accepted.
    #[error(transparent)]
    Refused(#[from] RefusedHeader),
    /// The input cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<R: BufRead> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// Where the input is no recording, or none that this version can read.
    pub fn new(input: R) -> Result<Self, HeaderError> {
        let mut lines = Lines::new(input);
        let line = match lines.advance()? {
            Next::Line => 1,
            // The rest of the line is at most its end, which then counts as the first.
            Next::Tail => 0,
            Next::TooLong => return Err(RefusedHeader::NoRecording.into()),
            Next::End => return Err(RefusedHeader::Empty.into()),
        };
        let first = lines.line();
        let header = Header::parse(first.strip_prefix(BYTE_ORDER_MARK).unwrap_or(first))?;
        lines.forget();
        let newer = header.version > Version::CURRENT;
        Ok(Self {
            lines,
            pending: newer.then_some(Item::Trouble(Trouble::Newer(header.version))),
            header,
            line,
            progress: Progress::default(),
            left_out: 0,
            finished: false,
        })
    }

    /// Goes on where the part before ended: what its preamble repeats is passed over, and its numbers are to follow on.
    pub(super) const fn resume(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }

    /// The header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    pub(super) const fn progress(&self) -> Progress {
        self.progress
    }

    /// Whether the session's end was read.
    pub const fn ended(&self) -> bool {
        self.progress.ended
    }

    /// The next event or trouble; `None` at the end of what there is so far, a last line that is not whole included.
    ///
    /// # Errors
    /// Those of the input.
    pub fn advance(&mut self) -> io::Result<Option<Item>> {
        loop {
            if let Some(item) = self.pending.take() {
                return Ok(Some(item));
            }
            let item = match self.lines.advance()? {
                Next::End | Next::Tail => return Ok(None),
                Next::TooLong => {
                    self.line += 1;
                    Some(self.damaged("it is too long".to_owned()))
                }
                Next::Line => {
                    self.line += 1;
                    self.take()
                }
            };
            if item.is_some() {
                return Ok(item);
            }
        }
    }

    /// What is left to say once nothing more will come: a last line without its end, an end that is missing.
    ///
    /// # Errors
    /// Those of the input.
    pub fn finish(&mut self) -> io::Result<Option<Item>> {
        if let Some(item) = self.pending.take() {
            return Ok(Some(item));
        }
        if self.finished {
            return Ok(None);
        }
        self.finished = true;
        if self.lines.advance()? != Next::Tail {
            return Ok(None);
        }
        self.line += 1;
        let torn = matches!(line::decode(self.lines.line()), Line::Damaged(_));
        Ok(if torn {
            Some(Item::Trouble(Trouble::Torn { line: self.line }))
        } else {
            self.take()
        })
    }

    /// Whether the next event or trouble is there, so that asking for it waits for nobody.
    pub fn ready(&mut self) -> bool {
        self.pending.is_some() || self.lines.ready()
    }

    /// The input gives an error from here on: what is read is all that there is.
    pub(super) fn unreadable(&mut self, error: &io::Error) -> Trouble {
        self.finished = true;
        self.lines.forget();
        Trouble::Unreadable {
            line: self.line,
            why: error.to_string(),
        }
    }

    /// Reads the current line.
    fn take(&mut self) -> Option<Item> {
        let line = self.lines.line();
        if line.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        match line::decode(line) {
            Line::Event(event) => self.event(event),
            Line::Unknown { number, kind } => {
                let unknown = Trouble::Unknown {
                    line: self.line,
                    number,
                    kind,
                };
                self.expect(number, 1, Item::Trouble(unknown))
            }
            Line::Damaged(why) => match Header::parse(line) {
                Ok(header) => self.another_part(header),
                Err(_) => Some(self.damaged(why)),
            },
        }
    }

    /// A header in the middle: files of one recording that were put one behind the other.
    fn another_part(&mut self, header: Header) -> Option<Item> {
        if header.recording != self.header.recording {
            return Some(self.damaged("it is the header of another recording".to_owned()));
        }
        self.header = header;
        None
    }

    fn event(&mut self, event: Box<Event>) -> Option<Item> {
        self.progress.ended |= matches!(event.kind, EventKind::SessionEnded(_));
        let stands_for = match &event.kind {
            EventKind::Gap(gap) => gap.events.max(1),
            _ => 1,
        };
        self.expect(event.number, stands_for, Item::Event(event))
    }

    /// Compares the number with the one that should come.
    fn expect(&mut self, number: u64, stands_for: u64, item: Item) -> Option<Item> {
        if number < self.header.first_event {
            return (number >= self.progress.next).then_some(item);
        }
        let expected = match self.progress.next {
            0 => self.header.first_event,
            next => next,
        };
        if number < expected {
            return Some(Item::Trouble(Trouble::Disorder {
                line: self.line,
                number,
            }));
        }
        let left_out = std::mem::take(&mut self.left_out);
        self.progress.next = number.saturating_add(stands_for);
        if number - expected <= left_out {
            return Some(item);
        }
        self.pending = Some(item);
        Some(Item::Trouble(Trouble::Missing {
            line: self.line,
            from: expected,
            to: number - 1,
            left_out,
        }))
    }

    fn damaged(&mut self, why: String) -> Item {
        self.left_out += 1;
        Item::Trouble(Trouble::Damaged {
            line: self.line,
            why,
        })
    }
}

/// What some editors put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
