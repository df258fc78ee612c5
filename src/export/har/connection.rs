//! What a connection gives to its entries: where it leads, how long it took to come about, how it failed.

use std::net::SocketAddr;

use super::entry::{Content, Entry, Request, Response, Timings};
use super::moment::{Wall, milliseconds};
use super::url::{self, Scheme};
use super::{error, field};
use crate::event::{
    AttemptOutcome, Authority, ConnectionId, Direction, Event, EventKind, Leg, Manner, Micros,
    Protocol, Via, Way,
};

/// The facts of one connection, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Connection {
    accepted: Option<Micros>,
    pub(super) target: Option<Authority>,
    /// finspect does not look inside.
    tunnel: bool,
    /// There is TLS on a leg.
    pub(super) tls: bool,
    resolving: Option<Micros>,
    dialling: Option<Micros>,
    shaking_hands: Option<Micros>,
    pub(super) address: Option<SocketAddr>,
    pub(super) via: Option<Via>,
    /// When the last of what had to be done before a request could be sent was done.
    ready: Micros,
    /// How many requests were seen.
    requests: u64,
    has_answered: bool,
    failure: Option<Failure>,
    /// Who ended first, and how.
    first_end: Option<(Direction, Manner)>,
    /// How the server ended.
    server_end: Option<Manner>,
    /// HTTP was broken, and what followed was not read.
    pub(super) unread: bool,
}

/// Why a connection came to nothing.
#[derive(Debug)]
struct Failure {
    at: Micros,
    error: &'static str,
    words: String,
}

impl Connection {
    /// Takes a fact of the connection.
    pub(super) fn take(&mut self, event: &Event) {
        let at = event.time.arrived;
        match &event.kind {
            EventKind::Accepted(_) => self.accepted = Some(at),
            EventKind::Entered(entered) => {
                self.tunnel = !entered.intercepted && entered.way != Way::Page;
                self.target = Some(entered.target.clone());
            }
            EventKind::Resolved(resolved) => self.resolving = Some(resolved.took),
            EventKind::Attempt(attempt) if attempt.outcome == AttemptOutcome::Connected => {
                self.dialling = Some(attempt.took);
                self.address = Some(attempt.address);
                self.via = attempt.via;
            }
            EventKind::Protocol(Protocol::Tls) | EventKind::ClientHello(_) => self.tls = true,
            EventKind::TlsEstablished(established) => {
                self.tls = true;
                if established.leg == Leg::Upstream {
                    self.shaking_hands = Some(established.took);
                }
            }
            EventKind::UpstreamFailed(failed) => {
                let answered = failed.answered.map_or_else(String::new, |status| {
                    format!(" (the browser was answered {status})")
                });
                self.fail(
                    at,
                    error::of_dial(&failed.reason),
                    format!("{}{answered}", failed.reason),
                );
            }
            EventKind::TlsFailed(failed) => {
                let leg = match failed.leg {
                    Leg::Client => "TLS with the browser",
                    Leg::Upstream => "TLS with the server",
                };
                self.tls = true;
                self.fail(
                    at,
                    error::of_tls(&failed.reason),
                    format!("{leg}: {}", failed.reason),
                );
            }
            EventKind::HttpViolation(_) => self.unread = true,
            EventKind::Ended(ended) => {
                let direction = event.direction.unwrap_or(Direction::ToServer);
                if direction == Direction::ToClient {
                    self.server_end = Some(ended.manner.clone());
                }
                self.first_end
                    .get_or_insert_with(|| (direction, ended.manner.clone()));
            }
            _ => return,
        }
        let comes_later = matches!(
            event.kind,
            EventKind::Ended(_) | EventKind::HttpViolation(_)
        );
        if !self.has_answered && !comes_later {
            self.ready = at;
        }
    }

    fn fail(&mut self, at: Micros, error: &'static str, words: String) {
        // What came first is the cause of what came then.
        self.failure.get_or_insert(Failure { at, error, words });
    }

    /// A request was seen; whether it is the first.
    pub(super) const fn asked(&mut self) -> bool {
        self.requests += 1;
        self.requests == 1
    }

    /// An answer was seen.
    pub(super) const fn answered(&mut self) {
        self.has_answered = true;
    }

    /// Whether it is carried unseen.
    pub(super) const fn is_tunnel(&self) -> bool {
        self.tunnel && self.failure.is_none()
    }

    /// What the first request had to wait for, up to when it came or, if that was later, up to when it could be sent.
    ///
    /// How long the connection lay idle before the request is nobody's wait and not in it.
    pub(super) fn setup(&self, asked: Micros) -> Setup {
        let connect = self.dialling.map(|dialling| {
            Micros(
                dialling
                    .0
                    .saturating_add(self.shaking_hands.unwrap_or_default().0),
            )
        });
        let known = Micros(
            self.resolving
                .unwrap_or_default()
                .0
                .saturating_add(connect.unwrap_or_default().0),
        );
        let ready = self.ready.max(asked);
        let began = if self.ready > asked {
            Some(asked)
        } else {
            self.accepted
        };
        let blocked = began.map(|began| self.ready.since(began).since(known));
        Setup {
            blocked,
            dns: self.resolving,
            connect,
            ssl: self.shaking_hands,
            ready,
        }
    }

    /// Why an exchange got no answer, in Chrome's words and in ours.
    pub(super) fn why_no_answer(&self) -> (&'static str, String) {
        if let Some(failure) = &self.failure {
            return (failure.error, failure.words.clone());
        }
        if let Some((
            Direction::ToServer,
            Manner::Fin | Manner::CloseNotify | Manner::Reset | Manner::FinWithoutCloseNotify,
        )) = &self.first_end
        {
            return (
                error::ABORTED,
                "the browser ended the connection".to_owned(),
            );
        }
        match &self.server_end {
            Some(Manner::Stopped) => (error::ABORTED, "finspect was stopped".to_owned()),
            Some(manner) => (
                error::of_end(manner),
                "the server ended the connection without an answer".to_owned(),
            ),
            None => (error::FAILED, "no answer came".to_owned()),
        }
    }

    /// The entry of a connection that failed before anything was asked on it.
    pub(super) fn failed_entry(
        &self,
        id: ConnectionId,
        event: u64,
        wall: &Wall,
    ) -> Option<Entry<'_>> {
        let failure = self.failure.as_ref().filter(|_| self.requests == 0)?;
        let began = self.accepted.unwrap_or(failure.at);
        let lasted = failure.at.since(began);
        let dns = self.resolving;
        let url = url::of(
            Scheme::of(self.tls || self.tunnel),
            self.target.as_ref(),
            "/",
        );
        Some(Entry {
            started: wall.date_time(began),
            time: milliseconds(lasted),
            request: Request::bare("CONNECT", url),
            response: Response {
                content: Content::none(),
                error: Some(failure.error),
                ..Response::none()
            },
            timings: Timings {
                blocked: milliseconds(lasted.since(dns.unwrap_or_default())),
                dns: field::milliseconds_or_none(dns),
                ..Timings::none()
            },
            address: self.address.map(|address| address.ip()),
            connection: self.address.map(|address| address.port().to_string()),
            connection_id: id.0.to_string(),
            via: self.via,
            comment: Some(failure.words.clone()),
            event: (event > 0).then_some(event),
            ..Entry::default()
        })
    }
}

/// The phases before a connection's first request.
#[derive(Debug, Default)]
pub(super) struct Setup {
    pub(super) blocked: Option<Micros>,
    pub(super) dns: Option<Micros>,
    /// TLS included, as HAR has it.
    pub(super) connect: Option<Micros>,
    pub(super) ssl: Option<Micros>,
    /// When the request could be sent.
    pub(super) ready: Micros,
}

impl Setup {
    /// How long it took in all.
    pub(super) fn lasted(&self) -> Micros {
        let parts = [self.blocked, self.dns, self.connect];
        let sum = parts
            .into_iter()
            .flatten()
            .fold(0_u64, |sum, part| sum.saturating_add(part.0));
        Micros(sum)
    }
}
