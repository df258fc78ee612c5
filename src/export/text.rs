//! `text`: the session as a person reads it, for a ticket.

use std::io::{self, Write};

use jiff::tz::TimeZone;

use super::Export;
use crate::event::Event;
use crate::sink::console::{Colour, Console, Format, Renderer};

/// The pretty view, without colour.
#[derive(Debug)]
pub struct Text<W>(Console<W>);

impl<W: Write> Text<W> {
    /// Writes to `output`; times of day are those of `zone`.
    #[must_use]
    pub fn new(output: W, zone: TimeZone) -> Self {
        let renderer = Renderer::new(Format::Pretty, Colour::Never, zone);
        Self(Console::new(output, renderer, None))
    }
}

impl<W: Write> Export for Text<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.0.event(event)
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<String>> {
        self.0.finish()?;
        Ok(Vec::new())
    }
}
