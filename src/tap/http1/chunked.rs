//! The chunked transfer coding (RFC 9112 section 7.1), with bare line feeds accepted.

use memchr::memchr;

use crate::event::{Header, HttpViolation};
use crate::tap::limits::CHUNK_LINE;

use super::fields;

/// A reader of one chunked body.
#[derive(Debug)]
pub(super) struct Chunked {
    at: At,
    /// The size of the chunk at hand, or what is left of it.
    left: u64,
    /// Digits of the size line so far.
    digits: u8,
    /// Bytes of the line at hand.
    line: usize,
    /// The trailer lines so far.
    trailers: Vec<u8>,
    cap: usize,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Size,
    /// Behind the size, up to the end of its line.
    Extension,
    Data,
    /// The line end behind a chunk's data.
    DataEnd,
    Trailers,
}

/// What a step found.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// All input is used up.
    More,
    /// Content.
    Data(&'a [u8]),
    /// The end of the body, with its trailers.
    End(Vec<Header>),
}

impl Chunked {
    /// A reader of a body whose trailers are at most `cap` bytes.
    pub(super) const fn new(cap: usize) -> Self {
        Self {
            at: At::Size,
            left: 0,
            digits: 0,
            line: 0,
            trailers: Vec::new(),
            cap,
        }
    }

    /// Takes bytes until there is something to tell.
    pub(super) fn take<'a>(&mut self, input: &mut &'a [u8]) -> Result<Piece<'a>, HttpViolation> {
        while let Some((&byte, rest)) = input.split_first() {
            match self.at {
                At::Size => {
                    *input = rest;
                    self.size_byte(byte)?;
                }
                At::Extension => self.extension(input)?,
                At::Data => return Ok(self.data(input)),
                At::DataEnd => {
                    *input = rest;
                    self.data_end_byte(byte)?;
                }
                At::Trailers => {
                    if let Some(trailers) = self.trailers(input)? {
                        return Ok(Piece::End(trailers));
                    }
                }
            }
        }
        Ok(Piece::More)
    }

    fn size_byte(&mut self, byte: u8) -> Result<(), HttpViolation> {
        let digit = char::from(byte).to_digit(16);
        match (digit, byte) {
            (Some(digit), _) if self.digits < 16 => {
                self.digits += 1;
                self.left = (self.left << 4) | u64::from(digit);
            }
            (None, b'\n') if self.digits > 0 => self.size_is_known(),
            (None, b';' | b' ' | b'\t' | b'\r') if self.digits > 0 => self.at = At::Extension,
            _ => return Err(HttpViolation::BadChunk),
        }
        Ok(())
    }

    fn extension(&mut self, input: &mut &[u8]) -> Result<(), HttpViolation> {
        let end = memchr(b'\n', input);
        let length = end.map_or(input.len(), |end| end + 1);
        self.line += length;
        if self.line > CHUNK_LINE {
            return Err(HttpViolation::BadChunk);
        }
        *input = input.get(length..).unwrap_or_default();
        if end.is_some() {
            self.size_is_known();
        }
        Ok(())
    }

    const fn size_is_known(&mut self) {
        self.at = if self.left == 0 {
            At::Trailers
        } else {
            At::Data
        };
        self.digits = 0;
        self.line = 0;
    }

    fn data<'a>(&mut self, input: &mut &'a [u8]) -> Piece<'a> {
        let length = usize::try_from(self.left).map_or(input.len(), |left| left.min(input.len()));
        let (data, rest) = input.split_at(length);
        *input = rest;
        self.left -= length as u64;
        if self.left == 0 {
            self.at = At::DataEnd;
        }
        Piece::Data(data)
    }

    const fn data_end_byte(&mut self, byte: u8) -> Result<(), HttpViolation> {
        match byte {
            b'\r' if self.line == 0 => self.line = 1,
            b'\n' => {
                self.line = 0;
                self.at = At::Size;
            }
            _ => return Err(HttpViolation::BadChunk),
        }
        Ok(())
    }

    /// Takes one line, or a part of it; the fields once the empty line is there.
    fn trailers(&mut self, input: &mut &[u8]) -> Result<Option<Vec<Header>>, HttpViolation> {
        let end = memchr(b'\n', input);
        let length = end.map_or(input.len(), |end| end + 1);
        let (part, rest) = input.split_at(length);
        if self.trailers.len() + length > self.cap {
            return Err(HttpViolation::HeadTooLarge(self.cap as u64));
        }
        *input = rest;
        self.trailers.extend_from_slice(part);
        self.line += length;
        if end.is_none() {
            return Ok(None);
        }
        let is_last = self.trailers.ends_with(b"\r\n") && self.line == 2 || self.line == 1;
        self.line = 0;
        if !is_last {
            return Ok(None);
        }
        let trailers = fields::parse_fields(&self.trailers);
        trailers.map(Some).ok_or(HttpViolation::BadChunk)
    }
}
