//! A walk over one XML element, with the rules of RFC 6120 section 11: no DTD, no comments, no processing
//! instructions, no entities but the five; and with bounds on depth and attributes.
//!
//! It stands on quick-xml's parsers of tags and attributes and not on its `Reader`, which stops at each reference
//! (an escaped `Update` is full of them) and copies the name of each element.

use std::borrow::Cow;

use memchr::{memchr, memmem};
use quick_xml::escape::unescape;
use quick_xml::events::attributes::Attributes;
use quick_xml::parser::{ElementParser, Parser as _};

use crate::tap::Limits;

use super::namespaces::Scope;
use super::references::{are_known, unescaped};

/// The walk.
pub(super) struct Walk<'x> {
    /// What is still to be read.
    rest: &'x str,
    limits: &'x Limits,
    scope: Scope<'x>,
    /// Attributes of the element that was opened last, values as they stand.
    attributes: Vec<(&'x str, &'x str)>,
    /// The names of the open elements.
    names: Vec<&'x str>,
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
            rest: behind_declaration(text),
            limits,
            scope: Scope::default(),
            attributes: Vec::with_capacity(8),
            names: Vec::with_capacity(8),
            is_empty: false,
            is_over: false,
        }
    }

    /// Elements that are open.
    pub(super) const fn depth(&self) -> usize {
        self.names.len()
    }

    /// The local name of the element that was opened last.
    pub(super) fn name(&self) -> &'x str {
        let name = self.names.last().copied().unwrap_or_default();
        parts(name).1
    }

    /// The namespace of the element that was opened last.
    pub(super) fn namespace(&self) -> &str {
        let name = self.names.last().copied().unwrap_or_default();
        self.scope.resolve(parts(name).0).unwrap_or_default()
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
        if let Some(text) = self.text()? {
            return Ok(Some(Step::Text(text)));
        }
        match self.rest.as_bytes() {
            [] if self.is_over => Ok(None),
            [] => Err("it ends too early".into()),
            [b'<', b'/', ..] => self.close().map(Some),
            [b'<', b'!' | b'?', ..] => self.section().map(Some),
            _ => self.open().map(Some),
        }
    }

    /// Leaves the element that was closed.
    pub(super) fn leave(&mut self) {
        self.scope.leave(self.depth());
        self.names.pop();
        self.is_over = self.names.is_empty();
    }

    /// Text up to the next markup.
    fn text(&mut self) -> Result<Option<&'x str>, Why> {
        let length = memchr(b'<', self.rest.as_bytes()).unwrap_or(self.rest.len());
        if length == 0 {
            return Ok(None);
        }
        let text = self.take(length);
        if self.names.is_empty() {
            return if is_blank(text) {
                Ok(None)
            } else {
                Err("there is text outside the element".into())
            };
        }
        if !are_known(text.as_bytes()) {
            return Err("it refers to an entity that XMPP does not know".into());
        }
        Ok(Some(text))
    }

    /// A start tag or an empty element.
    fn open(&mut self) -> Result<Step<'x>, Why> {
        let mut parser = ElementParser::default();
        let end = parser.feed(self.rest.as_bytes()).ok_or(UNCLOSED)?;
        let tag = self.take(end + 1);
        if self.is_over {
            return Err("there is more than one element".into());
        }
        if self.depth() >= self.limits.depth {
            return Err(format!("more than {} nested elements", self.limits.depth).into());
        }
        let tag = tag.get(1..end).unwrap_or_default();
        let content = tag.strip_suffix('/');
        self.is_empty = content.is_some();
        let content = content.unwrap_or(tag);
        let space = content.bytes().position(|byte| byte.is_ascii_whitespace());
        let length = space.unwrap_or(content.len());
        let name = content.get(..length).unwrap_or_default();
        if !may_be_name(name) {
            return Err("a tag has no name".into());
        }
        self.names.push(name);
        self.read_attributes(content, length)?;
        let (prefix, _) = parts(name);
        if self.scope.resolve(prefix).is_none() {
            return Err("a prefix stands for no namespace".into());
        }
        Ok(Step::Open)
    }

    fn close(&mut self) -> Result<Step<'x>, Why> {
        let end = memchr(b'>', self.rest.as_bytes()).ok_or(UNCLOSED)?;
        let tag = self.take(end + 1);
        let name = tag.get(2..end).unwrap_or_default();
        match self.names.last() {
            Some(open) if *open == name.trim_ascii_end() => Ok(Step::Close),
            Some(_) => Err("an end tag names another element than the one that is open".into()),
            None => Err("an end tag closes nothing".into()),
        }
    }

    /// What begins with `<!` or `<?`: of these, XMPP has only CDATA.
    fn section(&mut self) -> Result<Step<'x>, Why> {
        if !self.rest.starts_with(CDATA) || self.names.is_empty() {
            return Err(forbidden(self.rest).into());
        }
        let end = memmem::find(self.rest.as_bytes(), b"]]>").ok_or(UNCLOSED)?;
        let section = self.take(end + 3);
        Ok(Step::Cdata(
            section.get(CDATA.len()..end).unwrap_or_default(),
        ))
    }

    /// Goes on by so many bytes, behind which a character begins.
    fn take(&mut self, length: usize) -> &'x str {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
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
            if !are_known(value.as_bytes()) {
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
            if !self.scope.declare(prefix, uri, self.names.len()) {
                return Err("too many namespaces are declared".into());
            }
        }
        Ok(())
    }
}

/// Prefix and local part of a name.
fn parts(name: &str) -> (&str, &str) {
    match memchr(b':', name.as_bytes()) {
        Some(at) => (
            name.get(..at).unwrap_or_default(),
            name.get(at + 1..).unwrap_or_default(),
        ),
        None => ("", name),
    }
}

/// Whether a name begins like one (XML 1.0 section 2.3), and has a local part.
fn may_be_name(name: &str) -> bool {
    let first = name.bytes().next();
    let begins =
        first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii());
    begins && !name.ends_with(':') && !name.contains(['<', '"', '\'', '=', '/'])
}

/// The text without a byte order mark and an XML declaration.
fn behind_declaration(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.starts_with("<?xml ") {
        return text;
    }
    text.split_once("?>").map_or(text, |(_, behind)| behind)
}

/// Only white space (XML 1.0 section 2.3).
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// What stands where only an element may.
fn forbidden(rest: &str) -> &'static str {
    let doctype = rest.get(..DOCTYPE.len());
    if rest.starts_with("<!--") {
        "it has a comment, which XMPP forbids"
    } else if rest.starts_with("<?") {
        "it has a processing instruction, which XMPP forbids"
    } else if doctype.is_some_and(|start| start.eq_ignore_ascii_case(DOCTYPE)) {
        "it has a DOCTYPE, which XMPP forbids"
    } else if rest.starts_with(CDATA) {
        "there is text outside the element"
    } else {
        "it has markup that XMPP does not know"
    }
}

/// Markup without its end.
const UNCLOSED: &str = "it ends inside markup";

/// The start of a CDATA section.
const CDATA: &str = "<![CDATA[";

/// The start of a DOCTYPE.
const DOCTYPE: &str = "<!DOCTYPE";
