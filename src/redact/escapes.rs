//! Letters that are escaped though nothing asks for it, as in `pass%77ord=`: undone before names are compared.

use std::ops::Range;

/// A text with its escaped letters undone.
#[derive(Debug)]
pub(super) struct Plain {
    pub(super) text: String,
    /// Where the two texts run on in step: a place in `text`, and that in the text before.
    steps: Vec<(usize, usize)>,
}

impl Plain {
    /// Where a range of `text` was in the text before.
    pub(super) fn before(&self, range: &Range<usize>) -> Range<usize> {
        let place = |at: usize| {
            let next = self.steps.partition_point(|(plain, _)| *plain <= at);
            let step = next.checked_sub(1).and_then(|last| self.steps.get(last));
            step.map_or(at, |(plain, before)| before + (at - plain))
        };
        place(range.start)..place(range.end)
    }
}

/// Whether a letter, digit or other character of names is escaped somewhere.
pub(super) fn present(bytes: &[u8]) -> bool {
    memchr::memchr2_iter(b'%', b'\\', bytes)
        .any(|at| bytes.get(at..).and_then(escaped_letter).is_some())
}

/// The text with its escaped letters undone; `None` if there are none.
pub(super) fn undone(text: &str) -> Option<Plain> {
    let bytes = text.as_bytes();
    let mut plain = Plain {
        text: String::new(),
        steps: Vec::new(),
    };
    let mut copied = 0;
    for at in memchr::memchr2_iter(b'%', b'\\', bytes) {
        if at < copied {
            continue;
        }
        let Some((letter, length)) = bytes.get(at..).and_then(escaped_letter) else {
            continue;
        };
        plain
            .text
            .push_str(text.get(copied..at).unwrap_or_default());
        plain.text.push(char::from(letter));
        copied = at + length;
        plain.steps.push((plain.text.len(), copied));
    }
    if plain.steps.is_empty() {
        return None;
    }
    plain.text.push_str(text.get(copied..).unwrap_or_default());
    Some(plain)
}

/// The letter that an escape at the start of `bytes` stands for, and the escape's length: `%77`, `%2577`, `\u0077`.
fn escaped_letter(bytes: &[u8]) -> Option<(u8, usize)> {
    let start = match bytes {
        [b'%', ..] => {
            let layers = bytes.get(1..)?.chunks_exact(2);
            let layers = layers.take(LAYERS).take_while(|pair| pair == b"25");
            1 + 2 * layers.count()
        }
        [b'\\', b'u', b'0', b'0', ..] => 4,
        _ => return None,
    };
    let digits = std::str::from_utf8(bytes.get(start..start + 2)?).ok()?;
    let letter = u8::from_str_radix(digits, 16).ok()?;
    super::marks::is_name(letter).then_some((letter, start + 2))
}

/// How many times a percent sign may itself be escaped.
const LAYERS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_letters_are_undone_and_their_places_kept() {
        let text = r"a%20pass%77ord%3D\u0074ok%2565n=x%6";
        let plain = undone(text).unwrap();
        assert_eq!(plain.text, "a%20password%3Dtoken=x%6");
        let found = plain.text.find("token").unwrap();
        let before = plain.before(&(found..found + 5));
        assert_eq!(text.get(before), Some(r"\u0074ok%2565n"));
        let found = plain.text.find("password").unwrap();
        let before = plain.before(&(found..found + 8));
        assert_eq!(text.get(before), Some("pass%77ord"));
        for ordinary in ["a%20b%3D%26%2f%25", r#"{"a":"\"\u003c\n\\"}"#, "100 %", ""] {
            assert!(!present(ordinary.as_bytes()), "{ordinary}");
            assert!(undone(ordinary).is_none());
        }
    }
}
