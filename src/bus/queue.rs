//! A queue of events between the bus and one reader, bounded in bytes.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::event::{Event, EventKind, Gap, Times};

/// What a reader gets.
#[derive(Debug, Clone)]
pub enum Received {
    /// The next event.
    Event(Arc<Event>),
    /// Events are missing here: the reader was too slow for its budget.
    Lost(Loss),
}

/// Events that a reader missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The number of the first.
    pub first: u64,
    /// The times of the first.
    pub at: Times,
    /// How many there were, and of which kinds.
    pub gap: Gap,
}

impl Loss {
    /// The event that stands in the place of those that are missing.
    #[must_use]
    pub fn event(&self) -> Event {
        Event {
            number: self.first,
            time: Times::at(self.at.arrived),
            connection: None,
            direction: None,
            kind: EventKind::Gap(self.gap.clone()),
        }
    }
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
        state.reader_sleeps = true;
        state = self
            .queue
            .wake
            .wait_while(state, State::has_nothing)
            .unwrap_or_else(PoisonError::into_inner);
        state.take()
    }

    /// As [`Subscription::receive`], but takes nothing if nothing comes for as long as `patience`.
    #[must_use]
    pub fn receive_within(&self, patience: Duration) -> Option<Vec<Received>> {
        let mut state = self.queue.lock();
        state.reader_sleeps = true;
        state = self
            .queue
            .wake
            .wait_timeout_while(state, patience, State::has_nothing)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        state.take()
    }

    /// Whether the bus is closed: what waits now is the rest.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.queue.lock().closed
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

    /// Takes the event, or counts it as lost if the reader is over budget. An empty queue takes any event,
    /// and any queue the last one, without which a reader could not tell an end from a break.
    pub(super) fn offer(&self, event: &Arc<Event>, weight: usize) {
        let mut state = self.lock();
        if state.reader_left {
            return;
        }
        let last = matches!(event.kind, EventKind::SessionEnded(_));
        if state.bytes > 0 && state.bytes + weight > self.budget && !last {
            state.lose(event, weight);
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
    /// Whether a reader has to wait.
    const fn has_nothing(&mut self) -> bool {
        self.waiting.is_empty() && !self.closed
    }

    /// Gives the reader, who is awake, all there is; `None` at the end.
    fn take(&mut self) -> Option<Vec<Received>> {
        self.reader_sleeps = false;
        self.bytes = 0;
        let over = self.closed && self.waiting.is_empty();
        (!over).then(|| mem::take(&mut self.waiting))
    }

    fn lose(&mut self, event: &Event, weight: usize) {
        if !matches!(self.waiting.last(), Some(Received::Lost(_))) {
            self.waiting.push(Received::Lost(Loss {
                first: event.number,
                at: event.time,
                gap: Gap::default(),
            }));
        }
        if let Some(Received::Lost(Loss { gap, .. })) = self.waiting.last_mut() {
            gap.events += 1;
            gap.bytes += weight as u64;
            let name = event.kind.name();
            match gap.kinds.get_mut(name) {
                Some(count) => *count += 1,
                None => drop(gap.kinds.insert(name.to_owned(), 1)),
            }
        }
    }
}
