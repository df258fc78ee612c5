//! permessage-deflate (RFC 7692) of one direction.

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};

use crate::tap::Kept;

/// The window of one direction, and whether it is still known.
#[derive(Debug)]
pub(super) struct Inflater {
    window: Window,
    /// Whether each message begins with an empty window.
    fresh_each_message: bool,
    /// How many more bytes over a message's cap are worked through.
    skippable: u64,
}

/// The state of the window; any smaller one fits into the 32 KiB that are used for all.
#[derive(Debug)]
enum Window {
    /// Nothing is allocated before the first compressed message.
    Empty,
    Live(Decompress),
    Lost,
}

/// The window is not known any more. Broken data and data without end are not told apart: which of them is
/// met first depends on how the bytes were cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the data does not inflate, or to more than is followed")
    }
}

impl Inflater {
    pub(super) const fn new(fresh_each_message: bool, skippable: u64) -> Self {
        Self {
            window: Window::Empty,
            fresh_each_message,
            skippable,
        }
    }

    /// Whether messages can be read.
    pub(super) const fn is_in_sync(&self) -> bool {
        !matches!(self.window, Window::Lost)
    }

    /// Inflates the next bytes of a message.
    pub(super) fn push(&mut self, bytes: &[u8], content: &mut Kept) -> Result<(), Lost> {
        let done = self.inflate(bytes, content);
        if done.is_err() {
            self.window = Window::Lost;
        }
        done
    }

    /// Ends a message (section 7.2.2).
    pub(super) fn finish(&mut self, content: &mut Kept) -> Result<(), Lost> {
        self.push(&TAIL, content)?;
        if self.fresh_each_message {
            self.window = Window::Empty;
        }
        Ok(())
    }

    fn inflate(&mut self, mut bytes: &[u8], content: &mut Kept) -> Result<(), Lost> {
        if matches!(self.window, Window::Empty) {
            self.window = Window::Live(Decompress::new(false));
        }
        let Window::Live(stream) = &mut self.window else {
            return Ok(());
        };
        let mut piece = [0; PIECE];
        loop {
            let before = (stream.total_in(), stream.total_out());
            let status = stream
                .decompress(bytes, &mut piece, FlushDecompress::Sync)
                .map_err(|_| Lost)?;
            let consumed = usize::try_from(stream.total_in() - before.0).unwrap_or(bytes.len());
            let produced = usize::try_from(stream.total_out() - before.1).unwrap_or(PIECE);
            let over_before = content.over();
            content.push(piece.get(..produced).unwrap_or_default());
            self.skippable = self
                .skippable
                .checked_sub(content.over() - over_before)
                .ok_or(Lost)?;
            bytes = bytes.get(consumed..).unwrap_or_default();
            match status {
                // A block marked as the last one (section 7.2.3.4): what follows is a stream of its own.
                Status::StreamEnd => stream.reset(false),
                Status::Ok | Status::BufError if consumed == 0 && produced == 0 => {
                    return if bytes.is_empty() { Ok(()) } else { Err(Lost) };
                }
                Status::Ok | Status::BufError => {}
            }
            if bytes.is_empty() && produced < PIECE {
                return Ok(());
            }
        }
    }
}

/// What the sender took off the end of each message.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Bytes inflated at a time.
const PIECE: usize = 4096;
