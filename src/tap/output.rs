//! Where the decoders put what they saw in the chunk at hand.

use crate::event::{Direction, EventKind, Micros, Times};

use super::Seen;

/// The times of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// When it arrived.
    pub(super) arrived: Micros,
    /// When the other side had taken it.
    pub(super) forwarded: Option<Micros>,
}

/// The facts of one chunk of one direction.
pub(super) struct Output<'a> {
    direction: Direction,
    stamp: Stamp,
    seen: &'a mut Vec<Seen>,
}

impl<'a> Output<'a> {
    pub(super) const fn new(direction: Direction, stamp: Stamp, seen: &'a mut Vec<Seen>) -> Self {
        Self {
            direction,
            stamp,
            seen,
        }
    }

    /// The chunk's direction.
    pub(super) const fn direction(&self) -> Direction {
        self.direction
    }

    /// The chunk's times.
    pub(super) const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// When the chunk arrived.
    pub(super) const fn now(&self) -> Micros {
        self.stamp.arrived
    }

    /// The facts so far.
    pub(super) const fn seen(&mut self) -> &mut Vec<Seen> {
        self.seen
    }

    /// A unit that is complete with this chunk and whose first byte arrived at `began`.
    pub(super) fn emit(&mut self, began: Micros, kind: EventKind) {
        let time = Times {
            arrived: self.stamp.arrived,
            first: (began != self.stamp.arrived).then_some(began),
            forwarded: self.stamp.forwarded,
        };
        self.seen.push(Seen {
            direction: self.direction,
            time,
            kind,
        });
    }
}
