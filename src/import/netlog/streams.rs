//! Requests, and what became of them on their sockets: heads, and the sizes of bodies.

use super::constants::{Kind, Phase};
use super::frames::unseen;
use super::record::Params;
use super::{Log, Seen};
use crate::event::{
    BodyFraming, Direction, EventKind, Header, HttpBody, HttpRequest, HttpResponse, HttpVersion,
    Leg, MessageFacts, Micros, TlsFailed, UpstreamFailed,
};
use crate::import::failure::{self, Fate};
use crate::import::spool::Fact;
use crate::import::url::{self, Url};
use crate::tap;

/// A request while it is alive; one for a WebSocket lives as long as its socket.
#[derive(Debug, Default)]
pub(super) struct Request {
    url: Option<Url>,
    method: String,
    job: Option<u64>,
    pub(super) connection: Option<usize>,
    exchange: u64,
    target: String,
    is_web_socket: bool,
    /// The answer, and whether a body follows it.
    answered: Option<bool>,
    content_type: Option<String>,
    content_encoding: Option<String>,
    body: u64,
    /// Messages of which not all frames have come, to the server and to the client.
    pub(super) messages: [Option<MessageFacts>; 2],
}

impl Log<'_> {
    /// An event of a request.
    pub(super) fn request(&mut self, seen: &Seen, params: Params) {
        match (seen.kind, seen.phase) {
            (Kind::RequestAlive | Kind::StartJob, Phase::Begin) => self.begin(seen, &params),
            (Kind::RequestAlive, Phase::End) => self.end(seen),
            (Kind::BoundToJob, _) => self.bind(seen, &params),
            (Kind::SendHeaders, _) => self.sent_head(seen, params),
            (Kind::SendBody, _) => self.sent_body(seen, params.count.unwrap_or_default()),
            (Kind::ReadHeaders, _) => self.read_head(seen, params),
            (Kind::BodyBytes, _) => {
                if let Some(request) = self.requests.get(seen.id) {
                    let more = params.count.unwrap_or_default();
                    request.body = request.body.saturating_add(more);
                }
            }
            (Kind::FrameSent, _) => self.frame(seen, Direction::ToServer, &params),
            (Kind::FrameReceived, _) => self.frame(seen, Direction::ToClient, &params),
            (Kind::CloseTimeout | Kind::InvalidFrame | Kind::UpgradeFailure, _) => {
                self.socket_trouble(seen, seen.id, &params.reason);
            }
            _ => {}
        }
    }

    /// It began, or begins again elsewhere after a redirect.
    fn begin(&mut self, seen: &Seen, params: &Params) {
        let Some(url) = url::parse(&params.url) else {
            return;
        };
        let is_new = self.requests.get(seen.id).is_none();
        let is_web_socket = params.url.starts_with("ws");
        if is_new
            && is_web_socket
            && let Some(channel) = self.new_channel.take()
        {
            self.channels.insert(channel, seen.id);
        }
        let request = self.requests.entry(seen.id);
        if request.answered.take().is_some() {
            *request = Request::default();
        }
        if !params.method.is_empty() {
            request.method.clone_from(&params.method);
        }
        request.is_web_socket |= is_web_socket;
        request.url = Some(url);
    }

    fn bind(&mut self, seen: &Seen, params: &Params) {
        let Some(request) = self.requests.get(seen.id) else {
            return;
        };
        request.job = params.depends_on.map(|job| job.id);
        let socket = request.job.and_then(|job| self.jobs.get(job)?.socket);
        let Some(socket) = socket.and_then(|id| self.sockets.get(id)) else {
            return;
        };
        socket.exchanges += 1;
        request.connection = Some(socket.connection);
        request.exchange = socket.exchanges;
        if request.is_web_socket {
            socket.web_socket = Some(seen.id);
        }
        let (connection, started) = (socket.connection, socket.started);
        if let Some(url) = &request.url {
            self.collector.enter(connection, started, &url.authority);
        }
    }

    fn sent_head(&mut self, seen: &Seen, params: Params) {
        let Some(request) = self.requests.get(seen.id) else {
            return;
        };
        let Some(url) = &request.url else {
            return;
        };
        // Streams of HTTP/2 and HTTP/3 share a session that the log does not tie to a socket: each is on its own.
        let (connection, is_shared) = match request.connection {
            Some(connection) => (connection, false),
            None => (self.collector.connection(), true),
        };
        if is_shared {
            request.connection = Some(connection);
            request.exchange = 1;
            self.collector.enter(connection, seen.at, &url.authority);
        }
        let mut line = params.line.split_whitespace();
        let method = line.next().unwrap_or(&request.method).to_owned();
        let target = line.next().unwrap_or(&url.target).to_owned();
        let version = line.next().map_or(HttpVersion::Unknown, version);
        request.target.clone_from(&target);
        request.method.clone_from(&method);
        let head = HttpRequest {
            exchange: request.exchange,
            method,
            target,
            version,
            headers: fields(params.headers.lines),
        };
        let kind = EventKind::HttpRequest(head);
        self.collector
            .push(Fact::sent(connection, Direction::ToServer, seen.at, kind));
    }

    fn sent_body(&mut self, seen: &Seen, size: u64) {
        let Some(request) = self.requests.get(seen.id) else {
            return;
        };
        if let Some(connection) = request.connection {
            let body = unread(request.exchange, size, None, None, true);
            let kind = EventKind::HttpBody(body);
            self.collector
                .push(Fact::sent(connection, Direction::ToServer, seen.at, kind));
        }
    }

    fn read_head(&mut self, seen: &Seen, mut params: Params) {
        let Some(request) = self.requests.get(seen.id) else {
            return;
        };
        let Some(connection) = request.connection else {
            return;
        };
        if params.headers.lines.is_empty() {
            return;
        }
        let line = params.headers.lines.remove(0);
        let mut words = line.splitn(3, ' ');
        let version = words.next().map_or(HttpVersion::Unknown, version);
        let status = words
            .next()
            .and_then(|status| status.parse().ok())
            .unwrap_or_default();
        let head = HttpResponse {
            exchange: request.exchange,
            version,
            status,
            reason: words.next().unwrap_or_default().to_owned(),
            headers: fields(params.headers.lines),
        };
        let value = |name: &str| {
            let field = head
                .headers
                .iter()
                .find(|field| field.name.eq_ignore_ascii_case(name));
            field.map(|field| field.value.clone())
        };
        request.answered = Some(status != 101 && head.has_body(&request.method));
        request.content_type = value("content-type");
        request.content_encoding = value("content-encoding");
        let opened = (status == 101).then(|| {
            tap::web_socket_opened(request.exchange, request.target.clone(), &head.headers)
        });
        let kind = EventKind::HttpResponse(head);
        self.collector
            .push(Fact::sent(connection, Direction::ToClient, seen.at, kind));
        if let Some(opened) = opened {
            let kind = EventKind::WebSocketOpened(opened);
            self.collector
                .push(Fact::sent(connection, Direction::ToClient, seen.at, kind));
        }
    }

    /// It is over; a WebSocket's request ends when the socket begins.
    fn end(&mut self, seen: &Seen) {
        let Some(request) = self.requests.get(seen.id) else {
            return;
        };
        if request.is_web_socket && request.answered == Some(false) {
            return;
        }
        let Some(request) = self.requests.0.remove(&seen.id) else {
            return;
        };
        match (request.connection, request.answered) {
            (Some(connection), Some(true)) => {
                let Request {
                    exchange,
                    body,
                    content_type,
                    content_encoding,
                    ..
                } = request;
                let is_whole = seen.error.is_none();
                let body = unread(exchange, body, content_type, content_encoding, is_whole);
                let kind = EventKind::HttpBody(body);
                self.collector
                    .push(Fact::sent(connection, Direction::ToClient, seen.at, kind));
            }
            (None, _) => self.never_sent(seen, &request),
            _ => {}
        }
    }

    /// No connection came about for it. Where there was a socket, its dials and its TLS have been told.
    fn never_sent(&mut self, seen: &Seen, request: &Request) {
        let (Some(url), Some(error)) = (&request.url, &seen.error) else {
            return;
        };
        let connect_job = request.job.and_then(|job| self.jobs.get(job)?.connect_job);
        let made = connect_job.and_then(|job| self.connect_jobs.get(job)?.made);
        let kind = match (failure::fate(error), made) {
            (Fate::Undialled(reason), _) => EventKind::UpstreamFailed(UpstreamFailed {
                target: url.authority.clone(),
                reason,
                answered: None,
            }),
            (Fate::Tls(reason), None) => EventKind::TlsFailed(TlsFailed {
                leg: Leg::Upstream,
                reason,
                chain: Vec::new(),
                advice: None,
                took: Micros(0),
            }),
            _ => return,
        };
        let (connection, started) = made.unwrap_or_else(|| (self.collector.connection(), seen.at));
        self.collector.enter(connection, started, &url.authority);
        self.collector.push(Fact::of(connection, seen.at, kind));
    }
}

/// A body of which only the size is known.
fn unread(
    exchange: u64,
    size: u64,
    content_type: Option<String>,
    content_encoding: Option<String>,
    complete: bool,
) -> HttpBody {
    HttpBody {
        exchange,
        framing: BodyFraming::Unknown,
        wire_size: size,
        content_type,
        content_encoding,
        content: unseen(size),
        still_encoded: false,
        trailers: Vec::new(),
        complete,
    }
}

/// `name: value`; the names of HTTP/2's own begin with a colon.
fn fields(lines: Vec<String>) -> Vec<Header> {
    let field = |line: String| {
        let from = usize::from(line.starts_with(':'));
        let colon = line.get(from..)?.find(':')? + from;
        Some(Header {
            name: line.get(..colon)?.to_owned(),
            value: line.get(colon + 1..)?.trim().to_owned(),
        })
    };
    lines.into_iter().filter_map(field).collect()
}

fn version(text: &str) -> HttpVersion {
    match text {
        "HTTP/1.0" => HttpVersion::Http10,
        "HTTP/1.1" => HttpVersion::Http11,
        "HTTP/2" | "HTTP/2.0" => HttpVersion::Http2,
        "HTTP/3" | "HTTP/3.0" => HttpVersion::Http3,
        _ => HttpVersion::Unknown,
    }
}
