//! What can be wrong, and all that was wrong in a session, by agent.

use std::collections::BTreeMap;

use super::attempt::Attempt;
use super::clocks::{AllClocks, Clocks};
use super::failing::Failing;
use super::kin::Kin;
use super::loss::Loss;
use super::refusals::Refusals;
use super::tunnels::Tunnels;
use super::unanswered::InVain;
use crate::finesse::{Actor, Reason};
use crate::session::{At, Connection, Presence, Service, Session, StateChange};

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
    /// A user that plays its part for gadgets became unavailable on this connection.
    GadgetsGone(&'a Connection, &'a Presence),
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
            Self::GadgetsGone(_, presence) => presence.at,
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

/// Whom symptoms hit: an agent, where it is known, and whether but the gadgets on his desktop.
pub(super) type Whom = (Option<String>, bool);

pub(super) fn by_agent<'a>(
    session: &'a Session,
    clocks: &AllClocks,
    tunnels: &Tunnels<'a>,
) -> BTreeMap<Whom, Vec<Symptom<'a>>> {
    let mut agents = session.agents();
    let only = match (agents.next(), agents.next()) {
        (Some(agent), None) => Some(agent.user.clone()),
        _ => None,
    };
    let mut all: BTreeMap<Whom, Vec<Symptom<'a>>> = BTreeMap::new();
    let mut hit = |user: Option<String>, gadgets, symptom| {
        let user = user.or_else(|| only.clone());
        all.entry((user, gadgets)).or_default().push(symptom);
    };
    let kin = Kin::of(session);
    let mut attempts = Vec::new();
    for connection in session.connections() {
        let socket = connection.socket.as_ref();
        let user = socket.and_then(|socket| socket.stream.user().map(str::to_lowercase));
        let clocks = clocks.for_user(user.as_deref());
        let of_gadgets = |at| tunnels.failed_alone(connection, user.as_deref(), at, clocks);
        let attempt = Attempt::of(session, connection, clocks).filter(|one| !kin.is_foreign(one));
        if let Some(attempt) = attempt {
            attempts.push((attempt, of_gadgets(attempt.at)));
        }
        let logged_in = attempt.is_none_or(|attempt| attempt.stage.is_logged_in());
        if let Some(loss) = Loss::of(session, connection, clocks).filter(|_| logged_in) {
            hit(loss.user(), of_gadgets(loss.at), Symptom::Lost(loss));
        }
        if let Some(socket) = &connection.socket {
            for at in socket.stream.finesse_left() {
                hit(user.clone(), false, Symptom::FinesseGone(connection, at));
            }
            for gone in socket.stream.gadgets.iter().filter(|one| one.left) {
                hit(user.clone(), true, Symptom::GadgetsGone(connection, gone));
            }
        }
    }
    let in_vain = InVain::of(attempts.iter().map(|(attempt, _)| attempt));
    for (attempt, of_gadgets) in attempts {
        if !in_vain.is_nothing(&attempt, clocks.for_user(None)) {
            hit(attempt.user(), of_gadgets, Symptom::NotObtained(attempt));
        }
    }
    let mut add = |user, symptom| hit(user, false, symptom);
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
    let label = change.reason.as_deref().unwrap_or_default();
    if !label.is_empty() && !reason.is_named_by(label) {
        return false;
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

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::Likely;
    use crate::diagnose::testing::Script;
    use crate::event::{Direction, Manner};

    fn told_of_her_team() -> Script {
        let script = Script::new().logs_in("1001100").pings(4);
        (0..20).fold(script, |script, number| {
            let agent = format!("1002{number:03}");
            let script = script.after(0.1).team(&agent, "LOGOUT", "255");
            script.team(&agent, "NOT_READY", "32767")
        })
    }

    #[test]
    fn a_supervisors_team_is_not_in_the_recording() {
        let report = told_of_her_team().pings(2).diagnosed();
        assert!(report.incidents.is_empty(), "{:?}", report.incidents);
        assert_eq!(report.recordings[0].agents, ["1001100"]);
    }

    #[test]
    fn a_supervisors_own_trouble_is_the_only_one() {
        let script = told_of_her_team().ends(Direction::ToClient, Manner::Reset);
        let report = script.gone().diagnosed();
        let whose: Vec<_> = report.incidents.iter().map(|one| &one.agent).collect();
        assert_eq!(whose, [&Some("1001100".to_owned())]);
    }

    #[test]
    fn users_are_those_who_sign_in_and_not_whom_a_supervisor_asks_for() {
        let team = || Script::new().rest("GET", "/finesse/api/User/1001050", 200);
        assert_eq!(team().session().users(), ["1001050"]);
        let script = team().logs_in("jdoe").state("JDoe", "READY", "");
        assert_eq!(script.session().users(), ["jdoe"]);
    }

    #[test]
    fn who_has_a_socket_here_is_an_agent_whoever_tells_of_him() {
        let script = Script::new().logs_in("1001002").pings(4);
        let script = script.logs_in("1001100").pings(4);
        let report = script.team("1001002", "LOGOUT", "999").diagnosed();
        assert_eq!(report.incidents[0].agent.as_deref(), Some("1001002"));
    }

    #[test]
    fn an_agents_own_logout_is_told_in_whatever_case_the_name_is_written() {
        let script = Script::new().logs_in("jdoe").pings(4);
        let script = script.state("JDoe", "LOGOUT", "255").pings(2);
        let report = script.diagnosed();
        let [incident] = &report.incidents[..] else {
            panic!("{:?}", report.incidents);
        };
        let cause = incident.cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), ("late-logout", Likely));
        assert_eq!(incident.agent.as_deref(), Some("jdoe"));
    }

    #[test]
    fn a_socket_whose_user_was_not_seen_is_that_of_the_node() {
        let script = Script::new().connects().opens_socket().pings(3);
        let script = script.state("1001002", "LOGOUT", "255");
        let report = script.team("1001050", "LOGOUT", "255").diagnosed();
        assert_eq!(report.recordings[0].agents, ["1001002"]);
    }
}
