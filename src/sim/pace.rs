//! Compressed time: every wait of the simulator and of its agent is divided by one stated factor.

use std::time::Duration;

/// How many seconds of Finesse's time pass in one second of ours; 1 is real time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace(f64);

impl Pace {
    /// Real time.
    pub const REAL: Self = Self(1.0);

    /// A factor between 1 and 10,000; what lies outside is moved to the nearer end, and what is no number is 1.
    #[must_use]
    pub const fn new(factor: f64) -> Self {
        if factor.is_nan() {
            return Self::REAL;
        }
        Self(factor.clamp(1.0, 10_000.0))
    }

    /// The factor.
    #[must_use]
    pub const fn factor(self) -> f64 {
        self.0
    }

    /// How long `documented` takes at this pace.
    #[must_use]
    pub fn real(self, documented: Duration) -> Duration {
        documented.div_f64(self.0)
    }

    /// How long `seconds` of Finesse's time take at this pace.
    #[must_use]
    pub fn seconds(self, seconds: u64) -> Duration {
        self.real(Duration::from_secs(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_of_ten_makes_ten_seconds_one() {
        assert_eq!(Pace::new(10.0).seconds(10), Duration::from_secs(1));
        assert_eq!(Pace::new(f64::NAN), Pace::REAL);
        assert_eq!(Pace::new(0.0), Pace::REAL);
    }
}
