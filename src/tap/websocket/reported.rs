//! Which kinds of violation were said already.

use crate::event::WebSocketViolation as Violation;

/// The kinds that were said, one bit each.
#[derive(Debug, Default)]
pub(super) struct Reported(u32);

impl Reported {
    /// Whether a violation is the first of its kind.
    pub(super) const fn is_first(&mut self, violation: &Violation) -> bool {
        let bit = 1 << kind_number(violation);
        let is_first = self.0 & bit == 0;
        self.0 |= bit;
        is_first
    }
}

/// A number for each kind of violation.
const fn kind_number(violation: &Violation) -> u32 {
    match violation {
        Violation::ReservedBits(_) => 0,
        Violation::UnknownOpcode(_) => 1,
        Violation::UnmaskedClientFrame => 2,
        Violation::MaskedServerFrame => 3,
        Violation::FragmentedControl => 4,
        Violation::OversizedControl(_) => 5,
        Violation::LengthNotMinimal => 6,
        Violation::LengthOverflow => 7,
        Violation::UnexpectedContinuation => 8,
        Violation::ExpectedContinuation => 9,
        Violation::InvalidUtf8 => 10,
        Violation::TruncatedClose => 11,
        Violation::BadCloseCode(_) => 12,
        Violation::DataAfterClose => 13,
        Violation::LostSync(_) => 14,
        Violation::InflatedOverLimit(_) => 15,
        Violation::CutOff => 16,
    }
}
