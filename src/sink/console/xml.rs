//! Lays XML out for reading, an escaped payload inside it included. What is malformed is shown as it is.

use std::ops::Range;

use super::body::{Line, Piece};
use super::paint::{Style, cut};
use crate::finesse::unescape;

/// The lines of `xml`, indented; `None` if it is not well-formed enough to be laid out, or larger than any live session
/// keeps.
pub(super) fn lines(xml: &str) -> Option<Vec<Line>> {
    if xml.len() > LARGEST {
        return None;
    }
    let tokens = tokens(xml)?;
    let mut layout = Layout {
        xml,
        depth: 0,
        unfolded: 0,
        bar: None,
        lines: Vec::new(),
    };
    layout.all(&tokens);
    Some(layout.lines)
}

/// A part of the text.
#[derive(Debug, Clone)]
enum Token {
    Open(Range<usize>),
    Close(Range<usize>),
    /// A tag that is complete in itself, a comment, a declaration or a CDATA section.
    Whole(Range<usize>),
    Text(Range<usize>),
}

/// Cuts the text at its tags; `None` if these do not nest.
fn tokens(xml: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < xml.len() {
        let rest = xml.get(at..)?;
        if !rest.starts_with('<') {
            let end = rest.find('<').map_or(xml.len(), |length| at + length);
            if open.is_empty() && !xml.get(at..end)?.trim().is_empty() {
                return None;
            }
            tokens.push(Token::Text(at..end));
            at = end;
            continue;
        }
        let end = at + tag_length(rest)?;
        let tag = xml.get(at..end)?;
        if tag.starts_with("<!") || tag.starts_with("<?") || tag.ends_with("/>") {
            tokens.push(Token::Whole(at..end));
        } else if tag.starts_with("</") {
            if open.pop()? != name(tag) {
                return None;
            }
            tokens.push(Token::Close(at..end));
        } else {
            open.push(name(tag));
            tokens.push(Token::Open(at..end));
        }
        at = end;
    }
    (open.is_empty() && !tokens.is_empty()).then_some(tokens)
}

/// The length of the tag that `rest` starts with, its `>` included.
fn tag_length(rest: &str) -> Option<usize> {
    for (start, end) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] {
        if rest.starts_with(start) {
            return Some(rest.find(end)? + end.len());
        }
    }
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            (None, b'>') => return Some(at + 1),
            (None, b'<') if at > 0 => return None,
            _ => {}
        }
    }
    None
}

/// The name of a tag.
fn name(tag: &str) -> &str {
    let inner = tag
        .trim_start_matches(['<', '/'])
        .trim_end_matches(['>', '/']);
    inner
        .split(|character: char| character.is_ascii_whitespace())
        .next()
        .unwrap_or_default()
}

struct Layout<'a> {
    xml: &'a str,
    depth: usize,
    /// How many escapes were undone to get here.
    unfolded: usize,
    /// Where the bar of the unfolded payload stands.
    bar: Option<usize>,
    lines: Vec<Line>,
}

impl Layout<'_> {
    fn all(&mut self, tokens: &[Token]) {
        let mut rest = tokens;
        while let Some((token, tail)) = rest.split_first() {
            if self.lines.len() > LINES {
                return;
            }
            rest = match (token, tail) {
                (Token::Open(open), [Token::Text(text), Token::Close(close), tail @ ..]) => {
                    self.leaf(open, text, close);
                    tail
                }
                (Token::Open(open), [Token::Close(close), tail @ ..]) => {
                    self.line(&[open.clone(), close.clone()]);
                    tail
                }
                (Token::Open(open), tail) => {
                    self.line(std::slice::from_ref(open));
                    self.depth += 1;
                    tail
                }
                (Token::Close(close), tail) => {
                    self.depth = self.depth.saturating_sub(1);
                    self.line(std::slice::from_ref(close));
                    tail
                }
                (Token::Whole(whole), tail) => {
                    self.line(std::slice::from_ref(whole));
                    tail
                }
                (Token::Text(text), tail) => {
                    self.text(text);
                    tail
                }
            };
        }
    }

    /// An element with nothing but text in it: one line, unless the text is XML of its own.
    fn leaf(&mut self, open: &Range<usize>, text: &Range<usize>, close: &Range<usize>) {
        let content = self.xml.get(text.clone()).unwrap_or_default().trim();
        if let Some(inner) = self.unfold(content) {
            self.line(std::slice::from_ref(open));
            self.lines.extend(inner);
            self.line(std::slice::from_ref(close));
            return;
        }
        let mut pieces = self.tag(open);
        pieces.push(Piece::new(Style::Plain, cut(content, VALUE_LONGEST)));
        pieces.extend(self.tag(close));
        self.push(pieces);
    }

    fn text(&mut self, text: &Range<usize>) {
        let content = self.xml.get(text.clone()).unwrap_or_default().trim();
        if !content.is_empty() {
            self.push(vec![Piece::new(Style::Plain, cut(content, VALUE_LONGEST))]);
        }
    }

    /// The lines of escaped XML, such as the `Update` in a notification.
    fn unfold(&self, content: &str) -> Option<Vec<Line>> {
        if !content.starts_with("&lt;") || self.unfolded >= UNFOLDED_DEEPEST {
            return None;
        }
        let inner = unescape(content);
        let tokens = tokens(&inner)?;
        let mut layout = Layout {
            xml: &inner,
            depth: self.depth + 1,
            unfolded: self.unfolded + 1,
            bar: Some(self.depth.min(INDENT_DEEPEST)),
            lines: Vec::new(),
        };
        layout.all(&tokens);
        Some(layout.lines)
    }

    fn line(&mut self, tags: &[Range<usize>]) {
        let pieces = tags.iter().flat_map(|tag| self.tag(tag)).collect();
        self.push(pieces);
    }

    fn push(&mut self, pieces: Vec<Piece>) {
        let indent = self.depth.min(INDENT_DEEPEST);
        self.lines.push(Line {
            indent,
            bar: self.bar,
            pieces,
        });
    }

    /// The pieces of one tag: its name, and its attributes with their values.
    fn tag(&self, range: &Range<usize>) -> Vec<Piece> {
        let tag = self.xml.get(range.clone()).unwrap_or_default();
        if tag.starts_with("<!") || tag.starts_with("<?") {
            return vec![Piece::new(Style::Dim, cut(tag, VALUE_LONGEST))];
        }
        let mut pieces = Vec::new();
        let mut rest = tag;
        while let Some((before, quote, value, after)) = next_value(rest) {
            attribute_name(&mut pieces, before);
            let value = cut(value, VALUE_LONGEST);
            pieces.push(Piece::new(Style::Value, format!("{quote}{value}{quote}")));
            rest = after;
        }
        pieces.push(Piece::new(Style::Tag, squeeze(rest)));
        pieces
    }
}

/// Up to the next quoted value, its quote, the value, and what follows.
fn next_value(text: &str) -> Option<(&str, char, &str, &str)> {
    let (at, quote) = text
        .char_indices()
        .find(|(_, character)| matches!(character, '"' | '\''))?;
    let rest = text.get(at + 1..)?;
    let end = rest.find(quote)?;
    Some((
        text.get(..at)?,
        quote,
        rest.get(..end)?,
        rest.get(end + 1..)?,
    ))
}

fn attribute_name(pieces: &mut Vec<Piece>, text: &str) {
    let text = squeeze(text);
    match text.rsplit_once(' ') {
        Some((tag, name)) => {
            pieces.push(Piece::new(Style::Tag, format!("{tag} ")));
            pieces.push(Piece::new(Style::Name, name.to_owned()));
        }
        None => pieces.push(Piece::new(Style::Tag, text)),
    }
}

/// White space inside a tag as single blanks.
fn squeeze(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    for character in text.chars() {
        let space = character.is_ascii_whitespace();
        if !space {
            squeezed.push(character);
        } else if !squeezed.ends_with(' ') {
            squeezed.push(' ');
        }
    }
    squeezed
}

/// Longer texts and values are cut in the view, in characters.
const VALUE_LONGEST: usize = 400;
/// What is deeper is indented no further.
const INDENT_DEEPEST: usize = 24;
/// Payloads inside payloads are unfolded this deep.
const UNFOLDED_DEEPEST: usize = 3;
/// Lines that are laid out at all; the body shows fewer.
const LINES: usize = 1000;

/// Bytes that are laid out at most; a layout takes many times the memory of its text.
const LARGEST: usize = 1024 * 1024;
