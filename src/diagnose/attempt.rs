//! Attempts of a desktop to get a socket that came to nothing, each with the layer at which it failed.

use crate::event::{DialFailure, Direction, Leg, Manner, Micros, Refusal, TlsFailure};
use crate::session::{At, Connection, End, Session, Socket};

use super::clocks::Clocks;
use super::loss::{Word, first_word, is_desktop};
use super::unanswered::{self, Wait};

/// An attempt that came to nothing.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Its connection.
    pub connection: &'a Connection,
    /// When it failed.
    pub at: At,
    /// At which layer, and how.
    pub stage: Stage<'a>,
}

/// The layer at which an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage<'a> {
    /// finspect would not serve it.
    Refused(&'a Refusal),
    /// No TCP connection to the server.
    Dial(&'a DialFailure),
    /// TLS failed on this leg.
    Tls(Leg, &'a TlsFailure),
    /// The upgrade was answered with this status.
    Upgrade(u16),
    /// The upgrade was not answered.
    Unanswered(Wait),
    /// SASL failed with this condition.
    Auth(&'a str),
    /// Binding the resource failed with this condition.
    Bind(&'a str),
    /// The stream was refused with this error before it was bound.
    StreamError(&'a str),
    /// No presence of the user `finesse` came after login.
    NoFinesse,
    /// The client left it after it had come no further for so long: no answer to its request, or none in the login.
    GivenUp(Micros),
    /// The client sent no presence after login, or one of this negative priority.
    NoPresence(Option<&'a str>),
}

impl Stage<'_> {
    /// Whether the login itself was done, so that there was a socket to lose.
    #[must_use]
    pub const fn is_logged_in(&self) -> bool {
        matches!(self, Self::NoFinesse | Self::NoPresence(_))
    }
}

impl<'a> Attempt<'a> {
    /// What failed on a connection on the way to a desktop's socket.
    #[must_use]
    pub fn of(session: &Session, connection: &'a Connection, clocks: &Clocks) -> Option<Self> {
        let stage = before_http(connection)
            .filter(|(at, stage)| !is_spare(session, connection, *at, stage, clocks))
            .or_else(|| upgrade(connection))
            .or_else(|| unanswered::unanswered(session, connection, clocks))
            .or_else(|| given_up(connection, clocks))
            .or_else(|| {
                let socket = connection.socket.as_ref().filter(|one| is_desktop(one))?;
                login(socket)
                    .or_else(|| no_presence(session, connection, socket, clocks))
                    .or_else(|| no_finesse(session, connection, socket, clocks))
            });
        let (at, stage) = stage?;
        Some(Self {
            connection,
            at,
            stage,
        })
    }

    /// Whether it failed before anything told what it was for: it may have been for REST, or for nothing yet.
    #[must_use]
    pub const fn is_before_http(&self) -> bool {
        matches!(
            self.stage,
            Stage::Refused(_) | Stage::Dial(_) | Stage::Tls(..)
        )
    }

    /// The user, where the attempt came far enough to name one.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        let socket = self.connection.socket.as_ref()?;
        socket.stream.user().map(str::to_lowercase)
    }
}

/// Whether a browser said in an alert that it does not accept a certificate, and never accepted one in that place.
pub(super) fn is_certificate_refused(session: &Session, attempt: &Attempt<'_>) -> bool {
    let alert = matches!(
        attempt.stage,
        Stage::Tls(
            Leg::Client,
            TlsFailure::AuthorityUnknown(_)
                | TlsFailure::CertificateRejected(_)
                | TlsFailure::BadDate(_)
        )
    );
    let target = attempt.connection.target.as_ref();
    alert && !target.is_some_and(|target| session.accepting().contains_key(target))
}

fn before_http(connection: &Connection) -> Option<(At, Stage<'_>)> {
    if !connection.intercepted {
        return None;
    }
    let refused = connection.refused.as_ref();
    let refused = refused.map(|(at, refusal)| (*at, Stage::Refused(refusal)));
    let failed = connection.failed.as_ref();
    let failed = failed.map(|(at, failure)| (*at, Stage::Dial(failure)));
    let mut handshakes = connection.handshakes.iter();
    let tls = handshakes.find_map(|one| Some((one.at, Stage::Tls(one.leg, one.failure.as_ref()?))));
    refused.or(failed).or(tls)
}

/// Browsers open connections ahead of need and leave them in the middle of the handshake; who accepts our certificate
/// for the same host and port has nothing against it.
fn is_spare(
    session: &Session,
    connection: &Connection,
    at: At,
    stage: &Stage<'_>,
    clocks: &Clocks,
) -> bool {
    let silent = matches!(
        stage,
        Stage::Tls(Leg::Client, TlsFailure::ClosedSilently | TlsFailure::Reset)
    );
    let target = connection.target.as_ref();
    let accepted = target.and_then(|target| session.accepting().get(target));
    silent && accepted.is_some_and(|first| first.time.since(at.time) <= clocks.seconds(10))
}

fn upgrade(connection: &Connection) -> Option<(At, Stage<'_>)> {
    let mut failures = connection.exchanges.failures.iter();
    let refused = failures.find(|failure| failure.upgrade)?;
    Some((refused.at, Stage::Upgrade(refused.status)))
}

fn login(socket: &Socket) -> Option<(At, Stage<'_>)> {
    let stream = &socket.stream;
    if let Some((at, condition)) = &stream.auth_failed {
        return Some((*at, Stage::Auth(condition)));
    }
    if let Some((at, condition)) = &stream.bind_failed {
        return Some((*at, Stage::Bind(condition)));
    }
    let logging_in = !is_signed_in(socket) && stream.opened.to_server.is_some();
    let mut errors = stream.errors.iter().filter(|_| logging_in);
    let error = errors.find(|(_, from, _)| *from == Direction::ToClient)?;
    Some((error.0, Stage::StreamError(&error.2)))
}

/// Where events are missing, what only who is signed in does tells of the sign-in.
const fn is_signed_in(socket: &Socket) -> bool {
    let stream = &socket.stream;
    stream.bound.is_some()
        || stream.available.is_some()
        || stream.notifications > 0
        || stream.pings.to_server.sent > 0
}

/// A login whose last step was longer ago than clients are patient when the client left.
fn given_up<'a>(connection: &Connection, clocks: &Clocks) -> Option<(At, Stage<'a>)> {
    let socket = connection.socket.as_ref().filter(|one| is_desktop(one))?;
    let stream = &socket.stream;
    if socket.target.is_empty() || stream.auth_failed.is_some() || is_signed_in(socket) {
        return None;
    }
    let over = match first_word(connection, socket)? {
        (at, Word::Goodbye) => at,
        (at, Word::Close(close)) if close.direction == Direction::ToServer => at,
        (_, Word::End(end)) => left(end)?,
        _ => return None,
    };
    let auth = stream.auth.as_ref().map(|(at, ..)| *at);
    let asked = stream.asked(Direction::ToServer).last().map(|(at, _)| *at);
    let opened = [stream.opened.to_server, stream.opened.to_client];
    let steps = [auth, stream.authenticated, asked, connection.last.to_client];
    let steps = steps.into_iter().chain(opened).flatten();
    let last = steps.filter(|at| *at <= over).max();
    let last = last.map_or(socket.opened, |last| last.max(socket.opened));
    let waited = over.time.since(last.time);
    (waited >= clocks.patience).then_some((last, Stage::GivenUp(waited)))
}

/// When a connection ended, unless the server ended it.
fn left(end: &End) -> Option<At> {
    let ours = matches!(end.manner, Manner::TimedOut | Manner::Stopped);
    (ours || end.direction == Direction::ToServer).then_some(end.at)
}

/// A desktop is connected only once it has seen the presence of `finesse` (`finesse.md` 1.4).
fn no_finesse<'a>(
    session: &Session,
    connection: &Connection,
    socket: &Socket,
    clocks: &Clocks,
) -> Option<(At, Stage<'a>)> {
    let stream = &socket.stream;
    let (present, _) = stream.available.as_ref()?;
    stream.bound.as_ref()?;
    let seen = stream.connected().is_some() || stream.finesse_left().next().is_some();
    let never = !seen && lasted(session, connection, *present, clocks);
    never.then_some((*present, Stage::NoFinesse))
}

/// A server sends no events to a client without a presence, or with one of a negative priority (`finesse.md` 4.3, row
/// 19).
fn no_presence<'a>(
    session: &Session,
    connection: &Connection,
    socket: &'a Socket,
    clocks: &Clocks,
) -> Option<(At, Stage<'a>)> {
    let stream = &socket.stream;
    let (bound, _) = stream.bound.as_ref()?;
    let priority = match &stream.available {
        None => None,
        Some((_, priority)) => Some(priority.as_deref().filter(|one| is_negative(one))?),
    };
    let never = stream.notifications == 0 && lasted(session, connection, *bound, clocks);
    never.then_some((*bound, Stage::NoPresence(priority)))
}

fn is_negative(priority: &str) -> bool {
    priority.trim().parse().is_ok_and(|number: i64| number < 0)
}

/// Whether the connection lived on for longer than clients are patient.
fn lasted(session: &Session, connection: &Connection, from: At, clocks: &Clocks) -> bool {
    let last = session.span().map(|(_, last)| last);
    let end = connection.first_end().map(|end| end.at);
    let until = end.or(last).unwrap_or(from);
    until.time.since(from.time) >= clocks.patience
}
