//! What an entry says happened.

use std::net::{IpAddr, SocketAddr};

use super::entry::{Entry, Timings};
use super::messages::Socket;
use super::{KNOWN, Known, Log};
use crate::event::{
    Attempt, AttemptOutcome, Direction, Ended, EventKind, Leg, Micros, Resolved, TlsEstablished,
    TlsFailed, UpstreamFailed,
};
use crate::import::failure::{self, Fate};
use crate::import::spool::Fact;
use crate::import::url::{self, Url};

/// When each phase of an entry was over, in microseconds since the Unix epoch.
#[derive(Debug)]
pub(super) struct Phases {
    pub(super) started: i64,
    pub(super) resolved: i64,
    pub(super) connected: i64,
    pub(super) secured: i64,
    pub(super) sent: i64,
    pub(super) answered: i64,
    pub(super) ended: i64,
}

/// Where an entry's facts belong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) connection: usize,
    pub(super) exchange: u64,
    pub(super) is_new: bool,
    /// Facts of an opening come before messages of the same time.
    pub(super) is_socket: bool,
}

impl Log<'_> {
    /// Takes the facts of an entry.
    pub(super) fn facts(&mut self, mut entry: Entry, socket: Socket) {
        let Some(url) = url::parse(&entry.request.url) else {
            if !entry.request.url.is_empty() {
                self.collector.report.not_on_the_wire += 1;
            }
            return;
        };
        if entry.from_cache {
            self.collector.report.not_on_the_wire += 1;
            return;
        }
        let first_message = socket.span.map(|(first, _)| first);
        let started = entry.started.or(first_message).unwrap_or(self.latest);
        self.latest = started;
        let phases = Phases::new(started, &entry.timings, first_message);
        let is_socket = socket.connection.is_some() || entry.response.status == 101;
        let place = self.place(&entry, &url, socket.connection, is_socket);
        self.collector
            .enter(place.connection, phases.started, &url.authority);
        if entry.response.error.is_empty() {
            entry.response.error = socket.error.clone().unwrap_or_default();
        }
        let fate = (entry.response.status == 0 && !entry.response.error.is_empty())
            .then(|| failure::fate(&entry.response.error));
        if let Some(host) = failure::host(&entry.response.error) {
            self.host(phases.ended, EventKind::Host(host));
        }
        match fate {
            Some(Fate::Undialled(reason)) => {
                let failed = UpstreamFailed {
                    target: url.authority,
                    reason,
                    answered: None,
                };
                self.fact(place, phases.ended, None, EventKind::UpstreamFailed(failed));
            }
            Some(Fate::Tls(reason)) => {
                self.opening(place, &entry, &url, &phases, true);
                let took = since(phases.connected, phases.ended);
                let failed = TlsFailed {
                    leg: Leg::Upstream,
                    reason,
                    chain: Vec::new(),
                    advice: None,
                    took,
                };
                self.fact(place, phases.ended, None, EventKind::TlsFailed(failed));
            }
            Some(Fate::Ended(manner)) => {
                self.opening(place, &entry, &url, &phases, false);
                self.request(place, &mut entry, &url, &phases);
                let ended = EventKind::Ended(Ended { manner, bytes: 0 });
                self.fact(place, phases.ended, Some(Direction::ToClient), ended);
            }
            Some(Fate::Abandoned) | None => {
                self.opening(place, &entry, &url, &phases, false);
                self.request(place, &mut entry, &url, &phases);
                self.response(place, &mut entry, &url, &phases);
            }
        }
        if is_socket {
            self.socket(place, &entry, &socket, &phases);
        }
    }

    /// The connection of an entry, and the number of its exchange there.
    fn place(&mut self, entry: &Entry, url: &Url, socket: Option<usize>, is_socket: bool) -> Place {
        let named = entry.connection.clone().filter(|_| !is_socket);
        let Some(name) = named else {
            let connection = socket.unwrap_or_else(|| self.collector.connection());
            return Place {
                connection,
                exchange: 1,
                is_new: true,
                is_socket,
            };
        };
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        let collector = &mut self.collector;
        let known = self
            .known
            .entry((url.authority.clone(), name))
            .or_insert_with(|| Known {
                connection: collector.connection(),
                exchanges: 0,
            });
        known.exchanges += 1;
        Place {
            connection: known.connection,
            exchange: known.exchanges,
            is_new: known.exchanges == 1,
            is_socket,
        }
    }

    /// Look-up, dial and TLS, as far as the entry knows of them.
    fn opening(&mut self, place: Place, entry: &Entry, url: &Url, phases: &Phases, failed: bool) {
        let Timings {
            dns, connect, ssl, ..
        } = entry.timings;
        let server = entry.server.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        if let Some(address) = server.filter(|_| dns > 0.0) {
            let resolved = Resolved {
                host: url.authority.host.clone(),
                addresses: vec![address],
                took: duration(dns),
                by_option: false,
            };
            self.open(place, phases.resolved, EventKind::Resolved(resolved));
        }
        if let Some(address) = server.filter(|_| place.is_new || connect >= 0.0) {
            let attempt = Attempt {
                address: SocketAddr::new(address, url.authority.port),
                local: None,
                outcome: AttemptOutcome::Connected,
                took: duration(connect.max(0.0) - ssl.max(0.0)),
                via: None,
            };
            self.open(place, phases.connected, EventKind::Attempt(attempt));
        }
        if url.is_secure && ssl >= 0.0 && !failed {
            let established = TlsEstablished {
                leg: Leg::Upstream,
                version: UNKNOWN.to_owned(),
                cipher_suite: UNKNOWN.to_owned(),
                alpn: None,
                chain: Vec::new(),
                verified: None,
                took: duration(ssl),
            };
            self.open(
                place,
                phases.secured,
                EventKind::TlsEstablished(established),
            );
        }
    }

    fn open(&mut self, place: Place, at: i64, kind: EventKind) {
        self.collector.open(Fact::of(place.connection, at, kind));
    }

    pub(super) fn fact(
        &mut self,
        place: Place,
        at: i64,
        direction: Option<Direction>,
        kind: EventKind,
    ) {
        let opens = matches!(
            kind,
            EventKind::HttpRequest(_) | EventKind::HttpResponse(_) | EventKind::WebSocketOpened(_)
        );
        let mut fact = Fact::of(place.connection, at, kind);
        fact.direction = direction;
        if place.is_socket && opens {
            self.collector.open(fact);
        } else {
            self.collector.push(fact);
        }
    }

    fn host(&mut self, at: i64, kind: EventKind) {
        self.collector.push(Fact {
            at,
            connection: None,
            direction: None,
            kind,
        });
    }
}

impl Phases {
    /// `latest` is a time by which the answer had come.
    fn new(started: i64, timings: &Timings, latest: Option<i64>) -> Self {
        let bound = latest.unwrap_or(i64::MAX);
        let started = started.min(bound);
        let after = |time: i64, phase: f64| time.saturating_add(millis(phase)).min(bound);
        let resolved = after(after(started, timings.blocked), timings.dns);
        let connected = after(resolved, timings.connect.max(0.0) - timings.ssl.max(0.0));
        let secured = after(connected, timings.ssl);
        let sent = after(secured, timings.send);
        let answered = after(sent, timings.wait);
        let ended = after(answered, timings.receive);
        Self {
            started,
            resolved,
            connected,
            secured,
            sent,
            answered,
            ended,
        }
    }
}

/// Milliseconds in microseconds; what is less than 0 stands for nothing.
#[expect(clippy::cast_possible_truncation, reason = "it is bounded first")]
pub(super) fn millis(milliseconds: f64) -> i64 {
    (milliseconds.clamp(0.0, 1e12) * 1e3).round() as i64
}

fn duration(milliseconds: f64) -> Micros {
    since(0, millis(milliseconds))
}

pub(super) fn since(earlier: i64, later: i64) -> Micros {
    Micros(u64::try_from(later.saturating_sub(earlier)).unwrap_or_default())
}

/// What no HAR says.
const UNKNOWN: &str = "unknown";
