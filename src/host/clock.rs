//! All clocks of the machine, read at one moment.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::bus::Clock;
use crate::event::Micros;

/// What the clocks say at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The session's clock. It stands still while the machine sleeps on Linux and macOS; on Windows it does not.
    pub session: Micros,
    /// A clock that is as fast and goes on while the machine sleeps, from any start; absent where there is none beside
    /// the session's.
    pub sleepless: Option<Micros>,
    /// The wall clock, in microseconds since the Unix epoch.
    pub wall: i64,
}

impl Reading {
    /// Reads them, again if something came in between: the clocks are compared with each other.
    #[must_use]
    pub fn take(clock: &Clock) -> Self {
        let mut began = clock.now();
        let mut reading = Self::at(began);
        for _ in 0..TRIES {
            let done = clock.now();
            if done.since(began) < AT_ONCE {
                break;
            }
            began = done;
            reading = Self::at(began);
        }
        reading
    }

    fn at(session: Micros) -> Self {
        Self {
            session,
            sleepless: sleepless(),
            wall: wall(),
        }
    }
}

fn wall() -> i64 {
    let micros = |time: std::time::Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => micros(since),
        Err(before) => -micros(before.duration()),
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn sleepless() -> Option<Micros> {
    read(rustix::time::ClockId::Boottime)
}

/// On macOS this clock goes on in sleep, and the one that the session's is made of (`CLOCK_UPTIME_RAW`) does not.
#[cfg(target_vendor = "apple")]
fn sleepless() -> Option<Micros> {
    read(rustix::time::ClockId::Monotonic)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
const fn sleepless() -> Option<Micros> {
    None
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn read(clock: rustix::time::ClockId) -> Option<Micros> {
    let time = rustix::time::clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let micros = u64::try_from(time.tv_nsec).ok()? / 1_000;
    seconds
        .checked_mul(1_000_000)?
        .checked_add(micros)
        .map(Micros)
}

/// Readings that took longer are taken again.
const AT_ONCE: Micros = Micros(5_000);
/// How often, on a machine that has no time at all.
const TRIES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_of_the_clocks_that_everybody_else_reads() {
        let clock = Clock::start();
        let reading = Reading::take(&clock);
        assert!(reading.session <= clock.now());
        let away = reading.wall - clock.wall_at_start();
        assert!(away.abs() < 60_000_000, "{away} µs");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_has_a_clock_that_goes_on_in_sleep() {
        let clock = Clock::start();
        let (one, other) = (Reading::take(&clock), Reading::take(&clock));
        assert!(other.sleepless.unwrap() >= one.sleepless.unwrap());
    }
}
