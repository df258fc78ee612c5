//! Heads: where they end, and what they say.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use crate::event::{Header, HttpVersion, HttpViolation, Micros};
use crate::tap::limits::{HEADERS, METHOD};

use super::fields::{owned, unfolded};

/// Which kind of head a direction carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadKind {
    Request,
    Response,
}

/// Collects one head at a time. Its end is looked for in new bytes only, so that a peer that sends
/// single bytes costs no more than one that sends all.
#[derive(Debug)]
pub(super) struct HeadReader {
    kind: HeadKind,
    /// The head so far; empty between heads and while whole heads come in one chunk.
    buffer: Vec<u8>,
    /// The end of it was not found before this index.
    scanned: usize,
    /// When its first byte arrived.
    began: Micros,
    cap: usize,
}

impl HeadReader {
    pub(super) const fn new(kind: HeadKind, cap: usize) -> Self {
        Self {
            kind,
            buffer: Vec::new(),
            scanned: 0,
            began: Micros(0),
            cap,
        }
    }

    /// When the first byte of the latest head arrived.
    pub(super) const fn began(&self) -> Micros {
        self.began
    }

    /// The bytes of a head that is not whole.
    pub(super) fn partial(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes bytes up to the end of a head; empty lines before it are skipped (RFC 9112 section 2.2).
    pub(super) fn take<'a>(
        &mut self,
        input: &mut &'a [u8],
        now: Micros,
    ) -> Result<Option<Cow<'a, [u8]>>, HttpViolation> {
        if self.buffer.is_empty() {
            *input = without_empty_lines(input);
            if input.is_empty() {
                return Ok(None);
            }
            self.began = now;
            self.check_start(input)?;
            if let Some(end) = find_end(input, 0)
                && let Some((head, rest)) = input.split_at_checked(end)
                && end <= self.cap
            {
                *input = rest;
                return Ok(Some(Cow::Borrowed(head)));
            }
        }
        self.collect(input)
    }

    fn collect(&mut self, input: &mut &[u8]) -> Result<Option<Cow<'static, [u8]>>, HttpViolation> {
        let before = self.buffer.len();
        let fits = input.len().min((self.cap + 1).saturating_sub(before));
        let (part, rest) = input.split_at(fits);
        self.buffer.extend_from_slice(part);
        if before <= METHOD {
            self.check_start(&self.buffer)?;
        }
        let end = find_end(&self.buffer, self.scanned);
        if end.is_some_and(|end| end > self.cap) || (end.is_none() && self.buffer.len() > self.cap)
        {
            return Err(HttpViolation::HeadTooLarge(self.cap as u64));
        }
        let Some(end) = end else {
            self.scanned = self.buffer.len().saturating_sub(2);
            *input = rest;
            return Ok(None);
        };
        self.buffer.truncate(end);
        *input = input.get(end - before..).unwrap_or_default();
        self.scanned = 0;
        Ok(Some(Cow::Owned(std::mem::take(&mut self.buffer))))
    }

    /// Tells what is no HTTP from its first bytes, so that nobody waits for the end of a head that never comes.
    fn check_start(&self, bytes: &[u8]) -> Result<(), HttpViolation> {
        let plausible = match self.kind {
            HeadKind::Response => bytes.iter().zip(b"HTTP/").all(|(is, should)| is == should),
            HeadKind::Request => {
                let start = bytes.get(..=METHOD).unwrap_or(bytes);
                match memchr(b' ', start) {
                    Some(length) => length > 0 && bytes.iter().take(length).all(is_token_byte),
                    None => start.len() <= METHOD && start.iter().all(is_token_byte),
                }
            }
        };
        if plausible {
            return Ok(());
        }
        let what = match self.kind {
            HeadKind::Request => "this is no HTTP/1 request",
            HeadKind::Response => "this is no HTTP/1 response",
        };
        Err(HttpViolation::MalformedHead(what.to_owned()))
    }
}

/// What a request line says, with the header fields behind it.
#[derive(Debug)]
pub(super) struct RequestHead {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) version: HttpVersion,
    pub(super) headers: Vec<Header>,
}

impl RequestHead {
    /// Reads a whole head.
    pub(super) fn parse(head: &[u8]) -> Result<Self, HttpViolation> {
        let head = unfolded(head);
        let mut fields = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut fields);
        httparse::ParserConfig::default()
            .allow_multiple_spaces_in_request_line_delimiters(true)
            .parse_request(&mut request, &head)
            .map_err(malformed)?;
        Ok(Self {
            method: request.method.unwrap_or_default().to_owned(),
            target: request.path.unwrap_or_default().to_owned(),
            version: version(request.version),
            headers: owned(request.headers),
        })
    }
}

/// What a status line says, with the header fields behind it.
#[derive(Debug)]
pub(super) struct ResponseHead {
    pub(super) version: HttpVersion,
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) headers: Vec<Header>,
}

impl ResponseHead {
    /// Reads a whole head.
    pub(super) fn parse(head: &[u8]) -> Result<Self, HttpViolation> {
        let head = unfolded(head);
        let mut fields = [httparse::EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut fields);
        httparse::ParserConfig::default()
            .allow_multiple_spaces_in_response_status_delimiters(true)
            .allow_spaces_after_header_name_in_responses(true)
            .parse_response(&mut response, &head)
            .map_err(malformed)?;
        Ok(Self {
            version: version(response.version),
            status: response.code.unwrap_or_default(),
            reason: reason(&head),
            headers: owned(response.headers),
        })
    }
}

/// The index behind the empty line that ends a head, bare line feeds included.
fn find_end(bytes: &[u8], from: usize) -> Option<usize> {
    let new = bytes.get(from..)?;
    memchr_iter(b'\n', new).find_map(|at| match new.get(at + 1..)? {
        [b'\n', ..] => Some(from + at + 2),
        [b'\r', b'\n', ..] => Some(from + at + 3),
        _ => None,
    })
}

fn without_empty_lines(bytes: &[u8]) -> &[u8] {
    let content = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
    content.and_then(|at| bytes.get(at..)).unwrap_or_default()
}

/// The reason phrase as sent; httparse keeps none that is not ASCII.
fn reason(head: &[u8]) -> String {
    let end = memchr(b'\n', head).unwrap_or(head.len());
    let line = head.get(..end).unwrap_or_default().trim_ascii_end();
    let mut words = line.splitn(2, |&byte| byte == b' ');
    let behind_version = words.nth(1).unwrap_or_default().trim_ascii_start();
    let phrase = behind_version.get(3..).unwrap_or_default();
    String::from_utf8_lossy(phrase.trim_ascii_start()).into_owned()
}

const fn version(minor: Option<u8>) -> HttpVersion {
    match minor {
        Some(0) => HttpVersion::Http10,
        _ => HttpVersion::Http11,
    }
}

fn malformed(error: httparse::Error) -> HttpViolation {
    HttpViolation::MalformedHead(error.to_string())
}

/// A byte of a token (RFC 9110 section 5.6.2).
const fn is_token_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}
