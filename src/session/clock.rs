//! How far the servers' clocks are from this machine's, by the `Date` of their answers (RFC 9110 section 6.6.1).

use std::collections::BTreeMap;

use jiff::fmt::rfc2822;

use super::At;
use super::kept::{Kept, clip};

/// The clocks of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerClocks {
    readings: BTreeMap<String, Kept<Reading>>,
}

/// How far a server's clock was ahead of this machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The answer whose `Date` says so.
    pub at: At,
    /// In milliseconds, negative where it is behind: the middle of what all its answers since then allow. One answer
    /// tells it to a second, the grain of `Date`; many tell it better.
    pub ahead: i64,
    /// What they allow, from the least to the most.
    bounds: (i64, i64),
}

impl ServerClocks {
    /// Readings of a server, in order; one that differs by less than two seconds from the one before is not kept.
    #[must_use]
    pub fn of(&self, host: &str) -> &[Reading] {
        self.readings.get(host).map_or(&[], |readings| readings)
    }

    /// All servers with their readings.
    pub fn all(&self) -> impl Iterator<Item = (&str, &[Reading])> {
        let all = self.readings.iter();
        all.map(|(host, readings)| (host.as_str(), &**readings))
    }

    /// An answer came when this machine's wall clock showed `wall`, in microseconds since the Unix epoch.
    pub(super) fn answered(&mut self, host: &str, date: &str, at: At, wall: i64) {
        let Ok(date) = rfc2822::parse(date) else {
            return;
        };
        // `Date` is cut to the second.
        let theirs = date.timestamp().as_millisecond();
        let least = theirs.saturating_sub(wall / 1_000);
        let told = (least, least.saturating_add(SECOND));
        let host = clip(host);
        if self.readings.len() >= SERVERS && !self.readings.contains_key(host) {
            return;
        }
        let readings = self.readings.entry(host.to_owned()).or_default();
        let ahead = middle(told);
        if let Some(last) = readings.last()
            && last.ahead.abs_diff(ahead) < GRAIN
        {
            let place = readings.len() - 1;
            readings.change(place, |last| last.narrow(told));
            return;
        }
        readings.keep(Reading {
            at,
            ahead,
            bounds: told,
        });
    }
}

impl Reading {
    /// Takes in what another answer allows; answers that were long on their way contradict it, and tell nothing.
    fn narrow(&mut self, told: (i64, i64)) {
        let both = (self.bounds.0.max(told.0), self.bounds.1.min(told.1));
        if both.0 <= both.1 {
            self.bounds = both;
            self.ahead = middle(both);
        }
    }
}

const fn middle((least, most): (i64, i64)) -> i64 {
    least.midpoint(most)
}

/// Servers remembered.
const SERVERS: usize = 256;
/// The grain of `Date` in milliseconds.
const SECOND: i64 = 1_000;
/// Differences below this may be those of `Date` itself and of answers on their way, in milliseconds.
const GRAIN: u64 = 2_000;
