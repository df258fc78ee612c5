//! Header fields and the lists in them (RFC 9110 section 5).

use std::borrow::Cow;

use memchr::memchr_iter;

use crate::event::Header;
use crate::tap::limits::HEADERS;

/// Reads the header fields of trailers, an empty line at their end.
pub(super) fn parse_fields(bytes: &[u8]) -> Option<Vec<Header>> {
    let bytes = unfolded(bytes);
    let mut fields = [httparse::EMPTY_HEADER; HEADERS];
    match httparse::parse_headers(&bytes, &mut fields) {
        Ok(httparse::Status::Complete((_, fields))) => Some(owned(fields)),
        Ok(httparse::Status::Partial) | Err(_) => None,
    }
}

/// The values of the fields of this name.
pub(in crate::tap) fn values<'a>(
    headers: &'a [Header],
    name: &str,
) -> impl Iterator<Item = &'a str> {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value.as_str())
}

/// The elements of the comma-separated lists in the fields of this name.
pub(in crate::tap) fn elements<'a>(
    headers: &'a [Header],
    name: &str,
) -> impl Iterator<Item = &'a str> {
    values(headers, name)
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|element| !element.is_empty())
}

/// Whether one of these lists holds the token.
pub(super) fn lists(headers: &[Header], name: &str, token: &str) -> bool {
    elements(headers, name).any(|element| element.eq_ignore_ascii_case(token))
}

/// Folded header lines (RFC 9112 section 5.2) joined; anything else as it was.
pub(super) fn unfolded(head: &[u8]) -> Cow<'_, [u8]> {
    let is_fold = |at: usize| matches!(head.get(at + 1), Some(b' ' | b'\t'));
    if !memchr_iter(b'\n', head).any(is_fold) {
        return Cow::Borrowed(head);
    }
    let mut joined = head.to_vec();
    for at in memchr_iter(b'\n', head).filter(|&at| is_fold(at)) {
        let from = at.saturating_sub(usize::from(at > 0 && head.get(at - 1) == Some(&b'\r')));
        if let Some(end_of_line) = joined.get_mut(from..=at) {
            end_of_line.fill(b' ');
        }
    }
    Cow::Owned(joined)
}

pub(super) fn owned(fields: &[httparse::Header<'_>]) -> Vec<Header> {
    let one = |field: &httparse::Header<'_>| Header {
        name: field.name.to_owned(),
        value: String::from_utf8_lossy(field.value.trim_ascii()).into_owned(),
    };
    fields.iter().map(one).collect()
}
