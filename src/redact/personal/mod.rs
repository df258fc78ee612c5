//! Finds what is about a person in a text, for the level strict: by the names of fields, and by its form where that
//! tells. Runs behind the scan for secrets, whose pseudonyms it leaves alone.

pub(super) mod address;
mod fields;
mod forms;
pub(super) mod jid;
mod named;
mod paths;

#[cfg(test)]
mod tests;

use super::pseudonym::{Class, Pseudonyms};
use super::scan::{Scan, apply};
use super::{escapes, marks};
use fields::Fields;

/// Whose text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Anybody's: an address in it may be a client's.
    Text,
    /// A target, a host, an option: an address in it is a server's, unless it stands in a query.
    Target,
}

/// The finder.
#[derive(Debug)]
pub(super) struct Personal {
    fields: Fields,
}

impl Personal {
    pub(super) fn new() -> Self {
        Self {
            fields: Fields::new(),
        }
    }

    /// The text without its persons; `None` if there are none.
    pub(super) fn redact(
        &self,
        pseudonyms: &Pseudonyms,
        text: &str,
        place: Place,
    ) -> Option<String> {
        let mut redacted = self.pass(pseudonyms, text, place)?;
        for _ in 1..PASSES {
            match self.pass(pseudonyms, &redacted, place) {
                Some(next) => redacted = next,
                None => break,
            }
        }
        Some(redacted)
    }

    /// What a header of this name is about, if its whole value is about a person.
    pub(super) fn header(&self, name: &str) -> Option<Class> {
        let (class, only) = self.fields.class_of(&name.to_ascii_lowercase())?;
        (only == fields::Only::Any).then_some(class)
    }

    /// Whether a header of this name tells of servers or products.
    pub(super) fn is_technical(name: &str) -> bool {
        fields::is_technical(&name.to_ascii_lowercase())
    }

    fn pass(&self, pseudonyms: &Pseudonyms, text: &str, place: Place) -> Option<String> {
        let plain = escapes::undone(text);
        let read = plain.as_ref().map_or(text, |plain| &plain.text);
        let lower = read.to_ascii_lowercase();
        let scan = Scan::new(read, &lower, pseudonyms);
        let mut search = Search {
            scan,
            fields: &self.fields,
            addresses_from: match place {
                Place::Text => 0,
                Place::Target => lower.find('?').unwrap_or(lower.len()),
            },
        };
        search.run();
        apply(text, search.scan.spans(plain.as_ref()))
    }
}

/// One pass over one text.
struct Search<'a> {
    scan: Scan<'a>,
    fields: &'a Fields,
    /// Addresses before this place are servers'.
    addresses_from: usize,
}

impl Search<'_> {
    fn run(&mut self) {
        let bytes = self.scan.lower;
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if at < self.scan.looked {
                at = self.scan.looked;
            } else if marks::is_name(*byte) {
                let rest = bytes.get(at..).unwrap_or_default();
                let run = rest.iter().take_while(|byte| marks::is_name(**byte));
                let end = at + run.count();
                self.token(at, end);
                at = end;
            } else {
                at = self.sign(at);
            }
        }
    }

    /// A whole run of the characters that names are made of.
    fn token(&mut self, start: usize, end: usize) {
        let bytes = self.scan.lower.get(start..end).unwrap_or_default();
        let token = std::str::from_utf8(bytes).unwrap_or_default();
        if token.starts_with(super::pseudonym::PREFIX) {
            if token.starts_with(PASSWORD) {
                self.owner(start);
            }
        } else if bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.')) {
            self.ipv4(start, token);
        } else if self.path(start, end, token) || self.topic(start, token) {
        } else if let Some((class, only)) = self.fields.class_of(token) {
            self.named(start..end, class, only);
        }
    }

    /// A character that is no part of a name: where to go on behind it, an escape counting as one.
    fn sign(&mut self, at: usize) -> usize {
        let rest = self.scan.lower.get(at..).unwrap_or_default();
        let hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
        let length = match rest {
            [b'%', b'2', b'5', a, b, ..] if hex(&[*a, *b]) => 5,
            [b'%', a, b, ..] if hex(&[*a, *b]) => 3,
            [b'\\', b'u', a, b, c, d, ..] if hex(&[*a, *b, *c, *d]) => 6,
            [b'\\', b'n' | b'r' | b't', ..] => 2,
            _ => 1,
        };
        let end = at + length;
        match rest.get(..length).unwrap_or_default() {
            b"@" | b"%40" | b"%2540" => self.mailbox(at..end),
            b"+" | b"%2b" | b"%252b" => self.phone(at..end),
            b":" => self.ipv6(at),
            _ => {}
        }
        end
    }
}

/// The pseudonyms of passwords: what stands before one with a colon is its user.
const PASSWORD: &str = "redacted-password-";
/// The text is looked at again until nothing is found, at most this many times in all.
const PASSES: usize = 4;
