//! HTTP/1 made anew (RFC 9112): heads and bodies such that a head's framing fits the body that is there.

use super::websocket::missing;
use crate::event::{BodyFraming, Header, HttpBody, HttpRequest, HttpResponse, HttpVersion};

/// A head whose framing is not settled.
#[derive(Debug)]
pub(super) struct Head {
    start_line: String,
    headers: Vec<Header>,
    /// Whether a body is to be expected.
    pub(super) has_body: bool,
    remarks: Vec<String>,
}

/// How the end of the body behind a head is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Nothing is to be changed: no body follows.
    None,
    /// `Content-Length`.
    Length(usize),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

impl Head {
    /// A request's head.
    pub(super) fn request(request: &HttpRequest) -> Self {
        let mut remarks = Vec::new();
        let version = version(request.version, &mut remarks);
        let method = word(&request.method);
        let target = target(&request.target);
        let has_body = request.headers.iter().any(|header| {
            let name = &header.name;
            name.eq_ignore_ascii_case("transfer-encoding")
                || name.eq_ignore_ascii_case("content-length") && header.value.trim() != "0"
        });
        Self {
            start_line: format!("{method} {target} {version}\r\n"),
            headers: request.headers.clone(),
            has_body: has_body && request.method != "CONNECT",
            remarks,
        }
    }

    /// A response's head; `method` is the request's.
    pub(super) fn response(response: &HttpResponse, method: &str) -> Self {
        let mut remarks = Vec::new();
        let version = version(response.version, &mut remarks);
        let mut headers = response.headers.clone();
        if response.status == 101 {
            headers.retain(|header| {
                let dropped = header.name.eq_ignore_ascii_case("sec-websocket-extensions");
                if dropped {
                    remarks.push(format!("dropped here: {}", field(header)));
                }
                !dropped
            });
        }
        let reason = text(&response.reason);
        Self {
            // Three digits, whatever the recording says.
            start_line: format!("{version} {:03} {reason}\r\n", response.status.min(999)),
            headers,
            has_body: response.has_body(method),
            remarks,
        }
    }

    /// How a body that is known is to be framed.
    pub(super) fn framing(body: &HttpBody) -> Framing {
        match body.framing {
            BodyFraming::Chunked => Framing::Chunked,
            BodyFraming::Length | BodyFraming::UntilClose | BodyFraming::Unknown => {
                Framing::Length(body.content.content.len())
            }
        }
    }

    /// The head's bytes, and what is different from the wire.
    pub(super) fn encode(self, framing: Framing) -> (Vec<u8>, Vec<String>) {
        let Self {
            start_line,
            headers,
            mut remarks,
            ..
        } = self;
        let framed = match framing {
            Framing::None => headers,
            Framing::Length(length) => {
                let framed = Header {
                    name: "Content-Length".to_owned(),
                    value: length.to_string(),
                };
                reframe(headers, framed, &mut remarks)
            }
            Framing::Chunked => {
                let framed = Header {
                    name: "Transfer-Encoding".to_owned(),
                    value: "chunked".to_owned(),
                };
                reframe(headers, framed, &mut remarks)
            }
        };
        let mut head = start_line;
        for header in &framed {
            fields(&mut head, header);
        }
        head.push_str("\r\n");
        (head.into_bytes(), remarks)
    }
}

/// Puts `framed` in the place of what told the body's end, and drops the content coding, which is no longer there.
fn reframe(headers: Vec<Header>, framed: Header, remarks: &mut Vec<String>) -> Vec<Header> {
    let mut framed = Some(framed);
    let mut kept = Vec::with_capacity(headers.len() + 1);
    for header in headers {
        let name = header.name.to_ascii_lowercase();
        match name.as_str() {
            "content-length" | "transfer-encoding" => match framed.take() {
                Some(same)
                    if same.name.eq_ignore_ascii_case(&name) && same.value == header.value =>
                {
                    kept.push(header);
                }
                Some(other) => {
                    remarks.push(format!("instead of {}: {}", field(&header), field(&other)));
                    kept.push(other);
                }
                None => remarks.push(format!("dropped here: {}", field(&header))),
            },
            "content-encoding" => remarks.push(format!("dropped here: {}", field(&header))),
            _ => kept.push(header),
        }
    }
    if let Some(added) = framed {
        remarks.push(format!("added here: {}", field(&added)));
        kept.push(added);
    }
    kept
}

/// A body's bytes, and what is different from the wire.
pub(super) fn body(body: &HttpBody, framing: Framing) -> (Vec<u8>, Vec<String>) {
    let content = body.content.content.as_bytes();
    let mut bytes = Vec::with_capacity(content.len() + 32);
    if framing == Framing::Chunked {
        if !content.is_empty() {
            bytes.extend_from_slice(format!("{:x}\r\n", content.len()).as_bytes());
            bytes.extend_from_slice(content);
            bytes.extend_from_slice(b"\r\n");
        }
        let mut end = "0\r\n".to_owned();
        for trailer in &body.trailers {
            fields(&mut end, trailer);
        }
        end.push_str("\r\n");
        bytes.extend_from_slice(end.as_bytes());
    } else {
        bytes.extend_from_slice(content);
    }
    (bytes, remarks(body))
}

/// The end of a body that did not come.
pub(super) const NO_MORE_CHUNKS: &[u8] = b"0\r\n\r\n";

fn remarks(body: &HttpBody) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(coding) = &body.content_encoding {
        let coding = text(coding);
        let bytes = body.wire_size;
        remarks.push(format!("on the wire: {coding}, {bytes} bytes"));
    }
    if body.still_encoded {
        remarks.push("the content coding could not be removed to the end".to_owned());
    }
    if !body.complete {
        remarks.push("the connection was cut off in this body".to_owned());
    }
    remarks.extend(missing(&body.content));
    remarks
}

/// What Wireshark's HTTP/1 takes; the other versions have no text form.
fn version(version: HttpVersion, remarks: &mut Vec<String>) -> &'static str {
    match version {
        HttpVersion::Http10 => "HTTP/1.0",
        HttpVersion::Http11 => "HTTP/1.1",
        HttpVersion::Http2 | HttpVersion::Http3 | HttpVersion::Unknown => {
            remarks.push(format!("on the wire: {version}, shown as HTTP/1.1"));
            "HTTP/1.1"
        }
    }
}

/// A header field as a line; those of HTTP/2's own (RFC 9113 section 8.3) are none.
fn fields(out: &mut String, header: &Header) {
    if header.name.eq_ignore_ascii_case(":authority") {
        line(out, "Host", &header.value);
    } else if !header.name.starts_with(':') {
        line(out, &word(&header.name), &header.value);
    }
}

fn line(out: &mut String, name: &str, value: &str) {
    for part in [name, ": ", &text(value), "\r\n"] {
        out.push_str(part);
    }
}

fn field(header: &Header) -> String {
    format!("{}: {}", word(&header.name), text(&header.value))
}

/// A token (RFC 9110 section 5.6.2); a recording that was tampered with may hold anything.
fn word(word: &str) -> String {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let word: String = word
        .chars()
        .map(|c| if token(c) { c } else { '_' })
        .collect();
    if word.is_empty() {
        "_".to_owned()
    } else {
        word
    }
}

/// Without what would end a line or a word.
fn target(target: &str) -> String {
    let clean = |c: char| if c.is_control() || c == ' ' { '_' } else { c };
    let target: String = target.chars().map(clean).collect();
    if target.is_empty() {
        "_".to_owned()
    } else {
        target
    }
}

/// Without what would end a line.
fn text(text: &str) -> String {
    let clean = |c: char| if c.is_control() && c != '\t' { ' ' } else { c };
    text.chars().map(clean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Payload;

    fn response(headers: &[(&str, &str)]) -> HttpResponse {
        let header = |(name, value): &(&str, &str)| Header {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        HttpResponse {
            exchange: 1,
            version: HttpVersion::Http11,
            status: 200,
            reason: "OK".to_owned(),
            headers: headers.iter().map(header).collect(),
        }
    }

    fn encoded(response: &HttpResponse, framing: Framing) -> (String, Vec<String>) {
        let (bytes, remarks) = Head::response(response, "GET").encode(framing);
        (String::from_utf8(bytes).unwrap(), remarks)
    }

    #[test]
    fn a_head_that_fits_its_body_is_left_as_it_is() {
        let head = response(&[("content-length", "5"), ("ETag", "x")]);
        let (bytes, remarks) = encoded(&head, Framing::Length(5));
        assert_eq!(
            bytes,
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nETag: x\r\n\r\n"
        );
        assert_eq!(remarks, [""; 0]);
    }

    #[test]
    fn a_body_without_its_coding_has_another_length_and_the_comment_says_so() {
        let head = response(&[("Content-Encoding", "gzip"), ("Content-Length", "5")]);
        let (bytes, remarks) = encoded(&head, Framing::Length(11));
        assert_eq!(bytes, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n");
        assert_eq!(
            remarks,
            [
                "dropped here: Content-Encoding: gzip",
                "instead of Content-Length: 5: Content-Length: 11"
            ]
        );
    }

    #[test]
    fn a_body_until_the_end_of_the_connection_gets_a_length() {
        let (bytes, remarks) = encoded(&response(&[]), Framing::Length(3));
        assert_eq!(bytes, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
        assert_eq!(remarks, ["added here: Content-Length: 3"]);
    }

    #[test]
    fn what_a_tampered_recording_holds_cannot_forge_a_line() {
        let mut head = response(&[("a\r\nb: c", "d\r\n\r\nHTTP/1.1 200 OK")]);
        head.reason = "O\r\nK".to_owned();
        let (bytes, _) = encoded(&head, Framing::None);
        assert_eq!(
            bytes,
            "HTTP/1.1 200 O  K\r\na__b__c: d    HTTP/1.1 200 OK\r\n\r\n"
        );
    }

    #[test]
    fn chunks_and_trailers_are_made_anew() {
        let sent = HttpBody {
            exchange: 1,
            framing: BodyFraming::Chunked,
            wire_size: 20,
            content_type: None,
            content_encoding: None,
            content: Payload::whole(b"seventeen letters"),
            still_encoded: false,
            trailers: response(&[("Digest", "x")]).headers,
            complete: true,
        };
        let (bytes, _) = body(&sent, Framing::Chunked);
        assert_eq!(bytes, b"11\r\nseventeen letters\r\n0\r\nDigest: x\r\n\r\n");
    }
}
