//! Watches over the desktops' sockets that are open.

use super::{About, Scene, Sign};
use crate::diagnose::words::{count, duration};
use crate::diagnose::{GiveUp, loss};
use crate::event::{Leg, Micros, TcpOccasion};
use crate::session::{At, Connection, Pings, Socket};

/// A ping has waited for half as long as the desktop will wait.
pub(super) fn ping_outstanding(scene: &Scene<'_>, signs: &mut Vec<Sign>) {
    let patience = scene.clocks.patience;
    for (connection, socket) in open(scene) {
        let Some(ping) = socket.stream.pings.to_server.waiting(scene.now) else {
            continue;
        };
        let waited = scene.now.since(ping.sent.time);
        if waited >= Micros(patience.0 / 2) {
            let says = format!(
                "a ping on {} has waited for its answer for {}; {}",
                connection.id,
                duration(waited),
                match scene.clocks.rule {
                    GiveUp::Assumed =>
                        format!("desktops give up after about {}", duration(patience)),
                    _ => scene.clocks.gives_up(),
                }
            );
            signs.push(sign("ping-outstanding", connection, ping.sent, says));
        }
    }
}

/// The desktop pings much more seldom than it used to: a hidden tab whose timers are slowed down.
pub(super) fn pings_slower(scene: &Scene<'_>, signs: &mut Vec<Sign>) {
    let usual = scene.clocks.interval;
    let slow = Micros(usual.0.saturating_mul(SLOWER));
    for (connection, socket) in open(scene) {
        let pings = socket.stream.pings.to_server.latest();
        if !scene.clocks.seen || pings.len() < ENOUGH {
            continue;
        }
        let mut times = pings.rev().map(|ping| ping.sent);
        let (Some(last), Some(before), Some(first)) = (times.next(), times.next(), times.next())
        else {
            continue;
        };
        let gaps = [
            before.time.since(first.time),
            last.time.since(before.time),
            scene.now.since(last.time),
        ];
        // One long pause may be a sleep; two in a row are a new pace.
        let shown = match gaps {
            [_, one, open] if one >= slow && open >= slow => Some((last, one)),
            [one, next, _] if one >= slow && next >= slow => Some((before, next)),
            _ => None,
        };
        if let Some((at, gap)) = shown {
            let says = format!(
                "the desktop on {} pings every {} instead of every {}: a hidden tab whose timers the browser slows down looks like this",
                connection.id,
                duration(gap),
                duration(usual)
            );
            signs.push(sign("pings-slower", connection, at, says));
        }
    }
}

/// The latest round trips are much longer than this socket's usual ones.
pub(super) fn round_trips_rising(scene: &Scene<'_>, signs: &mut Vec<Sign>) {
    let floor = FLOOR.max(Micros(scene.clocks.patience.0 / 20));
    for (connection, socket) in open(scene) {
        let Some((usual, recent, at)) = round_trips(&socket.stream.pings.to_server) else {
            continue;
        };
        if recent >= floor && recent.0 >= usual.0.saturating_mul(RISEN) {
            let says = format!(
                "round trips of pings on {} have risen from {} to {}",
                connection.id,
                duration(usual),
                duration(recent)
            );
            signs.push(sign("round-trips-rising", connection, at, says));
        }
    }
}

/// The median of all round trips, that of the latest, and the latest answer.
fn round_trips(pings: &Pings) -> Option<(Micros, Micros, At)> {
    let answered = pings
        .latest()
        .filter_map(|ping| Some((ping.answered?, ping.round_trip()?)));
    let all: Vec<(At, Micros)> = answered.collect();
    let (at, _) = all.last().filter(|_| all.len() >= MANY)?;
    let times = |some: &[(At, Micros)]| some.iter().map(|(_, took)| *took).collect();
    let latest = all.get(all.len().saturating_sub(LATEST)..)?;
    Some((median(times(&all))?, median(times(latest))?, *at))
}

fn median(mut times: Vec<Micros>) -> Option<Micros> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// Segments on a leg are sent again, and it does not stop.
pub(super) fn retransmitting(scene: &Scene<'_>, signs: &mut Vec<Sign>) {
    for (connection, _) in open(scene) {
        for leg in [Leg::Client, Leg::Upstream] {
            let Some((at, times)) = trouble(connection, leg, scene.now) else {
                continue;
            };
            let to = match leg {
                Leg::Client => "the browser",
                Leg::Upstream => "the server",
            };
            let says = format!(
                "segments to {to} on {} are lost on the way and sent again: {} within a minute",
                connection.id,
                count(times, "reading")
            );
            signs.push(sign("retransmits", connection, at, says));
        }
    }
}

/// Since when, and how often within the last minute, the kernel told of lost segments; `None` where it was once and is
/// over.
fn trouble(connection: &Connection, leg: Leg, now: Micros) -> Option<(At, u64)> {
    let recent = connection.tcp.iter();
    let recent = recent.filter(|(at, _)| now.since(at.time) <= MINUTE);
    let mut first = None;
    let (mut times, mut goes_on_since) = (0, None);
    for (at, sample) in recent {
        if sample.occasion == TcpOccasion::Retransmitting(leg) {
            first = first.or(Some(*at));
            goes_on_since = goes_on_since.or(Some(*at));
            times += 1;
        } else if sample.occasion == TcpOccasion::Recovered(leg) {
            goes_on_since = None;
        }
    }
    let lasts = goes_on_since.is_some_and(|since: At| now.since(since.time) >= LASTING);
    (lasts || times >= OFTEN).then_some((first?, times))
}

/// Desktops' sockets that nothing has ended so far.
pub(super) fn open<'a>(scene: &Scene<'a>) -> impl Iterator<Item = (&'a Connection, &'a Socket)> {
    scene.session.connections().filter_map(|connection| {
        let socket = connection
            .socket
            .as_ref()
            .filter(|one| loss::is_desktop(one))?;
        (!loss::is_over(connection, socket)).then_some((connection, socket))
    })
}

const fn sign(name: &'static str, connection: &Connection, at: At, says: String) -> Sign {
    Sign {
        name,
        about: About::Connection(connection.id),
        at,
        says,
    }
}

/// Pings slower by this factor are no jitter.
const SLOWER: u64 = 3;
/// Pings from which on a socket has a pace.
const ENOUGH: usize = 6;
/// Answered pings from which on a socket has a usual round trip.
const MANY: usize = 20;
/// Answered pings that are its latest.
const LATEST: usize = 5;
/// Round trips longer by this factor have risen.
const RISEN: u64 = 3;
/// Round trips below this are no trouble.
const FLOOR: Micros = Micros(200_000);
/// A minute.
const MINUTE: Micros = Micros(60_000_000);
/// One timeout of TCP is over by then.
const LASTING: Micros = Micros(2_000_000);
/// Separate losses within a minute that are more than radio noise.
const OFTEN: u64 = 3;
