//! A session that is still going on: what is found of it, at the moment that it is sure, and what is worth a look.
//!
//! It has a projection of its own and asks all rules anew, but only after an event that can change their mind, or once a
//! second while time alone can. What it has told it does not tell again.

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
use super::together::{self, One, Window};
use super::warnings::{self, About};
use super::{Subject, diagnose, explained, warning};
use crate::event::{ConnectionId, Event, EventKind, Micros, StanzaKind, TcpOccasion};
use crate::session::Session;

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
            if is_open(incident) {
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

    /// Whether a desktop waits for the presence of `finesse`: that it never comes is told by no event.
    fn is_waiting(&self, clocks: &Clocks, now: Micros) -> bool {
        let long = Micros(clocks.patience.0.saturating_mul(3));
        self.session.connections().any(|connection| {
            let socket = connection.socket.as_ref();
            socket.is_some_and(|socket| {
                let since = socket.stream.available.as_ref().map(|(at, _)| at.time);
                let waits = since.is_some_and(|since| now.since(since) <= long);
                waits && socket.stream.connected().is_none() && !loss::is_over(connection, socket)
            })
        })
    }
}

/// Whether a socket of it is silent and nobody has ended it: it may yet wake up.
fn is_open(incident: &incident::Incident<'_>) -> bool {
    let mut losses = incident.losses();
    losses.any(|loss| matches!(loss.word, Word::Open))
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
    connection.is_some_and(|one| one.socket.is_some() || one.failed.is_some())
}

/// Whether a node tells of Finesse's or an agent's state.
fn is_state(node: &str) -> bool {
    node.ends_with("/SystemInfo")
        || node
            .strip_prefix("/finesse/api/User/")
            .is_some_and(|user| !user.contains('/'))
}

/// Looks are at least so far apart, but for the last.
const SHORTEST: Micros = Micros(100_000);
/// Looks are at most so far apart.
const LONGEST: Micros = Micros(1_000_000);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;
    use crate::event::Direction::{ToClient, ToServer};
    use crate::event::Manner;

    /// What is told of a session, look by look: after each event, and each second without one.
    fn told(script: Script) -> Vec<String> {
        let mut live = Live::new(Profile::default(), TimeZone::UTC);
        let mut news = Vec::new();
        let mut now = Micros(0);
        for event in script.events() {
            while event.time.arrived.since(now) > LONGEST {
                now = Micros(now.0 + LONGEST.0);
                news.extend(live.look(now));
            }
            now = event.time.arrived;
            live.take(&event);
            news.extend(live.look(now));
        }
        now = Micros(now.0 + LONGEST.0);
        news.extend(live.look(now));
        let rule = |incident: &Incident| incident.cause.as_ref().unwrap().rule;
        let name = |one: &News| match one {
            News::Found(incident) => rule(incident).to_owned(),
            News::Changed(incident, before) => format!("{} (was {before})", rule(incident)),
            News::Warned(warning) => format!("! {}", warning.name),
        };
        news.iter().map(name).collect()
    }

    #[test]
    fn a_healthy_day_is_silent_until_the_agent_signs_out() {
        let script = Script::new().logs_in("1001002").pings(30);
        let script = script.connects().wishes("1001002", "LOGOUT").on(1);
        assert_eq!(told(script.says_goodbye()), ["signed-out"]);
    }

    #[test]
    fn a_warning_comes_before_its_finding_and_each_comes_once() {
        let script = Script::new().logs_in("1001002").pings(5).after(10.0).ping();
        let script = script.after(10.0).ping().server_acks().after(6.0);
        let script = script.closes(ToServer, None, "").after(60.0);
        let script = script.logs_in("1001002").pings(9);
        assert_eq!(told(script), ["! ping-outstanding", "service-stalled"]);
    }

    #[test]
    fn a_warning_comes_again_once_it_was_over() {
        let slow = |script: Script| script.after(10.0).ping().after(7.0).pong().pings(2);
        let script = slow(slow(Script::new().logs_in("1001002").pings(5)));
        assert_eq!(told(script), ["! ping-outstanding", "! ping-outstanding"]);
    }

    #[test]
    fn a_cause_that_turns_out_to_be_another_is_told_once_more() {
        let script = Script::new().logs_in("1001002").pings(5).after(3.0);
        let script = script
            .ends(ToClient, Manner::Reset)
            .gone()
            .after(2.0)
            .connects();
        let script = script.asks("GET", "/ws/", &[("Upgrade", "websocket")]);
        let script = script
            .answers(403)
            .after(5.0)
            .connects_to("finesse1.example.com");
        let refused = crate::event::DialFailure::ConnectionRefused;
        let script = script.fails(refused).after(9.0).logs_in("1001002").pings(4);
        assert_eq!(
            told(script),
            ["upgrade-refused", "service-restart (was upgrade-refused)"]
        );
    }
}
