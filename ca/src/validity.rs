//! How long certificates live, and the clock arithmetic behind it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::date_time_ymd;

use crate::Error;

/// A certificate's validity; both ends are included (RFC 5280 section 4.1.2.5) and lie on whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    /// The first second at which the certificate is good.
    pub(crate) not_before: SystemTime,
    /// The last second at which the certificate is good.
    pub(crate) not_after: SystemTime,
}

impl Validity {
    /// A life that began `BACKDATE` before `now` and lasts `life`, backdating included.
    pub(crate) fn starting(now: SystemTime, life: Duration) -> Result<Self, Error> {
        let seconds = now
            .duration_since(UNIX_EPOCH)
            .map_err(|_| Error::Clock)?
            .as_secs();
        let not_before = seconds
            .checked_sub(BACKDATE.as_secs())
            .ok_or(Error::Clock)?;
        if not_before > LAST_START {
            return Err(Error::Clock);
        }
        let not_before = at_second(not_before);
        Ok(Self {
            not_before,
            not_after: not_before + life - SECOND,
        })
    }

    /// The part of this life that falls within the other one.
    pub(crate) fn within(self, outer: Self) -> Self {
        Self {
            not_before: self.not_before.max(outer.not_before),
            not_after: self.not_after.min(outer.not_after),
        }
    }

    /// Whether a verifier would accept the certificate at that time.
    pub(crate) fn covers(self, now: SystemTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// Puts both ends into the parameters of a certificate.
    pub(crate) fn apply(self, params: &mut rcgen::CertificateParams) {
        params.not_before = date_time_ymd(1970, 1, 1) + since_epoch(self.not_before);
        params.not_after = date_time_ymd(1970, 1, 1) + since_epoch(self.not_after);
    }
}

/// The UTC date and time of day as `2026-11-23 10:55:11Z`.
pub(crate) fn date_and_time(at: SystemTime) -> String {
    let at = date_time_ymd(1970, 1, 1) + since_epoch(at);
    let (hour, minute, second) = at.to_hms();
    let month = u8::from(at.month());
    format!(
        "{:04}-{month:02}-{:02} {hour:02}:{minute:02}:{second:02}Z",
        at.year(),
        at.day()
    )
}

/// A time from the seconds since 1970 that X.509 fields hold.
pub(crate) fn at_second(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn since_epoch(at: SystemTime) -> Duration {
    at.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// How long a root lives, backdating included.
pub(crate) const ROOT_LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// How long a leaf lives at most, backdating included; Chromium counts it too.
pub(crate) const LEAF_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The life that must be left for a root to be used, and for a leaf to be given out again.
pub(crate) const MARGIN: Duration = Duration::from_secs(24 * 60 * 60);

/// How far in the past a certificate begins, for browsers whose clock is behind.
const BACKDATE: Duration = Duration::from_secs(60 * 60);

const SECOND: Duration = Duration::from_secs(1);

/// 9000-01-01: later starts could end beyond the year 9999, which X.509 cannot write.
const LAST_START: u64 = 221_845_392_000;
