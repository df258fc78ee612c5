//! Where the value that belongs to a name begins and ends, in markup, JSON, URLs and prose.

use std::ops::Range;

use super::marks::{self, Brackets};
use super::pseudonym::Class;

/// A value beside its name.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    /// The quote to put around a pseudonym where a bare number stood in JSON.
    pub(super) needs_quotes: Option<&'static str>,
}

/// The end of an element's opening tag, whose `>` stands at `close`, and its body: up to its closing tag, or to the end of a text that has none.
pub(super) fn element(
    bytes: &[u8],
    name: &Range<usize>,
    brackets: Brackets,
    close: usize,
) -> Option<(usize, Range<usize>)> {
    let start = close + brackets.close.len();
    if bytes.get(..close)?.ends_with(b"/") {
        return Some((close, start..start));
    }
    let end = closing_tag(bytes, start, bytes.get(name.clone())?, brackets);
    Some((close, start..end))
}

fn closing_tag(bytes: &[u8], from: usize, name: &[u8], brackets: Brackets) -> usize {
    let mut at = from;
    while let Some(open) = marks::find(bytes, at, brackets.open) {
        at = open + brackets.open.len();
        let Some(slash) = marks::slash_at(bytes, at) else {
            continue;
        };
        let start = at + slash.len();
        let mut end = marks::name_end(bytes, start);
        let mut local = start;
        if bytes.get(end) == Some(&b':') {
            local = end + 1;
            end = marks::name_end(bytes, local);
        }
        if bytes
            .get(local..end)
            .is_some_and(|other| other == name || other.starts_with(name))
        {
            return open;
        }
    }
    bytes.len()
}

/// Where the value after a name begins, its quote included.
pub(super) fn start_after(bytes: &[u8], name: &Range<usize>) -> Option<usize> {
    let closing = marks::quote_at(bytes, name.end);
    let at = marks::skip_space(bytes, name.end + closing.map_or(0, str::len));
    let separator = marks::separator_at(bytes, at)?;
    Some(marks::skip_space(bytes, at + separator.len()))
}

/// The value after a name: behind `=` or `:`, quoted or not, in whatever form these are.
pub(super) fn after_name(bytes: &[u8], name: &Range<usize>, class: Class) -> Option<Found> {
    let closing = marks::quote_at(bytes, name.end);
    let at = marks::skip_space(bytes, name.end + closing.map_or(0, str::len));
    let separator = marks::separator_at(bytes, at)?;
    let at = marks::skip_space(bytes, at + separator.len());
    let json = closing.is_some() && separator == ":";
    if let Some(quote) = marks::quote_at(bytes, at) {
        let start = at + quote.len();
        let end = closing_quote(bytes, start, quote, separator == ":");
        return Some(bare(start..end));
    }
    if json {
        return Some(Found {
            range: at..json_scalar_or_group(bytes, at),
            needs_quotes: closing,
        });
    }
    let whole_line = matches!(class, Class::Credentials | Class::Cookie) && separator == ":";
    let end = if whole_line {
        header_end(bytes, name.start, at)
    } else {
        unquoted_end(bytes, name.start, at, separator)
    };
    Some(bare(at..end))
}

/// Whether the name stands where values stand: in quotes, or as an element's text.
pub(super) fn stands_as_value(bytes: &[u8], name: &Range<usize>) -> bool {
    let quoted =
        marks::quote_before(bytes, name.start) && marks::quote_at(bytes, name.end).is_some();
    let text =
        marks::close_bracket_before(bytes, name.start) && marks::open_bracket_at(bytes, name.end);
    quoted || text
}

/// The content of a part of `multipart/form-data` (RFC 7578) whose name ends at `name_end`.
pub(super) fn form_part(bytes: &[u8], name_end: usize) -> Option<Range<usize>> {
    let near = bytes.get(name_end..)?;
    let near = near.get(..NEAR).unwrap_or(near);
    let start = name_end + memchr::memmem::find(near, b"\r\n\r\n")? + 4;
    let head = bytes.get(name_end..start)?;
    if head.contains(&b'<') || head.contains(&b'{') {
        return None;
    }
    let end = marks::find(bytes, start, "\r\n--").unwrap_or(bytes.len());
    Some(start..end)
}

/// Where to look for the value that goes with a name that is itself a value: its tag or its object.
pub(super) fn neighbourhood(bytes: &[u8], name: &Range<usize>) -> Range<usize> {
    let floor = name.start.saturating_sub(NEAR);
    let before = bytes.get(floor..name.start).unwrap_or_default();
    let start = before
        .iter()
        .rposition(|byte| matches!(byte, b'{' | b'<'))
        .map_or(floor, |at| floor + at);
    let after = bytes.get(name.end..).unwrap_or_default();
    let after = after.get(..NEAR).unwrap_or(after);
    let end = after
        .iter()
        .position(|byte| *byte == b'}')
        .unwrap_or(after.len());
    start..name.end + end
}

/// The group (`[…]` or `{…}`) after a JSON key that ends at `name_end`; to the end of a text that is cut off.
pub(super) fn balanced_after(bytes: &[u8], name_end: usize) -> Option<Range<usize>> {
    let closing = marks::quote_at(bytes, name_end)?;
    let at = marks::skip_space(bytes, name_end + closing.len());
    let separator = marks::separator_at(bytes, at)?;
    let start = marks::skip_space(bytes, at + separator.len());
    matches!(bytes.get(start)?, b'[' | b'{').then(|| start..group_end(bytes, start))
}

/// The password in the userinfo of a URL whose authority starts at `start` (RFC 3986 section 3.2.1).
pub(super) fn userinfo_password(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let rest = bytes.get(start..)?;
    let encoded = bytes.get(..start)?.ends_with(b"f");
    let rest = rest.get(..USERINFO_LONGEST).unwrap_or(rest);
    let ends: &[u8] = if encoded {
        b"&/?# \t\r\n\"'<>\\"
    } else {
        b"/?# \t\r\n\"'<>\\"
    };
    let length = rest
        .iter()
        .position(|byte| ends.contains(byte))
        .unwrap_or(rest.len());
    let authority = rest.get(..length)?;
    let (at_signs, colons): (&[&str], &[&str]) = if encoded {
        (&["%2540", "%40", "@"], &["%253a", "%3a", ":"])
    } else {
        (&["@"], &[":"])
    };
    let end = at_signs
        .iter()
        .find_map(|sign| memchr::memmem::rfind(authority, sign.as_bytes()))?;
    let user = authority.get(..end)?;
    let (colon, sign) = colons
        .iter()
        .find_map(|sign| Some((memchr::memmem::find(user, sign.as_bytes())?, sign)))?;
    (colon + sign.len() < end).then(|| start + colon + sign.len()..start + end)
}

/// The end of a quoted value: the same quote again, not escaped one level deeper.
fn closing_quote(bytes: &[u8], from: usize, quote: &str, json: bool) -> usize {
    let depth = quote.bytes().filter(|byte| *byte == b'\\').count();
    let mark = quote.trim_start_matches('\\');
    let mut at = from;
    while let Some(found) = marks::find(bytes, at, mark) {
        let before = bytes.get(from..found).unwrap_or_default();
        let backslashes = before
            .iter()
            .rev()
            .take_while(|byte| **byte == b'\\')
            .count();
        let escaped = json || depth > 0;
        if !escaped || backslashes % (2 * (depth + 1)) == depth {
            return found - if escaped { depth } else { 0 };
        }
        at = found + mark.len();
    }
    bytes.len()
}

/// The end of a value of a parameter, or of the word after `name:` in prose.
fn unquoted_end(bytes: &[u8], name_start: usize, from: usize, separator: &str) -> usize {
    let enclosing = enclosing_quote(bytes, name_start);
    let encoded = separator.starts_with('%');
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        let ends = match byte {
            b'&' | b'<' | b'>' => true,
            b'"' | b'\'' | b'`' => enclosing == Some(*byte),
            b'\\' => enclosing == Some(b'\\') && marks::quote_at(bytes, at).is_some(),
            b'%' => encoded && ends_encoded(bytes, at),
            b';' | b',' => bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace),
            byte => byte.is_ascii_whitespace(),
        };
        if ends {
            break;
        }
        at += 1;
    }
    at
}

/// Whether an encoded `&` or white space stands at `at`: the end of a parameter of an encoded URL.
fn ends_encoded(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    [
        &b"%26"[..],
        b"%2526",
        b"%20",
        b"%0a",
        b"%0d",
        b"%22",
        b"%3c",
    ]
    .iter()
    .any(|mark| rest.starts_with(mark))
}

/// The quote that opened before the word that the name belongs to; `\` stands for an escaped one.
fn enclosing_quote(bytes: &[u8], at: usize) -> Option<u8> {
    let floor = at.saturating_sub(NEAR);
    let before = bytes.get(floor..at)?;
    let place = before.iter().rposition(|byte| {
        byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>')
    })?;
    let quote = *before.get(place)?;
    match quote {
        b'"' | b'\'' if place > 0 && before.get(place - 1) == Some(&b'\\') => Some(b'\\'),
        b'"' | b'\'' | b'`' => Some(quote),
        _ => None,
    }
}

/// The end of a header that is written as text: of its line, or of the quotes that it stands in as a whole.
fn header_end(bytes: &[u8], name_start: usize, from: usize) -> usize {
    let end = line_end(bytes, from);
    let quote = enclosing_quote(bytes, name_start).filter(|quote| *quote != b'\\');
    let line = bytes.get(from..end).unwrap_or_default();
    let closing = quote.and_then(|quote| memchr::memchr(quote, line));
    closing.map_or(end, |at| from + at)
}

/// The end of a header line, also where the lines are escaped or stand in markup.
fn line_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let ends = |at: &usize| {
        let rest = rest.get(*at..).unwrap_or_default();
        matches!(
            rest,
            [b'\r' | b'\n' | b'<' | b'"', ..] | [b'\\', b'r' | b'n', ..] | [b'&', b'#', b'1', ..]
        )
    };
    from + (0..rest.len()).find(ends).unwrap_or(rest.len())
}

fn json_scalar_or_group(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'[' | b'{') => group_end(bytes, at),
        _ => {
            let rest = bytes.get(at..).unwrap_or_default();
            let ends = |byte: &u8| byte.is_ascii_whitespace() || b",}]\"'<>&".contains(byte);
            at + rest.iter().position(ends).unwrap_or(rest.len())
        }
    }
}

/// The place behind the bracket that closes the one at `at`; brackets in strings do not count.
fn group_end(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (offset, byte) in bytes.get(at..).unwrap_or_default().iter().enumerate() {
        let was_escaped = std::mem::take(&mut escaped);
        match byte {
            b'\\' => escaped = !was_escaped,
            b'"' if !was_escaped => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + offset + 1;
        }
    }
    bytes.len()
}

const fn bare(range: Range<usize>) -> Found {
    Found {
        range,
        needs_quotes: None,
    }
}

/// How far from a name its pair or its quote is looked for, in bytes.
const NEAR: usize = 256;
/// A longer authority is no authority.
const USERINFO_LONGEST: usize = 1024;
