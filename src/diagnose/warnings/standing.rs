//! Watches over what stands around the sockets: certificates, clocks, the machine, requests.

use std::collections::BTreeMap;

use super::{About, Scene, Sign};
use crate::diagnose::words::{count, duration};
use crate::event::{CertificateFacts, Host, Leg, Micros};
use crate::session::{At, Pair};

/// A certificate of a server, or finspect's authority, expires soon.
pub(super) fn certificates(scene: &Scene<'_>, signs: &mut Vec<Sign>) {
    let Some(now) = scene.session.wall(scene.now) else {
        return;
    };
    let now = now / 1_000_000;
    let mut latest: BTreeMap<String, (At, &[CertificateFacts])> = BTreeMap::new();
    for connection in scene.session.connections() {
        let Some(target) = &connection.target else {
            continue;
        };
        let presented = connection.handshakes.iter().rev();
        let mut presented =
            presented.filter(|one| one.leg == Leg::Upstream && !one.chain.is_empty());
        if let Some(handshake) = presented.next() {
            latest.insert(target.to_string(), (handshake.at, &handshake.chain));
        }
    }
    for (place, (at, chain)) in latest {
        if let Some(first) = chain.iter().min_by_key(|one| one.not_after)
            && let Some(when) = soon(now, first.not_after)
        {
            let says = format!("the certificate {} of {place} {when}", first.subject);
            signs.push(Sign {
                name: "certificate-expires",
                about: About::Host(place),
                at,
                says,
            });
        }
    }
    // A leaf lives for weeks, unless the authority that signs it does not.
    if let Some((at, not_after)) = scene.session.minted()
        && let Some(when) = soon(now, not_after)
        && let Some(made) = scene.session.wall(at.time)
        && soon(made / 1_000_000, not_after).is_some()
    {
        let says = format!(
            "finspect's own certificates live only as long as its authority, which {when}; `finspect ca create` makes a new one"
        );
        signs.push(Sign {
            name: "authority-expires",
            about: About::Machine,
            at,
            says,
        });
    }
}

/// What to say of an end of validity that is near, or past; both in seconds since the Unix epoch.
fn soon(now: i64, not_after: i64) -> Option<String> {
    let left = not_after.saturating_sub(now);
    match left {
        ..=0 => Some("has expired".to_owned()),
        1..=SOON => {
            let days = left.unsigned_abs() / 86_400;
            Some(match days {
                0 => "expires within a day".to_owned(),
                days => format!("expires in {}", count(days, "day")),
            })
        }
        _ => None,
    }
}

/// A server's clock is away from this machine's.
pub(super) fn clocks_differ(scene: &Scene<'_>, signs: &mut Vec<Sign>) {
    for (host, readings) in scene.session.server_clocks().all() {
        let Some(reading) = readings.last() else {
            continue;
        };
        let by = reading.ahead.unsigned_abs();
        if by >= APART {
            let side = if reading.ahead < 0 {
                "behind"
            } else {
                "ahead of"
            };
            let says = format!(
                "the clock of {host} is {} {side} this machine's: durations on the desktop are wrong by as much",
                duration(Micros(by.saturating_mul(1_000)))
            );
            signs.push(Sign {
                name: "clock-drift",
                about: About::Host(host.to_owned()),
                at: reading.at,
                says,
            });
        }
    }
}

/// finspect got no processor time: what it says of times may be its own fault.
pub(super) fn starved(scene: &Scene<'_>, signs: &mut Vec<Sign>) {
    let host = scene.session.host().iter();
    let starved = host.filter_map(|(at, fact)| match fact {
        Host::Starved(starved) if scene.now.since(at.time) <= HOUR => Some((*at, starved.late)),
        _ => None,
    });
    let starved: Vec<(At, Micros)> = starved.collect();
    let worst = starved.iter().max_by_key(|(_, late)| *late);
    let total: u64 = starved
        .iter()
        .map(|(_, late)| late.0)
        .fold(0, u64::saturating_add);
    let Some((at, worst)) = worst.filter(|(_, late)| *late >= STARVED || total >= 2 * STARVED.0)
    else {
        return;
    };
    let says = format!(
        "finspect itself got no processor time for {} ({} within the last hour): times from then may be its own fault",
        duration(*worst),
        duration(Micros(total))
    );
    signs.push(Sign {
        name: "finspect-starved",
        about: About::Machine,
        at: *at,
        says,
    });
}

/// Requests that should be followed by an event, and are not: the CTI server or the notification service lags behind.
pub(super) fn events_missing(scene: &Scene<'_>, signs: &mut Vec<Sign>) {
    let pairs = &scene.session.rest().pairs;
    if pairs.paired < PAIRED {
        return;
    }
    // An event that came later shows that the way is open, and that this one was never meant to come.
    let waiting = pairs.waiting().filter(|pair| {
        let waited = scene.now.since(pair.asked.time);
        pairs.latest.is_none_or(|latest| pair.asked > latest)
            && changes_state(pair)
            && waited >= scene.clocks.seconds(LONG)
            && waited <= scene.clocks.seconds(STALE)
    });
    let waiting: Vec<&Pair> = waiting.collect();
    // One may have changed nothing.
    let [first, _, ..] = waiting.as_slice() else {
        return;
    };
    let says = format!(
        "{} were accepted, and no event has followed for {}: what stands behind Finesse lags",
        count(waiting.len() as u64, "request"),
        duration(scene.now.since(first.asked.time))
    );
    signs.push(Sign {
        name: "events-missing",
        about: About::Requests,
        at: first.asked,
        says,
    });
}

/// Whether Finesse answers such a request by an event that echoes it (`finesse.md` section 2).
fn changes_state(pair: &Pair) -> bool {
    let what = pair.what.as_str();
    let object = what.contains("/finesse/api/User/") || what.contains("/finesse/api/Dialog/");
    what.starts_with("PUT ") && object && !what.contains("/Media")
}

/// Two weeks, in seconds.
const SOON: i64 = 14 * 86_400;
/// Clocks further apart than this differ, in milliseconds.
const APART: u64 = 5_000;
/// Without processor time for so long, what is told of times is in doubt.
const STARVED: Micros = Micros(3_000_000);
/// An hour.
const HOUR: Micros = Micros(3_600_000_000);
/// Events that must have come before one can be missed.
const PAIRED: u64 = 3;
/// Seconds after which an event is missing.
const LONG: u64 = 10;
/// Seconds after which it will not come any more.
const STALE: u64 = 600;
