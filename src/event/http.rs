//! Facts of HTTP/1 (RFC 9112).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Payload;

/// The head of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HttpRequest {
    /// The exchange on this connection, consecutive from 1.
    pub exchange: u64,
    /// The method, as sent.
    pub method: String,
    /// The request target, as sent.
    pub target: String,
    /// The version.
    pub version: HttpVersion,
    /// Header fields in order, names in the sender's case, duplicates kept.
    pub headers: Vec<Header>,
}

/// The head of a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HttpResponse {
    /// The exchange whose request it answers; 0 if no request was seen.
    pub exchange: u64,
    /// The version.
    pub version: HttpVersion,
    /// The status code.
    pub status: u16,
    /// The reason phrase, as sent.
    pub reason: String,
    /// Header fields in order, names in the sender's case, duplicates kept.
    pub headers: Vec<Header>,
}

impl HttpResponse {
    /// Whether a body follows the head, with something in it (RFC 9112 section 6.3); `method` is the request's.
    #[must_use]
    pub fn has_body(&self, method: &str) -> bool {
        let empty = self.headers.iter().any(|header| {
            header.name.eq_ignore_ascii_case("content-length") && header.value.trim() == "0"
        });
        let none = matches!(self.status, 100..200 | 204 | 304);
        let tunnel = method == "CONNECT" && (200..300).contains(&self.status);
        !empty && !none && !tunnel && method != "HEAD"
    }
}

/// The end of a message's body: its size, its type, and its content up to a cap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HttpBody {
    /// The exchange.
    pub exchange: u64,
    /// How its end was told.
    pub framing: BodyFraming,
    /// Bytes of the body on the wire, chunk framing not counted.
    pub wire_size: u64,
    /// `Content-Type`, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `Content-Encoding`, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// The content with its content coding removed where we can; `size` is what came out of it.
    pub content: Payload,
    /// Whether the content coding could not be removed to the end (unknown, broken, or over the limit).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub still_encoded: bool,
    /// Trailer fields (RFC 9112 section 7.1.2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trailers: Vec<Header>,
    /// Whether the body came to its end; false if the connection was cut off in it.
    pub complete: bool,
}

/// How the end of a body is told (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BodyFraming {
    /// `Content-Length`.
    Length,
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// The end of the connection.
    UntilClose,
    /// Nobody saw how; imported recordings only.
    Unknown,
}

/// One header field. The value is text with each byte that is no UTF-8 replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Header {
    /// The name, in the sender's case.
    pub name: String,
    /// The value, without the white space around it.
    pub value: String,
}

/// A version of HTTP. On our own way it is HTTP/1; an imported recording may have others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpVersion {
    /// HTTP/1.0.
    #[serde(rename = "1.0")]
    Http10,
    /// HTTP/1.1.
    #[serde(rename = "1.1")]
    Http11,
    /// HTTP/2.
    #[serde(rename = "2")]
    Http2,
    /// HTTP/3.
    #[serde(rename = "3")]
    Http3,
    /// Nobody saw which.
    Unknown,
}

impl fmt::Display for HttpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
            Self::Http3 => "HTTP/3",
            Self::Unknown => "HTTP",
        })
    }
}

/// How HTTP was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpViolation {
    /// A head that cannot be parsed; what is wrong with it.
    MalformedHead(String),
    /// A head larger than this many bytes.
    HeadTooLarge(u64),
    /// A `Content-Length` that is no number, or two that differ.
    BadContentLength,
    /// A chunk whose size line cannot be read.
    BadChunk,
    /// Bytes from the server that answer no request.
    UnaskedResponse,
    /// The connection ended inside a head.
    CutOff,
    /// A protocol switch (101) to something that we do not read; opaque from here on.
    UnknownUpgrade(String),
}

impl HttpViolation {
    /// What it says in free words, if it does.
    pub const fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::MalformedHead(text) | Self::UnknownUpgrade(text) => Some(text),
            Self::HeadTooLarge(_)
            | Self::BadContentLength
            | Self::BadChunk
            | Self::UnaskedResponse
            | Self::CutOff => None,
        }
    }
}
