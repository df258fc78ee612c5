//! Persons in paths: `/finesse/api/User/1001002`, its topic with dots, and home folders.

use super::forms::{decoded, is_hexadecimal};
use super::{Search, jid};
use crate::redact::marks;
use crate::redact::pseudonym::Class;

impl Search<'_> {
    /// Takes the segment behind `User` or a like one; whether the token was such a segment.
    pub(super) fn path(&mut self, start: usize, end: usize, token: &str) -> bool {
        if !matches!(token, "user" | "users" | "home") {
            return false;
        }
        let bytes = self.scan.lower;
        let (Some(before), Some(from)) = (
            marks::slash_before(bytes, start).or_else(|| backslash_before(bytes, start)),
            marks::slash_at(bytes, end)
                .map(|slash| end + slash.len())
                .or_else(|| behind_backslash(bytes, end)),
        ) else {
            return false;
        };
        let inside = before
            .checked_sub(1)
            .and_then(|at| bytes.get(at))
            .is_some_and(|byte| marks::is_name(*byte) || *byte == b'/');
        if token == "home" && inside {
            return false;
        }
        let id = from..self.segment_end(from);
        if !jid::stays(self.scan.slice(id.clone())) {
            self.take(id, Class::User);
        }
        true
    }

    /// Takes the user of an OpenAjax topic, `finesse.api.User.1001002.Dialogs`; whether the token was one.
    pub(super) fn topic(&mut self, start: usize, token: &str) -> bool {
        let Some((before, id)) = token.split_once(TOPIC) else {
            return false;
        };
        let ends = [".dialogs", ".media", ".queues"];
        let id = ends
            .iter()
            .find_map(|end| Some(id.split_once(end)?.0))
            .unwrap_or(id);
        let from = start + before.len() + TOPIC.len();
        if !jid::stays(id) {
            self.take(from..from + id.len(), Class::User);
        }
        true
    }

    /// The end of a path segment, whose characters may be escaped.
    fn segment_end(&self, from: usize) -> usize {
        let bytes = self.scan.lower;
        let mut at = from;
        while let Some(rest) = bytes.get(at..) {
            at += match rest {
                [b'_', b'_', ..] => break,
                [b'%', b'2', b'5', a, b, ..] if is_end(&[*a, *b]) => break,
                [b'%', a, b, ..] if is_hexadecimal(&[*a, *b]) => {
                    if is_end(&[*a, *b]) {
                        break;
                    }
                    3
                }
                [byte, ..]
                    if marks::is_name(*byte) || *byte >= 0x80 || b"@+!$~*".contains(byte) =>
                {
                    1
                }
                _ => break,
            };
        }
        let segment = bytes.get(from..at).unwrap_or_default();
        from + segment.strip_suffix(b".").unwrap_or(segment).len()
    }
}

/// Whether these digits escape what ends a segment.
fn is_end(digits: &[u8; 2]) -> bool {
    let [high, low] = *digits;
    is_hexadecimal(digits) && b"/?&#\"'<>= ;,\\\r\n%".contains(&decoded(high, low))
}

/// The place of the backslashes before `at`, as paths on Windows have them.
fn backslash_before(bytes: &[u8], at: usize) -> Option<usize> {
    let before = bytes.get(..at)?;
    let count = before
        .iter()
        .rev()
        .take_while(|byte| **byte == b'\\')
        .count();
    (count > 0).then(|| at - count)
}

fn behind_backslash(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let count = rest.iter().take_while(|byte| **byte == b'\\').count();
    (count > 0).then(|| at + count)
}

const TOPIC: &str = ".api.user.";
