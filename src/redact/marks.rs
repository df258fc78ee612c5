//! How markup looks in its escaped forms: `<`, `>`, quotes and `=` as they stand in XML, in XML inside XML,
//! in JSON and in a URL. Everything here works on lower-case bytes.

/// One way to write `<` and `>`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brackets {
    pub(super) open: &'static str,
    pub(super) close: &'static str,
}

/// The brackets whose `<` ends just before `at`.
pub(super) fn bracket_before(bytes: &[u8], at: usize) -> Option<Brackets> {
    let before = bytes.get(..at)?;
    let fits = |pair: &&Brackets| before.ends_with(pair.open.as_bytes());
    BRACKETS.iter().find(fits).copied()
}

/// Whether a `>` in some form ends just before `at`.
pub(super) fn close_bracket_before(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    BRACKETS
        .iter()
        .any(|pair| before.ends_with(pair.close.as_bytes()))
}

/// Whether a `<` in some form starts at `at`.
pub(super) fn open_bracket_at(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    BRACKETS
        .iter()
        .any(|pair| rest.starts_with(pair.open.as_bytes()))
}

/// The quote that starts at `at`, in whatever form.
pub(super) fn quote_at(bytes: &[u8], at: usize) -> Option<&'static str> {
    starts_with_any(bytes, at, QUOTES)
}

/// Whether a quote in some form ends just before `at`.
pub(super) fn quote_before(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    QUOTES
        .iter()
        .any(|quote| before.ends_with(quote.as_bytes()))
}

/// The `=` or `:` that starts at `at`, in whatever form.
pub(super) fn separator_at(bytes: &[u8], at: usize) -> Option<&'static str> {
    starts_with_any(bytes, at, SEPARATORS)
}

/// The slash of a closing tag that starts at `at`, in whatever form.
pub(super) fn slash_at(bytes: &[u8], at: usize) -> Option<&'static str> {
    starts_with_any(bytes, at, SLASHES)
}

/// Where the slash begins that ends just before `at`, in whatever form.
pub(super) fn slash_before(bytes: &[u8], at: usize) -> Option<usize> {
    let before = bytes.get(..at)?;
    let fits = |slash: &&&str| before.ends_with(slash.as_bytes());
    let longest = SLASHES.iter().filter(fits).map(|slash| slash.len()).max()?;
    Some(at - longest)
}

/// The name that a value at `at` belongs to, without its prefix: of an element, a key or a parameter; empty if none does.
pub(super) fn announced_by(bytes: &[u8], at: usize) -> &[u8] {
    let floor = at.saturating_sub(NAME_LONGEST);
    let mut before = bytes.get(floor..at).unwrap_or_default();
    let mut separated = false;
    loop {
        let bare = before.trim_ascii_end();
        let mark = [QUOTES, SEPARATORS].into_iter().flatten();
        let longest = mark
            .filter(|mark| bare.ends_with(mark.as_bytes()))
            .map(|mark| mark.len())
            .max();
        match longest {
            Some(length) => {
                before = bare.get(..bare.len() - length).unwrap_or_default();
                separated = true;
            }
            None if bare.len() < before.len() => before = bare,
            None => break,
        }
    }
    if let Some(pair) = BRACKETS
        .iter()
        .find(|pair| before.ends_with(pair.close.as_bytes()))
    {
        let open = memchr::memmem::rfind(before, pair.open.as_bytes());
        let tag = open.and_then(|open| before.get(open + pair.open.len()..));
        let name = tag.unwrap_or_default();
        let end = name_end(name, 0);
        return match name.get(end) {
            Some(b':') => name
                .get(end + 1..name_end(name, end + 1))
                .unwrap_or_default(),
            _ => name.get(..end).unwrap_or_default(),
        };
    }
    let start = name_start(before, before.len(), 0);
    before
        .get(start..)
        .filter(|_| separated)
        .unwrap_or_default()
}

/// The first place from `at` on that holds no white space, escaped or not.
pub(super) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(byte) if byte.is_ascii_whitespace() => at += 1,
            Some(b'%') if starts_with_any(bytes, at, &["%20"]).is_some() => at += 3,
            _ => return at,
        }
    }
}

/// Whether `byte` belongs to a name of XML, JSON, HTTP or a query.
pub(super) const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The start of the name that reaches to `at`, not before `floor`; an escape just before a name is no part of it.
pub(super) fn name_start(bytes: &[u8], mut at: usize, floor: usize) -> usize {
    let floor = floor.max(at.saturating_sub(NAME_LONGEST));
    while at > floor && bytes.get(at - 1).copied().is_some_and(is_name) {
        if escape_before(bytes, at) {
            break;
        }
        at -= 1;
    }
    at
}

/// The end of the name that starts at or before `at`.
pub(super) fn name_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let tail = rest.iter().take(NAME_LONGEST);
    at + tail.take_while(|byte| is_name(**byte)).count()
}

/// The first place of `needle` from `at` on.
pub(super) fn find(bytes: &[u8], at: usize, needle: &str) -> Option<usize> {
    // What is looked for is short and mostly near: a searcher would take longer to build than to run.
    let (rest, needle) = (bytes.get(at..)?, needle.as_bytes());
    let is_here = |start: &usize| {
        rest.get(*start..)
            .is_some_and(|rest| rest.starts_with(needle))
    };
    let start = memchr::memchr_iter(*needle.first()?, rest).find(is_here)?;
    Some(at + start)
}

/// Whether a percent or backslash escape ends just before `at`.
pub(super) fn escape_before(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    let hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    match before {
        [.., b'%', b'2', b'5', a, b] | [.., b'%', a, b] if hex(&[*a, *b]) => true,
        [.., b'\\', b'u', a, b, c, d] => hex(&[*a, *b, *c, *d]),
        [.., b'\\', b'n' | b'r' | b't'] => true,
        _ => false,
    }
}

fn starts_with_any(bytes: &[u8], at: usize, forms: &[&'static str]) -> Option<&'static str> {
    let rest = bytes.get(at..)?;
    let fits = |form: &&&'static str| rest.starts_with(form.as_bytes());
    forms.iter().find(fits).copied()
}

/// Longer forms come before those that they contain.
const BRACKETS: &[Brackets] = &[
    pair("<", ">"),
    pair("&lt;", "&gt;"),
    pair("&#60;", "&#62;"),
    pair("&#x3c;", "&#x3e;"),
    pair("&amp;lt;", "&amp;gt;"),
    pair("&amp;amp;lt;", "&amp;amp;gt;"),
    pair("\\u003c", "\\u003e"),
    pair("%253c", "%253e"),
    pair("%3c", "%3e"),
    pair("%26lt%3b", "%26gt%3b"),
];

const QUOTES: &[&str] = &[
    "\"",
    "'",
    "\\\\\\\"",
    "\\\"",
    "\\'",
    "&quot;",
    "&apos;",
    "&#34;",
    "&#39;",
    "&#x22;",
    "&#x27;",
    "&amp;quot;",
    "&amp;apos;",
    "\\u0022",
    "\\u0027",
    "%2522",
    "%2527",
    "%22",
    "%27",
];

const SEPARATORS: &[&str] = &[
    "=>", "=", ":", "%253d", "%253a", "%3d", "%3a", "&#61;", "\\u003d", "\\u003a",
];

const SLASHES: &[&str] = &["/", "\\/", "\\u002f", "%252f", "%2f"];

/// Names are not looked at beyond this many bytes on either side of a word.
const NAME_LONGEST: usize = 128;

const fn pair(open: &'static str, close: &'static str) -> Brackets {
    Brackets { open, close }
}
