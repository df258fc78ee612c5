//! How long something took, in words.

use super::Micros;

/// How many digits a length of time is said with. Each is rounded half up.
#[derive(Debug, Clone, Copy)]
pub enum Digits {
    /// For a sentence: `0.4 ms`, `340 ms`, `9.8 s`.
    Few,
    /// For a table: `0.4 ms`, `12.3 ms`, `340 ms`, `9.812 s`.
    Many,
}

impl Micros {
    /// As a person says it; from a minute on `4 min 05 s`, from an hour on `2 h 10 min`.
    #[must_use]
    pub fn said(self, digits: Digits) -> String {
        let in_units = |micros: u64| self.0.saturating_add(micros / 2) / micros;
        let (tenths, millis, seconds) = (in_units(100), in_units(1_000), in_units(1_000_000));
        let minutes = in_units(60_000_000);
        // Each unit is asked after rounding: 59.96 s is a minute, and never 60.0 s.
        match digits {
            Digits::Few if tenths < 100 => format!("{}.{} ms", tenths / 10, tenths % 10),
            Digits::Many if tenths < 1_000 => format!("{}.{} ms", tenths / 10, tenths % 10),
            _ if millis < 1_000 => format!("{millis} ms"),
            Digits::Few if in_units(100_000) < 600 => {
                let tenths = in_units(100_000);
                format!("{}.{} s", tenths / 10, tenths % 10)
            }
            Digits::Many if millis < 60_000 => {
                format!("{}.{:03} s", millis / 1_000, millis % 1_000)
            }
            _ if seconds < 3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
            _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_rounded_half_up_and_no_unit_is_ever_full() {
        for (micros, few, many) in [
            (0, "0.0 ms", "0.0 ms"),
            (49, "0.0 ms", "0.0 ms"),
            (50, "0.1 ms", "0.1 ms"),
            (412, "0.4 ms", "0.4 ms"),
            (9_949, "9.9 ms", "9.9 ms"),
            (9_950, "10 ms", "10.0 ms"),
            (12_345, "12 ms", "12.3 ms"),
            (12_500, "13 ms", "12.5 ms"),
            (99_949, "100 ms", "99.9 ms"),
            (99_950, "100 ms", "100 ms"),
            (999_499, "999 ms", "999 ms"),
            (999_500, "1.0 s", "1.000 s"),
            (1_204_999, "1.2 s", "1.205 s"),
            (3_991_000, "4.0 s", "3.991 s"),
            (59_949_999, "59.9 s", "59.950 s"),
            (59_950_000, "1 min 00 s", "59.950 s"),
            (59_960_000, "1 min 00 s", "59.960 s"),
            (59_999_500, "1 min 00 s", "1 min 00 s"),
            (60_499_999, "1 min 00 s", "1 min 00 s"),
            (60_500_000, "1 min 01 s", "1 min 01 s"),
            (123_000_000, "2 min 03 s", "2 min 03 s"),
            (3_599_499_999, "59 min 59 s", "59 min 59 s"),
            (3_599_500_000, "1 h 00 min", "1 h 00 min"),
            (10_920_000_000, "3 h 02 min", "3 h 02 min"),
            (10_949_999_999, "3 h 02 min", "3 h 02 min"),
            (10_950_000_000, "3 h 03 min", "3 h 03 min"),
        ] {
            let said = |digits| Micros(micros).said(digits);
            assert_eq!(
                (&*said(Digits::Few), &*said(Digits::Many)),
                (few, many),
                "{micros}"
            );
        }
        assert!(Micros(u64::MAX).said(Digits::Few).ends_with(" min"));
    }
}
