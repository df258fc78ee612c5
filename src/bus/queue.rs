//! A queue of events between the bus and one reader, bounded in bytes.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::event::{Event, Gap};

/// What a reader gets.
#[derive(Debug, Clone)]
pub enum Received {
    /// The next event.
    Event(Arc<Event>),
    /// Events are missing here: the reader was too slow for its budget.
    Lost(Gap),
}

/// The reading end of a queue.
#[derive(Debug)]
pub struct Subscription {
    queue: Arc<Queue>,
}

impl Subscription {
    pub(super) const fn new(queue: Arc<Queue>) -> Self {
        Self { queue }
    }

    /// Waits for events and takes all that are there; `None` once the bus is closed and the queue is empty.
    #[must_use]
    pub fn receive(&self) -> Option<Vec<Received>> {
        let mut state = self.queue.lock();
        loop {
            if !state.waiting.is_empty() {
                state.bytes = 0;
                return Some(mem::take(&mut state.waiting));
            }
            if state.closed {
                return None;
            }
            state.reader_sleeps = true;
            state = self
                .queue
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.reader_sleeps = false;
        }
    }
}

/// A reader that is gone wants nothing more: what waited for it is given back, and nothing is kept from then on.
impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.reader_left = true;
        state.bytes = 0;
        let waiting = mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
    }
}

/// The shared state of one queue.
#[derive(Debug)]
pub(super) struct Queue {
    budget: usize,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Received>,
    /// Weight of the events in `waiting`.
    bytes: usize,
    /// Whether the reader is in `wait`; saves a system call for each event while it is not.
    reader_sleeps: bool,
    closed: bool,
    /// Nobody will ever receive.
    reader_left: bool,
}

impl Queue {
    pub(super) fn new(budget: usize) -> Self {
        Self {
            budget,
            state: Mutex::default(),
            wake: Condvar::new(),
        }
    }

    /// Takes the event, or counts it as lost if the reader is over budget. An empty queue takes any event.
    pub(super) fn offer(&self, event: &Arc<Event>, weight: usize) {
        let mut state = self.lock();
        if state.reader_left {
            return;
        }
        if state.bytes > 0 && state.bytes + weight > self.budget {
            state.lose(weight);
        } else {
            state.bytes += weight;
            state.waiting.push(Received::Event(Arc::clone(event)));
        }
        self.wake(&state);
    }

    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.wake(&state);
    }

    fn wake(&self, state: &State) {
        if state.reader_sleeps {
            self.wake.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn lose(&mut self, weight: usize) {
        if !matches!(self.waiting.last(), Some(Received::Lost(_))) {
            let gap = Gap {
                events: 0,
                bytes: 0,
            };
            self.waiting.push(Received::Lost(gap));
        }
        if let Some(Received::Lost(gap)) = self.waiting.last_mut() {
            gap.events += 1;
            gap.bytes += weight as u64;
        }
    }
}
