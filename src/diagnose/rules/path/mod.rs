//! Causes on the way between the two ends.

pub(super) mod black_hole;
