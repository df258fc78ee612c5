//! Client bytes behind a request for an upgrade: held until the answer says what they are.

use crate::event::Micros;
use crate::tap::Stamp;

/// Held bytes with the times of their chunks.
#[derive(Debug, Default)]
pub(in crate::tap) struct Early {
    bytes: Vec<u8>,
    /// How many bytes came at which time; the sum is the length of `bytes`.
    stamps: Vec<(Stamp, usize)>,
    /// Whether the client's direction is past reading.
    pub(in crate::tap) quiet: bool,
}

impl Early {
    /// Keeps the bytes, unless there would be more than `cap`.
    pub(super) fn keep(&mut self, bytes: &[u8], stamp: Stamp, cap: usize) -> bool {
        if self.bytes.len() + bytes.len() > cap {
            return false;
        }
        self.bytes.extend_from_slice(bytes);
        let is_full = self.stamps.len() >= STAMPS;
        match self.stamps.last_mut() {
            Some((last, length)) if is_full || *last == stamp => {
                *last = stamp;
                *length += bytes.len();
            }
            _ => self.stamps.push((stamp, bytes.len())),
        }
        true
    }

    /// Of a client whose bytes are past reading.
    pub(super) fn quiet() -> Self {
        Self {
            quiet: true,
            ..Self::default()
        }
    }

    /// Bytes of a head that was under way when the answer came.
    pub(super) fn of_partial_head(bytes: &[u8], began: Micros) -> Self {
        let mut early = Self::default();
        let stamp = Stamp {
            arrived: began,
            forwarded: None,
        };
        early.keep(bytes, stamp, usize::MAX);
        early
    }

    /// The bytes in order, with their times.
    pub(in crate::tap) fn pieces(&self) -> impl Iterator<Item = (Stamp, &[u8])> {
        let mut rest = self.bytes.as_slice();
        self.stamps.iter().map(move |&(stamp, length)| {
            let (piece, behind) = rest.split_at(length.min(rest.len()));
            rest = behind;
            (stamp, piece)
        })
    }
}

/// Chunks that are told apart; later ones count as one.
const STAMPS: usize = 256;
