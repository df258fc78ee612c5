//! Stamps number and time, one total order, and fans out to bounded queues.
//!
//! [`Bus::publish`] never blocks on a consumer: a queue that is over its budget loses the event, and its reader
//! is told how many and how large ([`Received::Lost`]).

mod clock;
mod queue;

pub use clock::Clock;
pub use queue::{Loss, Received, Subscription};

use std::sync::{Arc, Mutex, PoisonError};

use crate::event::{ConnectionId, Direction, Event, EventKind, Times};
use queue::Queue;

/// The one place where events get their number.
#[derive(Debug)]
pub struct Bus {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    published: u64,
    queues: Vec<Arc<Queue>>,
    closed: bool,
}

impl Bus {
    /// A bus whose first event will be number 1.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// The session's clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A queue that gets every event from now on, and holds at most `budget` bytes of them.
    #[must_use]
    pub fn subscribe(&self, budget: usize) -> Subscription {
        let queue = Arc::new(Queue::new(budget));
        self.lock().queues.push(Arc::clone(&queue));
        Subscription::new(queue)
    }

    /// Gives the event its number and hands it to every queue. After the bus was closed nothing follows any more.
    pub fn publish(
        &self,
        time: Times,
        connection: Option<ConnectionId>,
        direction: Option<Direction>,
        kind: EventKind,
    ) {
        let event = Event {
            number: 0,
            time,
            connection,
            direction,
            kind,
        };
        let weight = event.weight();
        let mut state = self.lock();
        if !state.closed {
            state.publish(event, weight);
        }
    }

    /// How many events there have been.
    #[must_use]
    pub fn published(&self) -> u64 {
        self.lock().published
    }

    /// Publishes the last event, which is told its number: nothing follows, and every reader gets to its end.
    pub fn close_with(&self, last: impl FnOnce(u64) -> EventKind) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        let event = Event {
            number: 0,
            time: Times::at(self.clock.now()),
            connection: None,
            direction: None,
            kind: last(state.published + 1),
        };
        let weight = event.weight();
        state.publish(event, weight);
        state.close();
    }

    /// Ends without a last event.
    pub fn close(&self) {
        self.lock().close();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn publish(&mut self, mut event: Event, weight: usize) {
        self.published += 1;
        event.number = self.published;
        let event = Arc::new(event);
        for queue in &self.queues {
            queue.offer(&event, weight);
        }
    }

    fn close(&mut self) {
        self.closed = true;
        for queue in &self.queues {
            queue.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Gap, Micros, Recorder, SessionEnded};

    fn publish(bus: &Bus) {
        let kind = EventKind::Recorder(Recorder::Lost(Gap::default()));
        bus.publish(Times::at(Micros(7)), None, None, kind);
    }

    fn end(bus: &Bus) {
        bus.close_with(|events| {
            EventKind::SessionEnded(SessionEnded {
                events,
                connections: 0,
            })
        });
    }

    fn numbers(subscription: &Subscription) -> Vec<u64> {
        std::iter::from_fn(|| subscription.receive())
            .flatten()
            .map(|received| match received {
                Received::Event(event) => event.number,
                Received::Lost(loss) => panic!("lost {loss:?}"),
            })
            .collect()
    }

    #[test]
    fn numbers_are_consecutive_and_every_queue_sees_all() {
        let bus = Bus::new(Clock::start());
        let (one, two) = (bus.subscribe(1 << 20), bus.subscribe(1 << 20));
        publish(&bus);
        publish(&bus);
        end(&bus);
        for subscription in [one, two] {
            assert_eq!(numbers(&subscription), [1, 2, 3]);
        }
    }

    #[test]
    fn nothing_follows_the_last_event() {
        let bus = Bus::new(Clock::start());
        let subscription = bus.subscribe(1 << 20);
        end(&bus);
        publish(&bus);
        end(&bus);
        assert_eq!(numbers(&subscription), [1]);
        assert_eq!(bus.published(), 1);
    }

    #[test]
    fn nothing_is_kept_for_a_reader_that_left() {
        let bus = Bus::new(Clock::start());
        let (left, stayed) = (bus.subscribe(1 << 20), bus.subscribe(1 << 20));
        publish(&bus);
        drop(left);
        publish(&bus);
        let received = stayed.receive().unwrap();
        let held = received.iter().map(|received| match received {
            Received::Event(event) => Arc::strong_count(event),
            Received::Lost(loss) => panic!("lost {loss:?}"),
        });
        assert_eq!(held.collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn a_full_queue_says_what_it_lost_and_where_and_takes_the_end_nonetheless() {
        let bus = Bus::new(Clock::start());
        let subscription = bus.subscribe(1);
        publish(&bus);
        publish(&bus);
        publish(&bus);
        let first = subscription.receive().unwrap();
        let [Received::Event(_), Received::Lost(loss)] = &first[..] else {
            panic!("{first:?}");
        };
        assert_eq!((loss.first, loss.gap.events), (2, 2));
        assert_eq!(loss.gap.kinds["recorder"], 2);
        publish(&bus);
        end(&bus);
        assert_eq!(numbers(&subscription), [4, 5]);
    }
}
