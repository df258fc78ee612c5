//! The words that a secret gives itself away by, and the one pass that tells a text without any.

use std::ops::Range;

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, AhoCorasickKind, Match, MatchKind};
use memchr::memmem::Finder;

use super::escapes;
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
    /// `code=`, as a parameter.
    Code,
}

/// The automata over all words.
#[derive(Debug)]
pub(super) struct Words {
    automaton: AhoCorasick,
    /// Goes over long texts with vector instructions, where the processor has them.
    packed: Option<Searcher>,
    /// Finds the ends of schemes.
    scheme: Finder<'static>,
}

impl Words {
    pub(super) fn new() -> Self {
        let words = || WORDS.iter().map(|(word, _)| word);
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .kind(Some(AhoCorasickKind::DFA))
            .prefilter(false)
            .build(words())
            .expect("two dozen short words fit into any automaton");
        // Twice the buckets mean half the false alarms; not every processor can do that.
        let build = |fat| {
            let mut config = packed::Config::new();
            config.only_teddy_fat(fat);
            config.builder().extend(words()).build()
        };
        let packed = build(Some(true)).or_else(|| build(None));
        let scheme = Finder::new(PLAIN_SCHEME);
        Self {
            automaton,
            packed,
            scheme,
        }
    }

    /// Whether `bytes` may hold a secret; most texts hold none, and then nothing is allocated.
    ///
    /// The vector instructions know no case, so the text is lower-cased into a small buffer first.
    pub(super) fn suspect(&self, bytes: &[u8]) -> bool {
        if bytes.len() <= SHORT {
            let mut lower = [0_u8; SHORT];
            return escapes::present(bytes)
                || lower_case(&mut lower, bytes).is_some_and(|lower| self.hits(lower));
        }
        if escapes::present(bytes) {
            return true;
        }
        let mut buffer = [0_u8; CHUNK];
        let mut rest = bytes;
        loop {
            let chunk = rest.get(..CHUNK).unwrap_or(rest);
            if lower_case(&mut buffer, chunk).is_some_and(|lower| self.hits(lower)) {
                return true;
            }
            if chunk.len() == rest.len() {
                return false;
            }
            rest = rest.get(CHUNK - OVERLAP..).unwrap_or_default();
        }
    }

    /// Every word of `lower`, which is in lower case, in order.
    pub(super) fn all(&self, lower: &[u8]) -> Vec<(Range<usize>, Word)> {
        let word = |found: Match| Some((found.range(), WORDS.get(found.pattern().as_usize())?.1));
        let mut words: Vec<_> = match self.packed_for(lower) {
            Some(packed) => packed.find_iter(lower).filter_map(word).collect(),
            None => self.automaton.find_iter(lower).filter_map(word).collect(),
        };
        let schemes = self.userinfo_schemes(lower);
        words.extend(schemes.map(|at| (at..at + PLAIN_SCHEME.len(), Word::Scheme)));
        words.sort_unstable_by_key(|(range, _)| range.start);
        words
    }

    /// The places of `://` that have an `@` before the host ends: JIDs and namespaces are no such places.
    fn userinfo_schemes<'a>(&'a self, lower: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        self.scheme.find_iter(lower).filter(move |at| {
            let rest = lower.get(at + PLAIN_SCHEME.len()..).unwrap_or_default();
            let ends = |byte: &u8| {
                matches!(
                    byte,
                    b'/' | b'?' | b'#' | b'@' | b'<' | b'>' | b'"' | b'\'' | b'\\' | b'\0'..=b' '
                )
            };
            rest.iter()
                .find(|byte| ends(byte))
                .is_some_and(|byte| *byte == b'@')
        })
    }

    fn hits(&self, lower: &[u8]) -> bool {
        let word = match self.packed_for(lower) {
            Some(packed) => packed.find(lower).is_some(),
            None => self.automaton.is_match(lower),
        };
        word || self.userinfo_schemes(lower).next().is_some()
    }

    /// The vector instructions, if there are any and the text is long enough for them.
    fn packed_for(&self, lower: &[u8]) -> Option<&Searcher> {
        let packed = self.packed.as_ref()?;
        (lower.len() >= packed.minimum_len()).then_some(packed)
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

/// `bytes` in lower case, in the first bytes of `buffer`.
fn lower_case<'a>(buffer: &'a mut [u8], bytes: &[u8]) -> Option<&'a [u8]> {
    let lower = buffer.get_mut(..bytes.len())?;
    lower.copy_from_slice(bytes);
    lower.make_ascii_lowercase();
    Some(lower)
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
    ("samlart", Word::Name),
    ("assertion", Word::Name),
    ("code=", Word::Code),
    ("code%3d", Word::Code),
    ("code%253d", Word::Code),
];

/// Names that are secret as they stand; punctuation left out.
const EXACT: &[(&str, Class)] = &[
    ("auth", Class::Credentials),
    ("xauth", Class::Credentials),
    ("cookie", Class::Cookie),
    ("cookie2", Class::Cookie),
    ("setcookie", Class::Cookie),
    ("setcookie2", Class::Cookie),
    ("samlresponse", Class::Token),
    ("samlart", Class::Token),
    ("assertion", Class::Token),
    ("clientassertion", Class::Token),
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
/// Ids, nodes and headers are hardly longer; a small buffer is cheaper to clear.
const SHORT: usize = 128;
/// Bytes that are looked at in one go.
const CHUNK: usize = 2048;
/// Bytes that two chunks share, so that no word and no host name is torn.
const OVERLAP: usize = 288;
