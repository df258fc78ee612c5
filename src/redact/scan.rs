//! Finds the secrets of a text, whatever the text is: a URL, a form, JSON, XML, a header, prose, and any of
//! them escaped inside another, cut off or malformed.
//!
//! There is no parser in here on purpose: a parser gives up where a secret is cut in half. The scanner goes by
//! names, takes the value that follows in whatever form, and takes the rest of the text where no end is found.

use std::ops::Range;

use super::marks::{self, Brackets};
use super::pseudonym::{Class, PREFIX, Pseudonyms, ends_with_pseudonym};
use super::words::{Word, Words, class_of};
use super::{credentials, escapes, value};

/// A part of the text, and what stands there instead.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

/// The text without its secrets; `None` if there are none.
pub(super) fn redact(words: &Words, pseudonyms: &Pseudonyms, text: &str) -> Option<String> {
    let mut redacted = pass(words, pseudonyms, text)?;
    for _ in 1..PASSES {
        match pass(words, pseudonyms, &redacted) {
            Some(next) => redacted = next,
            None => break,
        }
    }
    Some(redacted)
}

fn pass(words: &Words, pseudonyms: &Pseudonyms, text: &str) -> Option<String> {
    let plain = escapes::undone(text);
    let read = plain.as_ref().map_or(text, |plain| &plain.text);
    let lower = read.to_ascii_lowercase();
    let mut scan = Scan::new(read, &lower, pseudonyms);
    for (range, word) in words.all(lower.as_bytes()) {
        scan.word(range, word);
    }
    apply(text, scan.spans(plain.as_ref()))
}

/// The text with every span replaced; of two that overlap the first counts, and reaches over both.
pub(super) fn apply(text: &str, mut spans: Vec<Span>) -> Option<String> {
    if spans.is_empty() {
        return None;
    }
    spans.sort_by_key(|span| span.range.start);
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        if span.range.start >= at {
            result.push_str(text.get(at..span.range.start).unwrap_or_default());
            result.push_str(&span.text);
        }
        at = at.max(span.range.end);
    }
    result.push_str(text.get(at..).unwrap_or_default());
    Some(result)
}

/// One pass over one text.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    pub(super) text: &'a str,
    /// `text` in lower case, byte for byte at the same place.
    pub(super) lower: &'a [u8],
    pub(super) pseudonyms: &'a Pseudonyms,
    /// Whether the text speaks of SASL at all.
    sasl: bool,
    spans: Vec<Span>,
    /// Names and values before this place are dealt with; keeps hostile text linear.
    pub(super) looked: usize,
    /// Forms of `>` that do not occur from a place on; keeps hostile text linear, too.
    unclosed: Vec<(&'static str, usize)>,
}

impl<'a> Scan<'a> {
    /// `lower` is `text` in lower case.
    pub(super) fn new(text: &'a str, lower: &'a str, pseudonyms: &'a Pseudonyms) -> Self {
        Self {
            text,
            lower: lower.as_bytes(),
            pseudonyms,
            sasl: lower.contains("sasl"),
            spans: Vec::new(),
            looked: 0,
            unclosed: Vec::new(),
        }
    }

    /// What was found, by its places in the text before escaped letters were undone.
    pub(super) fn spans(self, plain: Option<&escapes::Plain>) -> Vec<Span> {
        let mut spans = self.spans;
        if let Some(plain) = plain {
            for span in &mut spans {
                span.range = plain.before(&span.range);
            }
        }
        spans
    }

    fn word(&mut self, found: Range<usize>, word: Word) {
        if found.start < self.looked || self.is_our_own(found.start) {
            return;
        }
        match word {
            Word::Bearer => self.bearer(found),
            Word::Basic => self.basic(found),
            Word::Jwt => self.jwt(found.start),
            Word::Scheme => self.userinfo(found.end),
            Word::Code => self.code(found),
            Word::Sasl | Word::Auth | Word::Name | Word::Variable => self.name(found),
        }
    }

    /// Whether the word is part of a pseudonym.
    fn is_our_own(&self, at: usize) -> bool {
        let before = self.lower.get(..at).unwrap_or_default();
        before.ends_with(PREFIX.as_bytes()) && {
            let end = marks::name_end(self.lower, at);
            let name = self.slice(at - PREFIX.len()..end);
            // A pseudonym may be glued to what follows it: the hash is what counts.
            name.len() >= PREFIX.len() && ends_with_pseudonym(head_of_pseudonym(name))
        }
    }

    fn name(&mut self, found: Range<usize>) {
        let start = marks::name_start(self.lower, found.start, self.looked);
        let end = marks::name_end(self.lower, found.end);
        self.looked = end;
        let name = std::str::from_utf8(self.lower.get(start..end).unwrap_or_default());
        let name = name.unwrap_or_default();
        match (self.bracket(start), name) {
            (Some(brackets), "callvariable") => self.container(start..end, brackets),
            (None, "callvariable" | "callvariables") => self.listed(end),
            (Some(brackets), "auth" | "challenge" | "initial-response" | "additional-data") => {
                self.sasl(start..end, brackets, true);
            }
            (Some(brackets), "response" | "success") => {
                self.sasl(start..end, brackets, self.sasl);
            }
            (brackets, _) => {
                if let Some(class) = class_of(name) {
                    self.named(start..end, class, brackets);
                }
            }
        }
    }

    /// The brackets that make the name at `start` an element's, its prefix skipped.
    pub(super) fn bracket(&self, start: usize) -> Option<Brackets> {
        let colon = start.checked_sub(1)?;
        let start = match self.lower.get(colon) {
            Some(b':') => marks::name_start(self.lower, colon, 0),
            _ => start,
        };
        marks::bracket_before(self.lower, start)
    }

    /// The end of an element's opening tag, and its body; `None` if the tag does not end.
    pub(super) fn element(
        &mut self,
        name: &Range<usize>,
        brackets: Brackets,
    ) -> Option<(usize, Range<usize>)> {
        let known = |(close, from): &(&str, usize)| *close == brackets.close && *from <= name.end;
        if self.unclosed.iter().any(known) {
            return None;
        }
        let Some(close) = marks::find(self.lower, name.end, brackets.close) else {
            self.unclosed.push((brackets.close, name.end));
            return None;
        };
        value::element(self.lower, name, brackets, close)
    }

    /// The first `value` in the range.
    pub(super) fn value_in(&self, range: Range<usize>) -> Option<usize> {
        marks::find(self.lower.get(..range.end)?, range.start, "value")
    }

    fn bearer(&mut self, found: Range<usize>) {
        if let Some(run) = credentials::run_after(self.lower, &found)
            && credentials::looks_random(self.slice(run.clone()))
        {
            let text = self
                .pseudonyms
                .of(Class::Token, self.slice(run.clone()).as_bytes());
            self.replace(run, text);
        }
    }

    fn basic(&mut self, found: Range<usize>) {
        let Some(run) = credentials::run_after(self.lower, &found) else {
            return;
        };
        if self.lower.get(run.end) == Some(&b':') {
            return;
        }
        if let Some(text) = credentials::basic(self.pseudonyms, self.slice(run.clone())) {
            self.replace(run, text);
        }
    }

    fn jwt(&mut self, start: usize) {
        if !self
            .text
            .as_bytes()
            .get(start..)
            .is_some_and(|rest| rest.starts_with(b"eyJ"))
        {
            return;
        }
        let rest = self.lower.get(start..).unwrap_or_default();
        let end = start
            + rest
                .iter()
                .take_while(|byte| marks::is_name(**byte))
                .count();
        if end - start >= JWT_SHORTEST {
            let text = self
                .pseudonyms
                .of(Class::Token, self.slice(start..end).as_bytes());
            self.replace(start..end, text);
        }
    }

    /// `code=`, which is an authorization code (RFC 6749 section 4.1.2) or some other code: the value tells.
    fn code(&mut self, found: Range<usize>) {
        let name = found.start..found.start + "code".len();
        if marks::name_start(self.lower, name.start, self.looked) != name.start {
            return;
        }
        if let Some(found) = value::after_name(self.lower, &name, Class::Token)
            && credentials::looks_issued(self.slice(found.range.clone()))
        {
            self.value(found, Class::Token);
        }
    }

    fn userinfo(&mut self, start: usize) {
        if let Some(password) = value::userinfo_password(self.lower, start) {
            self.secret(password, Class::Password);
        }
    }

    pub(super) fn replace(&mut self, range: Range<usize>, text: String) {
        self.looked = self.looked.max(range.end);
        self.spans.push(Span { range, text });
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }
}

/// The pseudonym that a name starts with, as far as it can be one.
fn head_of_pseudonym(name: &str) -> &str {
    let class = name.get(PREFIX.len()..).unwrap_or_default();
    let end = class
        .find('-')
        .map_or(name.len(), |at| PREFIX.len() + at + 9);
    name.get(..end).unwrap_or(name)
}

/// The text is looked at again until nothing is found, at most this many times in all.
const PASSES: usize = 4;
/// A shorter run is no JSON web token.
const JWT_SHORTEST: usize = 16;
