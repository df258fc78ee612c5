//! What a rule looks at: an incident, the session around it, and the questions that several rules ask of them.

use jiff::tz::TimeZone;

use crate::event::{ConnectionId, Direction, Host, Leg, Micros};
use crate::session::{At, Connection, Failure, Ping, Session};

use super::attempt::{Attempt, Stage};
use super::clocks::Clocks;
use super::incident::{AFTERMATH, Incident};
use super::index::Index;
use super::loss::Loss;
use super::path::{self, Path};
use super::rule::Role;
use super::unanswered::Wait;
use super::words;

/// An incident, and the session around it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The session.
    pub session: &'a Session,
    /// Its connections, sorted.
    pub index: &'a Index<'a>,
    /// What there is to explain.
    pub incident: &'a Incident<'a>,
    /// The client's clocks.
    pub clocks: Clocks,
    /// Other agents whose trouble began in the same seconds, and how many agents were connected then.
    pub crowd: Crowd,
    /// The time zone in which clock times are told.
    pub zone: &'a TimeZone,
}

/// How many agents an incident hit at once, over all recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// Agents that were connected when it began, this one included; 0 where it is not known.
    pub connected: usize,
    /// Of those, how many lost service within a few seconds of each other, this one included.
    pub hit: usize,
}

impl Crowd {
    /// Whether several were hit at once, and nobody was spared: a server's fault, or one of a shared path.
    #[must_use]
    pub const fn is_everybody(self) -> bool {
        self.hit > 1 && self.hit >= self.connected
    }

    /// Whether one was hit and others were not.
    #[must_use]
    pub const fn is_one_of_many(self) -> bool {
        self.hit == 1 && self.connected > 1
    }
}

impl<'a> Case<'a> {
    /// The first socket that was lost against anybody's wish.
    #[must_use]
    pub fn loss(&self) -> Option<&'a Loss<'a>> {
        self.incident.losses().find(|loss| !loss.is_voluntary())
    }

    /// The login that the client gave up because it came no further, if no socket was lost: since when it had waited, how
    /// long, and what the kernel saw of the way to the server meanwhile.
    #[must_use]
    pub fn given_up(&self) -> Option<(&Attempt<'a>, Micros, Path)> {
        let mut attempts = self.incident.attempts().filter(|_| self.loss().is_none());
        attempts.find_map(|attempt| match attempt.stage {
            Stage::GivenUp(waited) | Stage::Unanswered(Wait::Long(waited)) => {
                let from = attempt.at.time;
                let until = Micros(from.0.saturating_add(waited.0));
                let path = path::between(attempt.connection, Leg::Upstream, from, until);
                Some((attempt, waited, path))
            }
            _ => None,
        })
    }

    /// The part that something can have played which began then: what comes after a loss cannot have caused it.
    #[must_use]
    pub fn role(&self, at: At) -> Role {
        match self.loss() {
            Some(loss) if loss.at < at => Role::Contributing,
            _ => Role::Cause,
        }
    }

    /// Whether events are missing between `from` and `to`.
    #[must_use]
    pub fn misses(&self, from: Micros, to: Micros) -> bool {
        let mut gaps = self.session.gaps().iter();
        gaps.any(|(at, _)| from <= at.time && at.time <= to)
    }

    /// Answers of REST with an error, between `from` and `to`, in order, each with its connection.
    pub fn rest_failures(
        &self,
        from: At,
        to: At,
    ) -> impl Iterator<Item = &'a (ConnectionId, Failure)> {
        let failures = self.session.rest().failures.iter();
        failures.filter(move |(_, one)| from <= one.at && one.at <= to && !one.upgrade)
    }

    /// Whether two connections lead to the same host and port, as far as that is known.
    #[must_use]
    pub fn is_same_server(&self, one: ConnectionId, other: ConnectionId) -> bool {
        let target = |id| self.session.get(id)?.target.as_ref();
        target(one).is_some_and(|one| target(other) == Some(one))
    }

    /// Whether two connections are known to lead to different hosts or ports.
    #[must_use]
    pub fn is_other_server(&self, one: ConnectionId, other: ConnectionId) -> bool {
        let target = |id| self.session.get(id)?.target.as_ref();
        let known = target(one).zip(target(other));
        known.is_some_and(|(one, other)| one != other)
    }

    /// When the incident began.
    #[must_use]
    pub fn began(&self) -> At {
        self.incident.began()
    }

    /// When it was over, or the session's end.
    #[must_use]
    pub fn until(&self) -> At {
        let last = self.session.span().map(|(_, last)| last);
        self.incident.back.or(last).unwrap_or_else(|| self.began())
    }

    /// How long something lasted that is over when the incident is; `None` where that is not over, or was not seen to be.
    #[must_use]
    pub fn lasted(&self, from: At) -> Option<Micros> {
        let back = self.incident.back?;
        Some(back.time.since(from.time))
    }

    /// So many seconds of a desktop that pings every 10 s, on this client's clock.
    #[must_use]
    pub const fn seconds(&self, seconds: u64) -> Micros {
        self.clocks.seconds(seconds)
    }

    /// The same on the clock of one socket, where several desktops of a recording have different ones.
    #[must_use]
    pub fn seconds_on(&self, loss: &Loss<'_>, seconds: u64) -> Micros {
        let own = loss.socket.stream.pings.to_server.interval();
        let all = self.clocks.interval;
        let interval = own.map_or(all, |own| own.min(all));
        Micros(interval.0.saturating_mul(seconds) / 10)
    }

    /// Whether two pings of the desktop were overdue when its socket was lost.
    #[must_use]
    pub fn is_quiet(&self, loss: &Loss<'_>) -> bool {
        let quiet = loss.heard().map(|heard| loss.over.time.since(heard.time));
        quiet.is_some_and(|quiet| quiet >= self.seconds_on(loss, 20))
    }

    /// Why nothing that is said of this incident can be sure: events are missing around its beginning.
    #[must_use]
    pub fn blind_spot(&self) -> Option<String> {
        let before = Micros(self.clocks.interval.0.saturating_mul(2));
        // Where the last that was seen of a lost socket is older than that, so may be what is missing of it.
        let lives = self.incident.losses().filter_map(|loss| {
            let last = loss.connection.last;
            let heard = [last.to_server, last.to_client].into_iter().flatten();
            heard.filter(|at| *at < loss.over).max()
        });
        let from = self.began().time.since(before);
        let from = lives.map(|at| at.time).fold(from, Micros::min);
        let ends = self.incident.losses().map(|loss| loss.over.time);
        let over = ends.max().unwrap_or_else(|| self.began().time);
        let after = Micros(over.0.saturating_add(self.seconds(AFTERMATH).0));
        let to = self.until().time.clamp(over, after.max(over));
        let gaps = self.session.gaps().iter();
        let near = gaps.filter(|(at, _)| from <= at.time && at.time <= to);
        let missing = near.fold(0u64, |sum, (_, gap)| sum.saturating_add(gap.events));
        if self.session.begins_late() && !self.was_served() {
            return Some("the recording begins in the middle of it".to_owned());
        }
        (missing > 0).then(|| {
            let events = words::count(missing, "event");
            format!("{events} around it are missing from the recording")
        })
    }

    /// Whether the recording shows the agent with service before the incident.
    fn was_served(&self) -> bool {
        self.index.is_served_before(self.began())
    }

    /// Facts of the host in a stretch of time.
    pub fn host(&self, from: Micros, to: Micros) -> impl Iterator<Item = &'a (At, Host)> {
        let facts = self.session.host().iter();
        facts.filter(move |(at, _)| from <= at.time && at.time <= to)
    }

    /// What the kernel saw of a leg's path from the moment of a loss until the socket was over.
    #[must_use]
    pub fn path(&self, loss: &Loss<'_>, leg: Leg) -> Path {
        path::between(loss.connection, leg, loss.at.time, loss.over.time)
    }

    /// When the same server sent something on another connection between `from` and `to`.
    #[must_use]
    pub fn server_spoke_elsewhere(&self, not: &Connection, from: Micros, to: Micros) -> Option<At> {
        let host = not.target.as_ref().map(|target| target.host.as_str());
        self.heard(from, to, not, |other| Some(other) == host)
    }

    /// The first that was heard between `from` and `to` from servers whose name fits, on other connections than `not`.
    #[must_use]
    pub fn heard(
        &self,
        from: Micros,
        to: Micros,
        not: &Connection,
        fits: impl Fn(&str) -> bool,
    ) -> Option<At> {
        let others = self.index.alive(from, to).filter(|one| {
            let target = one.target.as_ref();
            one.id != not.id && target.is_some_and(|target| fits(&target.host))
        });
        let heard = others.flat_map(|one| {
            let sockets = one.socket.iter();
            let answers = sockets.filter_map(|socket| {
                let pings = socket.stream.pings.to_server.sent_by(to).iter().rev();
                // Behind one that was answered earlier, all were.
                let late = pings.take_while(|ping| ping.answered.is_none_or(|at| at.time > from));
                let late = late.filter_map(|ping| ping.answered);
                late.filter(|at| at.time <= to).min()
            });
            answers.chain(one.last[Direction::ToClient])
        });
        let polls = self.session.rest().polls.iter();
        let polls = polls.filter(|poll| fits(&poll.host));
        let all = heard.chain(polls.map(|poll| poll.at));
        all.filter(|at| from < at.time && at.time <= to).min()
    }

    /// When the same agent was bound on another socket for the first time after a loss.
    #[must_use]
    pub fn bound_after(&self, loss: &Loss<'_>) -> Option<At> {
        self.index
            .bound_after(loss.user(), loss.over, loss.connection.id)
    }

    /// Whether the kernel that acknowledges is that of a proxy on the way out, and not the server's.
    #[must_use]
    pub fn is_behind_proxy(&self, connection: &Connection) -> bool {
        let mut attempts = connection.attempts.iter();
        attempts.any(|(_, attempt)| attempt.via.is_some())
    }

    /// Whether the browser runs on the machine that finspect runs on, so that nothing is between them.
    #[must_use]
    pub fn is_local(&self, connection: &Connection) -> bool {
        connection
            .client
            .is_some_and(|client| client.ip().is_loopback())
    }

    /// Pings of the lost socket that were answered only after it was over.
    pub fn late_answers(&self, loss: &'a Loss<'a>) -> impl Iterator<Item = &'a Ping> {
        let pings = loss.socket.stream.pings.to_server.latest();
        let over = loss.over;
        pings.filter(move |ping| ping.answered.is_some_and(|at| at > over))
    }

    /// A moment as a clock shows it, such as `12:31:04.120`.
    #[must_use]
    pub fn clock(&self, at: Micros) -> String {
        words::clock(self.session, at, self.zone)
    }
}
