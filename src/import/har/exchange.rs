//! Request and response of an entry, as far as they are the same for sockets.

use super::Log;
use super::entry::{Body, Entry, Response};
use super::facts::{Phases, Place};
use super::messages::content;
use crate::event::{
    BodyFraming, Direction, EventKind, Header, HttpBody, HttpRequest, HttpResponse, HttpVersion,
    Payload,
};
use crate::import::url::Url;
use crate::tap;

impl Log<'_> {
    pub(super) fn request(&mut self, place: Place, entry: &mut Entry, url: &Url, phases: &Phases) {
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

    pub(super) fn response(&mut self, place: Place, entry: &mut Entry, url: &Url, phases: &Phases) {
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
}

/// Bytes of the body on the wire: what Chromium says, or what is left of head and body together.
fn wire_size(response: &Response, size: u64) -> u64 {
    let together = response.transfer_size.filter(|size| *size > 0);
    let rest = together
        .zip(response.headers_size)
        .map(|(all, head)| all.saturating_sub(head));
    response.body_size.or(rest).unwrap_or(size)
}

pub(super) fn value(headers: &[Header], name: &str) -> Option<String> {
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
