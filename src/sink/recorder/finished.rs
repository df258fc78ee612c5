//! Parts that are finished: compressed in the background, and the oldest removed where only so many are kept.

use std::fs;
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle};

use crate::recording::{PartName, compress};

/// The thread that takes care of finished parts, one after the other.
#[derive(Debug)]
pub(super) struct Finished {
    parts: Sender<PartName>,
    thread: JoinHandle<()>,
}

impl Finished {
    pub(super) fn start(first: PartName, keep: Option<u32>, talk: fn(&str)) -> io::Result<Self> {
        let (parts, waiting) = channel::<PartName>();
        let mut oldest = first;
        let thread = Builder::new()
            .name("compressor".to_owned())
            .spawn(move || {
                for part in waiting {
                    if let Err(error) = pack(&part) {
                        talk(&format!(
                            "cannot compress {}: {error}; it stays as it is",
                            part.path().display()
                        ));
                    }
                    // The part that is being written counts too.
                    while keep.is_some_and(|keep| part.part + 1 - oldest.part >= keep.max(1)) {
                        if let Err(error) = remove(&oldest) {
                            talk(&format!(
                                "cannot remove {}: {error}",
                                oldest.path().display()
                            ));
                        }
                        oldest = oldest.next();
                    }
                }
            })?;
        Ok(Self { parts, thread })
    }

    /// Hands a part over.
    pub(super) fn take(&self, part: PartName) {
        // The thread ends with this sender, not before.
        drop(self.parts.send(part));
    }

    /// Waits until all parts are taken care of.
    pub(super) fn wait(self) {
        drop(self.parts);
        drop(self.thread.join());
    }
}

fn pack(part: &PartName) -> io::Result<()> {
    let compressed = PartName {
        compressed: true,
        ..part.clone()
    };
    compress(&part.path(), &compressed.path())?;
    fs::remove_file(part.path())
}

fn remove(part: &PartName) -> io::Result<()> {
    match part.find() {
        Some(path) => fs::remove_file(path),
        None => Ok(()),
    }
}
