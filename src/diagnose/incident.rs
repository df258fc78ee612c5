//! What there is to explain: a stretch of time in which one agent had no service, with everything that was wrong in it.

use std::collections::BTreeMap;

use crate::event::Micros;
use crate::finesse::{Actor, Reason};
use crate::session::{At, Connection, Service, Session, StateChange};

use super::attempt::{Attempt, Stage};
use super::clocks::{AllClocks, Clocks};
use super::kin::Kin;
use super::loss::Loss;
use super::refusals::Refusals;
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
    /// REST did not accept the agent's credentials, again and again.
    Unauthorized(Refusals<'a>),
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
            Self::Unauthorized(refusals) => refusals.first.at,
        }
    }

    /// Until when it lasted, as far as the server's patience is concerned; `None` for what is no loss of a desktop.
    fn over(&self) -> Option<At> {
        match self {
            Self::Lost(loss) => Some(loss.over.max(loss.at)),
            Self::Forced(_) | Self::Unauthorized(_) => None,
            _ => Some(self.at()),
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

    /// Runs of REST calls whose credentials were refused, in order.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusals<'a>> {
        self.symptoms.iter().filter_map(|symptom| match symptom {
            Symptom::Unauthorized(refusals) => Some(refusals),
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

/// Puts a symptom into the incident that it belongs to: the one that is not over when it begins, or that it follows from.
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

/// Whether a code is one with which Finesse answers a lost desktop (`finesse.md` 3.4).
pub(super) fn is_connection_failure(change: &StateChange) -> bool {
    reason(change).is_some_and(|reason| reason.by == Actor::LostDesktop)
}

/// The system's reason for a state; `None` where the agent chose it.
pub(super) fn reason(change: &StateChange) -> Option<&'static Reason> {
    Reason::of(change.reason_code.as_deref()?)
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
    let kin = Kin::of(session);
    for connection in session.connections() {
        let socket = connection.socket.as_ref();
        let user = socket.and_then(|socket| socket.stream.user().map(str::to_lowercase));
        let clocks = clocks.for_user(user.as_deref());
        let attempt = Attempt::of(session, connection, clocks).filter(|one| !kin.is_foreign(one));
        if let Some(attempt) = attempt {
            add(attempt.user(), Symptom::NotObtained(attempt));
        }
        let logged_in = attempt.is_none_or(|attempt| attempt.stage.is_logged_in());
        if let Some(loss) = Loss::of(session, connection, clocks).filter(|_| logged_in) {
            add(loss.user(), Symptom::Lost(loss));
        }
        if let Some(socket) = &connection.socket {
            let user = socket.stream.user().map(str::to_lowercase);
            for at in socket.stream.finesse_left() {
                add(user.clone(), Symptom::FinesseGone(connection, at));
            }
        }
    }
    for service in session.service().iter().filter(|one| !one.is_in()) {
        let socket = session.get(service.connection);
        let socket = socket.and_then(|one| one.socket.as_ref());
        let user = socket.and_then(|socket| socket.stream.user().map(str::to_lowercase));
        add(user, Symptom::OutOfService(service));
    }
    for refusals in Refusals::of(session, clocks.for_user(None)) {
        add(refusals.user(), Symptom::Unauthorized(refusals));
    }
    for agent in session.agents() {
        let clocks = clocks.for_user(Some(&agent.user));
        let before = std::iter::once(None).chain(agent.states.iter().map(Some));
        for (before, change) in before.zip(&agent.states) {
            let repeated = before.is_some_and(|before| is_repeated(before, change));
            if repeated || !is_forced(session, clocks, &agent.user, change) {
                continue;
            }
            add(Some(agent.user.clone()), Symptom::Forced(change));
        }
    }
    all
}

/// Whether the same one that took the state but says more of it, such as that the phone is back: nothing is taken.
fn is_repeated(before: &StateChange, change: &StateChange) -> bool {
    let by = |change| reason(change).map(|reason| reason.by);
    before.state == change.state && by(change).is_some() && by(before) == by(change)
}

/// Whether the system, not the agent, chose the state.
fn is_forced(session: &Session, clocks: &Clocks, user: &str, change: &StateChange) -> bool {
    let Some(reason) = reason(change) else {
        return false;
    };
    if !reason.ambiguous {
        return true;
    }
    let mut wishes = session.rest().wishes.iter();
    !wishes.any(|wish| {
        let waited = change.at.time.since(wish.at.time);
        wish.user == user
            && wish.state == change.state
            && wish.at <= change.at
            && waited <= clocks.seconds(GRANTED)
    })
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
        // No success of REST is remembered: refusals that do not go on are over.
        Symptom::Unauthorized(refusals) => {
            let again = served.after(agent, refusals.first.at);
            again.or(Some(refusals.last.at))
        }
        Symptom::Lost(loss) => served.after(agent, loss.at),
        Symptom::NotObtained(attempt) => match attempt.stage {
            Stage::NoFinesse => finesse_back(attempt.connection, attempt.at)
                .or_else(|| served.after(agent, attempt.at)),
            _ => served.after(agent, attempt.at),
        },
        Symptom::OutOfService(service) => {
            let mut later = session.service().iter();
            let again = later.find(|one| one.at > service.at && one.is_in());
            // The other node may serve before this one does.
            let again = again.map(|one| one.at);
            again.or_else(|| served.after(agent, service.at))
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

/// Seconds after a loss within which Finesse may still answer it, with a margin over the documented 180.
pub(super) const AFTERMATH: u64 = 240;
/// Seconds within which a desktop leaves whose agent was logged out.
const LEAVING: u64 = 30;
/// Seconds within which a state follows that was asked for.
const GRANTED: u64 = 10;
/// Incidents before, of one agent, from which something may follow.
const LATEST: usize = 16;
