//! Several agents, in one recording or in several: all at the same moment points at the server, one alone at the client.

use std::collections::{BTreeMap, BTreeSet};

use super::Subject;
use super::case::Crowd;
use super::incident::Incident;
use super::report::Together;
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
        if incident.is_beside() {
            return None;
        }
        let first = incident.symptoms.first()?;
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

impl One<'_> {
    /// Whom it hit: a person, or whoever sits at that recording.
    fn whom(&self) -> (Option<&str>, usize) {
        let agent = self.incident.agent.as_deref();
        (agent, if agent.is_some() { 0 } else { self.subject })
    }
}

/// How many agents were hit together with each, and how many were connected.
pub(super) fn crowds(subjects: &[Subject<'_>], all: &[One<'_>]) -> Vec<Crowd> {
    let lives: Vec<Life> = subjects.iter().flat_map(lives).collect();
    let crowd = |one: &One<'_>| {
        let Some(window) = one.window else {
            return Crowd {
                connected: 0,
                hit: 1,
            };
        };
        let hit: BTreeSet<_> = struck(all, window).map(One::whom).collect();
        let there = lives.iter().filter(|life| life.window.meets(window));
        let there: BTreeSet<&str> = there.map(|life| life.user.as_str()).collect();
        Crowd {
            connected: there.len().max(hit.len()),
            hit: hit.len(),
        }
    };
    all.iter().map(crowd).collect()
}

fn struck<'o, 'a>(all: &'o [One<'a>], window: Window) -> impl Iterator<Item = &'o One<'a>> {
    all.iter()
        .filter(move |other| other.window.is_some_and(|struck| struck.meets(window)))
}

/// A socket's life on the common clock.
struct Life {
    user: String,
    window: Window,
}

fn lives(subject: &Subject<'_>) -> Vec<Life> {
    let connections = subject.session.connections();
    let lives = connections.filter_map(|connection| {
        let stream = &connection.socket.as_ref()?.stream;
        let from = connection.socket.as_ref()?.opened.time;
        let heard = connection.last[Direction::ToClient].map_or(from, |at| at.time);
        Some(Life {
            user: stream.user()?.to_lowercase(),
            window: Window {
                from: common(subject, from)?,
                to: common(subject, heard)?,
            },
        })
    });
    lives.collect()
}

/// Incidents that struck at one moment, and single ones while several agents were connected, in words.
pub(super) fn together(all: &[One<'_>], crowds: &[Crowd]) -> Vec<Together> {
    let mut told: BTreeSet<usize> = BTreeSet::new();
    let mut groups = Vec::new();
    for (place, (one, crowd)) in all.iter().zip(crowds).enumerate() {
        let Some(window) = one.window.filter(|_| crowd.connected > 1) else {
            continue;
        };
        if told.contains(&place) {
            continue;
        }
        let members = all
            .iter()
            .enumerate()
            .filter(|(_, other)| other.window.is_some_and(|struck| struck.meets(window)));
        let incidents: Vec<usize> = members.map(|(place, _)| place).collect();
        told.extend(&incidents);
        groups.push(Together {
            incidents,
            connected: crowd.connected,
            says: says(*crowd),
        });
    }
    groups
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
