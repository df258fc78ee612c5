//! The lanes of one connection, from the browser at the top to Finesse at the bottom.

use super::axis::Axis;
use super::lane::Lane;
use super::mark::Mark;
use crate::diagnose::attempt::{Attempt, Stage};
use crate::diagnose::clocks::Clocks;
use crate::event::{AttemptOutcome, Direction, Leg, Manner, Micros, TcpInfo, TcpOccasion};
use crate::session::{Connection, Ping, Session, Socket};

/// The lanes of a connection; some may be empty.
pub(super) fn lanes(
    session: &Session,
    connection: &Connection,
    clocks: &Clocks,
    axis: &Axis,
) -> Vec<Lane> {
    let mut both = Both {
        browser: Lane::new(format!("{} browser", connection.id), axis),
        finesse: Lane::new("   Finesse", axis),
    };
    both.browser.put(connection.opened.time, Mark::Opened);
    for (at, attempt) in &connection.attempts {
        if attempt.outcome == AttemptOutcome::Connected {
            both.finesse.put(at.time, Mark::Opened);
        }
    }
    if let Some(failed) = Attempt::of(session, connection, clocks) {
        refused(&mut both, &failed);
    }
    if let Some(socket) = &connection.socket {
        socket_of(&mut both, connection, socket, clocks);
    }
    for end in &connection.ends {
        let mark = match end.manner {
            Manner::Fin | Manner::CloseNotify | Manner::FinWithoutCloseNotify => Mark::Fin,
            Manner::Reset => Mark::Reset,
            Manner::Alert(_) | Manner::TlsBroken(_) | Manner::TimedOut | Manner::Error(_) => {
                Mark::OtherEnd
            }
            // Nobody on the wire ended it.
            Manner::Stopped | Manner::Unknown => continue,
        };
        both.sender(end.direction).put(end.at.time, mark);
    }
    let Both { browser, finesse } = both;
    vec![
        browser,
        tcp(connection, Leg::Client, axis),
        between(connection, axis),
        tcp(connection, Leg::Upstream, axis),
        finesse,
    ]
}

/// The two ends.
struct Both {
    browser: Lane,
    finesse: Lane,
}

impl Both {
    /// The lane of the end from which something goes that way.
    const fn sender(&mut self, direction: Direction) -> &mut Lane {
        match direction {
            Direction::ToServer => &mut self.browser,
            Direction::ToClient => &mut self.finesse,
        }
    }
}

/// An attempt that came to nothing, at the end that did not want it.
fn refused(both: &mut Both, failed: &Attempt<'_>) {
    let lane = match failed.stage {
        Stage::Refused(_) | Stage::Tls(Leg::Client, _) => &mut both.browser,
        Stage::NoFinesse => return,
        _ => &mut both.finesse,
    };
    lane.put(failed.at.time, Mark::Refused);
}

fn socket_of(both: &mut Both, connection: &Connection, socket: &Socket, clocks: &Clocks) {
    let stream = &socket.stream;
    let over = connection.closed.as_ref().map(|(at, _)| at.time);
    both.finesse.put(socket.opened.time, Mark::Socket);
    if let Some((bound, _)) = &stream.bound {
        both.finesse.put(bound.time, Mark::Bound);
    }
    for presence in &stream.finesse {
        let there = presence.available;
        let mark = if there {
            Mark::FinesseThere
        } else {
            Mark::FinesseGone
        };
        both.finesse.put(presence.at.time, mark);
    }
    for ping in stream.pings.to_server.latest() {
        draw(both, ping, over, clocks);
    }
    for direction in [Direction::ToServer, Direction::ToClient] {
        for ping in socket.frame_pings[direction].latest() {
            both.sender(direction).put(ping.sent.time, Mark::FramePing);
        }
        if let Some(closed) = stream.closed[direction] {
            both.sender(direction).put(closed.time, Mark::Goodbye);
        }
    }
    if let Some(left) = stream.unavailable {
        both.browser.put(left.time, Mark::Goodbye);
    }
    for (at, direction, _) in &stream.errors {
        both.sender(*direction).put(at.time, Mark::StreamError);
    }
    for close in &socket.closes {
        both.sender(close.direction).put(close.at.time, Mark::Close);
    }
}

/// A ping, its answer, and the time in which one was missing.
fn draw(both: &mut Both, ping: &Ping, over: Option<Micros>, clocks: &Clocks) {
    let late = Micros(clocks.interval.0 / 2);
    let in_time = ping.round_trip().is_some_and(|took| took < late);
    let sent = ping.sent.time;
    both.browser
        .put(sent, if in_time { Mark::Ping } else { Mark::LatePing });
    if let Some(answered) = ping.answered {
        let mark = if in_time {
            Mark::Answer
        } else {
            Mark::LateAnswer
        };
        both.finesse.put(answered.time, mark);
    }
    if !in_time {
        let until = ping.answered.map(|at| at.time).or(over);
        both.finesse
            .fill(sent, until.unwrap_or(Micros(u64::MAX)), Mark::Waiting);
    }
}

/// What finspect held in its hands.
fn between(connection: &Connection, axis: &Axis) -> Lane {
    let mut lane = Lane::new("   finspect", axis);
    let over = connection.closed.as_ref().map(|(at, _)| at.time);
    lane.fill(
        connection.opened.time,
        over.unwrap_or(Micros(u64::MAX)),
        Mark::Alive,
    );
    for (at, _, stalled) in &connection.stalls {
        let since = Micros(at.time.0.saturating_sub(stalled.waited.0));
        lane.fill(since, at.time, Mark::Stalled);
    }
    lane
}

/// What the kernel knew of one leg.
fn tcp(connection: &Connection, leg: Leg, axis: &Axis) -> Lane {
    let name = match leg {
        Leg::Client => "   browser's TCP",
        Leg::Upstream => "   Finesse's TCP",
    };
    let mut lane = Lane::new(name, axis);
    for (at, sample) in &connection.tcp {
        let info = match leg {
            Leg::Client => sample.client.as_ref(),
            Leg::Upstream => sample.upstream.as_ref(),
        };
        let told = reading(leg, sample.occasion);
        if let Some(mark) = told.or_else(|| info.and_then(quiet)) {
            lane.put(at.time, mark);
        }
    }
    lane
}

/// What a reading was taken for, where it was this leg.
fn reading(of: Leg, occasion: TcpOccasion) -> Option<Mark> {
    match occasion {
        TcpOccasion::Retransmitting(leg) | TcpOccasion::Unacknowledged(leg) if leg == of => {
            Some(Mark::Unacknowledged)
        }
        TcpOccasion::WindowFull(leg) if leg == of => Some(Mark::WindowFull),
        _ => None,
    }
}

/// What a reading says that was taken for another reason.
const fn quiet(info: &TcpInfo) -> Option<Mark> {
    if info.unacked == 0 {
        Some(Mark::Acked)
    } else if info.retransmits > 0 {
        Some(Mark::Unacknowledged)
    } else {
        None
    }
}
