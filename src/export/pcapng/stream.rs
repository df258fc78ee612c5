//! One TCP stream: its handshake, its bytes in segments, its end.

use std::io::{self, Write};
use std::net::SocketAddr;

use super::blocks::Blocks;
use super::packet::{Flags, SEGMENT, segment};
use crate::event::{Direction, Manner};

/// A stream between a client and a server of one address family.
#[derive(Debug)]
pub(super) struct Stream {
    client: SocketAddr,
    server: SocketAddr,
    to_server: Side,
    to_client: Side,
    was_reset: bool,
}

/// One direction.
#[derive(Debug)]
struct Side {
    /// The next sequence number.
    next: u32,
    /// Bytes sent that the receiver has not acknowledged.
    unacknowledged: usize,
    /// A FIN was sent.
    ended: bool,
}

impl Stream {
    /// A stream, after its handshake. `seed` makes the initial sequence numbers, so that a port used again is told
    /// apart.
    pub(super) fn open<W: Write>(
        (client, server): (SocketAddr, SocketAddr),
        seed: u64,
        out: &mut Blocks<W>,
        at: u64,
        comments: &[String],
    ) -> io::Result<Self> {
        let side = |salt: u64| Side {
            next: seed.wrapping_add(salt).wrapping_mul(SPREAD) as u32,
            unacknowledged: 0,
            ended: false,
        };
        let mut stream = Self {
            client,
            server,
            to_server: side(1),
            to_client: side(2),
            was_reset: false,
        };
        let syn = Flags {
            syn: true,
            ..Flags::default()
        };
        let syn_ack = Flags { ack: true, ..syn };
        stream.put(out, at, Direction::ToServer, syn, &[], comments)?;
        stream.put(out, at, Direction::ToClient, syn_ack, &[], &[])?;
        stream.acknowledge(out, at, Direction::ToServer)?;
        Ok(stream)
    }

    /// Whether bytes can still go that way.
    pub(super) const fn takes(&self, direction: Direction) -> bool {
        !self.was_reset && !self.side(direction).ended
    }

    /// Sends bytes; the comments stand at their last segment.
    pub(super) fn send<W: Write>(
        &mut self,
        out: &mut Blocks<W>,
        at: u64,
        direction: Direction,
        bytes: &[u8],
        comments: &[String],
    ) -> io::Result<()> {
        let mut segments = bytes.chunks(SEGMENT).peekable();
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            let flags = Flags {
                psh: last,
                ..Flags::ACK
            };
            let comments = if last { comments } else { &[] };
            self.put(out, at, direction, flags, segment, comments)?;
            if self.side(direction).unacknowledged >= ACKNOWLEDGED_AFTER {
                self.acknowledge(out, at, direction.reverse())?;
            }
        }
        Ok(())
    }

    /// Ends one direction as its sender did; false where that left no packet behind.
    pub(super) fn end<W: Write>(
        &mut self,
        out: &mut Blocks<W>,
        at: u64,
        direction: Direction,
        manner: &Manner,
        comments: &[String],
    ) -> io::Result<bool> {
        if !self.takes(direction) {
            return Ok(false);
        }
        match manner {
            Manner::Fin
            | Manner::CloseNotify
            | Manner::FinWithoutCloseNotify
            | Manner::Alert(_)
            | Manner::TlsBroken(_) => {
                let fin = Flags {
                    fin: true,
                    ..Flags::ACK
                };
                self.put(out, at, direction, fin, &[], comments)?;
                self.side_mut(direction).ended = true;
                self.acknowledge(out, at, direction.reverse())?;
            }
            Manner::Reset => {
                let rst = Flags {
                    rst: true,
                    ..Flags::ACK
                };
                self.put(out, at, direction, rst, &[], comments)?;
                self.was_reset = true;
            }
            Manner::TimedOut | Manner::Error(_) | Manner::Stopped | Manner::Unknown => {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn acknowledge<W: Write>(
        &mut self,
        out: &mut Blocks<W>,
        at: u64,
        direction: Direction,
    ) -> io::Result<()> {
        self.put(out, at, direction, Flags::ACK, &[], &[])
    }

    fn put<W: Write>(
        &mut self,
        out: &mut Blocks<W>,
        at: u64,
        direction: Direction,
        flags: Flags,
        payload: &[u8],
        comments: &[String],
    ) -> io::Result<()> {
        let ends = match direction {
            Direction::ToServer => (self.client, self.server),
            Direction::ToClient => (self.server, self.client),
        };
        let numbers = (
            self.side(direction).next,
            self.side(direction.reverse()).next,
        );
        let packet = segment(ends, numbers, flags, payload)?;
        let side = self.side_mut(direction);
        let counted = payload.len() + usize::from(flags.syn) + usize::from(flags.fin);
        side.next = side.next.wrapping_add(counted as u32);
        side.unacknowledged += counted;
        if flags.ack {
            self.side_mut(direction.reverse()).unacknowledged = 0;
        }
        out.packet(at, &packet, comments)
    }

    const fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }

    const fn side_mut(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }
}

impl Flags {
    const ACK: Self = Self {
        syn: false,
        ack: true,
        psh: false,
        fin: false,
        rst: false,
    };
}

/// Bytes in flight that are acknowledged at once; fewer are by what the other side sends next.
const ACKNOWLEDGED_AFTER: usize = 64 * 1024;
/// An odd factor that spreads initial sequence numbers (2^64 divided by the golden ratio).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
