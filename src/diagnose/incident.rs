//! What there is to explain: a stretch of time in which one agent had no service, with everything that was wrong in it.

use std::collections::BTreeMap;

use crate::event::Micros;
use crate::session::{At, Connection, Service, Session, StateChange};

use super::attempt::{Attempt, Stage};
use super::clocks::{AllClocks, Clocks};
use super::loss::Loss;
use super::served::{Adopters, Served};

/// A stretch of time in which one agent had no service, or lost a state to the system.
#[derive(Debug, Clone)]
pub struct Incident<'a> {
    /// The agent, where it is known.
    pub agent: Option<String>,
    /// The clocks of the agent's client.
    pub clocks: Clocks,
    /// What was wrong, in order.
    pub symptoms: Vec<Symptom<'a>>,
    /// When the agent had service again; absent if that was not seen.
    pub back: Option<At>,
}

/// One thing that was wrong.
#[derive(Debug, Clone, Copy)]
pub enum Symptom<'a> {
    /// A socket was lost, or left.
    Lost(Loss<'a>),
    /// An attempt to get one came to nothing.
    NotObtained(Attempt<'a>),
    /// Finesse said of itself that it is not in service.
    OutOfService(&'a Service),
    /// The user `finesse` became unavailable on this connection.
    FinesseGone(&'a Connection, At),
    /// The system took the agent's state.
    Forced(&'a StateChange),
}

impl<'a> Symptom<'a> {
    /// Since when.
    #[must_use]
    pub const fn at(&self) -> At {
        match self {
            Self::Lost(loss) => loss.at,
            Self::NotObtained(attempt) => attempt.at,
            Self::OutOfService(service) => service.at,
            Self::FinesseGone(_, at) => *at,
            Self::Forced(change) => change.at,
        }
    }
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
    let served = Served::of(session, clocks);
    let mut by_agent = by_agent(session, clocks);
    let mut nobodys = by_agent.remove(&None).unwrap_or_default();
    for (agent, symptoms) in by_agent {
        all.append(&mut of_agent(
            session,
            &served,
            clocks.for_user(agent.as_deref()),
            agent.as_ref(),
            symptoms,
        ));
    }
    all.sort_by_key(Incident::began);
    let adopters = Adopters::of(&all);
    // Whose it is of several nobody can tell; it is no incident of its own all the same.
    nobodys.retain(|symptom| {
        let places = adopters.of_symptom(&all, symptom);
        if let [only] = places.as_slice()
            && let Some(incident) = all.get_mut(*only)
            && served.is_alone(symptom)
        {
            incident.symptoms.push(*symptom);
            incident.symptoms.sort_by_key(Symptom::at);
        }
        places.is_empty()
    });
    let common = clocks.for_user(None);
    all.append(&mut of_agent(session, &served, common, None, nobodys));
    all.sort_by_key(Incident::began);
    all
}

/// The incidents of one agent, or of nobody that is known.
fn of_agent<'a>(
    session: &'a Session,
    served: &Served,
    clocks: &Clocks,
    agent: Option<&String>,
    mut symptoms: Vec<Symptom<'a>>,
) -> Vec<Incident<'a>> {
    let mut incidents = Vec::new();
    symptoms.sort_by_key(Symptom::at);
    for symptom in symptoms {
        match symptom {
            Symptom::NotObtained(attempt) if served.beside(&attempt) => {
                along(&mut incidents, symptom);
            }
            _ => join(session, served, clocks, agent, &mut incidents, symptom),
        }
    }
    incidents
}

/// Puts a symptom into the incident that it belongs to: the one that is not over when it begins.
fn join<'a>(
    session: &'a Session,
    served: &Served,
    clocks: &Clocks,
    agent: Option<&String>,
    incidents: &mut Vec<Incident<'a>>,
    symptom: Symptom<'a>,
) {
    let at = symptom.at();
    let back = back(session, served, agent, &symptom);
    if let Some(incident) = incidents.last_mut() {
        let goes_on = incident.back.is_none_or(|back| at <= back);
        if goes_on || is_aftermath(incident, &symptom, clocks) {
            // What comes late is part of the story, and does not make the outage longer.
            if goes_on {
                incident.back = match (incident.back, back) {
                    (Some(one), Some(other)) => Some(one.max(other)),
                    _ => None,
                };
            }
            incident.symptoms.push(symptom);
            return;
        }
    }
    incidents.push(Incident {
        agent: agent.cloned(),
        clocks: *clocks,
        symptoms: vec![symptom],
        back,
    });
}

/// Adds what takes no service away by itself to the incident that goes on, if one does.
fn along<'a>(incidents: &mut [Incident<'a>], symptom: Symptom<'a>) {
    let at = symptom.at();
    let last = incidents.last_mut();
    if let Some(incident) = last.filter(|one| one.back.is_none_or(|back| at <= back)) {
        incident.symptoms.push(symptom);
    }
}

/// Whether a state that the system took belongs to a socket that was lost before (`finesse.md` 4.1: up to 180 s later).
fn is_aftermath(incident: &Incident<'_>, symptom: &Symptom<'_>, clocks: &Clocks) -> bool {
    let Symptom::Forced(change) = symptom else {
        return false;
    };
    let lost = incident.losses().map(|loss| loss.over.max(loss.at)).max();
    is_connection_failure(change)
        && lost.is_some_and(|lost| change.at.time.since(lost.time) <= clocks.seconds(AFTERMATH))
}

/// Whether Finesse answers a lost desktop with it.
pub(super) fn is_connection_failure(change: &StateChange) -> bool {
    let code = change.reason_code.as_deref().unwrap_or_default();
    CONNECTION_FAILURES.contains(&code)
}

fn by_agent<'a>(
    session: &'a Session,
    clocks: &AllClocks,
) -> BTreeMap<Option<String>, Vec<Symptom<'a>>> {
    let mut agents = session.agents();
    let only = match (agents.next(), agents.next()) {
        (Some(agent), None) => Some(agent.user.clone()),
        _ => None,
    };
    let mut all: BTreeMap<Option<String>, Vec<Symptom<'a>>> = BTreeMap::new();
    let mut add = |user: Option<String>, symptom| {
        let user = user.or_else(|| only.clone());
        all.entry(user).or_default().push(symptom);
    };
    for connection in session.connections() {
        let socket = connection.socket.as_ref();
        let user = socket.and_then(|socket| socket.stream.user().map(str::to_lowercase));
        let clocks = clocks.for_user(user.as_deref());
        let attempt = Attempt::of(session, connection, clocks);
        if let Some(attempt) = attempt {
            add(attempt.user(), Symptom::NotObtained(attempt));
        }
        let logged_in = attempt.is_none_or(|attempt| attempt.stage == Stage::NoFinesse);
        if let Some(loss) = Loss::of(session, connection, clocks).filter(|_| logged_in) {
            add(loss.user(), Symptom::Lost(loss));
        }
        if let Some(socket) = &connection.socket {
            let user = socket.stream.user().map(str::to_lowercase);
            for presence in socket.stream.finesse.iter().filter(|one| !one.available) {
                add(user.clone(), Symptom::FinesseGone(connection, presence.at));
            }
        }
    }
    for service in session.service().iter().filter(|one| !one.is_in()) {
        let socket = session.get(service.connection);
        let socket = socket.and_then(|one| one.socket.as_ref());
        let user = socket.and_then(|socket| socket.stream.user().map(str::to_lowercase));
        add(user, Symptom::OutOfService(service));
    }
    for agent in session.agents() {
        for change in agent.states.iter().filter(|change| is_forced(change)) {
            add(Some(agent.user.clone()), Symptom::Forced(change));
        }
    }
    all
}

/// Whether the system, not the agent, chose the state: the codes of `finesse.md` 3.4.
fn is_forced(change: &StateChange) -> bool {
    const CODES: [&str; 31] = [
        "255", "999", "20001", "20002", "20003", "22", "33", "32740", "32741", "32742", "32748",
        "32750", "32756", "32757", "32759", "32762", "32763", "32764", "32765", "32767", "50001",
        "50002", "50003", "50004", "50006", "50010", "50020", "50030", "65533", "65534", "65535",
    ];
    let code = change.reason_code.as_deref().unwrap_or_default();
    CODES.contains(&code)
}

/// When the agent had again what this symptom took away.
fn back(
    session: &Session,
    served: &Served,
    agent: Option<&String>,
    symptom: &Symptom<'_>,
) -> Option<At> {
    match symptom {
        Symptom::Lost(loss) if loss.is_voluntary() => Some(loss.at),
        Symptom::Forced(change) => Some(change.at),
        Symptom::Lost(loss) => served.after(agent, loss.at),
        Symptom::NotObtained(attempt) => match attempt.stage {
            Stage::NoFinesse => finesse_back(attempt.connection, attempt.at)
                .or_else(|| served.after(agent, attempt.at)),
            _ => served.after(agent, attempt.at),
        },
        Symptom::OutOfService(service) => {
            let mut later = session.service().iter();
            let again = later.find(|one| one.at > service.at && one.is_in());
            again.map(|one| one.at)
        }
        Symptom::FinesseGone(connection, at) => {
            finesse_back(connection, *at).or_else(|| served.after(agent, *at))
        }
    }
}

fn finesse_back(connection: &Connection, after: At) -> Option<At> {
    let socket = connection.socket.as_ref()?;
    let mut presences = socket.stream.finesse.iter();
    let again = presences.find(|one| one.available && one.at > after)?;
    Some(again.at)
}

/// Codes with which Finesse answers a lost desktop (`finesse.md` 3.4).
pub(super) const CONNECTION_FAILURES: [&str; 4] = ["255", "50002", "50001", "32765"];
/// Seconds after a loss within which Finesse may still answer it, with a margin over the documented 180.
pub(super) const AFTERMATH: u64 = 240;
