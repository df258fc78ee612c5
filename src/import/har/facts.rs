//! What an entry says happened.

use std::net::{IpAddr, SocketAddr};

use super::entry::{Body, Close, Entry, Response, Timings};
use super::messages::{Socket, content, micros};
use super::{KNOWN, Known, Log};
use crate::event::{
    Attempt, AttemptOutcome, BodyFraming, Closed, Closing, Direction, Ended, EventKind, Header,
    HttpBody, HttpRequest, HttpResponse, HttpVersion, Leg, Manner, Micros, Payload, Resolved,
    TlsEstablished, TlsFailed, UpstreamFailed,
};
use crate::import::failure::{self, Fate};
use crate::import::spool::Fact;
use crate::import::url::{self, Url};
use crate::tap;

/// When each phase of an entry was over, in microseconds since the Unix epoch.
#[derive(Debug)]
struct Phases {
    started: i64,
    resolved: i64,
    connected: i64,
    secured: i64,
    sent: i64,
    answered: i64,
    ended: i64,
}

/// Where an entry's facts belong.
#[derive(Debug, Clone, Copy)]
struct Place {
    connection: usize,
    exchange: u64,
    is_new: bool,
    /// Facts of an opening come before messages of the same time.
    is_socket: bool,
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

    fn request(&mut self, place: Place, entry: &mut Entry, url: &Url, phases: &Phases) {
        let request = std::mem::take(&mut entry.request);
        let body = request.body;
        let content_type = value(&request.headers.fields, "content-type").or_else(|| mime(&body));
        let head = HttpRequest {
            exchange: place.exchange,
            method: request.method,
            target: url.target.clone(),
            version: version(&request.version),
            headers: request.headers.fields,
        };
        entry.request.method.clone_from(&head.method);
        let to_server = Some(Direction::ToServer);
        self.fact(place, phases.sent, to_server, EventKind::HttpRequest(head));
        let wire_size = request.body_size.unwrap_or_default();
        if body.text.is_some() || wire_size > 0 {
            let body = self.body(place, body, wire_size, content_type, None);
            self.fact(place, phases.sent, to_server, EventKind::HttpBody(body));
        }
    }

    fn response(&mut self, place: Place, entry: &mut Entry, url: &Url, phases: &Phases) {
        let Response {
            status,
            reason,
            version,
            headers,
            body,
            ..
        } = &mut entry.response;
        if *status == 0 {
            return;
        }
        let body = std::mem::take(body);
        let head = HttpResponse {
            exchange: place.exchange,
            version: self::version(version),
            status: *status,
            reason: std::mem::take(reason),
            headers: headers.fields.clone(),
        };
        let to_client = Some(Direction::ToClient);
        if *status == 101 {
            let opened = tap::web_socket_opened(place.exchange, url.target.clone(), &head.headers);
            self.fact(
                place,
                phases.answered,
                to_client,
                EventKind::HttpResponse(head),
            );
            self.fact(
                place,
                phases.answered,
                to_client,
                EventKind::WebSocketOpened(opened),
            );
            return;
        }
        let size = body.size.unwrap_or_default();
        let has_body = head.has_body(&entry.request.method) || size > 0;
        let content_type = value(&head.headers, "content-type").or_else(|| mime(&body));
        let encoding = value(&head.headers, "content-encoding");
        self.fact(
            place,
            phases.answered,
            to_client,
            EventKind::HttpResponse(head),
        );
        if has_body {
            let wire_size = wire_size(&entry.response, size);
            let body = self.body(place, body, wire_size, content_type, encoding);
            self.fact(place, phases.ended, to_client, EventKind::HttpBody(body));
        }
    }

    fn body(
        &self,
        place: Place,
        body: Body,
        wire_size: u64,
        content_type: Option<String>,
        content_encoding: Option<String>,
    ) -> HttpBody {
        let text = body.text.unwrap_or_default();
        let (kept, cut) = self.mark.split(&text);
        let (bytes, size) = content(kept, cut, body.is_base64);
        let size = size.saturating_add(body.cut);
        let size = size.max(body.size.unwrap_or(if size == 0 { wire_size } else { 0 }));
        HttpBody {
            exchange: place.exchange,
            framing: BodyFraming::Unknown,
            wire_size,
            content_type,
            content_encoding,
            content: Payload::capped(&bytes, size, self.limits.decoded_body),
            still_encoded: false,
            trailers: Vec::new(),
            complete: true,
        }
    }

    /// What a socket's messages are, and its end as far as the entry knows of it.
    fn socket(&mut self, place: Place, entry: &Entry, socket: &Socket, phases: &Phases) {
        let answered = &entry.response.headers.fields;
        let is_xmpp = match value(answered, "sec-websocket-protocol") {
            Some(chosen) => chosen.eq_ignore_ascii_case("xmpp"),
            None if answered.is_empty() => socket.saw_framing,
            None => false,
        };
        if !is_xmpp {
            self.collector.is_plain(place.connection);
        }
        let last = socket.span.map_or(phases.answered, |(_, last)| last);
        let over = phases.started.saturating_add(millis(entry.time)).max(last);
        let close = &entry.close;
        let closes = close.is_there && !socket.saw_close;
        if closes {
            let at = close.time.map_or(over, micros).max(last);
            self.fact(
                place,
                at,
                way(close),
                EventKind::WebSocketClose(closing(close)),
            );
        }
        let is_over = close.is_there || socket.saw_close || socket.error.is_some();
        // Chromium counts on at each message and once more at the end; its start is cut to a millisecond.
        if !is_over && over - last <= ROUNDING {
            return;
        }
        let manner =
            socket
                .error
                .as_deref()
                .map_or(Manner::Unknown, |error| match failure::fate(error) {
                    Fate::Ended(manner) => manner,
                    _ => Manner::Error(error.chars().take(WORDS).collect()),
                });
        let (to_server, to_client) = socket.bytes;
        let ended = EventKind::Ended(Ended {
            manner,
            bytes: to_client,
        });
        self.fact(place, over, Some(Direction::ToClient), ended);
        let ended = EventKind::Ended(Ended {
            manner: Manner::Unknown,
            bytes: to_server,
        });
        self.fact(place, over, Some(Direction::ToServer), ended);
        let lasted = since(phases.started, over);
        let closed = EventKind::Closed(Closed {
            first: None,
            to_server,
            to_client,
            lasted,
        });
        self.fact(place, over, None, closed);
    }

    fn open(&mut self, place: Place, at: i64, kind: EventKind) {
        self.collector.open(Fact::of(place.connection, at, kind));
    }

    fn fact(&mut self, place: Place, at: i64, direction: Option<Direction>, kind: EventKind) {
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

/// Bytes of the body on the wire: what Chromium says, or what is left of head and body together.
fn wire_size(response: &Response, size: u64) -> u64 {
    let together = response.transfer_size.filter(|size| *size > 0);
    let rest = together
        .zip(response.headers_size)
        .map(|(all, head)| all.saturating_sub(head));
    response.body_size.or(rest).unwrap_or(size)
}

fn value(headers: &[Header], name: &str) -> Option<String> {
    let field = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name));
    field.map(|header| header.value.clone())
}

/// The media type; DevTools writes `x-unknown` where there is none.
fn mime(body: &Body) -> Option<String> {
    Some(body.mime.clone()).filter(|mime| !mime.is_empty() && mime != "x-unknown")
}

fn version(text: &str) -> HttpVersion {
    match text.to_ascii_lowercase().as_str() {
        "http/1.0" => HttpVersion::Http10,
        "http/1.1" => HttpVersion::Http11,
        "h2" | "http/2" | "http/2.0" => HttpVersion::Http2,
        "h3" | "http/3" | "http/3.0" => HttpVersion::Http3,
        _ => HttpVersion::Unknown,
    }
}

fn way(close: &Close) -> Option<Direction> {
    match close.way.as_str() {
        "send" => Some(Direction::ToServer),
        "receive" => Some(Direction::ToClient),
        _ => None,
    }
}

fn closing(close: &Close) -> Closing {
    Closing {
        code: close.code,
        reason: close.reason.chars().take(WORDS).collect(),
    }
}

/// Milliseconds in microseconds; what is less than 0 stands for nothing.
#[expect(clippy::cast_possible_truncation, reason = "it is bounded first")]
fn millis(milliseconds: f64) -> i64 {
    (milliseconds.clamp(0.0, 1e12) * 1e3).round() as i64
}

fn duration(milliseconds: f64) -> Micros {
    since(0, millis(milliseconds))
}

fn since(earlier: i64, later: i64) -> Micros {
    Micros(u64::try_from(later.saturating_sub(earlier)).unwrap_or_default())
}

/// What no HAR says.
const UNKNOWN: &str = "unknown";
/// How far a socket's end has to be behind its last message to be known as one, in microseconds.
const ROUNDING: i64 = 2_000;
/// Characters of the browser's words that are kept.
const WORDS: usize = 200;
