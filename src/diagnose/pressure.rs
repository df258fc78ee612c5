//! Receivers that took nothing: what the relay had waiting for them, and what the kernel said of their window.

use super::case::Case;
use super::loss::Loss;
use super::path::is_stuck;
use crate::event::{Direction, Leg, Micros, TcpOccasion};
use crate::session::{At, Connection};

/// A time in which a receiver took nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pressure {
    /// The event that told of it first.
    pub at: At,
    /// Since when it took nothing.
    pub since: Micros,
    /// When it took something again; absent where that was not seen.
    pub until: Option<Micros>,
    /// Whether its kernel said so: all acknowledged, and no room in the window.
    pub full: bool,
}

impl Pressure {
    /// How much of the time between `from` and `to` it lasted.
    #[must_use]
    pub fn within(&self, from: Micros, to: Micros) -> Micros {
        let until = self.until.unwrap_or(to).min(to);
        until.since(self.since.max(from))
    }
}

/// A time in which the receiver of a direction took nothing for so long that a client may have given up for it, and how
/// long that was until the socket was over; looked for from so many seconds before the loss on.
#[must_use]
pub fn held_up(
    case: &Case<'_>,
    loss: &Loss<'_>,
    direction: Direction,
    before: u64,
) -> Option<(Pressure, Micros)> {
    let from = loss.at.time.since(case.seconds(before));
    let over = loss.over.time;
    let pressure = most(loss.connection, direction, from, over)?;
    let took = pressure.within(pressure.since, over);
    (took >= Micros(case.clocks.patience.0 / 2)).then_some((pressure, took))
}

/// The time in which the receiver of a direction took nothing that has most in common with that from `from` to `to`.
fn most(
    connection: &Connection,
    direction: Direction,
    from: Micros,
    to: Micros,
) -> Option<Pressure> {
    let windows = windows(connection, direction);
    let stalls = stalls(connection, direction);
    let all = stalls.iter().chain(&windows);
    let longest = all.max_by_key(|one| one.within(from, to)).copied()?;
    let until = longest.until.unwrap_or(to);
    let full = windows
        .iter()
        .any(|window| window.since <= until && window.until.is_none_or(|end| end >= longest.since));
    (longest.within(from, to) > Micros(0)).then_some(Pressure { full, ..longest })
}

/// The relay tells of a stall when it has lasted for a while, and again when it is over.
fn stalls(connection: &Connection, direction: Direction) -> Vec<Pressure> {
    let mut all: Vec<Pressure> = Vec::new();
    for (at, way, stalled) in &connection.stalls {
        if *way != direction {
            continue;
        }
        let since = at.time.since(stalled.waited);
        match all.last_mut().filter(|last| last.until.is_none()) {
            Some(last) => last.until = Some(at.time),
            None => all.push(Pressure {
                at: *at,
                since,
                until: None,
                full: false,
            }),
        }
    }
    all
}

fn windows(connection: &Connection, direction: Direction) -> Vec<Pressure> {
    let leg = match direction {
        Direction::ToServer => Leg::Upstream,
        Direction::ToClient => Leg::Client,
    };
    let mut all: Vec<Pressure> = Vec::new();
    for (at, sample) in &connection.tcp {
        let open = all.last_mut().filter(|last| last.until.is_none());
        let info = match leg {
            Leg::Client => sample.client.as_ref(),
            Leg::Upstream => sample.upstream.as_ref(),
        };
        let full = sample.occasion == TcpOccasion::WindowFull(leg) && !info.is_some_and(is_stuck);
        if full && open.is_none() {
            all.push(Pressure {
                at: *at,
                since: at.time,
                until: None,
                full: true,
            });
        } else if let (true, Some(last)) = (sample.occasion == TcpOccasion::Recovered(leg), open) {
            last.until = Some(at.time);
        }
    }
    all
}
