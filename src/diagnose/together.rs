//! Several agents, in one recording or in several: all at the same moment points at the server, one alone at the client.

use std::collections::{BTreeMap, BTreeSet};

use super::Subject;
use super::case::Crowd;
use super::incident::Incident;
use super::report::{Incident as Explained, Together, Who};
use super::rule::Confidence;
use super::symptom::Symptom;
use crate::event::{Direction, Micros};
use crate::session::Session;

/// What to add to each session's wall clock to compare it with the others', in microseconds.
///
/// The common clock is that of the server which most of them talked to, by the `Date` of its answers; a session that
/// did not hear it keeps its own.
#[must_use]
pub fn offsets(sessions: &[&Session]) -> Vec<i64> {
    let mut heard: BTreeMap<&str, usize> = BTreeMap::new();
    for session in sessions {
        for (host, _) in session.server_clocks().all() {
            *heard.entry(host).or_default() += 1;
        }
    }
    let common = heard.iter().max_by_key(|(_, times)| **times);
    let common = common
        .filter(|(_, times)| **times > 1)
        .map(|(host, _)| *host);
    let offset = |session: &&Session| {
        let readings = session.server_clocks().of(common?);
        readings
            .last()
            .map(|reading| reading.ahead.saturating_mul(1_000))
    };
    let found = sessions.iter().map(offset);
    found.map(Option::unwrap_or_default).collect()
}

/// When something struck, on the common clock: no earlier than the one, no later than the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    from: i64,
    to: i64,
}

impl Window {
    /// The stretch in which an incident's cause struck; `None` where nobody suffered it against his wish.
    pub(super) fn of(subject: &Subject<'_>, incident: &Incident<'_>) -> Option<Self> {
        let of_desktop = !incident.of_gadgets && !incident.is_beside();
        let first = incident.symptoms.first().filter(|_| of_desktop)?;
        let (from, to) = match first {
            Symptom::Lost(loss) if loss.is_voluntary() => return None,
            Symptom::Forced(_) => return None,
            // Between the last that was heard and the question that stayed without an answer.
            Symptom::Lost(loss) if loss.unanswered.is_some() => {
                let pings = loss.socket.stream.pings.to_server.latest();
                let answers = pings.filter_map(|ping| ping.answered);
                let heard = answers.filter(|at| *at < loss.at).max();
                let heard = heard.map_or(loss.socket.opened.time, |at| at.time);
                (heard, loss.at.time)
            }
            other => (other.at().time, other.at().time),
        };
        Some(Self {
            from: common(subject, from)?.saturating_sub(TOLERANCE),
            to: common(subject, to)?.saturating_add(TOLERANCE),
        })
    }

    const fn meets(self, other: Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }
}

/// Things with a window, sorted by its start, to find those that meet another one without asking all.
struct Sorted<T> {
    /// Each with the latest end of it and those before it.
    list: Vec<(Window, T, i64)>,
}

impl<T> Sorted<T> {
    fn new(things: impl Iterator<Item = (Window, T)>) -> Self {
        let mut things: Vec<_> = things.collect();
        things.sort_by_key(|(window, _)| window.from);
        let mut latest = i64::MIN;
        let list = things.into_iter().map(|(window, thing)| {
            latest = latest.max(window.to);
            (window, thing, latest)
        });
        Self {
            list: list.collect(),
        }
    }

    fn meeting(&self, window: Window) -> impl Iterator<Item = &T> {
        let begun = self
            .list
            .partition_point(|(other, ..)| other.from <= window.to);
        let begun = self.list.iter().take(begun).rev();
        let near = begun.take_while(move |(.., latest)| *latest >= window.from);
        near.filter(move |(other, ..)| other.meets(window))
            .map(|(_, thing, _)| thing)
    }
}

/// A moment on the common clock.
fn common(subject: &Subject<'_>, at: Micros) -> Option<i64> {
    Some(subject.session.wall(at)?.saturating_add(subject.offset))
}

/// An incident among all of them.
pub(super) struct One<'a> {
    pub(super) subject: usize,
    pub(super) incident: Incident<'a>,
    pub(super) window: Option<Window>,
}

impl<'a> One<'a> {
    /// The host that its first connection led to, where that is known.
    fn host(&self, subjects: &[Subject<'a>]) -> Option<&'a str> {
        let connection = match self.incident.symptoms.first()? {
            Symptom::Lost(loss) => loss.connection,
            Symptom::NotObtained(attempt) => attempt.connection,
            Symptom::FinesseGone(connection, _) | Symptom::GadgetsGone(connection, _) => connection,
            Symptom::OutOfService(service) => subjects
                .get(self.subject)?
                .session
                .get(service.connection)?,
            Symptom::RestFailing(failing) => subjects
                .get(self.subject)?
                .session
                .get(failing.connection)?,
            Symptom::Forced(_) | Symptom::Unauthorized(_) => return None,
        };
        Some(&connection.target.as_ref()?.host)
    }

    /// Whom it hit: a person, or whoever sits at that recording.
    fn whom(&self) -> (Option<&str>, usize) {
        let agent = self.incident.agent.as_deref();
        (agent, if agent.is_some() { 0 } else { self.subject })
    }
}

/// How many agents were hit together with each, and how many were connected to the same hosts.
pub(super) fn crowds<'a>(subjects: &[Subject<'a>], all: &[One<'a>]) -> Vec<Crowd> {
    let lives = Sorted::new(subjects.iter().flat_map(lives));
    let struck = struck(all);
    let crowd = |one: &One<'a>| {
        let Some(window) = one.window else {
            return Crowd {
                connected: 0,
                hit: 1,
            };
        };
        let hit: BTreeSet<_> = struck.meeting(window).map(|(_, one)| one.whom()).collect();
        let hosts = struck.meeting(window).map(|(_, one)| one.host(subjects));
        let hosts: BTreeSet<_> = hosts.collect();
        let there = lives.meeting(window).filter(|life| life.is_at(&hosts));
        let there: BTreeSet<&str> = there.map(|life| life.user.as_str()).collect();
        Crowd {
            connected: there.len().max(hit.len()),
            hit: hit.len(),
        }
    };
    all.iter().map(crowd).collect()
}

/// The incidents that somebody suffered, each with its place among all.
fn struck<'o, 'a>(all: &'o [One<'a>]) -> Sorted<(usize, &'o One<'a>)> {
    let places = all.iter().enumerate();
    Sorted::new(places.filter_map(|(place, one)| Some((one.window?, (place, one)))))
}

/// What of a socket's life tells whom a loss spared.
struct Life<'a> {
    user: String,
    host: Option<&'a str>,
}

impl Life<'_> {
    /// Whether it was lived on one of these hosts, as far as they are known: an agent of the other node says nothing of
    /// this one.
    fn is_at(&self, hosts: &BTreeSet<Option<&str>>) -> bool {
        self.host.is_none() || hosts.contains(&None) || hosts.contains(&self.host)
    }
}

/// The lives of sockets on the common clock.
fn lives<'a>(subject: &Subject<'a>) -> Vec<(Window, Life<'a>)> {
    let connections = subject.session.connections();
    let lives = connections.filter_map(|connection| {
        let stream = &connection.socket.as_ref()?.stream;
        let from = connection.socket.as_ref()?.opened.time;
        let heard = connection.last[Direction::ToClient].map_or(from, |at| at.time);
        let window = Window {
            from: common(subject, from)?,
            to: common(subject, heard)?,
        };
        let target = connection.target.as_ref();
        let life = Life {
            user: stream.user()?.to_lowercase(),
            host: target.map(|target| target.host.as_str()),
        };
        Some((window, life))
    });
    lives.collect()
}

/// Incidents that struck at one moment, and single ones while several agents were connected, in words.
///
/// Of one whose cause the server itself named there is nothing to say: whom it spared does not point at the desktop.
pub(super) fn together(
    all: &[One<'_>],
    crowds: &[Crowd],
    explained: &[Explained],
) -> Vec<Together> {
    let struck = struck(all);
    let mut told: BTreeSet<usize> = BTreeSet::new();
    let mut groups = Vec::new();
    for (place, (one, crowd)) in all.iter().zip(crowds).enumerate() {
        let Some(window) = one.window.filter(|_| crowd.connected > 1) else {
            continue;
        };
        if told.contains(&place) {
            continue;
        }
        let mut incidents: Vec<usize> = struck.meeting(window).map(|(place, _)| *place).collect();
        incidents.sort_unstable();
        told.extend(&incidents);
        if crowd.is_one_of_many() && explained.get(place).is_some_and(is_named_by_server) {
            continue;
        }
        groups.push(Together {
            incidents,
            connected: crowd.connected,
            says: says(*crowd),
        });
    }
    groups
}

/// Whether the server said the cause in words, and not by the end of a connection alone.
fn is_named_by_server(incident: &Explained) -> bool {
    let cause = incident.cause.as_ref();
    let first = incident.first.as_ref();
    cause.is_some_and(|cause| cause.confidence == Confidence::Certain)
        && first.is_some_and(|first| {
            first.who == Who::Server && matches!(first.layer, "XMPP" | "WebSocket" | "HTTP")
        })
}

fn says(crowd: Crowd) -> String {
    let Crowd { connected, hit } = crowd;
    if crowd.is_everybody() {
        format!(
            "All {connected} agents that were connected lost service at the same moment: look at the server, or at the network that they share, not at one desktop"
        )
    } else if crowd.is_one_of_many() {
        format!(
            "One of {connected} agents that were connected lost service: look at that agent's browser, machine, network or account first, and at the server last"
        )
    } else {
        format!(
            "{hit} of {connected} agents that were connected lost service at the same moment: look at what they share and the others do not (site, network, node)"
        )
    }
}

/// Clocks that were compared by `Date` agree to a second at worst, on both sides; in microseconds.
const TOLERANCE: i64 = 1_500_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn those_that_meet_are_those_that_pairs_say(all in prop::collection::vec((-20..20_i64, -5..20_i64), 0..40)) {
            let windows: Vec<_> = all.iter().map(|(from, long)| Window { from: *from, to: from + long }).collect();
            let sorted = Sorted::new(windows.iter().copied().zip(0_usize..));
            for window in &windows {
                let mut found: Vec<_> = sorted.meeting(*window).copied().collect();
                found.sort_unstable();
                let pairs = windows.iter().enumerate().filter(|(_, other)| other.meets(*window));
                prop_assert_eq!(found, pairs.map(|(place, _)| place).collect::<Vec<_>>());
            }
        }
    }
}
