//! The only source of chance: a sequence that one seed fixes, so that a run can be repeated.

use std::sync::atomic::{AtomicU64, Ordering};

/// A sequence of 64-bit numbers (SplitMix64); not for secrets.
#[derive(Debug)]
pub(super) struct Seed(AtomicU64);

impl Seed {
    /// The sequence of `seed`.
    pub(super) const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number.
    pub(super) fn next(&self) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let mut mixed = self.0.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// An id of ten characters, as Openfire gives to streams.
    pub(super) fn stream_id(&self) -> String {
        let mut rest = self.next();
        (0..10)
            .map(|_| {
                let digit = u32::try_from(rest % 36).unwrap_or(0);
                rest /= 36;
                char::from_digit(digit, 36).unwrap_or('0')
            })
            .collect()
    }

    /// A UUID in its text form.
    pub(super) fn uuid(&self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            (low >> 48) & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }
}
