//! What there is to explain: a stretch of time in which one agent had no service, with everything that was wrong in it.

use std::collections::BTreeSet;

use crate::event::Micros;
use crate::session::{At, Connection, Session, StateChange};

use super::attempt::{Attempt, Stage, is_certificate_refused};
use super::clocks::{AllClocks, Clocks};
use super::failing::{Failing, earliest};
use super::loss::Loss;
use super::refusals::Refusals;
use super::served::{Adopters, Served};
use super::symptom::{Symptom, Whom, by_agent, is_connection_failure};
use super::tunnels::Tunnels;

/// A stretch of time in which one agent had no service, or lost a state to the system.
#[derive(Debug, Clone)]
pub struct Incident<'a> {
    /// The agent, where it is known.
    pub agent: Option<String>,
    /// Whether but gadgets on the agent's desktop had none.
    pub of_gadgets: bool,
    /// The clocks of the agent's client.
    pub clocks: Clocks,
    /// What was wrong, in order.
    pub symptoms: Vec<Symptom<'a>>,
    /// When the agent had service again; absent if that was not seen.
    pub back: Option<At>,
}

impl<'a> Incident<'a> {
    /// When it began.
    #[must_use]
    pub fn began(&self) -> At {
        let first = self.symptoms.iter().map(Symptom::at).min();
        first.unwrap_or(At {
            time: Micros(0),
            number: 0,
        })
    }

    /// Whether nothing was out of service: what was wrong stood beside a socket that served.
    #[must_use]
    pub fn is_beside(&self) -> bool {
        let attempts = self.attempts().count() == self.symptoms.len();
        attempts && self.back == Some(self.began())
    }

    /// Sockets that were lost or left, in order.
    pub fn losses(&self) -> impl Iterator<Item = &Loss<'a>> {
        self.symptoms.iter().filter_map(|symptom| match symptom {
            Symptom::Lost(loss) => Some(loss),
            _ => None,
        })
    }

    /// Attempts that came to nothing, in order.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt<'a>> {
        self.symptoms.iter().filter_map(|symptom| match symptom {
            Symptom::NotObtained(attempt) => Some(attempt),
            _ => None,
        })
    }

    /// Runs of REST calls whose credentials were refused, in order.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusals<'a>> {
        self.symptoms.iter().filter_map(|symptom| match symptom {
            Symptom::Unauthorized(refusals) => Some(refusals),
            _ => None,
        })
    }

    /// Runs of REST calls that failed, in order.
    pub fn failing(&self) -> impl Iterator<Item = &Failing<'a>> {
        self.symptoms.iter().filter_map(|symptom| match symptom {
            Symptom::RestFailing(failing) => Some(failing),
            _ => None,
        })
    }

    /// State changes by the system, in order.
    pub fn forced(&self) -> impl Iterator<Item = &'a StateChange> {
        self.symptoms.iter().filter_map(|symptom| match symptom {
            Symptom::Forced(change) => Some(*change),
            _ => None,
        })
    }
}

/// All incidents of a session, in the order in which they began.
#[must_use]
pub fn incidents<'a>(session: &'a Session, clocks: &AllClocks) -> Vec<Incident<'a>> {
    let mut all = Vec::new();
    let tunnels = Tunnels::of(session, clocks);
    let served = Served::of(session, clocks, &tunnels);
    let mut by_agent = by_agent(session, clocks, &tunnels);
    let nobody = (None, false);
    let mut nobodys = by_agent.remove(&nobody).unwrap_or_default();
    for (whom, symptoms) in by_agent {
        let clocks = clocks.for_user(whom.0.as_deref());
        all.append(&mut of_agent(session, &served, clocks, &whom, symptoms));
    }
    all.sort_by_key(Incident::began);
    let adopters = Adopters::of(&all);
    // Where everybody behind a client is out, what it meets is evidence for each of them; whose it is of several else nobody
    // can tell. It is no incident of its own either way.
    nobodys.retain(|symptom| {
        let places = adopters.of_symptom(&all, symptom);
        if served.agents_behind(symptom) == Some(places.len()) && are_out(&all, &places) {
            for place in &places {
                if let Some(incident) = all.get_mut(*place) {
                    incident.symptoms.push(*symptom);
                    incident.symptoms.sort_by_key(Symptom::at);
                }
            }
        }
        places.is_empty()
    });
    let common = clocks.for_user(None);
    all.append(&mut of_agent(session, &served, common, &nobody, nobodys));
    all.sort_by_key(Incident::began);
    all
}

/// Whether these are incidents of as many agents, none of whom left of their own will where there are several.
fn are_out(all: &[Incident<'_>], places: &[usize]) -> bool {
    let incidents: Vec<_> = places.iter().filter_map(|place| all.get(*place)).collect();
    let agents: BTreeSet<_> = incidents.iter().map(|one| one.agent.as_ref()).collect();
    let taken = |one: &&Incident<'_>| one.losses().any(|loss| !loss.is_voluntary());
    incidents.len() == 1 || (agents.len() == places.len() && incidents.iter().all(taken))
}

/// The incidents of one agent, or of nobody that is known.
fn of_agent<'a>(
    session: &'a Session,
    served: &Served,
    clocks: &Clocks,
    whom: &Whom,
    mut symptoms: Vec<Symptom<'a>>,
) -> Vec<Incident<'a>> {
    let mut incidents = Vec::new();
    let mut beside: Vec<Incident<'a>> = Vec::new();
    symptoms.sort_by_key(Symptom::at);
    for symptom in symptoms {
        match symptom {
            Symptom::NotObtained(attempt) if served.beside(&attempt) => {
                if along(&mut incidents, symptom) || !is_certificate_refused(session, &attempt) {
                    continue;
                }
                // A browser tries again; each place is told of once.
                let known = beside.iter_mut();
                let mut known = known.filter(|one| is_at_same_place(one, &attempt));
                match known.next() {
                    Some(incident) => incident.symptoms.push(symptom),
                    None => beside.push(Incident {
                        agent: whom.0.clone(),
                        of_gadgets: whom.1,
                        clocks: *clocks,
                        symptoms: vec![symptom],
                        back: Some(attempt.at),
                    }),
                }
            }
            _ => join(session, served, clocks, whom, &mut incidents, symptom),
        }
    }
    incidents.append(&mut beside);
    incidents
}

fn is_at_same_place(incident: &Incident<'_>, attempt: &Attempt<'_>) -> bool {
    let target = attempt.connection.target.as_ref();
    let mut others = incident.attempts();
    others.any(|one| one.connection.target.as_ref() == target)
}

/// Puts a symptom into the incident that it belongs to: the one that is not over when it begins, or that it follows from.
fn join<'a>(
    session: &'a Session,
    served: &Served,
    clocks: &Clocks,
    whom: &Whom,
    incidents: &mut Vec<Incident<'a>>,
    symptom: Symptom<'a>,
) {
    let at = symptom.at();
    let back = back(session, served, whom, &symptom);
    if let Some(incident) = incidents.last_mut()
        && incident.back.is_none_or(|back| at <= back)
    {
        incident.back = match (incident.back, back) {
            (Some(one), Some(other)) => Some(one.max(other)),
            _ => None,
        };
        incident.symptoms.push(symptom);
        return;
    }
    let mut latest = incidents.iter_mut().rev().take(LATEST);
    if let Some(incident) = latest.find(|one| is_aftermath(one, &symptom, clocks)) {
        // What comes late is part of the story, and does not make the outage longer.
        incident.symptoms.push(symptom);
        return;
    }
    incidents.push(Incident {
        agent: whom.0.clone(),
        of_gadgets: whom.1,
        clocks: *clocks,
        symptoms: vec![symptom],
        back,
    });
}

/// Adds what takes no service away by itself to the incident that goes on, if one does.
fn along<'a>(incidents: &mut [Incident<'a>], symptom: Symptom<'a>) -> bool {
    let at = symptom.at();
    let last = incidents.last_mut();
    let last = last.filter(|one| one.back.is_none_or(|back| at <= back));
    last.map(|incident| incident.symptoms.push(symptom))
        .is_some()
}

/// Whether a symptom follows from what was wrong before: a state that the system takes from a lost desktop (`finesse.md`
/// 4.1: up to 180 s later), and a desktop that leaves once its agent was logged out or refused.
fn is_aftermath(incident: &Incident<'_>, symptom: &Symptom<'_>, clocks: &Clocks) -> bool {
    let within = |from: Option<At>, seconds| {
        from.is_some_and(|from| symptom.at().time.since(from.time) <= clocks.seconds(seconds))
    };
    match symptom {
        Symptom::Forced(change) if is_connection_failure(change) => {
            let lost = incident.symptoms.iter().filter_map(Symptom::over).max();
            within(lost, AFTERMATH)
        }
        Symptom::Lost(loss) if loss.is_voluntary() => {
            let logouts = incident.forced().filter(|change| change.state == "LOGOUT");
            let refused = incident.refusals().map(|refusals| refusals.last.at);
            within(
                logouts.map(|change| change.at).chain(refused).max(),
                LEAVING,
            )
        }
        _ => false,
    }
}

/// When the agent had again what this symptom took away.
fn back(session: &Session, served: &Served, whom: &Whom, symptom: &Symptom<'_>) -> Option<At> {
    match symptom {
        Symptom::Lost(loss) if loss.is_voluntary() => Some(loss.at),
        Symptom::Forced(change) => Some(change.at),
        Symptom::Unauthorized(refusals) => {
            earliest(refusals.over, served.after(whom, refusals.last.at))
        }
        Symptom::RestFailing(failing) => {
            earliest(failing.over, served.after(whom, failing.last.at))
        }
        Symptom::Lost(loss) => served.after(whom, loss.at),
        Symptom::NotObtained(attempt) => match attempt.stage {
            Stage::NoFinesse => finesse_back(attempt.connection, attempt.at)
                .or_else(|| served.after(whom, attempt.at)),
            _ => served.after(whom, attempt.at),
        },
        Symptom::OutOfService(service) => {
            let mut later = session
                .service()
                .iter()
                .filter(|one| one.host == service.host);
            let again = later.find(|one| one.at > service.at && one.is_in());
            // The other node may serve before this one does.
            let again = again.map(|one| one.at);
            again.or_else(|| served.after(whom, service.at))
        }
        Symptom::FinesseGone(connection, at) => {
            finesse_back(connection, *at).or_else(|| served.after(whom, *at))
        }
        Symptom::GadgetsGone(connection, gone) => {
            let socket = connection.socket.as_ref();
            let mut later = socket.into_iter().flat_map(|one| &one.stream.gadgets);
            let again =
                later.find(|one| one.user == gone.user && one.available && one.at > gone.at);
            let again = again.map(|one| one.at);
            again.or_else(|| served.after(whom, gone.at))
        }
    }
}

fn finesse_back(connection: &Connection, after: At) -> Option<At> {
    let socket = connection.socket.as_ref()?;
    let mut presences = socket.stream.finesse.iter();
    let again = presences.find(|one| one.available && one.at > after)?;
    Some(again.at)
}

/// Seconds after a loss within which Finesse may still answer it, with a margin over the documented 180.
pub(super) const AFTERMATH: u64 = 240;
/// Seconds within which a desktop leaves whose agent was logged out.
const LEAVING: u64 = 30;
/// Incidents before, of one agent, from which something may follow.
const LATEST: usize = 16;
