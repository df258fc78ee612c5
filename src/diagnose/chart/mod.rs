//! The moment as a picture: both legs of the connections around an incident on one time axis, in ASCII.

mod axis;
mod connection;
mod lane;
mod mark;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::clocks::Clocks;
use super::report::Incident;
use super::words::duration;
use crate::event::{ConnectionId, Host, Micros};
use crate::session::{Connection, Session};
use axis::Axis;
use lane::{GUTTER, Lane, Words, named};
use mark::Mark;

/// A picture of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// The picture, a line each.
    pub lines: Vec<String>,
    /// What the signs in it mean, such as `p ping`.
    pub legend: Vec<String>,
    /// What a column stands for.
    pub column: Micros,
}

impl Chart {
    /// Draws an incident of a session in so many columns, 58 at the least.
    #[must_use]
    pub fn draw(session: &Session, incident: &Incident, clocks: &Clocks, width: usize) -> Self {
        let ids = shown(session, incident);
        let chosen: Vec<&Connection> = ids.iter().filter_map(|id| session.get(*id)).collect();
        let axis = axis(session, incident, &chosen, clocks, width);
        let mut chart = Self {
            lines: Vec::new(),
            legend: Vec::new(),
            column: axis.step(),
        };
        let mut used = BTreeSet::new();
        let [labels, ticks] = axis.lines();
        chart.lines.push(named("", &labels));
        chart.lines.push(named("", &ticks));
        let mut lanes = Vec::new();
        for connection in &chosen {
            lanes.append(&mut connection::lanes(session, connection, clocks, &axis));
        }
        lanes.push(rest(session, &axis));
        lanes.push(machine(session, &axis));
        for lane in &lanes {
            used.extend(lane.marks());
            chart.lines.extend(lane.line());
        }
        chart
            .lines
            .append(&mut states(session, incident, &axis).lines());
        chart.lines.append(&mut service(session, &axis).lines());
        chart.lines.append(&mut turns(incident, &axis).lines());
        let meanings = used
            .iter()
            .map(|mark| format!("{} {}", mark.symbol(), mark.meaning()));
        chart.legend.extend(meanings);
        chart
    }
}

/// Connections worth a look: those that were lost, the agent's others that were open then, and those tried afterwards.
fn shown(session: &Session, incident: &Incident) -> Vec<ConnectionId> {
    let lost = incident.connections.iter().copied().take(LOST);
    let tried = incident.story.tried.iter().map(|one| one.connection);
    let mut ids: BTreeSet<ConnectionId> = lost.collect();
    let agents = session.agents();
    let agent = agents
        .filter(|one| Some(one.user.as_str()) == incident.agent.as_deref())
        .last();
    let sockets = agent.map_or(&[][..], |agent| &agent.sockets);
    let open = sockets.iter().filter(|(bound, id)| {
        let over = session.get(*id).and_then(|one| one.closed.as_ref());
        bound.time <= incident.began.time
            && over.is_none_or(|(at, _)| at.time >= incident.began.time)
    });
    for id in open.map(|(_, id)| *id).chain(tried) {
        if ids.len() < CONNECTIONS {
            ids.insert(id);
        }
    }
    ids.into_iter().collect()
}

/// From some pings before it began until the agent was back, or as long as is worth drawing.
fn axis(
    session: &Session,
    incident: &Incident,
    chosen: &[&Connection],
    clocks: &Clocks,
    width: usize,
) -> Axis {
    let began = incident.began.time;
    let over = chosen.iter().filter_map(|one| one.closed.as_ref());
    let over = over.map(|(at, _)| at.time);
    let longest = Micros(began.0.saturating_add(clocks.seconds(AFTER).0));
    let turns = over.chain(incident.back.map(|back| back.time));
    let turns = turns.filter(|at| (began..=longest).contains(at));
    let last = turns.max().unwrap_or(longest);
    let to = Micros(last.0.saturating_add(clocks.seconds(MARGIN).0));
    let end = session.span().map_or(to, |(_, last)| last.time);
    // What shows the cause on a socket that was lost is in the picture too, if it is not too long before.
    let earliest = Micros(began.0.saturating_sub(clocks.seconds(EARLIEST).0));
    let lost = incident
        .connections
        .iter()
        .filter_map(|id| session.get(*id));
    let opened = lost.map(|one| one.opened.time).min().unwrap_or(began);
    let earliest = earliest.max(opened);
    let shown = incident.cause.iter().flat_map(|cause| &cause.evidence);
    let shown = shown.map(|one| one.at.time).filter(|at| *at >= earliest);
    let before = clocks.seconds(BEFORE);
    let shown = shown
        .map(|at| Micros(at.0.saturating_sub(before.0 / 4)))
        .min();
    let from = Micros(began.0.saturating_sub(before.0));
    let from = shown.map_or(from, |shown| shown.min(from));
    let columns = width.max(NARROWEST).saturating_sub(GUTTER);
    Axis::new(from, to.min(end.max(began)), began, columns)
}

/// What REST answered meanwhile, on whatever connection: a server that refuses sockets may well answer there.
fn rest(session: &Session, axis: &Axis) -> Lane {
    let mut lane = Lane::new("REST", axis);
    for poll in session.rest().polls.iter().filter(|poll| poll.status < 400) {
        lane.put(poll.at.time, Mark::Poll);
    }
    let failures = session.rest().failures.iter();
    for (_, failure) in failures.filter(|(_, failure)| !failure.upgrade) {
        lane.put(failure.at.time, Mark::RestFails);
    }
    lane
}

/// What happened to the machine, finspect included.
fn machine(session: &Session, axis: &Axis) -> Lane {
    let mut lane = Lane::new("this machine", axis);
    for (at, host) in session.host() {
        match host {
            Host::Suspended | Host::Resumed => lane.put(at.time, Mark::Slept),
            Host::Slept(slept) => lane.fill(slept.since, at.time, Mark::Slept),
            Host::Starved(starved) => lane.fill(starved.since, at.time, Mark::Starved),
            Host::ClockJumped(_) => lane.put(at.time, Mark::ClockJumped),
            Host::Interface(_)
            | Host::RouteCame(_)
            | Host::RouteGone(_)
            | Host::NetworkChanged(_)
            | Host::ProxyChanged(_) => lane.put(at.time, Mark::Network),
        }
    }
    lane
}

/// What Finesse said of the agent's state.
fn states(session: &Session, incident: &Incident, axis: &Axis) -> Words {
    let mut words = Words::new("agent's state", axis);
    let agents = session.agents();
    let agent = agents
        .filter(|one| Some(one.user.as_str()) == incident.agent.as_deref())
        .last();
    let states = agent.map_or(&[][..], |agent| &agent.states);
    let before = states.iter().rfind(|change| change.at.time < axis.from());
    let within = states.iter().filter(|change| change.at.time >= axis.from());
    for change in before.into_iter().chain(within) {
        let code = change.reason_code.as_ref();
        let code = code.filter(|code| *code != "-1" && !code.is_empty());
        let code = code.map_or_else(String::new, |code| format!(" ({code})"));
        words.put(change.at.time, &format!("{}{code}", change.state));
    }
    words
}

/// What Finesse said of itself.
fn service(session: &Session, axis: &Axis) -> Words {
    let mut words = Words::new("Finesse says", axis);
    let within = session.service().iter();
    for one in within.filter(|one| axis.column(one.at.time).is_some()) {
        words.put(one.at.time, &one.status);
    }
    words
}

/// When it began, and when the agent was back.
fn turns(incident: &Incident, axis: &Axis) -> Words {
    let mut words = Words::new("", axis);
    words.put(incident.began.time, "it begins");
    if let Some(back) = incident.back.filter(|back| back.time > incident.began.time) {
        let after = duration(back.time.since(incident.began.time));
        if axis.column(back.time).is_some() {
            words.put(back.time, &format!("back after {after}"));
        } else {
            words.put(axis.to(), &format!("(back after {after})"));
        }
    }
    words
}

/// Lost sockets drawn.
const LOST: usize = 3;
/// Connections drawn.
const CONNECTIONS: usize = 6;
/// Seconds of a desktop's life drawn before it began, and after it at the most.
const BEFORE: u64 = 25;
const AFTER: u64 = 120;
/// Seconds before it began within which the first event that shows the cause is still drawn.
const EARLIEST: u64 = 400;
/// Seconds drawn after the last turn.
const MARGIN: u64 = 10;
/// The narrowest chart that can be read.
const NARROWEST: usize = 58;
