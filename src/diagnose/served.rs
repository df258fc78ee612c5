//! When whom a desktop's socket served, and whose an attempt is that failed before it named anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::attempt::Attempt;
use super::clocks::AllClocks;
use super::incident::Incident;
use super::loss::Loss;
use super::symptom::Symptom;
use crate::session::{At, Session};

/// The desktops' sockets that were bound, sorted so that a long session with many of them takes no long look.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// When each socket of an agent was bound, and the first moment from then on at which one was of use; under `None`
    /// all.
    by_agent: BTreeMap<Option<String>, Vec<(At, At)>>,
    /// When each socket of a client was bound, and until when those up to this one served; `None` is until the end.
    by_client: BTreeMap<Option<IpAddr>, Vec<(At, Option<At>)>>,
    /// The agents of each client.
    users: BTreeMap<Option<IpAddr>, BTreeSet<Option<String>>>,
}

impl Served {
    pub(super) fn of(session: &Session, clocks: &AllClocks) -> Self {
        let mut all = Self::default();
        for connection in session.connections() {
            let Some(socket) = &connection.socket else {
                continue;
            };
            let stream = &socket.stream;
            let client = connection.client.map(|client| client.ip());
            let Some((bound, _)) = &stream.bound else {
                // Where the sign-in is missing, answers to pings tell that there was one.
                if stream.pings.to_server.answered > 0 {
                    let clocks = clocks.for_user(stream.user());
                    let lost = Loss::of(session, connection, clocks).map(|loss| loss.at);
                    let sockets = all.by_client.entry(client).or_default();
                    sockets.push((socket.opened, lost));
                }
                continue;
            };
            // A desktop is of use once it has seen the presence of `finesse`, if it ever does.
            let present = stream.finesse.iter().find(|one| one.available);
            let usable = present.map_or(*bound, |one| one.at.max(*bound));
            let user = stream.user().map(str::to_lowercase);
            let clocks = clocks.for_user(user.as_deref());
            all.users.entry(client).or_default().insert(user.clone());
            if Attempt::of(session, connection, clocks).is_some() {
                continue;
            }
            let lost = Loss::of(session, connection, clocks).map(|loss| loss.at);
            if user.is_some() {
                all.by_agent.entry(user).or_default().push((*bound, usable));
            }
            all.by_agent.entry(None).or_default().push((*bound, usable));
            all.by_client
                .entry(client)
                .or_default()
                .push((*bound, lost));
        }
        for sockets in all.by_agent.values_mut() {
            sockets.sort_unstable();
            let mut first = None;
            for (_, usable) in sockets.iter_mut().rev() {
                *usable = first.map_or(*usable, |first: At| first.min(*usable));
                first = Some(*usable);
            }
        }
        for sockets in all.by_client.values_mut() {
            sockets.sort_unstable_by_key(|(bound, _)| *bound);
            let mut longest = Some(At::default());
            for (_, lost) in sockets.iter_mut() {
                longest = longest.zip(*lost).map(|(one, other)| one.max(other));
                *lost = longest;
            }
        }
        all
    }

    /// When a socket of the agent that was bound after `after` was of use.
    pub(super) fn after(&self, agent: Option<&String>, after: At) -> Option<At> {
        let sockets = self.by_agent.get(&agent.cloned())?;
        let next = sockets.partition_point(|(bound, _)| *bound <= after);
        sockets.get(next).map(|(_, usable)| *usable)
    }

    /// Whether its client is one agent's machine, as far as sockets tell.
    pub(super) fn is_alone(&self, symptom: &Symptom<'_>) -> bool {
        let Symptom::NotObtained(attempt) = symptom else {
            return false;
        };
        let client = attempt.connection.client.map(|client| client.ip());
        self.users
            .get(&client)
            .is_some_and(|users| users.len() == 1)
    }

    /// Whether an attempt that may have been for anything failed while its client had a socket that served.
    pub(super) fn beside(&self, attempt: &Attempt<'_>) -> bool {
        if !attempt.is_before_http() {
            return false;
        }
        let client = attempt.connection.client.map(|client| client.ip());
        let Some(sockets) = self.by_client.get(&client) else {
            return false;
        };
        let bound = sockets.partition_point(|(bound, _)| *bound <= attempt.at);
        let last = bound.checked_sub(1).and_then(|last| sockets.get(last));
        last.is_some_and(|(_, until)| until.is_none_or(|until| attempt.at < until))
    }
}

/// The incidents of each client, in order: an attempt that failed before it named an agent is that of a desktop which
/// the same client has lost.
pub(super) struct Adopters(BTreeMap<Option<IpAddr>, Vec<usize>>);

impl Adopters {
    /// Of incidents in the order in which they began.
    pub(super) fn of(incidents: &[Incident<'_>]) -> Self {
        let mut by_client: BTreeMap<Option<IpAddr>, Vec<usize>> = BTreeMap::new();
        for (place, incident) in incidents.iter().enumerate() {
            if let Some(loss) = incident.losses().next() {
                let client = loss.connection.client.map(|client| client.ip());
                by_client.entry(client).or_default().push(place);
            }
        }
        Self(by_client)
    }

    /// The incidents that go on while the attempt fails; if some of them are at the same server, those.
    pub(super) fn of_symptom(&self, all: &[Incident<'_>], symptom: &Symptom<'_>) -> Vec<usize> {
        let Symptom::NotObtained(attempt) = symptom else {
            return Vec::new();
        };
        let connection = attempt.connection;
        let client = connection.client.map(|client| client.ip());
        let places = self.0.get(&client).map_or(&[][..], Vec::as_slice);
        let began = |place: &usize| all.get(*place).map(Incident::began);
        let begun = places.partition_point(|place| began(place) <= Some(attempt.at));
        let latest = places.iter().take(begun).rev().take(LATEST).copied();
        let goes_on = |place: &usize| {
            let back = all.get(*place).map(|one| one.back);
            back.is_some_and(|back| back.is_none_or(|back| attempt.at <= back))
        };
        let going_on: Vec<usize> = latest.filter(goes_on).collect();
        let same_server = |place: &&usize| {
            let losses = all.get(**place).map(Incident::losses);
            losses
                .is_some_and(|mut all| all.any(|loss| loss.connection.target == connection.target))
        };
        let same: Vec<usize> = going_on.iter().filter(same_server).copied().collect();
        if same.is_empty() { going_on } else { same }
    }
}

/// Incidents of one client that may go on at once.
const LATEST: usize = 16;
