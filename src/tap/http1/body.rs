//! Bodies: streamed past, their content kept up to a cap.

use crate::event::{BodyFraming, EventKind, Header, HttpBody, HttpViolation, Micros};
use crate::tap::limits::Limits;
use crate::tap::{Kept, Output};

use super::chunked::{Chunked, Piece};
use super::content::decoded;
use super::fields::{elements, lists, values};

/// A body on its way.
#[derive(Debug)]
pub(super) struct Body {
    exchange: u64,
    framing: Framing,
    content: Kept,
    content_type: Option<String>,
    content_encoding: Option<String>,
    trailers: Vec<Header>,
    /// When its first byte arrived.
    began: Option<Micros>,
    decoded_cap: usize,
}

/// How the end of a body is told, and how far it is.
#[derive(Debug)]
pub(super) enum Framing {
    /// This many bytes are left.
    Length(u64),
    Chunked(Chunked),
    UntilClose,
}

/// How far a body got.
#[derive(Debug)]
pub(super) enum Progress {
    More,
    Done,
    Broken(HttpViolation),
}

impl Framing {
    /// The framing of a request's body (RFC 9112 section 6.3), if there is one.
    pub(super) fn of_request(
        headers: &[Header],
        cap: usize,
    ) -> Result<Option<Self>, HttpViolation> {
        if lists(headers, "transfer-encoding", "chunked") {
            return Ok(Some(Self::Chunked(Chunked::new(cap))));
        }
        let length = content_length(headers)?;
        Ok(length.filter(|&length| length > 0).map(Self::Length))
    }

    /// The framing of the body of a final response that may have one.
    pub(super) fn of_response(
        headers: &[Header],
        cap: usize,
    ) -> Result<Option<Self>, HttpViolation> {
        let last_coding = elements(headers, "transfer-encoding").last();
        match last_coding {
            Some(coding) if coding.eq_ignore_ascii_case("chunked") => {
                return Ok(Some(Self::Chunked(Chunked::new(cap))));
            }
            Some(_) => return Ok(Some(Self::UntilClose)),
            None => {}
        }
        Ok(match content_length(headers)? {
            Some(0) => None,
            Some(length) => Some(Self::Length(length)),
            None => Some(Self::UntilClose),
        })
    }
}

impl Body {
    pub(super) fn new(exchange: u64, framing: Framing, headers: &[Header], limits: Limits) -> Self {
        let encodings: Vec<_> = elements(headers, "content-encoding").collect();
        Self {
            exchange,
            framing,
            content: Kept::new(limits.body),
            content_type: values(headers, "content-type").next().map(str::to_owned),
            content_encoding: (!encodings.is_empty()).then(|| encodings.join(", ")),
            trailers: Vec::new(),
            began: None,
            decoded_cap: limits.decoded_body,
        }
    }

    /// Takes the bytes that belong to the body.
    pub(super) fn take(&mut self, input: &mut &[u8], now: Micros) -> Progress {
        if !input.is_empty() {
            self.began.get_or_insert(now);
        }
        match &mut self.framing {
            Framing::UntilClose => {
                self.content.push(input);
                *input = &[];
                Progress::More
            }
            Framing::Length(left) => {
                let length =
                    usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
                let (part, rest) = input.split_at(length);
                self.content.push(part);
                *input = rest;
                *left -= length as u64;
                if *left == 0 {
                    Progress::Done
                } else {
                    Progress::More
                }
            }
            Framing::Chunked(chunked) => loop {
                match chunked.take(input) {
                    Ok(Piece::Data(data)) => self.content.push(data),
                    Ok(Piece::More) => break Progress::More,
                    Ok(Piece::End(trailers)) => {
                        self.trailers = trailers;
                        break Progress::Done;
                    }
                    Err(violation) => break Progress::Broken(violation),
                }
            },
        }
    }

    /// Whether the end of the connection is the end of the body.
    pub(super) const fn ends_with_connection(&self) -> bool {
        matches!(self.framing, Framing::UntilClose)
    }

    /// States the body, which came to its end or was cut off.
    pub(super) fn finish(self, complete: bool, out: &mut Output<'_>) {
        let wire_size = self.content.size();
        let encoding = self.content_encoding.as_deref();
        let (content, still_encoded) = decoded(self.content, encoding, self.decoded_cap);
        let body = HttpBody {
            exchange: self.exchange,
            framing: match self.framing {
                Framing::Length(_) => BodyFraming::Length,
                Framing::Chunked(_) => BodyFraming::Chunked,
                Framing::UntilClose => BodyFraming::UntilClose,
            },
            wire_size,
            content_type: self.content_type,
            content_encoding: self.content_encoding,
            content,
            still_encoded,
            trailers: self.trailers,
            complete,
        };
        out.emit(
            self.began.unwrap_or_else(|| out.now()),
            EventKind::HttpBody(body),
        );
    }
}

/// The one `Content-Length`, repeated or not (RFC 9110 section 8.6).
fn content_length(headers: &[Header]) -> Result<Option<u64>, HttpViolation> {
    let mut length = None;
    for value in values(headers, "content-length").flat_map(|value| value.split(',')) {
        let value = value.trim();
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let number: Option<u64> = value.parse().ok().filter(|_| is_number);
        let number = number.ok_or(HttpViolation::BadContentLength)?;
        if length.is_some_and(|length| length != number) {
            return Err(HttpViolation::BadContentLength);
        }
        length = Some(number);
    }
    Ok(length)
}
