//! What a connection without a verbatim relay has carried, for the event of its end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::event::Direction;

/// Bytes of each direction, and which ended first; shared by whoever reads the two sides.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(Arc<Cells>);

#[derive(Debug, Default)]
struct Cells {
    to_server: AtomicU64,
    to_client: AtomicU64,
    first: OnceLock<Direction>,
}

impl Tally {
    /// Counts bytes that a sender sent.
    pub(crate) fn add(&self, direction: Direction, bytes: u64) {
        self.cell(direction).fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes that a sender has ended.
    pub(crate) fn ended(&self, direction: Direction) {
        self.0.first.get_or_init(|| direction);
    }

    /// Bytes so far.
    pub(crate) fn bytes(&self, direction: Direction) -> u64 {
        self.cell(direction).load(Ordering::Relaxed)
    }

    /// Which direction ended first, if one has.
    pub(crate) fn first(&self) -> Option<Direction> {
        self.0.first.get().copied()
    }

    fn cell(&self, direction: Direction) -> &AtomicU64 {
        match direction {
            Direction::ToServer => &self.0.to_server,
            Direction::ToClient => &self.0.to_client,
        }
    }
}
