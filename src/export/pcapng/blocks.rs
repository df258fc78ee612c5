//! The blocks of a pcapng file (draft-ietf-opsawg-pcapng): section header, one interface, enhanced packets.

use std::io::{self, Write};

use crate::event::{Redaction, SessionStarted, Source};

/// Writes blocks, in little-endian byte order.
#[derive(Debug)]
pub(super) struct Blocks<W> {
    output: W,
    /// What is to be written next; at first the section header and the interface.
    pending: Vec<u8>,
}

impl<W: Write> Blocks<W> {
    /// A file with one interface of raw IP packets.
    pub(super) fn new(output: W, session: &SessionStarted) -> Self {
        let mut pending = Vec::new();
        section_header(&mut pending, session);
        interface(&mut pending);
        Self { output, pending }
    }

    /// Writes one packet; `at` is in microseconds since the Unix epoch.
    pub(super) fn packet(&mut self, at: u64, packet: &[u8], comments: &[String]) -> io::Result<()> {
        let length = length(packet.len())?;
        block(&mut self.pending, ENHANCED_PACKET, |body| {
            // The first interface.
            body.extend(0_u32.to_le_bytes());
            body.extend(((at >> 32) as u32).to_le_bytes());
            body.extend((at as u32).to_le_bytes());
            // Captured, and on the wire.
            body.extend(length.to_le_bytes());
            body.extend(length.to_le_bytes());
            padded(body, packet);
            for comment in comments {
                option(body, OPT_COMMENT, comment.as_bytes());
            }
            end_of_options(body);
        });
        self.write()
    }

    /// Writes what has not been written yet.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.write()?;
        self.output.flush()
    }

    fn write(&mut self) -> io::Result<()> {
        let written = self.output.write_all(&self.pending);
        self.pending.clear();
        written
    }
}

fn section_header(out: &mut Vec<u8>, session: &SessionStarted) {
    block(out, SECTION_HEADER, |body| {
        body.extend(BYTE_ORDER.to_le_bytes());
        body.extend(1_u16.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        // The section's length is not known.
        body.extend((-1_i64).to_le_bytes());
        option(body, OPT_COMMENT, about(session).as_bytes());
        option(body, SHB_OS, session.platform.as_bytes());
        let program = format!("finspect {}", env!("CARGO_PKG_VERSION"));
        option(body, SHB_USERAPPL, program.as_bytes());
        end_of_options(body);
    });
}

/// What a reader of the file has to know.
fn about(session: &SessionStarted) -> String {
    let redaction = match session.redaction {
        Redaction::Off => "off",
        Redaction::Standard => "standard",
        Redaction::Strict => "strict",
    };
    let source = match &session.source {
        Source::Live => format!("recorded by finspect {}", session.version),
        Source::Har(program) => format!("from a HAR file of {program}"),
        Source::Netlog(program) => format!("from a NetLog of {program}"),
    };
    format!(
        "Made by finspect {} from a recording; no packet was captured: IP, TCP, HTTP and WebSocket are made anew \
         around what passed inside TLS. Recording: {source}, redaction {redaction}.",
        env!("CARGO_PKG_VERSION")
    )
}

fn interface(out: &mut Vec<u8>) {
    block(out, INTERFACE, |body| {
        body.extend(LINKTYPE_RAW.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        // No limit on a packet's length.
        body.extend(0_u32.to_le_bytes());
        option(body, IF_NAME, b"finspect");
        option(body, IF_TSRESOL, &[MICROSECONDS]);
        end_of_options(body);
    });
}

/// A block's type and length, its body, and its length again.
fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend(kind.to_le_bytes());
    out.extend([0; 4]);
    body(out);
    // A packet has 64 KiB at most, and so has an option.
    let length = u32::try_from(out.len() - start + 4).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(start + 4..start + 8) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    out.extend(length.to_le_bytes());
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..OPTION_LONGEST).unwrap_or(value);
    out.extend(code.to_le_bytes());
    out.extend((value.len() as u16).to_le_bytes());
    padded(out, value);
}

fn end_of_options(out: &mut Vec<u8>) {
    out.extend([0; 4]);
}

/// Everything begins at a multiple of 32 bits.
fn padded(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(4), 0);
}

fn length(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(io::Error::other)
}

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// The packet begins with its IP header.
const LINKTYPE_RAW: u16 = 101;
const OPT_COMMENT: u16 = 1;
const SHB_OS: u16 = 3;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
/// Time stamps count 10^-6 seconds.
const MICROSECONDS: u8 = 6;
/// Bytes of an option's value.
const OPTION_LONGEST: usize = u16::MAX as usize;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_says_its_length_twice_and_ends_at_32_bits() {
        let mut file = Vec::new();
        let mut blocks = Blocks::new(&mut file, &SessionStarted::default());
        blocks
            .packet(0x1_0000_0002, b"12345", &["é".to_owned()])
            .unwrap();
        blocks.finish().unwrap();
        let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        let mut kinds = Vec::new();
        let mut at = 0;
        while at < file.len() {
            let length = word(at + 4) as usize;
            assert_eq!(length % 4, 0);
            assert_eq!(word(at + length - 4) as usize, length);
            kinds.push(word(at));
            at += length;
        }
        assert_eq!(kinds, [SECTION_HEADER, INTERFACE, ENHANCED_PACKET]);
        let packet = &file[file.len() - 52..];
        assert_eq!(&packet[12..20], [1, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(&packet[28..36], b"12345\0\0\0");
        assert_eq!(&packet[36..44], [1, 0, 2, 0, 0xc3, 0xa9, 0, 0]);
    }
}
