//! Frame headers (RFC 6455 section 5.2), byte by byte if need be.

/// Collects the header of one frame at a time.
#[derive(Debug, Default)]
pub(super) struct HeaderReader {
    bytes: [u8; LONGEST],
    have: usize,
}

/// What a frame's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) fin: bool,
    /// RSV1 to RSV3; RSV1 is 4.
    pub(super) reserved: u8,
    pub(super) opcode: u8,
    pub(super) mask: Option<[u8; 4]>,
    /// Bytes of the payload; more than 2^63 in a broken frame.
    pub(super) length: u64,
    /// Whether the length is in its shortest form.
    pub(super) minimal: bool,
}

impl HeaderReader {
    /// Whether a header is under way.
    pub(super) const fn is_empty(&self) -> bool {
        self.have == 0
    }

    /// Takes bytes up to the end of a header.
    pub(super) fn take(&mut self, input: &mut &[u8]) -> Option<FrameHeader> {
        loop {
            let need = self.need();
            if self.have >= need {
                self.have = 0;
                return Some(FrameHeader::parse(&self.bytes));
            }
            if input.is_empty() {
                return None;
            }
            let length = (need - self.have).min(input.len());
            let (part, rest) = input.split_at(length);
            self.bytes
                .get_mut(self.have..self.have + length)?
                .copy_from_slice(part);
            self.have += length;
            *input = rest;
        }
    }

    /// How long the header is, as far as can be told.
    const fn need(&self) -> usize {
        if self.have < 2 {
            return 2;
        }
        let second = self.bytes[1];
        let mask = if second & MASKED == 0 { 0 } else { 4 };
        2 + mask + length_bytes(second)
    }
}

impl FrameHeader {
    fn parse(bytes: &[u8; LONGEST]) -> Self {
        let [first, second, extended @ ..] = bytes;
        let short = second & 0x7f;
        let length = extended
            .iter()
            .take(length_bytes(*second))
            .fold(0, |length, &byte| (length << 8) | u64::from(byte));
        let (length, minimal) = match short {
            126 => (length, length > 125),
            127 => (length, length > 0xffff),
            short => (u64::from(short), true),
        };
        let mask = extended
            .get(length_bytes(*second)..)
            .and_then(<[u8]>::first_chunk);
        Self {
            fin: first & 0x80 != 0,
            reserved: (first >> 4) & 7,
            opcode: first & 0x0f,
            mask: mask.copied().filter(|_| second & MASKED != 0),
            length,
            minimal,
        }
    }

    /// Whether it is a control frame (section 5.5).
    pub(super) const fn is_control(&self) -> bool {
        self.opcode & 8 != 0
    }
}

/// Bytes of the extended length behind the second byte.
const fn length_bytes(second: u8) -> usize {
    match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    }
}

/// The mask bit in the second byte.
const MASKED: u8 = 0x80;

/// Two bytes, a 64-bit length, a mask.
const LONGEST: usize = 14;
