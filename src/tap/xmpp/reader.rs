//! A walk over one XML element, with the rules of RFC 6120 section 11: no DTD, no comments, no processing
//! instructions, no entities but the five; and with bounds on depth and attributes.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};
use quick_xml::Reader;
use quick_xml::errors::IllFormedError;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use quick_xml::events::attributes::Attributes;

use crate::tap::Limits;

use super::namespaces::Scope;

/// The walk.
pub(super) struct Walk<'x> {
    text: &'x str,
    reader: Reader<&'x [u8]>,
    limits: &'x Limits,
    scope: Scope<'x>,
    /// Attributes of the element that was opened last, values as they stand.
    attributes: Vec<(&'x str, &'x str)>,
    /// The name of the element that was opened last.
    name: &'x str,
    depth: usize,
    /// The element that was opened last is an empty one.
    is_empty: bool,
    /// The root was closed.
    is_over: bool,
}

/// A step of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'x> {
    /// An element was opened; [`Walk::depth`] counts it.
    Open,
    /// Text, references in it as they stand.
    Text(&'x str),
    /// Text without references.
    Cdata(&'x str),
    /// An element was closed; [`Walk::depth`] still counts it.
    Close,
}

/// What is wrong with the XML.
pub(super) type Why = Cow<'static, str>;

impl<'x> Walk<'x> {
    pub(super) fn new(text: &'x str, limits: &'x Limits) -> Self {
        Self {
            text,
            reader: Reader::from_str(text),
            limits,
            scope: Scope::default(),
            attributes: Vec::with_capacity(8),
            name: "",
            depth: 0,
            is_empty: false,
            is_over: false,
        }
    }

    /// Elements that are open.
    pub(super) const fn depth(&self) -> usize {
        self.depth
    }

    /// The local name of the element that was opened last.
    pub(super) fn name(&self) -> &'x str {
        self.name
            .split_once(':')
            .map_or(self.name, |(_, local)| local)
    }

    /// The namespace of the element that was opened last.
    pub(super) fn namespace(&self) -> &str {
        let prefix = self.name.split_once(':').map_or("", |(prefix, _)| prefix);
        self.scope.resolve(prefix).unwrap_or_default()
    }

    /// The attributes of the element that was opened last, values as they stand.
    pub(super) fn attributes(&self) -> &[(&'x str, &'x str)] {
        &self.attributes
    }

    /// An attribute of the element that was opened last.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let (_, value) = self.attributes.iter().find(|(key, _)| *key == name)?;
        Some(unescaped(value))
    }

    /// The next step; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Step<'x>>, Why> {
        if self.is_empty {
            self.is_empty = false;
            return Ok(Some(Step::Close));
        }
        loop {
            if let Some(text) = self.text()? {
                return Ok(Some(Step::Text(text)));
            }
            let start = self.position();
            let step = match self.reader.read_event() {
                Ok(Event::Start(_)) => self.open(start, 1)?,
                Ok(Event::Empty(_)) => {
                    self.is_empty = true;
                    self.open(start, 2)?
                }
                Ok(Event::End(_)) => Step::Close,
                Ok(Event::CData(_)) if self.depth > 0 => Step::Cdata(self.cdata(start)),
                Ok(Event::Decl(_)) if start == 0 => continue,
                Ok(Event::Eof) if self.is_over => return Ok(None),
                Ok(Event::Eof) => return Err("it ends too early".into()),
                Ok(event) => return Err(forbidden(&event).into()),
                Err(error) => return Err(broken(&error).into()),
            };
            return Ok(Some(step));
        }
    }

    /// Leaves the element that was closed.
    pub(super) fn leave(&mut self) {
        self.scope.leave(self.depth);
        self.depth = self.depth.saturating_sub(1);
        self.is_over = self.depth == 0;
    }

    /// Text up to the next markup. quick-xml would stop at each reference, of which an `Update` is full.
    fn text(&mut self) -> Result<Option<&'x str>, Why> {
        let start = self.position();
        let rest = self.text.get(start..).unwrap_or_default();
        let length = memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        let Some(text) = rest.get(..length).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        if self.depth == 0 {
            if !is_blank(text) {
                return Err("there is text outside the element".into());
            }
        } else if !references_are_known(text.as_bytes()) {
            return Err("it refers to an entity that XMPP does not know".into());
        }
        *self.reader.get_mut() = rest.as_bytes().get(length..).unwrap_or_default();
        Ok((self.depth > 0).then_some(text))
    }

    /// The element between `start` and here, whose tag ends with `closing` bytes.
    fn open(&mut self, start: usize, closing: usize) -> Result<Step<'x>, Why> {
        if self.is_over {
            return Err("there is more than one element".into());
        }
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(format!("more than {} nested elements", self.limits.depth).into());
        }
        let end = self.position() - closing;
        let tag = self.text.get(start + 1..end).unwrap_or_default();
        let space = tag.bytes().position(|byte| byte.is_ascii_whitespace());
        let name = space.unwrap_or(tag.len());
        self.name = tag.get(..name).unwrap_or_default();
        self.read_attributes(tag, name)?;
        if let Some((prefix, _)) = self.name.split_once(':')
            && self.scope.resolve(prefix).is_none()
        {
            return Err("a prefix stands for no namespace".into());
        }
        Ok(Step::Open)
    }

    fn read_attributes(&mut self, tag: &'x str, name: usize) -> Result<(), Why> {
        self.attributes.clear();
        let mut attributes = Attributes::new(tag, name);
        for attribute in attributes.with_checks(false) {
            let attribute = attribute.map_err(|_| "an attribute is not well-formed")?;
            let key = attribute.key.into_inner();
            let Cow::Borrowed(value) = attribute.value else {
                continue;
            };
            if value.len() > self.limits.attribute {
                return Err(format!("an attribute of {} bytes", value.len()).into());
            }
            if !references_are_known(value.as_bytes()) {
                return Err("it refers to an entity that XMPP does not know".into());
            }
            if self.attributes.iter().any(|(other, _)| *other == key) {
                return Err("an attribute stands twice".into());
            }
            if self.attributes.len() >= self.limits.attributes {
                return Err(format!("more than {} attributes", self.limits.attributes).into());
            }
            self.attributes.push((key, value));
            let prefix = match key.strip_prefix("xmlns") {
                Some("") => "",
                Some(prefix) if prefix.starts_with(':') => prefix.trim_start_matches(':'),
                _ => continue,
            };
            let uri = unescape(value).map_err(|_| "a namespace is not well-formed")?;
            if !self.scope.declare(prefix, uri, self.depth) {
                return Err("too many namespaces are declared".into());
            }
        }
        Ok(())
    }

    fn cdata(&self, start: usize) -> &'x str {
        let section = self.text.get(start..self.position()).unwrap_or_default();
        let content = section.strip_prefix("<![CDATA[").unwrap_or(section);
        content.strip_suffix("]]>").unwrap_or(content)
    }

    /// The index of the next byte.
    const fn position(&self) -> usize {
        self.text.len().saturating_sub(self.reader.get_ref().len())
    }
}

/// A value without its references.
pub(super) fn unescaped(value: &str) -> String {
    unescape(value).map_or_else(|_| value.to_owned(), Cow::into_owned)
}

/// Only white space (XML 1.0 section 2.3).
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Whether all references are to characters or to one of the five entities (XML 1.0 section 4.6).
fn references_are_known(text: &[u8]) -> bool {
    let text = behind_plain_blocks(text);
    memchr_iter(b'&', text).all(|at| {
        let name = text.get(at + 1..).unwrap_or_default();
        match name {
            [b'l' | b'g', b't', b';', ..] => true,
            [b'#', number @ ..] => is_number(number),
            _ => [&b"amp;"[..], b"quot;", b"apos;"]
                .iter()
                .any(|entity| name.starts_with(entity)),
        }
    })
}

/// What is left of a text behind blocks that have no references but to `<` and `>`, as an escaped `Update` does.
/// Blocks are counted through without a branch.
fn behind_plain_blocks(mut text: &[u8]) -> &[u8] {
    while let Some(window) = text.first_chunk::<{ BLOCK + 3 }>() {
        let (mut all, mut brackets) = (0_u8, 0_u8);
        for at in 0..BLOCK {
            let is_reference = window[at] == b'&';
            let is_letter = (window[at + 1] == b'l') | (window[at + 1] == b'g');
            let is_bracket = is_letter & (window[at + 2] == b't') & (window[at + 3] == b';');
            all += u8::from(is_reference);
            brackets += u8::from(is_reference & is_bracket);
        }
        if all != brackets {
            return text;
        }
        text = text.get(BLOCK..).unwrap_or_default();
    }
    text
}

fn is_number(reference: &[u8]) -> bool {
    let (hexadecimal, digits) = match reference {
        [b'x', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let is_digit = |byte: &&u8| {
        if hexadecimal {
            byte.is_ascii_hexdigit()
        } else {
            byte.is_ascii_digit()
        }
    };
    let length = digits.iter().take_while(is_digit).take(DIGITS).count();
    length > 0 && digits.get(length) == Some(&b';')
}

/// A fixed phrase, because the error's own words repeat parts of the XML.
const fn broken(error: &quick_xml::Error) -> &'static str {
    match error {
        quick_xml::Error::IllFormed(IllFormedError::MismatchedEndTag { .. }) => {
            "an end tag names another element than the one that is open"
        }
        quick_xml::Error::IllFormed(IllFormedError::UnmatchedEndTag(_)) => {
            "an end tag closes nothing"
        }
        quick_xml::Error::Syntax(_) => "it ends inside markup",
        _ => "it is not well-formed",
    }
}

const fn forbidden(event: &Event<'_>) -> &'static str {
    match event {
        Event::DocType(_) => "it has a DOCTYPE, which XMPP forbids",
        Event::Comment(_) => "it has a comment, which XMPP forbids",
        Event::PI(_) => "it has a processing instruction, which XMPP forbids",
        Event::Decl(_) => "it has an XML declaration inside",
        _ => "there is text outside the element",
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// Digits of a character reference, leading zeros included.
const DIGITS: usize = 16;
