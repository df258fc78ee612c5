//! The wall clock over a session.

use super::{Event, EventKind, Micros};

/// What the wall clock showed when: at the start, and after each sleep and jump.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WallClock {
    /// The wall clock at [`Micros`] 0, in microseconds since the Unix epoch.
    start: i64,
    /// From this moment on, what the wall clock would have shown at [`Micros`] 0.
    moved: Vec<(Micros, i64)>,
}

impl WallClock {
    /// A clock that showed this at [`Micros`] 0, in microseconds since the Unix epoch.
    #[must_use]
    pub const fn starting(start: i64) -> Self {
        Self {
            start,
            moved: Vec::new(),
        }
    }

    /// Takes an event in that may have moved the clock.
    pub fn take(&mut self, event: &Event) {
        if let EventKind::Host(host) = &event.kind
            && let Some(wall) = host.wall_clock()
            && self.moved.len() < MOVES
        {
            let at = event.time.arrived;
            self.moved.push((at, wall.saturating_sub_unsigned(at.0)));
        }
    }

    /// What it showed at a moment, in microseconds since the Unix epoch.
    #[must_use]
    pub fn at(&self, time: Micros) -> i64 {
        let moved = self.moved.iter().rev().find(|(from, _)| *from <= time);
        let start = moved.map_or(self.start, |(_, start)| *start);
        start.saturating_add_unsigned(time.0)
    }
}

/// Moves that are remembered; a clock that moves more often is not worth following.
const MOVES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ClockJumped, Host, Times};

    #[test]
    fn a_jump_counts_from_its_moment_on() {
        let mut wall = WallClock::starting(1_000);
        wall.take(&Event {
            number: 2,
            time: Times::at(Micros(50)),
            connection: None,
            direction: None,
            kind: EventKind::Host(Host::ClockJumped(ClockJumped {
                by: 8_950,
                wall_clock: 10_000,
            })),
        });
        assert_eq!(wall.at(Micros(49)), 1_049);
        assert_eq!(wall.at(Micros(50)), 10_000);
        assert_eq!(wall.at(Micros(60)), 10_010);
    }
}
