//! One exchange, from its request until it can be written.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::connection::{Connection, Setup};
use super::entry::{
    Binary, Content, Entry, PostData, Request, Response, SocketEnd, Timings, UNKNOWN,
};
use super::moment::{Wall, milliseconds};
use super::socket::Socket;
use super::url::{self, Scheme};
use super::{error, field};
use crate::event::{
    ConnectionId, Content as Kept, Direction, Event, HttpBody, HttpRequest, HttpResponse,
    HttpVersion, Micros,
};

/// An exchange that is not written yet.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) connection: ConnectionId,
    /// The number of its first event.
    event: u64,
    request: HttpRequest,
    /// The first on its connection.
    first: bool,
    /// The handshake is not in the recording.
    unseen: bool,
    /// When the request's first byte came, and its last.
    began: Micros,
    sent: Micros,
    request_delay: Option<Micros>,
    request_body: Option<HttpBody>,
    response: Option<Answer>,
    response_body: Option<HttpBody>,
    /// When the last that belongs to it came.
    pub(super) ended: Micros,
    /// Its messages, once it is a WebSocket.
    pub(super) socket: Option<Socket>,
    weight: usize,
}

/// The head of the final answer.
#[derive(Debug)]
struct Answer {
    head: HttpResponse,
    began: Micros,
    delay: Option<Micros>,
}

/// Why an entry is written now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The exchange has ended.
    Complete,
    /// The connection has ended.
    Closed,
    /// The recording has ended.
    Open,
    /// Too much is open.
    LetGo,
}

impl Exchange {
    /// A request came.
    pub(super) fn asked(event: &Event, head: &HttpRequest, first: bool) -> Self {
        Self {
            connection: event.connection.unwrap_or(ConnectionId(0)),
            event: event.number,
            request: head.clone(),
            first,
            unseen: false,
            began: event.time.began(),
            sent: event.time.arrived,
            request_delay: event.time.delay(),
            request_body: None,
            response: None,
            response_body: None,
            ended: event.time.arrived,
            socket: None,
            weight: event.weight(),
        }
    }

    /// What stands for an exchange whose request is not in the recording.
    pub(super) fn unseen(event: &Event, number: u64, target: &str) -> Self {
        let request = HttpRequest {
            exchange: number,
            method: "GET".to_owned(),
            target: target.to_owned(),
            version: HttpVersion::Unknown,
            headers: Vec::new(),
        };
        Self {
            unseen: true,
            request_delay: None,
            ..Self::asked(event, &request, false)
        }
    }

    /// A response came; how much heavier that makes the exchange. Interim ones have no place in an entry.
    pub(super) fn answered(&mut self, event: &Event, head: &HttpResponse) -> usize {
        self.ended = self.ended.max(event.time.arrived);
        if (100..200).contains(&head.status) && head.status != 101 {
            return 0;
        }
        self.response = Some(Answer {
            head: head.clone(),
            began: event.time.began(),
            delay: event.time.delay(),
        });
        self.heavier(event)
    }

    /// A body ended; how much heavier that makes the exchange.
    pub(super) fn body(&mut self, event: &Event, body: &HttpBody) -> usize {
        let at = event.time.arrived;
        self.ended = self.ended.max(at);
        if event.direction == Some(Direction::ToClient) {
            self.response_body = Some(body.clone());
        } else {
            self.sent = self.sent.max(at);
            self.request_body = Some(body.clone());
        }
        self.heavier(event)
    }

    fn heavier(&mut self, event: &Event) -> usize {
        let more = event.weight();
        self.weight += more;
        more
    }

    /// Approximate bytes in memory.
    pub(super) const fn weight(&self) -> usize {
        self.weight
    }

    /// Whether nothing more is to come. An upgrade goes on.
    pub(super) fn is_over(&self) -> bool {
        let Some(Answer { head, .. }) = &self.response else {
            return false;
        };
        let answered = self.response_body.is_some() || !head.has_body(&self.request.method);
        head.status != 101 && answered && (self.request_body.is_some() || !self.has_body())
    }

    /// Whether the request says that a body follows (RFC 9112 section 6.3).
    fn has_body(&self) -> bool {
        let headers = &self.request.headers;
        field::values(headers, "transfer-encoding").next().is_some()
            || field::values(headers, "content-length").any(|length| length.trim() != "0")
    }

    /// Whether it is a WebSocket to its reader, even if none came about.
    fn asks_for_websocket(&self) -> bool {
        field::values(&self.request.headers, "upgrade")
            .any(|protocol| protocol.eq_ignore_ascii_case("websocket"))
    }

    /// The entry, with everything but the messages of its socket.
    pub(super) fn entry<'a>(
        &'a self,
        connection: &'a Connection,
        socket: Option<&Socket>,
        ending: Ending,
        wall: &Wall,
    ) -> Entry<'a> {
        let mut comments = Vec::new();
        let is_websocket = socket.is_some() || self.asks_for_websocket();
        if self.unseen {
            comments.push("the handshake is not in the recording".to_owned());
        }
        let failure = self.failure(connection, socket.is_some(), ending, &mut comments);
        let setup = if self.first {
            connection.setup(self.began)
        } else {
            Setup::default()
        };
        let timings = self.timings(&setup);
        let started = self.began.max(setup.ready).since(setup.lasted());
        let mut response = self.response(failure);
        if self.unseen && socket.is_some() {
            response.status = 101;
        }
        if let Some(socket) = socket.filter(|socket| socket.violations > 0) {
            comments.push(format!(
                "{} violations of the WebSocket protocol",
                socket.violations
            ));
        }
        Entry {
            started: wall.date_time(started),
            time: sum(&timings),
            request: self.request(connection, is_websocket),
            response,
            timings,
            address: connection.address.map(|address| address.ip()),
            connection: connection.address.map(|address| address.port().to_string()),
            connection_id: self.connection.0.to_string(),
            comment: (!comments.is_empty()).then(|| comments.join("; ")),
            event: Some(self.event),
            via: connection.via,
            resource_type: is_websocket.then_some("websocket"),
            close: socket.and_then(|socket| end_of(socket, ending)),
            ..Entry::default()
        }
    }

    /// What went wrong, in Chrome's words; ours are added to `comments`.
    fn failure(
        &self,
        connection: &Connection,
        is_open_socket: bool,
        ending: Ending,
        comments: &mut Vec<String>,
    ) -> Option<&'static str> {
        if is_open_socket {
            match ending {
                Ending::Open => comments.push("still open at the end of the recording".to_owned()),
                Ending::LetGo => {
                    comments.push("too many sockets were open: the rest is left out".to_owned())
                }
                Ending::Complete | Ending::Closed => {}
            }
            return None;
        }
        if let Some(body) = self.response_body.as_ref().filter(|body| !body.complete) {
            comments.push("the connection was cut off in the response's body".to_owned());
            return Some(error::of_body(body.framing));
        }
        if connection.unread {
            comments
                .push("HTTP was broken on this connection: what followed is not known".to_owned());
        }
        if self.response.is_some() {
            return None;
        }
        match ending {
            Ending::Open => {
                comments.push("no answer by the end of the recording".to_owned());
                None
            }
            Ending::LetGo => {
                comments.push("too many exchanges were open: the rest is left out".to_owned());
                None
            }
            Ending::Complete | Ending::Closed => {
                let (error, words) = connection.why_no_answer();
                comments.push(words);
                Some(error)
            }
        }
    }

    fn timings(&self, setup: &Setup) -> Timings {
        let asked = self.began.max(setup.ready);
        let sent = self.sent.max(asked);
        let answered = self
            .response
            .as_ref()
            .map_or(self.ended, |answer| answer.began);
        let answered = answered.max(sent);
        let ended = self.ended.max(answered);
        Timings {
            blocked: field::milliseconds_or_none(setup.blocked),
            dns: field::milliseconds_or_none(setup.dns),
            connect: field::milliseconds_or_none(setup.connect),
            ssl: field::milliseconds_or_none(setup.ssl),
            send: milliseconds(sent.since(asked)),
            wait: milliseconds(answered.since(sent)),
            receive: milliseconds(ended.since(answered)),
        }
    }

    fn request<'a>(&'a self, connection: &'a Connection, is_websocket: bool) -> Request<'a> {
        let HttpRequest {
            method,
            target,
            headers,
            ..
        } = &self.request;
        let scheme = Scheme::of(connection.tls);
        let scheme = if is_websocket {
            scheme.websocket()
        } else {
            scheme
        };
        let url = url::of(scheme, connection.target.as_ref(), target);
        let mut request = Request {
            http_version: field::version(self.request.version),
            cookies: field::cookies(headers),
            headers,
            query_string: url::query(target),
            target: (!url.ends_with(target.as_str())).then_some(target),
            delay: self.request_delay,
            ..Request::bare(method, url)
        };
        if let Some(body) = &self.request_body {
            put_body(&mut request, body, headers);
        }
        request
    }

    fn response(&self, failure: Option<&'static str>) -> Response<'_> {
        let Some(Answer { head, delay, .. }) = &self.response else {
            return Response {
                error: failure,
                ..Response::none()
            };
        };
        let body = self.response_body.as_ref();
        let size = match body {
            Some(body) => i64::try_from(body.wire_size).unwrap_or(i64::MAX),
            None if head.has_body(&self.request.method) => UNKNOWN,
            None => 0,
        };
        Response {
            status: head.status,
            status_text: &head.reason,
            http_version: field::version(head.version),
            cookies: field::set_cookies(&head.headers),
            headers: &head.headers,
            content: content(head, body),
            redirect: field::values(&head.headers, "location")
                .next()
                .unwrap_or_default(),
            headers_size: UNKNOWN,
            body_size: size,
            transfer_size: body.map_or(0, |body| body.wire_size),
            trailers: body.map_or(&[], |body| &body.trailers),
            error: failure,
            delay: *delay,
        }
    }
}

fn content<'a>(head: &'a HttpResponse, body: Option<&'a HttpBody>) -> Content<'a> {
    let declared = field::values(&head.headers, "content-type").next();
    let Some(body) = body else {
        return Content {
            mime_type: declared.unwrap_or("x-unknown"),
            ..Content::default()
        };
    };
    let (text, encoding) = match &body.content.content {
        Kept::Text(text) => (Cow::Borrowed(text.as_str()), None),
        Kept::Base64(bytes) => (Cow::Owned(STANDARD.encode(bytes)), Some("base64")),
    };
    let saved = body.content_encoding.is_some() && !body.still_encoded;
    let size = i64::try_from(body.content.size).unwrap_or(i64::MAX);
    let on_the_wire = i64::try_from(body.wire_size).unwrap_or(i64::MAX);
    Content {
        size: body.content.size,
        compression: saved.then(|| size - on_the_wire),
        mime_type: body
            .content_type
            .as_deref()
            .or(declared)
            .unwrap_or("x-unknown"),
        text: Some(text),
        encoding,
        cut: (body.content.cut > 0).then_some(body.content.cut),
        still_encoded: body.still_encoded,
    }
}

fn put_body<'a>(
    request: &mut Request<'a>,
    body: &'a HttpBody,
    headers: &'a [crate::event::Header],
) {
    request.body_size = body.wire_size;
    request.trailers = &body.trailers;
    request.cut = (body.content.cut > 0).then_some(body.content.cut);
    let mime_type = body
        .content_type
        .as_deref()
        .or_else(|| field::values(headers, "content-type").next())
        .unwrap_or_default();
    match &body.content.content {
        Kept::Text(text) => {
            let essence = mime_type.split(';').next().unwrap_or_default().trim();
            let is_form = essence.eq_ignore_ascii_case("application/x-www-form-urlencoded");
            request.post_data = Some(PostData {
                mime_type,
                text,
                params: if is_form { url::form(text) } else { Vec::new() },
            });
        }
        Kept::Base64(bytes) => {
            request.body_status = Some("discarded:not-representable");
            request.binary = Some(Binary {
                text: STANDARD.encode(bytes),
                size: body.content.size,
                encoding: "base64",
            });
        }
    }
}

/// How a socket ended; nothing if it had not.
fn end_of(socket: &Socket, ending: Ending) -> Option<SocketEnd> {
    match (&socket.close, ending) {
        (Some(close), _) => Some(SocketEnd::Close(close.clone())),
        (None, Ending::Closed | Ending::Complete) => Some(SocketEnd::Aborted("aborted")),
        (None, Ending::Open | Ending::LetGo) => None,
    }
}

/// What `time` is: the sum of the phases; `ssl` is in `connect` already.
fn sum(timings: &Timings) -> f64 {
    let Timings {
        blocked,
        dns,
        connect,
        send,
        wait,
        receive,
        ..
    } = timings;
    let parts = [blocked, dns, connect, send, wait, receive];
    let sum: f64 = parts.into_iter().map(|part| part.max(0.0)).sum();
    // Tenths of a microsecond are the rounding of binary fractions.
    (sum * 1e3).round() / 1e3
}
