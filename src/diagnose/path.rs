//! What the kernel knew of the path to one end while a socket was silent.

use crate::event::{Leg, Micros, TcpInfo, TcpOccasion};
use crate::session::{At, Connection};

/// Whether the other end's kernel still acknowledged what finspect's kernel sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// It acknowledged something sent after the silence began: the path lives.
    Acked(At),
    /// It did not: segments were sent again, or stayed unacknowledged; how many times.
    Silent(At, u64),
    /// No reading tells.
    Unknown,
}

/// Readings of a leg between `from` and `to`, and the one that belongs to the end.
#[must_use]
pub fn between(connection: &Connection, leg: Leg, from: Micros, to: Micros) -> Path {
    let last = connection.closed.as_ref().map_or(to, |(at, _)| at.time);
    let mut path = Path::Unknown;
    for (at, sample) in &connection.tcp {
        let end = sample.occasion == TcpOccasion::Ended && at.time <= last;
        if at.time < from || (at.time > to && !end) {
            continue;
        }
        let info = match leg {
            Leg::Client => sample.client.as_ref(),
            Leg::Upstream => sample.upstream.as_ref(),
        };
        match info.map(|info| reading(*at, info, sample.occasion, leg, from)) {
            Some(silent @ Path::Silent(..)) if at.time <= to => path = silent,
            Some(acked @ Path::Acked(_)) if outlives(path, *at, from, to) => path = acked,
            _ => {}
        }
    }
    path
}

/// Whether an ACK at this moment says more than what was read before: a path that healed too late was silent all the
/// same, and one on which a segment was sent again and then acknowledged was not.
fn outlives(path: Path, acked: At, from: Micros, to: Micros) -> bool {
    match path {
        Path::Unknown => true,
        Path::Acked(_) => false,
        Path::Silent(..) => acked.time.since(from) < to.since(acked.time),
    }
}

fn reading(at: At, info: &TcpInfo, occasion: TcpOccasion, leg: Leg, from: Micros) -> Path {
    let told = occasion == TcpOccasion::Retransmitting(leg)
        || occasion == TcpOccasion::Unacknowledged(leg);
    if told || (info.retransmits > 0 && info.unacked > 0) || is_stuck(info) {
        return Path::Silent(at, info.retransmits.max(info.unacked));
    }
    let acknowledged = at.time.0.saturating_sub(info.last.ack_received.0);
    if acknowledged >= from.0 && info.unacked == 0 {
        Path::Acked(at)
    } else {
        Path::Unknown
    }
}

/// Whether bytes are queued that the peer has room for, and none is under way: this machine has no way to send them.
pub(super) fn is_stuck(info: &TcpInfo) -> bool {
    let room = |unsent: u64| info.peer_window.is_some_and(|window| window >= unsent);
    info.unacked == 0 && info.unsent.is_some_and(|unsent| unsent > 0 && room(unsent))
}
