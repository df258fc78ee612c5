//! The words that a secret gives itself away by, and the one pass that tells a text without any.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::pseudonym::Class;

/// What a word announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// A part of a name whose value may be secret.
    Name,
    /// `auth`: a SASL element, or a part of `Authorization`.
    Auth,
    /// Another SASL element.
    Sasl,
    /// `Bearer`.
    Bearer,
    /// `Basic`.
    Basic,
    /// The start of a JSON web token.
    Jwt,
    /// `CallVariable` or `callVariable1`.
    Variable,
    /// The end of a URL's scheme.
    Scheme,
}

/// The automaton over all words.
#[derive(Debug)]
pub(super) struct Words(AhoCorasick);

impl Words {
    pub(super) fn new() -> Self {
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .kind(Some(AhoCorasickKind::DFA))
            .build(WORDS.iter().map(|(word, _)| word))
            .expect("two dozen short words fit into any automaton");
        Self(automaton)
    }

    /// Whether `bytes` may hold a secret; most texts hold none, and then nothing is allocated.
    ///
    /// Lower-casing into a small buffer first is what lets the automaton skip ahead with vector instructions.
    pub(super) fn suspect(&self, bytes: &[u8]) -> bool {
        let mut lower = [0_u8; CHUNK];
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = rest.len().min(CHUNK);
            let (chunk, buffer) = (&rest[..length], &mut lower[..length]);
            buffer.copy_from_slice(chunk);
            buffer.make_ascii_lowercase();
            if self.hits(buffer) {
                return true;
            }
            if length == rest.len() {
                break;
            }
            rest = rest.get(CHUNK - OVERLAP..).unwrap_or_default();
        }
        false
    }

    /// Every word of `lower`, which is in lower case, in order.
    pub(super) fn all<'a>(
        &'a self,
        lower: &'a [u8],
    ) -> impl Iterator<Item = (Range<usize>, Word)> + 'a {
        let words = self
            .0
            .find_iter(lower)
            .filter_map(|found| Some((found.range(), WORDS.get(found.pattern().as_usize())?.1)));
        words.chain(userinfo_schemes(lower).map(|at| (at..at + PLAIN_SCHEME.len(), Word::Scheme)))
    }

    fn hits(&self, lower: &[u8]) -> bool {
        self.0.is_match(lower) || userinfo_schemes(lower).next().is_some()
    }
}

/// What the name stands for, if its value is secret. `name` is in lower case.
pub(super) fn class_of(name: &str) -> Option<Class> {
    let plain: String = name
        .chars()
        .filter(|character| character.is_ascii_alphanumeric())
        .collect();
    if let Some((_, number)) = plain.split_once("callvariable") {
        let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        return numbered.then_some(Class::Variable);
    }
    let exact = EXACT.iter().find(|(word, _)| plain == *word);
    if let Some((_, class)) = exact {
        return Some(*class);
    }
    let (at, word, class) = NAMES
        .iter()
        .filter_map(|(word, class)| Some((plain.rfind(word)?, *word, *class)))
        .max_by_key(|(at, ..)| *at)?;
    let tail = plain.get(at + word.len()..).unwrap_or_default();
    let harmless = HARMLESS_TAILS.iter().any(|word| tail.starts_with(word));
    (!harmless).then_some(class)
}

/// The places of `://` that have an `@` before the host ends: JIDs and namespaces are no such places.
fn userinfo_schemes(lower: &[u8]) -> impl Iterator<Item = usize> + '_ {
    memchr::memmem::find_iter(lower, PLAIN_SCHEME).filter(move |at| {
        let rest = lower.get(at + PLAIN_SCHEME.len()..).unwrap_or_default();
        let ends = |byte: &u8| b"/?# \t\r\n\"'<>\\@".contains(byte);
        rest.iter()
            .find(|byte| ends(byte))
            .is_some_and(|byte| *byte == b'@')
    })
}

/// What to look for. None is longer than [`OVERLAP`] bytes.
const WORDS: &[(&str, Word)] = &[
    ("password", Word::Name),
    ("passwd", Word::Name),
    ("passphrase", Word::Name),
    ("passcode", Word::Name),
    ("pwd", Word::Name),
    ("secret", Word::Name),
    ("token", Word::Name),
    ("cookie", Word::Name),
    ("apikey", Word::Name),
    ("api_key", Word::Name),
    ("api-key", Word::Name),
    ("sessionid", Word::Name),
    ("session_id", Word::Name),
    ("credential", Word::Name),
    ("initial-response", Word::Sasl),
    ("additional-data", Word::Sasl),
    ("challenge", Word::Sasl),
    ("response", Word::Sasl),
    ("success", Word::Sasl),
    ("auth", Word::Auth),
    ("bearer", Word::Bearer),
    ("basic", Word::Basic),
    ("eyj", Word::Jwt),
    ("callvariable", Word::Variable),
    (":\\/\\/", Word::Scheme),
    ("%3a%2f%2f", Word::Scheme),
    ("%253a%252f%252f", Word::Scheme),
];

/// Names that are secret as they stand; punctuation left out.
const EXACT: &[(&str, Class)] = &[
    ("auth", Class::Credentials),
    ("xauth", Class::Credentials),
    ("cookie", Class::Cookie),
    ("cookie2", Class::Cookie),
    ("setcookie", Class::Cookie),
    ("setcookie2", Class::Cookie),
];

/// Names that are secret when they contain this; punctuation left out.
const NAMES: &[(&str, Class)] = &[
    ("password", Class::Password),
    ("passwd", Class::Password),
    ("passphrase", Class::Password),
    ("passcode", Class::Password),
    ("pwd", Class::Password),
    ("token", Class::Token),
    ("secret", Class::Secret),
    ("apikey", Class::Secret),
    ("credential", Class::Secret),
    ("sessionid", Class::Session),
    ("authorization", Class::Credentials),
];

/// What follows such a word in names of things that are no secret, such as `token_type`.
const HARMLESS_TAILS: &[&str] = &[
    "type", "endpoint", "url", "uri", "expir", "length", "policy", "count", "required", "lifetime",
];

const PLAIN_SCHEME: &[u8] = b"://";
/// Bytes that are looked at in one go.
const CHUNK: usize = 2048;
/// Bytes that two chunks share, so that no word and no host name is torn.
const OVERLAP: usize = 288;
