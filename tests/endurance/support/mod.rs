//! finspect between a client and an echo, each of which knows what it received and when.

mod echo;
mod socket;
mod subject;

pub(crate) use echo::{Echo, number, stanza};
pub(crate) use socket::Socket;
pub(crate) use subject::{Subject, recorded};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use finspect::bus::Clock;
use finspect::event::Micros;

/// What an end received: the message's number, and when.
#[derive(Clone)]
pub(crate) struct Diary {
    clock: Clock,
    received: Arc<Mutex<Vec<(u64, Micros)>>>,
}

impl Diary {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            received: Arc::default(),
        }
    }

    pub(crate) fn note(&self, number: u64) {
        let now = self.clock.now();
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.push((number, now));
    }

    /// Numbers of the messages that were there before `moment`.
    pub(crate) fn before(&self, moment: Micros) -> Vec<u64> {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let before = received.iter().filter(|(_, at)| *at < moment);
        before.map(|(number, _)| *number).collect()
    }
}

/// The tests of this program take turns.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a condition, for a minute at most.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..6_000 {
        if let Some(found) = look() {
            return found;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("no {what} within a minute");
}
