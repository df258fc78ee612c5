//! A recording in the forms of other tools; one exporter a file. Each reads the events once, in order, in bounded memory.

mod csv;
mod har;
mod pcapng;
mod text;

pub use csv::Csv;
pub use har::Har;
pub use pcapng::Pcapng;
pub use text::Text;

use std::io;

use crate::event::Event;

/// Writes the events of a recording in another form.
pub trait Export {
    /// Takes the next event.
    ///
    /// # Errors
    /// Those of the output.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// Nothing follows: writes what is still to be written, and tells what the form could not take.
    ///
    /// # Errors
    /// Those of the output.
    fn finish(self: Box<Self>) -> io::Result<Vec<String>>;
}
