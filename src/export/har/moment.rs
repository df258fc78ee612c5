//! Times in HAR's forms: RFC 3339 for entries, seconds since the epoch for messages, milliseconds for durations.

use jiff::Timestamp;

use crate::event::{Event, Micros, WallClock};

/// The wall clock in HAR's forms; what no calendar shows with four digits is brought to the nearest that one does.
#[derive(Debug, Clone)]
pub(super) struct Wall(WallClock);

impl Wall {
    /// From microseconds since the Unix epoch.
    pub(super) const fn starting(micros: i64) -> Self {
        Self(WallClock::starting(micros))
    }

    /// Takes an event in that may have moved the clock.
    pub(super) fn take(&mut self, event: &Event) {
        self.0.take(event);
    }

    fn micros(&self, at: Micros) -> i64 {
        self.0.at(at).clamp(0, LATEST)
    }

    /// RFC 3339 in UTC, to the microsecond.
    pub(super) fn date_time(&self, at: Micros) -> String {
        Timestamp::from_microsecond(self.micros(at))
            .unwrap_or_default()
            .strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
            .to_string()
    }

    /// Seconds since the Unix epoch, to the microsecond.
    #[expect(
        clippy::cast_precision_loss,
        reason = "until the year 2255 a double has every microsecond"
    )]
    pub(super) fn seconds(&self, at: Micros) -> f64 {
        self.micros(at) as f64 / 1e6
    }
}

/// A duration in milliseconds, to the microsecond.
#[expect(
    clippy::cast_precision_loss,
    reason = "exact for what lasts less than 285 years"
)]
pub(super) fn milliseconds(time: Micros) -> f64 {
    time.0 as f64 / 1e3
}

/// The last second that a timestamp can have, near the end of the year 9999.
const LATEST: i64 = 253_402_207_200_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_clock_gives_a_date_with_four_digits_of_a_year() {
        let wall = Wall::starting(1_781_000_000_000_007);
        assert_eq!(wall.date_time(Micros(1)), "2026-06-09T10:13:20.000008Z");
        assert_eq!(wall.seconds(Micros(1)).to_string(), "1781000000.000008");
        let (first, last) = ("1970-01-01T00:00:00.000000Z", "9999-12-30T22:00:00.000000Z");
        for (odd, nearest) in [(i64::MIN, first), (-1, first), (i64::MAX, last)] {
            assert_eq!(Wall::starting(odd).date_time(Micros(0)), nearest);
        }
        assert_eq!(wall.date_time(Micros(u64::MAX)), last);
    }
}
