//! Durations, times and counts in words, the same in every finding.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::event::{ConnectionId, Digits, Manner, Micros};
use crate::session::Session;

/// A duration as a person says it: `0.4 ms`, `340 ms`, `9.8 s`, `4 min 05 s`, `2 h 10 min`.
#[must_use]
pub fn duration(time: Micros) -> String {
    time.said(Digits::Few)
}

/// A count with its noun: `1 ping`, `3 pings`.
#[must_use]
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Connections: `#3`, `#3 and #7`.
#[must_use]
pub fn connections(ids: &[ConnectionId]) -> String {
    let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
    names.join(" and ")
}

/// A moment as a clock shows it, such as `12:31:04.120`; since the start where the session does not tell when that was.
#[must_use]
pub fn clock(session: &Session, at: Micros, zone: &TimeZone) -> String {
    let wall = session.wall(at);
    let wall = wall.and_then(|wall| Timestamp::from_microsecond(wall).ok());
    wall.map_or_else(
        || format!("+{}", duration(at)),
        |wall| {
            let zoned = wall.to_zoned(zone.clone());
            zoned.strftime("%H:%M:%S%.3f").to_string()
        },
    )
}

/// A wall clock time alone, such as `12:31:04`.
#[must_use]
pub fn wall_clock(wall: i64, zone: &TimeZone) -> String {
    Timestamp::from_microsecond(wall).map_or_else(
        |_| format!("{} s", SignedDuration::from_micros(wall).as_secs()),
        |wall| wall.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string(),
    )
}

/// How a direction ended.
#[must_use]
pub fn manner(manner: &Manner) -> String {
    match manner {
        Manner::Fin => "FIN".to_owned(),
        Manner::CloseNotify => "a close_notify".to_owned(),
        Manner::FinWithoutCloseNotify => "FIN without a close_notify".to_owned(),
        Manner::Reset => "RST".to_owned(),
        Manner::Alert(name) => format!("the TLS alert {name}"),
        Manner::TlsBroken(_) => "broken TLS records".to_owned(),
        Manner::TimedOut => "a TCP timeout".to_owned(),
        Manner::Error(why) => format!("an error ({why})"),
        Manner::Stopped => "finspect's own end".to_owned(),
        Manner::Unknown => "an end that nobody saw".to_owned(),
    }
}
