//! The file format: a session as JSON Lines, one event a line, written as it happens and read as a stream.
//!
//! `docs/recording-format.md` is the specification. Pure of sockets and threads: the recorder that follows a live
//! session is in [`crate::sink::recorder`].

mod compress;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod header;
mod identity;
mod line;
mod lines;
#[cfg_attr(unix, path = "owner_unix.rs")]
#[cfg_attr(not(unix), path = "owner_windows.rs")]
mod owner;
mod preamble;
#[cfg(test)]
mod properties;
mod reader;
#[cfg(test)]
pub(crate) mod samples;
mod source;
mod trouble;
mod writer;

#[cfg(test)]
mod tests;

pub use compress::compress;
pub use files::{PartName, Recording, recordings};
pub use header::{Header, RefusedHeader, Version};
pub use identity::random_id;
pub use line::encode;
pub use owner::{create_dir, create_file, same_file};
pub use preamble::Preamble;
pub use reader::{HeaderError, Item, Reader};
pub use source::{OpenError, Source};
pub use trouble::Trouble;
pub use writer::Writer;
