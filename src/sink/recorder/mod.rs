//! The recorder: the session into a file as it happens, on a thread of its own.
//!
//! A disk that is slow, full or gone holds up this thread and nothing else: the queue before it is bounded, and what it
//! had to let go stands in the file as a `gap`, in the session as an event, and in the [`Summary`].

mod failure;
mod finished;
mod part;
mod write;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::bus::Bus;
use crate::event::Gap;
use crate::recording::{Header, PartName};
use failure::Failure;
use finished::Finished;
use part::Part;
use write::Writing;

/// What is recorded where, and how.
#[derive(Debug)]
pub struct Settings {
    /// The first part's name; its folder exists, and no part of the recording does.
    pub first: PartName,
    /// The first part's header.
    pub header: Header,
    /// Whether what is written is flushed to the disk itself each second.
    pub sync: bool,
    /// When a new part is begun.
    pub rotation: Rotation,
    /// Bytes of events that may wait for the disk.
    pub budget: usize,
    /// Says on stderr what cannot wait until the end.
    pub talk: fn(&str),
}

/// When a new part is begun, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// Once a part has this many bytes.
    pub size: u64,
    /// Once a part is this old.
    pub every: Option<Duration>,
    /// So many parts are kept, the one that is being written included; the oldest are removed.
    pub keep: Option<u32>,
}

impl Rotation {
    /// The size at which a new part is begun, unless the user says otherwise: 256 MiB.
    pub const SIZE: u64 = 256 * 1024 * 1024;
    /// The age at which a new part is begun, unless the user says otherwise: 4 hours, so that most of a day is compressed
    /// by its end.
    pub const EVERY: Duration = Duration::from_secs(4 * 60 * 60);

    /// Events that may wait for the disk: 64 MiB.
    pub const BUDGET: usize = 64 * 1024 * 1024;
}

/// How the recorder did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events written.
    pub events: u64,
    /// Bytes written, over all parts, before compression.
    pub bytes: u64,
    /// Parts begun.
    pub parts: u32,
    /// Events that are not in the file.
    pub lost: Gap,
    /// Why the last events could not be written, if they could not.
    pub failed: Option<String>,
}

/// A recorder at work.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    thread: JoinHandle<Summary>,
}

impl Recorder {
    /// Makes the file and begins to write what the bus publishes from now on.
    ///
    /// # Errors
    /// Where the file cannot be made; `AlreadyExists` if there is one, which is never overwritten.
    pub fn start(settings: Settings, bus: &Arc<Bus>) -> io::Result<Self> {
        if settings.first.find().is_some() || settings.first.next().find().is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let part = Part::create(settings.first.clone(), &settings.header, &[])?;
        let path = part.path().to_owned();
        let finished = Finished::start(
            settings.first.clone(),
            settings.rotation.keep,
            settings.talk,
        )?;
        let subscription = bus.subscribe(settings.budget);
        let writing = Writing::new(settings, part, finished, Arc::clone(bus));
        let thread = Builder::new()
            .name("recorder".to_owned())
            .spawn(move || writing.run(&subscription))?;
        Ok(Self { path, thread })
    }

    /// The first part's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether everything is written, after the bus was closed.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until everything is written; `None` if the thread panicked.
    #[must_use]
    pub fn finish(self) -> Option<Summary> {
        self.thread.join().ok()
    }
}
