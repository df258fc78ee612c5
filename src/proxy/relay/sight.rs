//! What the relay shows to the tap, and when.
//!
//! Bytes are shown once the other side has them. Where a receiver is slow, bytes that it has taken in part are shown
//! before anything of the other direction is, so that the tap never sees an answer before its question.

use crate::event::{Direction, EventKind, Micros};
use crate::proxy::observer::Observer;
use crate::tap::{Chunk, Seen, Tap};

/// The tap of one connection, the way to the bus, and the bytes in between.
#[derive(Debug)]
pub(crate) struct Sight {
    tap: Option<Box<Tap>>,
    observer: Observer,
    seen: Vec<Seen>,
    in_flight: [Option<InFlight>; 2],
    /// Bytes to the client that come again and were shown before.
    shown_before: usize,
}

/// A chunk that its receiver has not taken to the end.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) bytes: Box<[u8]>,
    /// How many of `bytes` the receiver has taken; at least `shown`.
    pub(super) written: usize,
    /// How many of `bytes` the tap has seen.
    shown: usize,
    arrived: Micros,
}

impl InFlight {
    pub(super) fn new(bytes: &[u8], written: usize, arrived: Micros) -> Self {
        Self {
            bytes: bytes.into(),
            written,
            shown: 0,
            arrived,
        }
    }
}

impl Sight {
    /// Looks through `tap`, or not at all.
    pub(crate) fn new(observer: Observer, tap: Option<Tap>) -> Self {
        Self {
            tap: tap.map(Box::new),
            observer,
            seen: Vec::new(),
            in_flight: [None, None],
            shown_before: 0,
        }
    }

    pub(crate) const fn observer(&self) -> &Observer {
        &self.observer
    }

    pub(super) fn now(&self) -> Micros {
        self.observer.now()
    }

    pub(super) fn fact(&self, direction: Direction, kind: EventKind) {
        self.observer.fact_of(direction, kind);
    }

    /// The next `count` bytes to the client have been shown already.
    pub(crate) const fn skip(&mut self, count: usize) {
        self.shown_before = count;
    }

    /// Shows a chunk that has just left.
    pub(crate) fn show(&mut self, direction: Direction, arrived: Micros, bytes: &[u8]) {
        if self.tap.is_some() {
            let left = self.now();
            self.show_taken(direction.reverse());
            self.push(direction, arrived, Some(left), bytes);
        }
    }

    /// Shows a chunk that could not leave.
    pub(super) fn show_unsent(&mut self, direction: Direction, arrived: Micros, bytes: &[u8]) {
        self.show_taken(direction.reverse());
        self.push(direction, arrived, None, bytes);
    }

    /// Keeps a chunk for a receiver that is slow.
    pub(super) fn hold(&mut self, direction: Direction, flight: InFlight) {
        self.in_flight[index(direction)] = Some(flight);
    }

    pub(super) fn in_flight(&mut self, direction: Direction) -> Option<&mut InFlight> {
        self.in_flight[index(direction)].as_mut()
    }

    /// Bytes that the receiver has not taken; under TLS the whole chunk until its last record has left.
    pub(super) fn waiting(&self, direction: Direction) -> u64 {
        let waiting = |flight: &InFlight| match flight.bytes.len().saturating_sub(flight.written) {
            0 => flight.bytes.len(),
            left => left,
        };
        self.in_flight[index(direction)].as_ref().map_or(0, waiting) as u64
    }

    /// The chunk in flight has left, or never will: shows the rest of it.
    pub(super) fn land(&mut self, direction: Direction, left: bool) {
        let Some(flight) = self.in_flight[index(direction)].take() else {
            return;
        };
        let forwarded = left.then(|| self.now());
        let rest = flight.bytes.get(flight.shown..).unwrap_or_default();
        self.show_taken(direction.reverse());
        self.push(direction, flight.arrived, forwarded, rest);
    }

    /// The direction's bytes are over.
    pub(crate) fn ended(&mut self, direction: Direction) {
        self.show_taken(direction.reverse());
        let now = self.now();
        if let Some(tap) = &mut self.tap {
            tap.end(direction, now, &mut self.seen);
            self.observer.show(&mut self.seen);
        }
    }

    /// Shows what the receiver has taken of the chunk in flight.
    fn show_taken(&mut self, direction: Direction) {
        let Some(mut flight) = self.in_flight[index(direction)].take() else {
            return;
        };
        let taken = flight
            .bytes
            .get(flight.shown..flight.written)
            .unwrap_or_default();
        self.push(direction, flight.arrived, None, taken);
        flight.shown = flight.written;
        self.in_flight[index(direction)] = Some(flight);
    }

    fn push(
        &mut self,
        direction: Direction,
        arrived: Micros,
        forwarded: Option<Micros>,
        bytes: &[u8],
    ) {
        let Some(tap) = &mut self.tap else { return };
        let mut bytes = bytes;
        if direction == Direction::ToClient && self.shown_before > 0 {
            let skipped = self.shown_before.min(bytes.len());
            self.shown_before -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
        }
        if bytes.is_empty() {
            return;
        }
        let chunk = Chunk {
            arrived,
            forwarded,
            bytes,
        };
        tap.push(direction, chunk, &mut self.seen);
        self.observer.show(&mut self.seen);
    }
}

const fn index(direction: Direction) -> usize {
    match direction {
        Direction::ToServer => 0,
        Direction::ToClient => 1,
    }
}
