//! Values beside a name that announces a person. Elements and groups that hold more elements stay: what is in them is
//! looked at by itself.

use std::ops::Range;

use super::fields::Only;
use super::{Search, jid};
use crate::redact::marks::{self, Brackets};
use crate::redact::pseudonym::Class;
use crate::redact::value;

impl Search<'_> {
    pub(super) fn named(&mut self, name: Range<usize>, class: Class, only: Only) {
        if let Some(brackets) = self.scan.bracket(name.start) {
            if let Some(body) = self.leaf(&name, brackets) {
                self.about(body, class, only);
            }
            return;
        }
        if only == Only::Element {
            return;
        }
        match value::start_after(self.scan.lower, &name) {
            Some(start) if self.scan.lower.get(start) == Some(&b'{') => {}
            Some(start) if self.scan.lower.get(start) == Some(&b'[') => self.listed(start, class),
            Some(_) => self.beside(&name, class, only),
            None if only == Only::Any && value::stands_as_value(self.scan.lower, &name) => {
                self.paired(&name, class);
            }
            None => {}
        }
    }

    /// `name=value` in whatever form.
    fn beside(&mut self, name: &Range<usize>, class: Class, only: Only) {
        let Some(found) = value::after_name(self.scan.lower, name, class) else {
            return;
        };
        let text = self.scan.slice(found.range.clone());
        let is_number = jid::is_number(text);
        if only == Only::Digits && !is_number {
            return;
        }
        self.scan.value(found, class);
    }

    /// An element's text, if it holds nothing else.
    fn leaf(&self, name: &Range<usize>, brackets: Brackets) -> Option<Range<usize>> {
        let bytes = self.scan.lower;
        let near = bytes.get(..bytes.len().min(name.end + TAG_LONGEST))?;
        let close = marks::find(near, name.end, brackets.close)?;
        if bytes.get(..close)?.ends_with(b"/") {
            return None;
        }
        let start = close + brackets.close.len();
        if bytes.get(start..)?.starts_with(b"<![cdata[") {
            let end = marks::find(bytes, start, "]]>").map_or(bytes.len(), |at| at + 3);
            return Some(start..end);
        }
        let Some(end) = marks::find(bytes, start, brackets.open) else {
            return Some(start..bytes.len());
        };
        marks::slash_at(bytes, end + brackets.open.len())?;
        Some(start..end)
    }

    fn about(&mut self, range: Range<usize>, class: Class, only: Only) {
        let is_number = jid::is_number(self.scan.slice(range.clone()).trim());
        if only != Only::Digits || is_number {
            self.scan.secret(range, class);
        }
    }

    /// `["1001002", "1001003"]`.
    fn listed(&mut self, start: usize, class: Class) {
        let bytes = self.scan.lower;
        let rest = bytes.get(start + 1..).unwrap_or_default();
        let rest = rest.get(..LIST_LONGEST).unwrap_or(rest);
        let ends = |byte: &u8| matches!(byte, b']' | b'{' | b'[');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        if rest.get(length).is_some_and(|byte| *byte != b']') {
            return;
        }
        let (mut at, end) = (start + 1, start + 1 + length);
        while let Some(list) = bytes.get(at..end).filter(|list| !list.is_empty()) {
            let length = list.iter().position(|byte| *byte == b',');
            let item = at..at + length.unwrap_or(list.len());
            at = item.end + 1;
            let item = self.unquoted(item);
            self.scan.secret(item, class);
        }
    }

    /// The range without the white space and the quotes around it.
    fn unquoted(&self, range: Range<usize>) -> Range<usize> {
        let start = marks::skip_space(self.scan.lower, range.start).min(range.end);
        let quote = marks::quote_at(self.scan.lower, start).map_or(0, str::len);
        let start = (start + quote).min(range.end);
        let inner = self.scan.lower.get(start..range.end).unwrap_or_default();
        let inner = inner.trim_ascii_end();
        let inner = if quote == 0 {
            inner
        } else {
            inner
                .get(..inner.len().saturating_sub(quote))
                .unwrap_or(inner)
        };
        start..start + inner.len()
    }

    /// A name that is itself a value, as in `<name>dtmfString</name><value>1</value>`: the value beside it.
    fn paired(&mut self, name: &Range<usize>, class: Class) {
        let bytes = self.scan.lower;
        let near = name.start.saturating_sub(PAIR_NEAR)..bytes.len().min(name.end + PAIR_NEAR);
        let around = value::neighbourhood(bytes, name);
        let around = around.start.max(near.start)..around.end.min(near.end);
        let mut at = around.start;
        while let Some(start) = self.scan.value_in(at..around.end) {
            at = start + "value".len();
            let whole = marks::name_start(bytes, start, 0)..marks::name_end(bytes, start);
            if whole != (start..at) {
                continue;
            }
            let found = match self.scan.bracket(start) {
                Some(brackets) => self.leaf(&whole, brackets),
                None => value::start_after(bytes, &whole)
                    .filter(|at| !matches!(bytes.get(*at), Some(b'{' | b'[')))
                    .and_then(|_| value::after_name(bytes, &whole, class))
                    .filter(|found| found.needs_quotes.is_none())
                    .map(|found| found.range),
            };
            if let Some(range) = found {
                self.scan.secret_elsewhere(range, class);
            }
            if start > name.end {
                break;
            }
        }
    }
}

/// A longer opening tag is none, in bytes.
const TAG_LONGEST: usize = 1024;
/// How much of a list is looked at, in bytes.
const LIST_LONGEST: usize = 4096;
/// How far from a name its pair is looked for, in bytes.
const PAIR_NEAR: usize = 512;
