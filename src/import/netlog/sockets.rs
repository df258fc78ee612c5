//! Sockets, and the jobs that make them: dials, TLS, bytes, and how each direction ended.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::AlertDescription;

use super::constants::{Kind, Phase};
use super::record::Params;
use super::{Log, Seen};
use crate::event::{
    Attempt, AttemptOutcome, Authority, Closed, DialFailure, Direction, Ended, EventKind, Leg,
    Manner, Micros, TlsEstablished, TlsFailed,
};
use crate::import::failure::{self, Fate};
use crate::import::spool::Fact;
use crate::import::url;

/// A TCP socket while it is alive.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) connection: usize,
    pub(super) started: i64,
    /// HTTP exchanges on it so far.
    pub(super) exchanges: u64,
    /// The request that became a WebSocket on it.
    pub(super) web_socket: Option<u64>,
    /// The address of the dial at hand, and when that began.
    dial: Option<(SocketAddr, i64)>,
    /// When a dial failed, and the system's number of the error; Chromium names only that of the last.
    refused: Option<(i64, u64)>,
    /// The address that was dialled last.
    remote: Option<SocketAddr>,
    is_connected: bool,
    tls_began: Option<i64>,
    is_tls: bool,
    /// Bytes to the server and to the client, and of those what came out of TLS.
    bytes: (u64, u64),
    tls_bytes: (u64, u64),
    /// Which directions have ended, the first one first.
    ended: Vec<Direction>,
}

impl Socket {
    const fn new(connection: usize, started: i64) -> Self {
        Self {
            connection,
            started,
            exchanges: 0,
            web_socket: None,
            dial: None,
            refused: None,
            remote: None,
            is_connected: false,
            tls_began: None,
            is_tls: false,
            bytes: (0, 0),
            tls_bytes: (0, 0),
            ended: Vec::new(),
        }
    }

    /// Plaintext, where TLS was ended; to the server and to the client.
    fn plaintext(&self) -> (u64, u64) {
        if self.is_tls {
            self.tls_bytes
        } else {
            self.bytes
        }
    }

    /// That a direction ended, unless that was said before.
    fn end(&mut self, at: i64, direction: Direction, manner: Manner) -> Option<Fact> {
        if self.ended.contains(&direction) {
            return None;
        }
        self.ended.push(direction);
        let (to_server, to_client) = self.plaintext();
        let bytes = if direction == Direction::ToServer {
            to_server
        } else {
            to_client
        };
        let kind = EventKind::Ended(Ended { manner, bytes });
        Some(Fact::sent(self.connection, direction, at, kind))
    }

    /// The end of a dial.
    fn attempt(&mut self, at: i64, local: &str, outcome: AttemptOutcome) -> Option<Fact> {
        let (address, began) = self.dial.take()?;
        self.remote = Some(address);
        self.is_connected = outcome == AttemptOutcome::Connected;
        let attempt = Attempt {
            address,
            local: local.parse().ok(),
            outcome,
            took: since(began, at),
            via: None,
        };
        Some(Fact::of(self.connection, at, EventKind::Attempt(attempt)))
    }

    fn tls(&mut self, seen: &Seen, params: &Params) -> Fact {
        let took = since(self.tls_began.take().unwrap_or(seen.at), seen.at);
        let kind = match &seen.error {
            Some(error) => EventKind::TlsFailed(TlsFailed {
                leg: Leg::Upstream,
                reason: failure::handshake(error),
                chain: Vec::new(),
                advice: None,
                took,
            }),
            None => EventKind::TlsEstablished(TlsEstablished {
                leg: Leg::Upstream,
                version: params.tls_version.replace("TLS ", "TLSv"),
                cipher_suite: cipher_suite(params.cipher_suite),
                alpn: Some(params.alpn.clone())
                    .filter(|alpn| !alpn.is_empty() && alpn != "unknown"),
                chain: Vec::new(),
                verified: None,
                took,
            }),
        };
        Fact::of(self.connection, seen.at, kind)
    }

    fn count(&mut self, kind: Kind, bytes: u64) {
        match kind {
            Kind::BytesSent => self.bytes.0 = self.bytes.0.saturating_add(bytes),
            Kind::BytesReceived => self.bytes.1 = self.bytes.1.saturating_add(bytes),
            Kind::TlsBytesSent => self.tls_bytes.0 = self.tls_bytes.0.saturating_add(bytes),
            Kind::TlsBytesReceived => self.tls_bytes.1 = self.tls_bytes.1.saturating_add(bytes),
            _ => {}
        }
    }
}

impl Log<'_> {
    /// An event of a socket.
    pub(super) fn socket(&mut self, seen: &Seen, params: &Params) {
        match (seen.kind, seen.phase) {
            (Kind::SocketAlive, Phase::Begin) => return self.new_socket(seen, params),
            (Kind::SocketAlive, Phase::End) => return self.closed(seen),
            _ => {}
        }
        let Some(socket) = self.sockets.get(seen.id) else {
            return;
        };
        let fact = match (seen.kind, seen.phase) {
            (Kind::TcpAttempt, Phase::Begin) => {
                let before = socket.refused.take().and_then(|(at, error)| {
                    let reason = DialFailure::Other(format!("error {error} of the system"));
                    socket.attempt(at, "", AttemptOutcome::Failed(reason))
                });
                socket.dial = params
                    .address
                    .parse()
                    .ok()
                    .map(|address| (address, seen.at));
                before
            }
            (Kind::TcpAttempt, Phase::End) => {
                socket.refused = params.system_error.map(|error| (seen.at, error));
                None
            }
            (Kind::TcpConnect, Phase::End) => {
                let at = socket.refused.take().map_or(seen.at, |(at, _)| at);
                let outcome = seen
                    .error
                    .as_deref()
                    .map_or(AttemptOutcome::Connected, dial_failure);
                socket.attempt(at, &params.local_address, outcome)
            }
            (Kind::SslConnect, Phase::Begin) => {
                socket.tls_began = Some(seen.at);
                socket.is_tls = true;
                None
            }
            (Kind::SslConnect, Phase::End) => Some(socket.tls(seen, params)),
            (Kind::AlertReceived, _) => alert(&params.bytes)
                .and_then(|manner| socket.end(seen.at, Direction::ToClient, manner)),
            (Kind::AlertSent, _) => alert(&params.bytes)
                .and_then(|manner| socket.end(seen.at, Direction::ToServer, manner)),
            (Kind::ReadError, _) => {
                let manner = seen.error.as_deref().map(manner);
                manner.and_then(|manner| socket.end(seen.at, Direction::ToClient, manner))
            }
            (Kind::WriteError, _) => {
                let manner = seen.error.as_deref().map(manner);
                manner.and_then(|manner| socket.end(seen.at, Direction::ToServer, manner))
            }
            (Kind::PoolClosing, _) => socket.end(seen.at, Direction::ToServer, Manner::Unknown),
            (kind, _) => {
                socket.count(kind, params.count.unwrap_or_default());
                None
            }
        };
        if let Some(fact) = fact {
            self.collector.push(fact);
        }
    }

    fn new_socket(&mut self, seen: &Seen, params: &Params) {
        let connection = self.collector.connection();
        self.sockets
            .insert(seen.id, Socket::new(connection, seen.at));
        if let Some(job) = params.depends_on {
            let job = self.connect_jobs.entry(job.id);
            job.made = Some((connection, seen.at));
            if let Some(target) = &job.target {
                self.collector.enter(connection, seen.at, target);
            }
        }
    }

    fn closed(&mut self, seen: &Seen) {
        let Some(mut socket) = self.sockets.0.remove(&seen.id) else {
            return;
        };
        if let Some(request) = socket.web_socket {
            self.requests.0.remove(&request);
        }
        self.enter_by_address(&socket);
        if !socket.is_connected {
            return;
        }
        let first = socket.ended.first().copied();
        for direction in [Direction::ToServer, Direction::ToClient] {
            if let Some(fact) = socket.end(seen.at, direction, Manner::Unknown) {
                self.collector.push(fact);
            }
        }
        let (to_server, to_client) = socket.plaintext();
        let lasted = since(socket.started, seen.at);
        let closed = EventKind::Closed(Closed {
            first,
            to_server,
            to_client,
            lasted,
        });
        self.collector
            .push(Fact::of(socket.connection, seen.at, closed));
    }

    /// Sockets that nobody said the host of are known by their address.
    fn enter_by_address(&mut self, socket: &Socket) {
        let address = socket
            .remote
            .or_else(|| socket.dial.map(|(address, _)| address));
        if let Some(address) = address.filter(|_| !self.collector.is_entered(socket.connection)) {
            let target = Authority {
                host: address.ip().to_string(),
                port: address.port(),
            };
            self.collector
                .enter(socket.connection, socket.started, &target);
        }
    }

    /// The log is over: what is still open is known as far as it goes.
    pub(super) fn enter_the_rest(&mut self) {
        for socket in std::mem::take(&mut self.sockets.0).into_values() {
            self.enter_by_address(&socket);
        }
    }

    /// An event of a job that makes connections.
    pub(super) fn connect_job(&mut self, seen: &Seen, params: &Params) {
        if seen.kind == Kind::ConnectJobCreated
            && let Some(target) = group_target(&params.group)
        {
            self.leads_to(seen.id, target);
        }
    }

    /// An event of a job that finds a stream for a request.
    pub(super) fn job(&mut self, seen: &Seen, params: &Params) {
        let job = self.jobs.entry(seen.id);
        let other = params.depends_on.map(|other| other.id);
        match (seen.kind, seen.phase, other) {
            (Kind::StreamJob, Phase::Begin, _) => {
                let url = [&params.destination, &params.url]
                    .into_iter()
                    .find_map(|url| url::parse(url));
                job.target = url.map(|url| url.authority);
            }
            (Kind::PoolRequest, _, _) => {
                job.target = job.target.take().or_else(|| group_target(&params.group));
            }
            (Kind::BoundToConnectJob, _, Some(other)) => {
                job.connect_job = Some(other);
                if let Some(target) = job.target.clone() {
                    self.leads_to(other, target);
                }
            }
            (Kind::BoundToSocket, _, Some(other)) => {
                job.socket = Some(other);
                let target = job.target.clone();
                if let (Some(socket), Some(target)) = (self.sockets.get(other), target) {
                    let (connection, started) = (socket.connection, socket.started);
                    self.collector.enter(connection, started, &target);
                }
            }
            _ => {}
        }
    }

    fn leads_to(&mut self, connect_job: u64, target: Authority) {
        let job = self.connect_jobs.entry(connect_job);
        if let Some((connection, started)) = job.made {
            self.collector.enter(connection, started, &target);
        }
        job.target = Some(target);
    }
}

/// The host in the name of a group of sockets, such as `pm/https://host:8445 <…>`.
fn group_target(group: &str) -> Option<Authority> {
    let name = group.split_whitespace().next()?;
    let start = name.find("https://").or_else(|| name.find("http://"))?;
    url::parse(name.get(start..)?).map(|url| url.authority)
}

fn dial_failure(error: &str) -> AttemptOutcome {
    AttemptOutcome::Failed(match failure::fate(error) {
        Fate::Undialled(reason) => reason,
        Fate::Ended(Manner::Reset) => DialFailure::Reset,
        Fate::Ended(Manner::TimedOut) => DialFailure::TimedOut,
        Fate::Abandoned => return AttemptOutcome::Abandoned,
        Fate::Ended(_) | Fate::Tls(_) => DialFailure::Other(error.to_owned()),
    })
}

fn manner(error: &str) -> Manner {
    match failure::fate(error) {
        Fate::Ended(manner) => manner,
        Fate::Undialled(DialFailure::TimedOut) => Manner::TimedOut,
        _ => Manner::Error(error.to_owned()),
    }
}

/// A TLS alert (RFC 8446 section 6): its level and its description.
fn alert(base64: &str) -> Option<Manner> {
    let bytes = STANDARD.decode(base64).ok()?;
    match bytes.get(1)? {
        0 => Some(Manner::CloseNotify),
        number => {
            let name = AlertDescription::from(*number);
            Some(Manner::Alert(snake(&format!("{name:?}"))))
        }
    }
}

/// The name as RFC 8446 writes it: `UnknownCa` is `unknown_ca`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (at, character) in name.char_indices() {
        if character.is_ascii_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// The suite's IANA name.
fn cipher_suite(number: Option<u64>) -> String {
    let Some(number) = number.and_then(|number| u16::try_from(number).ok()) else {
        return "unknown".to_owned();
    };
    let suite = rustls::CipherSuite::from(number);
    suite.as_str().map_or_else(
        || format!("0x{number:04X}"),
        |name| name.replace("TLS13_", "TLS_"),
    )
}

pub(super) fn since(earlier: i64, later: i64) -> Micros {
    Micros(u64::try_from(later.saturating_sub(earlier)).unwrap_or_default())
}
