//! Pings that await their pong (RFC 6455 section 5.5.3).

use std::collections::VecDeque;

use crate::event::Micros;

/// The pings of one side.
#[derive(Debug)]
pub(super) struct Pings {
    waiting: VecDeque<(Box<[u8]>, Micros)>,
    cap: usize,
}

impl Pings {
    /// None yet; beyond `cap` the oldest is forgotten.
    pub(super) const fn new(cap: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            cap,
        }
    }

    /// A ping came.
    pub(super) fn sent(&mut self, payload: &[u8], at: Micros) {
        if self.waiting.len() >= self.cap {
            self.waiting.pop_front();
        }
        self.waiting.push_back((payload.into(), at));
    }

    /// A pong came: how long ago its ping did. A pong may answer the latest of several pings, so older ones are done too.
    pub(super) fn answered(&mut self, payload: &[u8], at: Micros) -> Option<Micros> {
        let index = self
            .waiting
            .iter()
            .position(|(ping, _)| **ping == *payload)?;
        let (_, sent) = self.waiting.drain(..=index).next_back()?;
        Some(at.since(sent))
    }
}
