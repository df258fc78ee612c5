//! IP and TCP headers around bytes.

use std::io;
use std::net::{IpAddr, SocketAddr};

use etherparse::err::packet::BuildVecWriteError;
use etherparse::{
    IpHeaders, IpNumber, PacketBuilder, PacketBuilderStep, TcpHeader, TcpOptionElement,
};

/// The most bytes of a stream that one packet takes, whatever its IP version.
pub(super) const SEGMENT: usize = u16::MAX as usize - 40;

/// The window that every packet offers, shifted by [`SHIFT`].
const WINDOW: u16 = u16::MAX;

/// The shift of RFC 7323, so that no sender ever seems to wait for a window.
const SHIFT: u8 = 7;

/// What the TCP header says beside the ports.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) syn: bool,
    pub(super) ack: bool,
    pub(super) psh: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
}

/// A segment of a stream. Both addresses are of one family.
pub(super) fn segment(
    (from, to): (SocketAddr, SocketAddr),
    (sequence, acknowledgment): (u32, u32),
    flags: Flags,
    payload: &[u8],
) -> io::Result<Vec<u8>> {
    let mut header = TcpHeader::new(from.port(), to.port(), sequence, WINDOW);
    header.syn = flags.syn;
    header.psh = flags.psh;
    header.fin = flags.fin;
    header.rst = flags.rst;
    header.ack = flags.ack;
    if flags.ack {
        header.acknowledgment_number = acknowledgment;
    }
    if flags.syn {
        header
            .set_options(&[
                TcpOptionElement::MaximumSegmentSize(SEGMENT as u16),
                TcpOptionElement::WindowScale(SHIFT),
            ])
            .map_err(io::Error::other)?;
    }
    let mut packet = Vec::new();
    ip(from.ip(), to.ip())
        .tcp_header(header)
        .write_to_vec(&mut packet, payload)
        .map_err(unlikely)?;
    Ok(packet)
}

/// A packet that carries nothing but its comment.
pub(super) fn empty(from: IpAddr, to: IpAddr) -> io::Result<Vec<u8>> {
    let mut packet = Vec::new();
    ip(from, to)
        .write_to_vec(&mut packet, EXPERIMENT, &[])
        .map_err(unlikely)?;
    Ok(packet)
}

fn ip(from: IpAddr, to: IpAddr) -> PacketBuilderStep<IpHeaders> {
    let (from, to) = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            return PacketBuilder::ipv4(from.octets(), to.octets(), HOPS);
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => (from, to),
        (IpAddr::V4(from), IpAddr::V6(to)) => (from.to_ipv6_mapped(), to),
        (IpAddr::V6(from), IpAddr::V4(to)) => (from, to.to_ipv6_mapped()),
    };
    PacketBuilder::ipv6(from.octets(), to.octets(), HOPS)
}

/// The payload is bounded by [`SEGMENT`], so it always fits.
fn unlikely(error: BuildVecWriteError) -> io::Error {
    io::Error::other(error)
}

const HOPS: u8 = 64;
/// An IP protocol for experiments (RFC 3692): Wireshark looks for nothing in it.
const EXPERIMENT: IpNumber = IpNumber(253);
