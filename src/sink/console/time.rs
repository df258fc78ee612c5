//! Times and sizes as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::event::Micros;

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
    let Micros(micros) = time;
    let seconds = micros / 1_000_000;
    match micros {
        0..100_000 => format!("{}.{} ms", micros / 1000, micros % 1000 / 100),
        100_000..1_000_000 => format!("{} ms", micros / 1000),
        1_000_000..60_000_000 => format!("{seconds}.{:03} s", micros / 1000 % 1000),
        60_000_000..3_600_000_000 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_as_exact_as_they_need_to_be() {
        let of = |micros| duration(Micros(micros));
        assert_eq!(of(412), "0.4 ms");
        assert_eq!(of(99_999), "99.9 ms");
        assert_eq!(of(123_456), "123 ms");
        assert_eq!(of(1_204_999), "1.204 s");
        assert_eq!(of(123_000_000), "2 min 03 s");
        assert_eq!(of(10_920_000_000), "3 h 02 min");
    }
}
