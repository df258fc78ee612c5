//! A recording written at once, from events that are already there: imports, and `finspect redact`.

use std::io::{self, Write};

use super::header::Header;
use super::line::encode;
use crate::event::Event;

/// Writes a header and events as lines.
#[derive(Debug)]
pub struct Writer<W> {
    output: W,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// Those of the output.
    pub fn new(output: W, header: &Header) -> io::Result<Self> {
        let mut writer = Self {
            output,
            line: Vec::new(),
        };
        encode(header, &mut writer.line);
        writer.put()?;
        Ok(writer)
    }

    /// Writes an event.
    ///
    /// # Errors
    /// Those of the output.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        encode(event, &mut self.line);
        self.put()
    }

    /// Hands out what is still buffered, and the output.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }

    fn put(&mut self) -> io::Result<()> {
        let written = self.output.write_all(&self.line);
        self.line.clear();
        written
    }
}
