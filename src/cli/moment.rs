//! Times as they are typed for `--from` and `--to`, and where in a recording they are.

use std::str::FromStr;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use crate::event::{ConnectionId, Micros};
use crate::sink::filter::Position;

/// A place in a recording, as typed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Moment {
    /// `12:31`, `12:31:04.250`.
    OfDay(Time),
    /// `2026-11-23T12:31:04`.
    Local(DateTime),
    /// `2026-11-23T12:31:04Z`, `2026-11-23T12:31:04+01:00`.
    Instant(Timestamp),
    /// `+90s`, `+1h2m`: since the session's start.
    Since(Micros),
    /// `#123`: an event's number.
    Number(u64),
}

/// It is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a time is 12:31, 12:31:04.250, 2026-11-23T12:31:04, 2026-11-23T12:31:04Z, +90s or +1h2m since the start, or #123, an event's number"
)]
pub(super) struct NoMoment;

impl FromStr for Moment {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        if let Some(number) = text.strip_prefix('#') {
            return number.parse().map(Self::Number).map_err(|_| NoMoment);
        }
        if let Some(since) = text.strip_prefix('+') {
            let since: SignedDuration = since.parse().map_err(|_| NoMoment)?;
            let micros = u64::try_from(since.as_micros()).map_err(|_| NoMoment)?;
            return Ok(Self::Since(Micros(micros)));
        }
        if let Ok(instant) = text.parse() {
            return Ok(Self::Instant(instant));
        }
        if text.contains('-') {
            return text.parse().map(Self::Local).map_err(|_| NoMoment);
        }
        if text.contains(':') {
            return text.parse().map(Self::OfDay).map_err(|_| NoMoment);
        }
        Err(NoMoment)
    }
}

impl Moment {
    /// The place in a session that began at `began`.
    ///
    /// A time of day is that of the day on which the session began; where it was over for more than half a day by then,
    /// it is that of the next day.
    pub(super) fn position(self, began: &Zoned) -> Result<Position, OutOfTime> {
        let zone = began.time_zone();
        let instant = match self {
            Self::Number(number) => return Ok(Position::Number(number)),
            Self::Since(Micros(since)) => {
                return i64::try_from(since)
                    .map(Position::Time)
                    .map_err(|_| OutOfTime);
            }
            Self::Instant(instant) => instant,
            Self::Local(local) => at(local, zone)?,
            Self::OfDay(time) => {
                let today = at(began.date().to_datetime(time), zone)?;
                if began.timestamp().duration_since(today) > HALF_A_DAY {
                    let tomorrow = began.date().tomorrow().map_err(|_| OutOfTime)?;
                    at(tomorrow.to_datetime(time), zone)?
                } else {
                    today
                }
            }
        };
        let since = instant.duration_since(began.timestamp()).as_micros();
        i64::try_from(since)
            .map(Position::Time)
            .map_err(|_| OutOfTime)
    }

    /// The same for the end of a stretch. Times are shown with milliseconds, so one stands for all of its millisecond.
    pub(super) fn end(self, began: &Zoned) -> Result<Position, OutOfTime> {
        Ok(match self.position(began)? {
            Position::Time(micros) if micros % 1000 == 0 => {
                Position::Time(micros.saturating_add(999))
            }
            position => position,
        })
    }
}

/// The moment is beyond what a calendar has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this time is out of reach")]
pub(super) struct OutOfTime;

/// A local time; where clocks are put forward or back, as RFC 5545 has it.
fn at(local: DateTime, zone: &TimeZone) -> Result<Timestamp, OutOfTime> {
    let zoned = local.to_zoned(zone.clone());
    zoned.map(|zoned| zoned.timestamp()).map_err(|_| OutOfTime)
}

/// What a `--connection` names: `3`, or `#3` as in the output.
pub(super) fn connection(text: &str) -> Result<ConnectionId, &'static str> {
    let number = text.strip_prefix('#').unwrap_or(text).parse();
    number
        .map(ConnectionId)
        .map_err(|_| "a connection is a number, as after `#` in the output")
}

const HALF_A_DAY: SignedDuration = SignedDuration::from_hours(12);

#[cfg(test)]
mod tests {
    use super::*;

    fn began(text: &str) -> Zoned {
        let local: DateTime = text.parse().unwrap();
        local
            .to_zoned(TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap())
            .unwrap()
    }

    /// Seconds since the start.
    fn seconds(text: &str, start: &str) -> f64 {
        let moment: Moment = text.parse().unwrap();
        match moment.position(&began(start)).unwrap() {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            Position::Time(micros) => micros as f64 / 1e6,
            Position::Number(_) => panic!("{text} is a number"),
        }
    }

    #[test]
    fn a_time_of_day_is_on_the_day_of_the_recording() {
        let noon = "2026-11-23T12:00:00";
        assert_eq!(seconds("12:31", noon), 1860.0);
        assert_eq!(seconds("12:00:04.250", noon), 4.25);
        assert_eq!(seconds("11:59", noon), -60.0);
    }

    #[test]
    fn past_midnight_it_is_on_the_next_day() {
        let late = "2026-11-23T23:50:00";
        assert_eq!(seconds("00:10", late), 1200.0);
        assert_eq!(seconds("23:49", late), -60.0);
        // A night with 25 hours: clocks go back at 3.
        assert_eq!(seconds("04:00", "2026-10-24T23:00:00"), 6.0 * 3600.0);
    }

    #[test]
    fn dates_offsets_and_durations_are_understood() {
        let noon = "2026-11-23T12:00:00";
        assert_eq!(seconds("2026-11-23T12:00:10", noon), 10.0);
        assert_eq!(seconds("2026-11-23 12:00:10", noon), 10.0);
        assert_eq!(seconds("2026-11-23T11:00:10Z", noon), 10.0);
        assert_eq!(seconds("2026-11-23T05:00:10-06:00", noon), 10.0);
        assert_eq!(seconds("+90s", noon), 90.0);
        assert_eq!(seconds("+1h2m", noon), 3720.0);
        assert_eq!(seconds("+1.5s", noon), 1.5);
        assert_eq!("#12".parse(), Ok(Moment::Number(12)));
    }

    #[test]
    fn anything_else_is_refused_without_being_repeated() {
        for wrong in [
            "",
            "12",
            "noon",
            "#",
            "#-1",
            "+",
            "+-1s",
            "-5s",
            "25:00",
            "+1x",
            "2026-13-01T00:00",
            "+99999999999999h",
        ] {
            assert_eq!(wrong.parse::<Moment>(), Err(NoMoment), "{wrong}");
        }
    }

    #[test]
    fn an_end_covers_the_millisecond_that_is_shown() {
        let began = began("2026-11-23T12:00:00");
        let end = |text: &str| text.parse::<Moment>().unwrap().end(&began).unwrap();
        assert_eq!(end("12:00:00.250"), Position::Time(250_999));
        assert_eq!(end("12:00:00.250100"), Position::Time(250_100));
        assert_eq!(end("#3"), Position::Number(3));
    }
}
