//! What can be wrong, and all that was wrong in a session, by agent.

use std::collections::BTreeMap;

use super::attempt::Attempt;
use super::clocks::{AllClocks, Clocks};
use super::failing::Failing;
use super::kin::Kin;
use super::loss::Loss;
use super::refusals::Refusals;
use super::unanswered::InVain;
use crate::finesse::{Actor, Reason};
use crate::session::{At, Connection, Service, Session, StateChange};

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
    /// REST failed again and again.
    RestFailing(Failing<'a>),
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
            Self::RestFailing(failing) => failing.first.at,
        }
    }

    /// Until when it lasted, as far as the server's patience is concerned; `None` for what is no loss of a desktop.
    pub(super) fn over(&self) -> Option<At> {
        match self {
            Self::Lost(loss) => Some(loss.over.max(loss.at)),
            Self::Forced(_) | Self::Unauthorized(_) => None,
            _ => Some(self.at()),
        }
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

pub(super) fn by_agent<'a>(
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
    let mut attempts = Vec::new();
    for connection in session.connections() {
        let socket = connection.socket.as_ref();
        let user = socket.and_then(|socket| socket.stream.user().map(str::to_lowercase));
        let clocks = clocks.for_user(user.as_deref());
        let attempt = Attempt::of(session, connection, clocks).filter(|one| !kin.is_foreign(one));
        attempts.extend(attempt);
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
    let in_vain = InVain::of(&attempts);
    attempts.retain(|one| !in_vain.is_nothing(one, clocks.for_user(None)));
    for attempt in attempts {
        add(attempt.user(), Symptom::NotObtained(attempt));
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
    for failing in Failing::of(session, clocks.for_user(None)) {
        add(failing.user(), Symptom::RestFailing(failing));
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

/// Seconds within which a state follows that was asked for.
const GRANTED: u64 = 10;
