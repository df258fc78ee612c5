//! The client's clocks: how often it pings and how long it waits, read from the trace where it shows them.

use std::collections::BTreeMap;

use super::words::duration;
use crate::event::{Direction, Micros};
use crate::session::{Ping, Pings, Session, Socket};

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
    /// How it is known when the client gives up.
    pub rule: GiveUp,
}

/// How it is known when a client gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveUp {
    /// It is not: the default stands in.
    Assumed,
    /// The user said so.
    Given,
    /// It gave up before the eyes of the recording.
    Shown,
    /// It was seen to go on, and to wait for so long at least.
    Outlasted,
}

impl Clocks {
    /// The clocks that a session shows, or those of the profile. Where its clients differ in when they give up, nobody is
    /// said to wait longer than the first of them does.
    #[must_use]
    pub fn of(session: &Session, profile: &Profile) -> Self {
        let sockets = session.connections().filter_map(|one| one.socket.as_ref());
        let common = Self::shown(session, &sockets.collect::<Vec<_>>(), profile);
        let users = by_user(session);
        let own = users
            .values()
            .map(|sockets| Self::shown(session, sockets, profile));
        let first = own.min_by_key(|own| own.patience.0 / own.interval.0.max(1));
        first.map_or(common, |first| common.giving_up_as(&first))
    }

    /// The clocks that these sockets of one client show, or those of the profile.
    fn shown(session: &Session, sockets: &[&Socket], profile: &Profile) -> Self {
        let ledgers = sockets.iter().map(|one| &one.stream.pings.to_server);
        let best = ledgers.max_by_key(|pings| pings.sent);
        let shown = best.filter(|_| !profile.given).and_then(usual);
        let interval = shown.unwrap_or(profile.ping_interval);
        let (retries, rule) = give_up(session, sockets, profile);
        let waits = u64::from(retries.saturating_sub(1).max(1));
        Self {
            interval,
            patience: Micros(interval.0.saturating_mul(waits)),
            seen: shown.is_some(),
            rule,
        }
    }

    /// The same with another's patience, in its own intervals.
    const fn giving_up_as(mut self, other: &Self) -> Self {
        let waits = other.patience.0
            / if other.interval.0 == 0 {
                1
            } else {
                other.interval.0
            };
        self.patience = Micros(self.interval.0.saturating_mul(waits));
        self.rule = other.rule;
        self
    }

    /// When this desktop gives up, and how that is known, as half a sentence.
    #[must_use]
    pub fn gives_up(&self) -> String {
        let patience = duration(self.patience);
        match self.rule {
            GiveUp::Assumed => format!(
                "desktops give up when one ping has had no answer for {patience}; that is assumed, the recording shows no other rule"
            ),
            GiveUp::Given => format!(
                "this desktop gives up when a ping has had no answer for {patience}, as --client-profile says"
            ),
            GiveUp::Shown => format!(
                "this desktop gives up when a ping has had no answer for {patience}, as the recording shows"
            ),
            GiveUp::Outlasted => format!(
                "this desktop waits for an answer for at least {patience}, as the recording shows"
            ),
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
                rule: self.rule,
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
        let own = by_user(session).into_iter().map(|(user, sockets)| {
            let clocks = Clocks::shown(session, &sockets, profile);
            (user, clocks)
        });
        Self {
            common: Clocks::of(session, profile),
            own: own
                .filter(|(_, clocks)| clocks.seen || clocks.rule != GiveUp::Assumed)
                .collect(),
        }
    }

    /// The clocks of an agent, in lower case; where nothing shows them, those that the others have.
    #[must_use]
    pub fn for_user(&self, user: Option<&str>) -> &Clocks {
        let own = user.and_then(|user| self.own.get(user));
        own.unwrap_or(&self.common)
    }
}

/// The sockets of each agent, in lower case.
fn by_user(session: &Session) -> BTreeMap<String, Vec<&Socket>> {
    let mut users: BTreeMap<String, Vec<&Socket>> = BTreeMap::new();
    for socket in session.connections().filter_map(|one| one.socket.as_ref()) {
        if let Some(user) = socket.stream.user() {
            users.entry(user.to_lowercase()).or_default().push(socket);
        }
    }
    users
}

/// `xmppFailoverRequestMaxRetry` of a client, as its sockets show it, and how that is known.
///
/// The counter goes up with each ping sent, and an answer resets it (`finesse.md` 4.2). A client that sends another ping
/// after a run of unanswered ones has a limit above it; one that closes then, has it. Where events are missing, so may be
/// the answers.
fn give_up(session: &Session, sockets: &[&Socket], profile: &Profile) -> (u32, GiveUp) {
    if profile.given {
        return (profile.max_retry, GiveUp::Given);
    }
    if !session.gaps().is_empty() {
        return (profile.max_retry, GiveUp::Assumed);
    }
    let shown = sockets
        .iter()
        .filter_map(|socket| gave_up_after(socket))
        .max();
    let outlasted = sockets
        .iter()
        .map(|socket| outlasted(socket))
        .max()
        .unwrap_or_default();
    let above = outlasted.saturating_add(1);
    match shown {
        Some(shown) if shown >= above => (shown, GiveUp::Shown),
        _ if above > profile.max_retry => (above, GiveUp::Outlasted),
        _ => (profile.max_retry, GiveUp::Assumed),
    }
}

/// After how many pings without an answer the client closed the socket without a word; `None` where it did not.
fn gave_up_after(socket: &Socket) -> Option<u32> {
    let close = socket.closes.first()?;
    let left = close.direction == Direction::ToServer && close.code.is_none();
    if !left || socket.stream.client_said_goodbye().is_some() {
        return None;
    }
    let pings: Vec<&Ping> = socket.stream.pings.to_server.latest().collect();
    let sent = pings.partition_point(|ping| ping.sent < close.at);
    let run = run(pings.get(..sent)?);
    // One ping is no run: whoever leaves then leaves for another reason.
    (run > 1).then_some(run)
}

/// The longest run of pings without an answer after which the client sent another one.
fn outlasted(socket: &Socket) -> u32 {
    let pings: Vec<&Ping> = socket.stream.pings.to_server.latest().collect();
    let before = 1..pings.len();
    let runs = before.filter_map(|sent| Some(run(pings.get(..sent)?)));
    runs.max().unwrap_or_default()
}

/// How many pings had no answer when the last of these was sent, it included.
fn run(pings: &[&Ping]) -> u32 {
    let Some(last) = pings.last() else {
        return 0;
    };
    let waits = |ping: &&&Ping| ping.answered.is_none_or(|at| at > last.sent);
    let run = pings.iter().rev().take_while(waits).count();
    u32::try_from(run).unwrap_or(u32::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;
    use crate::event::Direction::ToServer;

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(5)
    }

    fn clocks(script: Script) -> Clocks {
        Clocks::of(&script.session(), &Profile::default())
    }

    /// So many pings 10 s apart without an answer.
    fn unanswered(script: Script, times: u32) -> Script {
        (0..times).fold(script, |script, _| script.after(10.0).ping())
    }

    #[test]
    fn a_healthy_trace_shows_no_rule() {
        let clocks = clocks(healthy());
        assert_eq!((clocks.patience, clocks.rule), (TEN, GiveUp::Assumed));
        assert!(clocks.gives_up().contains("assumed"));
    }

    #[test]
    fn who_gives_up_after_so_many_pings_has_that_rule() {
        for (pings, waits) in [(2, 1), (3, 2), (5, 4)] {
            let script = unanswered(healthy(), pings).after(3.0);
            let clocks = clocks(script.closes(ToServer, None, ""));
            assert_eq!(clocks.patience, Micros(TEN.0 * waits), "{pings}");
            assert_eq!(clocks.rule, GiveUp::Shown);
        }
    }

    #[test]
    fn who_goes_on_after_late_answers_waits_at_least_that_long() {
        let late = unanswered(healthy(), 3)
            .after(1.0)
            .pong_to(6)
            .pong_to(7)
            .pong();
        let clocks = clocks(late.pings(2));
        assert_eq!(clocks.patience, Micros(TEN.0 * 3));
        assert_eq!(clocks.rule, GiveUp::Outlasted);
        assert!(clocks.gives_up().contains("at least 30.0 s"));
    }

    #[test]
    fn a_desktop_that_waits_longer_is_not_said_to_have_lost_its_socket() {
        let late = |script| {
            unanswered(script, 3)
                .after(1.0)
                .pong_to(6)
                .pong_to(7)
                .pong()
        };
        let script = late(healthy()).pings(2);
        let script = unanswered(script, 2).after(5.0);
        assert_eq!(script.cause(), None);
    }

    #[test]
    fn a_page_that_leaves_with_a_word_or_a_code_shows_no_rule() {
        let stalled = || unanswered(healthy(), 2).after(1.0);
        for left in [
            stalled().says_goodbye(),
            stalled().closes(ToServer, Some(1001), ""),
            unanswered(healthy(), 1).closes(ToServer, None, ""),
        ] {
            assert_eq!(clocks(left).rule, GiveUp::Assumed);
        }
    }

    #[test]
    fn what_the_user_says_counts_for_more_and_gaps_tell_nothing() {
        let script = || unanswered(healthy(), 4).pong();
        let profile = Profile {
            given: true,
            ..Profile::default()
        };
        let clocks = Clocks::of(&script().session(), &profile);
        assert_eq!((clocks.patience, clocks.rule), (TEN, GiveUp::Given));
        let gap = crate::event::Gap {
            events: 3,
            ..crate::event::Gap::default()
        };
        let cut = script().event(crate::event::EventKind::Gap(gap));
        let clocks = Clocks::of(&cut.session(), &Profile::default());
        assert_eq!((clocks.patience, clocks.rule), (TEN, GiveUp::Assumed));
    }

    #[test]
    fn the_patience_of_one_is_not_expected_of_the_others() {
        let script = unanswered(healthy(), 4).pong().logs_in("1001003").pings(3);
        let all = AllClocks::of(&script.session(), &Profile::default());
        assert_eq!(all.for_user(None).rule, GiveUp::Assumed);
        assert_eq!(all.for_user(Some("1001003")).rule, GiveUp::Assumed);
        assert_eq!(all.for_user(Some("1001002")).rule, GiveUp::Outlasted);
    }

    const TEN: Micros = Micros(10_000_000);
}
