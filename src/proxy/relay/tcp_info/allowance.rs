//! How often a connection may be told of.

use crate::event::Micros;

/// How long it takes until one more event may come.
const REFILL: Micros = Micros(60_000_000);

/// Keeps what happens now and then all day from filling a recording; the counters of the next event have what was not
/// said.
#[derive(Debug)]
pub(super) struct Allowance {
    burst: u8,
    left: u8,
    since: Micros,
}

impl Allowance {
    /// So many at once, and one more a minute.
    pub(super) const fn of(burst: u8) -> Self {
        Self {
            burst,
            left: burst,
            since: Micros(0),
        }
    }

    /// Whether one more may come, which is then taken.
    pub(super) fn take(&mut self, now: Micros) -> bool {
        let refilled = now.since(self.since).0 / REFILL.0;
        if refilled > 0 {
            self.since = now;
            let refilled = u8::try_from(refilled).unwrap_or(self.burst);
            self.left = self.left.saturating_add(refilled).min(self.burst);
        }
        let taken = self.left > 0;
        self.left = self.left.saturating_sub(1);
        taken
    }
}
