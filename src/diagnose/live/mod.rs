//! A session that is still going on: what is found of it, at the moment that it is sure, and what is worth a look.
//!
//! It has a projection of its own and asks all rules anew, but only after an event that can change their mind, or once a
//! second while time alone can. What it has told it does not tell again.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::case::Case;
use super::clocks::{AllClocks, Clocks, Profile};
use super::compete;
use super::incident;
use super::index::Index;
use super::loss::{self, Word};
use super::report::{Incident, Report, Warning};
use super::rule::Confidence;
use super::symptom::Symptom;
use super::together::{self, One, Window};
use super::warnings::{self, About};
use super::{Subject, diagnose, explained, warning};
use crate::event::{ConnectionId, Event, EventKind, Micros, StanzaKind, TcpOccasion};
use crate::session::{At, Session};

/// A session, and what has been told of it.
#[derive(Debug)]
pub struct Live {
    session: Session,
    profile: Profile,
    zone: TimeZone,
    /// Something has happened that can change what the rules say.
    stirred: bool,
    /// The last look.
    looked: Option<Micros>,
    /// How long to wait for the next one, where nothing happens.
    tick: Micros,
    /// Causes that were told of each incident, which goes by the event that began it; the latest last.
    told: BTreeMap<u64, Vec<&'static str>>,
    /// Warnings that were told and are not over.
    standing: BTreeSet<(&'static str, About)>,
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// The cause of an incident is sure.
    Found(Box<Incident>),
    /// The cause of an incident is another one than was told before: which that was.
    Changed(Box<Incident>, &'static str),
    /// Something is worth a look.
    Warned(Warning),
}

impl Live {
    /// A session of which nothing is known so far. Clock times in sentences are those of `zone`.
    #[must_use]
    pub fn new(profile: Profile, zone: TimeZone) -> Self {
        Self {
            session: Session::default(),
            profile,
            zone,
            stirred: false,
            looked: None,
            tick: LONGEST,
            told: BTreeMap::new(),
            standing: BTreeSet::new(),
        }
    }

    /// Takes the next event in.
    pub fn take(&mut self, event: &Event) {
        self.session.take(event);
        self.stirred |= stirs(&self.session, event);
    }

    /// How long to wait for events at most until the next look: a second of a desktop that pings every 10 s.
    #[must_use]
    pub const fn tick(&self) -> Micros {
        self.tick
    }

    /// What is new at `now`, on the session's clock. A look that comes too early for anything to be new costs nothing.
    #[must_use]
    pub fn look(&mut self, now: Micros) -> Vec<News> {
        let ended = self.session.ended().is_some();
        if !ended && self.looked.is_some_and(|last| now.since(last) < SHORTEST) {
            return Vec::new();
        }
        let due = self.looked.is_none_or(|last| now.since(last) >= self.tick);
        if !self.stirred && !due {
            return Vec::new();
        }
        self.looked = Some(now);
        self.session.pass(now);
        let all = AllClocks::of(&self.session, &self.profile);
        let clocks = *all.for_user(None);
        self.tick = clocks.seconds(1).clamp(SHORTEST, LONGEST);
        let mut news = Vec::new();
        if !ended {
            self.warnings(&clocks, &mut news);
        }
        if std::mem::take(&mut self.stirred) || self.is_waiting(&clocks, now) {
            self.findings(&all, now, &mut news);
        }
        news
    }

    /// All that is known, as of a recording of this name.
    #[must_use]
    pub fn report(&self, name: &str) -> Report {
        diagnose(&[self.subject(name)], &self.profile, &self.zone)
    }

    const fn subject<'a>(&'a self, name: &'a str) -> Subject<'a> {
        Subject {
            name,
            session: &self.session,
            offset: 0,
        }
    }

    fn warnings(&mut self, clocks: &Clocks, news: &mut Vec<News>) {
        let mut standing = BTreeSet::new();
        for sign in warnings::signs(&self.session, clocks) {
            let key = (sign.name, sign.about.clone());
            if !self.standing.contains(&key) {
                news.push(News::Warned(warning(0, &self.session, sign)));
            }
            standing.insert(key);
        }
        self.standing = standing;
    }

    fn findings(&mut self, clocks: &AllClocks, now: Micros, news: &mut Vec<News>) {
        let incidents = incident::incidents(&self.session, clocks);
        let begun: BTreeSet<u64> = incidents.iter().map(|one| one.began().number).collect();
        self.told.retain(|number, _| begun.contains(number));
        let subject = self.subject("");
        let recent = incidents.into_iter().filter(|one| !is_settled(one, now));
        let recent: Vec<One<'_>> = recent
            .map(|incident| One {
                subject: 0,
                window: Window::of(&subject, &incident),
                incident,
            })
            .collect();
        let crowds = together::crowds(&[subject], &recent);
        let index = Index::of(&self.session);
        for (one, crowd) in recent.iter().zip(crowds) {
            let incident = &one.incident;
            let ended = self.session.ended().is_some();
            if is_open(incident) || (!ended && may_be_mistyped(incident, now)) {
                continue;
            }
            let case = Case {
                session: &self.session,
                index: &index,
                incident,
                clocks: incident.clocks,
                crowd,
                zone: &self.zone,
            };
            let judgement = compete::judge(&case);
            let Some((rule, _)) = judgement
                .cause
                .as_ref()
                .filter(|(_, verdict)| verdict.confidence >= Confidence::Likely)
            else {
                continue;
            };
            let told = self.told.entry(incident.began().number).or_default();
            if told.contains(&rule.name) {
                continue;
            }
            let before = told.last().copied();
            told.push(rule.name);
            let incident = Box::new(explained(0, &case, judgement));
            news.push(match before {
                None => News::Found(incident),
                Some(before) => News::Changed(incident, before),
            });
        }
    }

    /// Whether a desktop waits for the presence of `finesse`, for a WebSocket, or for the right password: that it never
    /// comes is told by no event.
    fn is_waiting(&self, clocks: &Clocks, now: Micros) -> bool {
        let long = Micros(clocks.patience.0.saturating_mul(3));
        let recent = |at: At, long| now.since(at.time) <= long;
        let mut failures = self.session.rest().failures.iter().rev();
        let mistyped = failures
            .any(|(_, one)| one.status == 401 && recent(one.at, clocks.seconds(2 * MISTYPED)));
        mistyped
            || self.session.connections().any(|connection| {
                let mut asked = connection.exchanges.open();
                if asked.any(|one| one.upgrade && recent(one.asked, long)) {
                    return true;
                }
                let socket = connection.socket.as_ref();
                socket.is_some_and(|socket| {
                    let since = socket.stream.available.as_ref().map(|(at, _)| at.time);
                    let waits = since.is_some_and(|since| now.since(since) <= long);
                    waits
                        && socket.stream.connected().is_none()
                        && !loss::is_over(connection, socket)
                })
            })
    }
}

/// Whether a socket of it is silent and nobody has ended it: it may yet wake up.
fn is_open(incident: &incident::Incident<'_>) -> bool {
    let mut losses = incident.losses();
    losses.any(|loss| matches!(loss.word, Word::Open))
}

/// Whether a sign-in was refused a moment ago: the right password may follow.
fn may_be_mistyped(incident: &incident::Incident<'_>, now: Micros) -> bool {
    let patience = incident.clocks.seconds(MISTYPED);
    let few = |symptom: &Symptom<'_>| {
        matches!(symptom, Symptom::Unauthorized(run)
            if run.times < OFTEN && now.since(run.last.at.time) < patience)
    };
    incident.symptoms.iter().all(few)
}

/// Whether it has been over for so long that nothing more can be heard of it.
fn is_settled(incident: &incident::Incident<'_>, now: Micros) -> bool {
    let over = incident.back;
    over.is_some_and(|back| now.since(back.time) > incident.clocks.seconds(incident::AFTERMATH))
}

/// Whether an event can change what the rules say of an incident.
fn stirs(session: &Session, event: &Event) -> bool {
    match &event.kind {
        EventKind::Refused(_)
        | EventKind::UpstreamFailed(_)
        | EventKind::TlsFailed(_)
        | EventKind::WebSocketClose(_)
        | EventKind::WebSocketViolation(_)
        | EventKind::Host(_)
        | EventKind::Gap(_)
        | EventKind::SessionEnded(_) => true,
        EventKind::HttpResponse(head) => head.status >= 400,
        // Of what Finesse says of itself in an answer, what is new is remembered.
        EventKind::HttpBody(_) => {
            let told = session.service().last();
            told.is_some_and(|one| one.at.number == event.number)
        }
        EventKind::TcpInfo(sample) => !matches!(
            sample.occasion,
            TcpOccasion::Interval | TcpOccasion::Answered(_)
        ),
        // Connections that were nothing but HTTP end all the time, and are forgotten.
        EventKind::Ended(_) | EventKind::Closed(_) => {
            event.connection.is_some_and(|id| is_noted(session, id))
        }
        EventKind::XmppStanza(stanza) => {
            is_turn(&stanza.stanza.kind) || event.connection.is_some_and(|id| is_late(session, id))
        }
        _ => false,
    }
}

/// Whether a stanza tells of the stream, or of a state.
fn is_turn(kind: &StanzaKind) -> bool {
    match kind {
        StanzaKind::Notification { node, .. } => node.as_deref().is_some_and(is_state),
        kind => matches!(
            kind,
            StanzaKind::Close
                | StanzaKind::SaslFailure(_)
                | StanzaKind::Bind { .. }
                | StanzaKind::Presence { .. }
                | StanzaKind::StreamError(_)
        ),
    }
}

/// Whether a socket is over: what still comes on it are answers that came too late.
fn is_late(session: &Session, id: ConnectionId) -> bool {
    let connection = session.get(id);
    connection.is_some_and(|one| {
        one.socket
            .as_ref()
            .is_some_and(|socket| loss::is_over(one, socket))
    })
}

fn is_noted(session: &Session, id: ConnectionId) -> bool {
    let connection = session.get(id);
    connection.is_some_and(|one| {
        let asked = one.exchanges.open().any(|one| one.upgrade);
        one.socket.is_some() || one.failed.is_some() || asked
    })
}

/// Whether a node tells of Finesse's or an agent's state.
fn is_state(node: &str) -> bool {
    node.ends_with("/SystemInfo")
        || node
            .strip_prefix("/finesse/api/User/")
            .is_some_and(|user| !user.contains('/'))
}

/// Seconds within which somebody types his password again.
const MISTYPED: u64 = 60;
/// Refusals from which on that is no excuse.
const OFTEN: u64 = 3;
/// Looks are at least so far apart, but for the last.
const SHORTEST: Micros = Micros(100_000);
/// Looks are at most so far apart.
const LONGEST: Micros = Micros(1_000_000);
