//! Lines of a file of any size, in bounded memory.

use std::io::{self, BufRead, ErrorKind};

/// The longest line that is read; an event's payload is capped far below.
pub(super) const LONGEST: usize = 8 * 1024 * 1024;

/// Reads lines one after the other.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    /// What there is of the current line.
    line: Vec<u8>,
    /// The current line is given out whole, and is to be forgotten.
    given: bool,
    /// Bytes of the current line that were not kept, because it is longer than [`LONGEST`].
    dropped: u64,
    /// Bytes in the input's memory behind the current line.
    rest: usize,
}

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A line, in [`Lines::line`].
    Line,
    /// A line that is longer than is read.
    TooLong,
    /// The end of the input within a line; that what there is of it is in [`Lines::line`]. More may come.
    Tail,
    /// The end of the input. More may come.
    End,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            given: false,
            dropped: 0,
            rest: 0,
        }
    }

    /// Reads on to the end of the line.
    pub(super) fn advance(&mut self) -> io::Result<Next> {
        if self.given {
            self.line.clear();
            self.line.shrink_to(KEPT);
            self.dropped = 0;
            self.given = false;
        }
        loop {
            let bytes = match self.input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // A compressed part that was cut off.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => &[],
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                let nothing = self.line.is_empty() && self.dropped == 0;
                return Ok(if nothing { Next::End } else { Next::Tail });
            }
            let end = memchr::memchr(b'\n', bytes);
            let part = end.map_or(bytes, |end| bytes.get(..end).unwrap_or_default());
            let room = LONGEST.saturating_sub(self.line.len());
            let kept = part.get(..room).unwrap_or(part);
            self.line.extend_from_slice(kept);
            self.dropped += (part.len() - kept.len()) as u64;
            let used = part.len() + usize::from(end.is_some());
            self.rest = bytes.len() - used;
            self.input.consume(used);
            if end.is_some() {
                self.given = true;
                return Ok(if self.dropped > 0 {
                    Next::TooLong
                } else {
                    Next::Line
                });
            }
        }
    }

    /// Takes what there is of the current line for all of it: what comes is another line.
    pub(super) const fn forget(&mut self) {
        self.given = true;
    }

    /// Whether the end of a line is in memory, so that [`Lines::advance`] waits for nobody.
    pub(super) fn ready(&mut self) -> bool {
        // With nothing in memory the input would be asked, and could keep us waiting.
        self.rest > 0
            && self
                .input
                .fill_buf()
                .is_ok_and(|bytes| memchr::memchr(b'\n', bytes).is_some())
    }

    /// The current line.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }
}

/// Capacity kept from one line to the next.
const KEPT: usize = 256 * 1024;
