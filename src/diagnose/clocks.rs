//! The client's clocks: how often it pings and how long it waits, read from the trace where it shows them.

use std::collections::BTreeMap;

use crate::event::Micros;
use crate::session::{Pings, Session, Socket};

/// What is known of the client beforehand, for a trace that does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// From one XMPP ping to the next: `xmppFailoverDetectionPingInterval` (`finesse.md` 4.2).
    pub ping_interval: Micros,
    /// Pings sent without an answer until it gives up: `xmppFailoverRequestMaxRetry`. The last is counted when it is
    /// sent, so one of them is never waited for.
    pub max_retry: u32,
    /// Whether these were given by the user, and so count for more than the trace.
    pub given: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            ping_interval: Micros(10_000_000),
            max_retry: 2,
            given: false,
        }
    }
}

/// The clocks of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// From one XMPP ping to the next.
    pub interval: Micros,
    /// How long a ping may stay without an answer until the client gives the socket up.
    pub patience: Micros,
    /// Whether the interval was seen, and not assumed.
    pub seen: bool,
}

impl Clocks {
    /// The clocks that a session shows, or those of the profile.
    #[must_use]
    pub fn of(session: &Session, profile: &Profile) -> Self {
        let sockets = session.connections().filter_map(|one| one.socket.as_ref());
        Self::shown(
            sockets.map(|socket| &socket.stream.pings.to_server),
            profile,
        )
    }

    /// The clocks that the fullest of these ledgers shows, or those of the profile.
    fn shown<'a>(ledgers: impl Iterator<Item = &'a Pings>, profile: &Profile) -> Self {
        let best = ledgers.max_by_key(|pings| pings.sent);
        let shown = best.filter(|_| !profile.given).and_then(usual);
        let interval = shown.unwrap_or(profile.ping_interval);
        let waits = u64::from(profile.max_retry.saturating_sub(1).max(1));
        Self {
            interval,
            patience: Micros(interval.0.saturating_mul(waits)),
            seen: shown.is_some(),
        }
    }

    /// The same for one socket, if its own pings show how often its client pings.
    #[must_use]
    pub fn of_socket(&self, socket: &Socket) -> Self {
        let own = usual(&socket.stream.pings.to_server);
        own.map_or(*self, |interval| {
            let waits = self.patience.0 / self.interval.0.max(1);
            Self {
                interval,
                patience: Micros(interval.0.saturating_mul(waits)),
                seen: true,
            }
        })
    }

    /// So many seconds of a desktop that pings every 10 s, on the clock of this one.
    ///
    /// A demo plays faster than life, and its pings tell by how much.
    #[must_use]
    pub const fn seconds(&self, seconds: u64) -> Micros {
        Micros(self.interval.0.saturating_mul(seconds) / 10)
    }
}

/// The clocks of all clients of a session: each agent's own, where they show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllClocks {
    common: Clocks,
    own: BTreeMap<String, Clocks>,
}

impl AllClocks {
    /// Reads them from a session; those of the profile stand in.
    #[must_use]
    pub fn of(session: &Session, profile: &Profile) -> Self {
        let mut ledgers: BTreeMap<String, Vec<&Pings>> = BTreeMap::new();
        for socket in session.connections().filter_map(|one| one.socket.as_ref()) {
            if let Some(user) = socket.stream.user() {
                let pings = &socket.stream.pings.to_server;
                ledgers.entry(user.to_lowercase()).or_default().push(pings);
            }
        }
        let own = ledgers.into_iter().map(|(user, ledgers)| {
            let clocks = Clocks::shown(ledgers.into_iter(), profile);
            (user, clocks)
        });
        Self {
            common: Clocks::of(session, profile),
            own: own.filter(|(_, clocks)| clocks.seen).collect(),
        }
    }

    /// The clocks of an agent, in lower case; where nothing shows them, those that the others have.
    #[must_use]
    pub fn for_user(&self, user: Option<&str>) -> &Clocks {
        let own = user.and_then(|user| self.own.get(user));
        own.unwrap_or(&self.common)
    }
}

/// The interval at which a client pings while nothing holds it up; `None` where there are too few pings to tell.
///
/// A browser that throttles a hidden tab to one ping a minute may do so for hours, so shorter intervals are believed
/// where there are some, and a minute is not.
fn usual(pings: &Pings) -> Option<Micros> {
    if pings.latest().len() < ENOUGH {
        return None;
    }
    let mut gaps: Vec<Micros> = pings.gaps().map(|(_, gap)| gap).collect();
    gaps.sort_unstable();
    let few = (gaps.len() / 16).max(1);
    let short = *gaps.get(few)?;
    gaps.retain(|gap| gap.0 <= short.0.saturating_mul(2));
    let usual = *gaps.get(gaps.len() / 2)?;
    (usual.0.abs_diff(MINUTE) > MINUTE / 20).then_some(usual)
}

/// Pings from which on an interval is one.
const ENOUGH: usize = 3;
/// What browsers throttle the timers of a hidden tab to, in microseconds.
const MINUTE: u64 = 60_000_000;
