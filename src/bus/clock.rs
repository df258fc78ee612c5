//! The session's time: monotonic microseconds, tied to the wall clock once at the start.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::event::Micros;

/// Monotonic microseconds since the session's start.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
    wall: i64,
}

impl Clock {
    /// A clock that reads 0 now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the Clock")]
    pub fn start() -> Self {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(0));
        Self {
            started: Instant::now(),
            wall,
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Micros {
        Micros(u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// The wall clock at 0, in microseconds since the Unix epoch.
    #[must_use]
    pub const fn wall_at_start(&self) -> i64 {
        self.wall
    }
}
