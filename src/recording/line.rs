//! One event is one line.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use crate::event::Event;

/// Appends `value` as one line of JSON.
///
/// JSON allows DEL and the C1 control characters in a string and a terminal obeys them, so they are escaped.
pub fn encode<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        // No map in an event has a key that is no string, and a Vec takes everything: this cannot be reached.
        out.truncate(start);
        return;
    }
    let commands = |bytes: &[u8]| {
        memchr::memchr(0x7f, bytes).is_some()
            || memchr::memmem::find_iter(bytes, b"\xc2")
                .any(|at| matches!(bytes.get(at + 1), Some(0x80..=0x9f)))
    };
    if commands(out.get(start..).unwrap_or_default()) {
        let line = out.split_off(start);
        escape(&line, out);
    }
    out.push(b'\n');
}

fn escape(line: &[u8], out: &mut Vec<u8>) {
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let command = match (byte, bytes.peek()) {
            (0x7f, _) => 0x7f,
            (0xc2, Some(second @ 0x80..=0x9f)) => {
                let second = *second;
                bytes.next();
                second
            }
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(format!("\\u{command:04x}").as_bytes());
    }
}

/// What a line turned out to be.
#[derive(Debug)]
pub(super) enum Line {
    Event(Box<Event>),
    /// An event of a kind, or with a value, that this version does not know.
    Unknown {
        number: u64,
        kind: String,
    },
    /// No event; why, without a word of its content.
    Damaged(String),
}

/// Reads one line, without its end.
pub(super) fn decode(line: &[u8]) -> Line {
    match serde_json::from_slice(line) {
        Ok(event) => Line::Event(Box::new(event)),
        Err(error) => match serde_json::from_slice::<Stranger>(line) {
            Ok(stranger) => Line::Unknown {
                number: stranger.number,
                kind: stranger.kind,
            },
            Err(_) => Line::Damaged(reason(&error)),
        },
    }
}

/// serde's words may quote the input, and with it what a damaged line holds; the category and the place do not.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data | serde_json::error::Category::Io => {
            "it lacks something or has it in another form"
        }
    };
    format!("{what}, column {}", error.column())
}

/// As much of an event as every version has.
#[derive(Deserialize)]
struct Stranger {
    number: u64,
    #[serde(deserialize_with = "kind_name")]
    kind: String,
}

/// The only key of the object.
fn kind_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    use std::collections::BTreeMap;
    let kind = BTreeMap::<String, IgnoredAny>::deserialize(deserializer)?;
    let mut names = kind.into_keys();
    match (names.next(), names.next()) {
        (Some(name), None) if is_name(&name) => Ok(name),
        _ => Err(serde::de::Error::custom("a kind has one name")),
    }
}

/// A name as kinds have it; anything else is not repeated in a message.
fn is_name(name: &str) -> bool {
    name.len() <= 40
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
