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

    /// Gives the event its number and hands it to every queue; returns the number.
    pub fn publish(
        &self,
        time: Times,
        connection: Option<ConnectionId>,
        direction: Option<Direction>,
        kind: EventKind,
    ) -> u64 {
        let mut event = Event {
            number: 0,
            time,
            connection,
            direction,
            kind,
        };
        let weight = event.weight();
        let mut state = self.lock();
        state.published += 1;
        event.number = state.published;
        let event = Arc::new(event);
        for queue in &state.queues {
            queue.offer(&event, weight);
        }
        event.number
    }

    /// How many events there have been.
    #[must_use]
    pub fn published(&self) -> u64 {
        self.lock().published
    }

    /// No event will follow: every reader gets to its end.
    pub fn close(&self) {
        for queue in &self.lock().queues {
            queue.close();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Gap, Micros, SessionEnded};

    fn publish(bus: &Bus) -> u64 {
        let kind = EventKind::SessionEnded(SessionEnded {
            events: 0,
            connections: 0,
        });
        bus.publish(Times::at(Micros(7)), None, None, kind)
    }

    #[test]
    fn numbers_are_consecutive_and_every_queue_sees_all() {
        let bus = Bus::new(Clock::start());
        let (one, two) = (bus.subscribe(1 << 20), bus.subscribe(1 << 20));
        assert_eq!([publish(&bus), publish(&bus)], [1, 2]);
        bus.close();
        for subscription in [one, two] {
            let numbers: Vec<u64> = std::iter::from_fn(|| subscription.receive())
                .flatten()
                .map(|received| match received {
                    Received::Event(event) => event.number,
                    Received::Lost(gap) => panic!("lost {gap:?}"),
                })
                .collect();
            assert_eq!(numbers, [1, 2]);
        }
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
            Received::Lost(gap) => panic!("lost {gap:?}"),
        });
        assert_eq!(held.collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn a_full_queue_says_what_it_lost_and_where() {
        let bus = Bus::new(Clock::start());
        let subscription = bus.subscribe(1);
        publish(&bus);
        publish(&bus);
        publish(&bus);
        let first = subscription.receive().unwrap();
        assert!(matches!(
            first[..],
            [
                Received::Event(_),
                Received::Lost(Loss {
                    first: 2,
                    gap: Gap { events: 2, .. },
                    ..
                })
            ]
        ));
        publish(&bus);
        let next = subscription.receive().unwrap();
        assert!(matches!(&next[..], [Received::Event(event)] if event.number == 4));
    }
}
