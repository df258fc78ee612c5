//! A filter before the JSON parser: strings have a bound, whatever the file says, and are fit to be parsed.
//!
//! The parser holds one string at a time, so this is what bounds its memory. A string over the bound is cut at a
//! character and ends in a mark that nobody outside can forge, which says how much is missing. Escapes of half a
//! surrogate pair, which browsers write and the parser refuses, become U+FFFD.

use std::io::{self, Read};

use ring::rand::{SecureRandom as _, SystemRandom};

/// What a string that was cut ends in.
#[derive(Debug, Clone)]
pub(super) struct Mark(String);

impl Mark {
    /// A mark of this run.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub(super) fn random() -> io::Result<Self> {
        let mut nonce = [0; 16];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|_| io::Error::other("the system gives no random bytes"))?;
        Ok(Self(format!("{:032x}", u128::from_be_bytes(nonce))))
    }

    /// The text without its mark, and how many bytes were cut off it.
    pub(super) fn split<'a>(&self, text: &'a str) -> (&'a str, u64) {
        let cut = text
            .rsplit_once(&self.0)
            .and_then(|(kept, cut)| Some((kept, cut.parse().ok()?)));
        cut.unwrap_or((text, 0))
    }
}

/// The filter.
#[derive(Debug)]
pub(super) struct Shorten<R> {
    input: R,
    mark: Mark,
    /// Bytes of a string that are let through, as they stand in the file.
    bound: usize,
    state: State,
    /// Bytes of the string at hand that were let through.
    passed: usize,
    /// Bytes of the string at hand that were not, decoded.
    cut: u64,
    /// A byte order mark may still come.
    at_start: bool,
    raw: Vec<u8>,
    ready: Vec<u8>,
    taken: usize,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Outside of strings.
    Plain,
    /// In a string; half of a surrogate pair may be waiting for the other.
    Text { high: Option<u16> },
    /// After a backslash.
    Escape { high: Option<u16> },
    /// In the hexadecimal digits of `\u`: how many came, and what they say.
    Hex {
        high: Option<u16>,
        digits: u8,
        unit: u16,
    },
}

impl<R: Read> Shorten<R> {
    /// Lets through at most some `bound` bytes of each string.
    pub(super) fn new(input: R, mark: Mark, bound: usize) -> Self {
        Self {
            input,
            mark,
            bound,
            state: State::Plain,
            passed: 0,
            cut: 0,
            at_start: true,
            raw: vec![0; CHUNK],
            ready: Vec::with_capacity(2 * CHUNK),
            taken: 0,
        }
    }

    /// Reads a chunk and filters it; false at the end.
    fn refill(&mut self) -> io::Result<bool> {
        self.ready.clear();
        self.taken = 0;
        let count = self.input.read(&mut self.raw)?;
        let raw = std::mem::take(&mut self.raw);
        let mut bytes = raw.get(..count).unwrap_or_default();
        if self.at_start && count > 0 {
            self.at_start = false;
            bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        }
        for byte in bytes {
            self.push(*byte);
        }
        self.raw = raw;
        Ok(count > 0)
    }

    fn push(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::Plain, b'"') => {
                (self.passed, self.cut) = (0, 0);
                self.ready.push(b'"');
                State::Text { high: None }
            }
            (State::Plain, _) => {
                self.ready.push(byte);
                State::Plain
            }
            (State::Text { high }, b'\\') => State::Escape { high },
            (State::Text { high }, b'"') => {
                self.lone(high);
                self.close();
                State::Plain
            }
            (State::Text { high }, _) => {
                self.lone(high);
                self.character(byte);
                State::Text { high: None }
            }
            (State::Escape { high }, b'u') => State::Hex {
                high,
                digits: 0,
                unit: 0,
            },
            (State::Escape { high }, _) => {
                self.lone(high);
                self.unit(&[b'\\', byte], 1);
                State::Text { high: None }
            }
            (State::Hex { high, digits, unit }, _) => self.digit(high, digits, unit, byte),
        };
    }

    /// One digit of `\uXXXX`.
    fn digit(&mut self, high: Option<u16>, digits: u8, unit: u16, byte: u8) -> State {
        let Some(digit) = char::from(byte).to_digit(16) else {
            // Not JSON: let the parser say so.
            self.ready.extend_from_slice(b"\\u");
            self.state = State::Text { high: None };
            self.push(byte);
            return self.state;
        };
        let unit = unit << 4 | u16::try_from(digit).unwrap_or_default();
        if digits < 3 {
            return State::Hex {
                high,
                digits: digits + 1,
                unit,
            };
        }
        match (high, unit) {
            (Some(high), 0xdc00..=0xdfff) => {
                self.unit(format!("\\u{high:04x}\\u{unit:04x}").as_bytes(), 4);
                State::Text { high: None }
            }
            (_, 0xd800..=0xdbff) => {
                self.lone(high);
                State::Text { high: Some(unit) }
            }
            (_, 0xdc00..=0xdfff) => {
                self.lone(high);
                self.lone(Some(unit));
                State::Text { high: None }
            }
            _ => {
                self.lone(high);
                let decoded = char::from_u32(u32::from(unit)).map_or(1, char::len_utf8);
                self.unit(format!("\\u{unit:04x}").as_bytes(), decoded as u64);
                State::Text { high: None }
            }
        }
    }

    /// Half of a surrogate pair whose other half did not come.
    fn lone(&mut self, half: Option<u16>) {
        if half.is_some() {
            self.unit(b"\\ufffd", 3);
        }
    }

    /// A byte of a string that is no escape: its first byte decides over a character of several.
    fn character(&mut self, byte: u8) {
        let continues = byte & 0xc0 == 0x80;
        if self.cut == 0 && (continues || self.passed < self.bound) {
            self.passed += 1;
            self.ready.push(byte);
        } else {
            self.cut += 1;
        }
    }

    /// Something that is let through whole or not at all, and how many bytes it stands for.
    fn unit(&mut self, bytes: &[u8], decoded: u64) {
        if self.cut == 0 && self.passed < self.bound {
            self.passed += bytes.len();
            self.ready.extend_from_slice(bytes);
        } else {
            self.cut += decoded;
        }
    }

    fn close(&mut self) {
        if self.cut > 0 {
            self.ready.extend_from_slice(self.mark.0.as_bytes());
            self.ready
                .extend_from_slice(self.cut.to_string().as_bytes());
        }
        self.ready.push(b'"');
    }
}

impl<R: Read> Read for Shorten<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() {
            if !self.refill()? {
                return Ok(0);
            }
        }
        let waiting = self.ready.get(self.taken..).unwrap_or_default();
        let count = waiting.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), waiting.get(..count)) {
            to.copy_from_slice(from);
        }
        self.taken += count;
        Ok(count)
    }
}

/// Read at a time.
const CHUNK: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The string of a document of one, and what was cut off it.
    fn parsed(json: &str, bound: usize) -> (String, u64) {
        let mark = Mark::random().unwrap();
        let mut text = String::new();
        Shorten::new(json.as_bytes(), mark.clone(), bound)
            .read_to_string(&mut text)
            .unwrap();
        let text: String = serde_json::from_str(&text).unwrap();
        let (kept, cut) = mark.split(&text);
        (kept.to_owned(), cut)
    }

    #[test]
    fn a_string_over_the_bound_is_cut_and_says_by_how_much() {
        assert_eq!(parsed(r#""abcdef""#, 4), ("abcd".to_owned(), 2));
        assert_eq!(parsed(r#""abcd""#, 4), ("abcd".to_owned(), 0));
        assert_eq!(parsed(r#""aé€""#, 2), ("aé".to_owned(), 3));
        assert_eq!(
            parsed(r#""ab\n\u20ac\ud83d\ude00\"""#, 3),
            ("ab\n".to_owned(), 8)
        );
    }

    #[test]
    fn half_a_surrogate_pair_becomes_a_replacement_character() {
        assert_eq!(parsed(r#""a\ud83db""#, 99).0, "a\u{fffd}b");
        assert_eq!(
            parsed(r#""\ude00\ud83d\ud83d\ude00\ud83d""#, 99).0,
            "\u{fffd}\u{fffd}😀\u{fffd}"
        );
        assert_eq!(parsed(r#""\ud83d\n""#, 99).0, "\u{fffd}\n");
    }

    #[test]
    fn nobody_outside_can_forge_a_mark() {
        let (kept, cut) = parsed(r#""abc000000000000000000000000000000005""#, 99);
        assert_eq!((kept.len(), cut), (36, 0));
    }

    proptest! {
        #[test]
        fn what_is_kept_and_what_is_cut_make_the_whole(text in any::<String>(), bound in 0..40_usize) {
            let json = serde_json::to_string(&text).unwrap();
            let (kept, cut) = parsed(&json, bound);
            prop_assert!(text.starts_with(&kept));
            prop_assert_eq!(kept.len() as u64 + cut, text.len() as u64);
        }
    }
}
