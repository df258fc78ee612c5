//! Times and sizes as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::event::{Digits, Micros};

/// The time of day with milliseconds, in the given zone; the time since the start where the wall clock is not known.
pub(super) fn of_day(wall: Option<i64>, at: Micros, zone: &TimeZone) -> String {
    match wall.and_then(|micros| Timestamp::from_microsecond(micros).ok()) {
        Some(timestamp) => timestamp
            .to_zoned(zone.clone())
            .strftime("%H:%M:%S%.3f")
            .to_string(),
        None => {
            let seconds = at.0 / 1_000_000;
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            let millis = at.0 / 1000 % 1000;
            format!("{hours:02}:{minutes:02}:{:02}.{millis:03}", seconds % 60)
        }
    }
}

/// The time of day to the second, of a wall clock in microseconds since the Unix epoch.
pub(super) fn second_of_day(wall: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_microsecond(wall).map(|at| at.to_zoned(zone.clone()));
    at.map_or_else(
        |_| wall.to_string(),
        |at| at.strftime("%H:%M:%S").to_string(),
    )
}

/// A day in UTC, for certificates.
pub(super) fn date(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(
        |_| seconds.to_string(),
        |timestamp| timestamp.strftime("%Y-%m-%d").to_string(),
    )
}

/// A duration: `0.4 ms`, `12.3 ms`, `1.204 s`, `2 min 03 s`, `3 h 02 min`.
#[must_use]
pub fn duration(time: Micros) -> String {
    time.said(Digits::Many)
}

/// A size in bytes.
#[must_use]
pub fn bytes(count: u64) -> String {
    match count {
        1 => "1 byte".to_owned(),
        0..10_240 => format!("{count} bytes"),
        10_240..10_485_760 => format!("{} KiB", count / 1024),
        _ => format!("{} MiB", count / 1_048_576),
    }
}
