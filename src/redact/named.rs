//! What the scanner does with a name whose value is secret, wherever that value stands.

use std::ops::Range;

use super::marks::{self, Brackets};
use super::personal::address;
use super::pseudonym::{Class, is_pseudonym};
use super::scan::Scan;
use super::{credentials, value};

impl Scan<'_> {
    /// A name whose value is secret: an element, a key, an attribute, a parameter, or itself a value.
    pub(super) fn named(&mut self, name: Range<usize>, class: Class, brackets: Option<Brackets>) {
        if let Some(brackets) = brackets {
            if let Some((tag_end, body)) = self.element(&name, brackets) {
                self.values_within(name.end..tag_end, class);
                self.secret(body, class);
            }
            return;
        }
        if let Some(found) = value::after_name(self.lower, &name, class) {
            self.looked = self.looked.max(found.range.end);
            self.value(found, class);
        } else if value::stands_as_value(self.lower, &name) {
            self.paired(name, class);
        }
    }

    /// A SASL element: its body is the payload.
    pub(super) fn sasl(&mut self, name: Range<usize>, brackets: Brackets, certain: bool) {
        let Some((_, body)) = self.element(&name, brackets) else {
            return;
        };
        let payload = self.slice(body.clone()).trim();
        if payload.is_empty() || !(certain || credentials::is_base64(payload)) {
            return;
        }
        let base64 = payload.split(['<', '&']).next().unwrap_or_default();
        let text = match credentials::plain_password(base64.trim()) {
            _ if is_pseudonym(payload) => return,
            Some(password) => self.pseudonyms.of(Class::Password, &password),
            None => self.pseudonyms.of(Class::Sasl, payload.as_bytes()),
        };
        self.replace(body, text);
    }

    /// `<CallVariable>`: every `value` in it.
    pub(super) fn container(&mut self, name: Range<usize>, brackets: Brackets) {
        if let Some((_, body)) = self.element(&name, brackets) {
            self.values_within(body, Class::Variable);
        }
    }

    /// `"CallVariable": [ … ]`: every `value` in it.
    pub(super) fn listed(&mut self, name_end: usize) {
        if let Some(body) = value::balanced_after(self.lower, name_end) {
            self.values_within(body, Class::Variable);
        }
    }

    /// Takes whatever is called `value` within the range.
    pub(super) fn values_within(&mut self, range: Range<usize>, class: Class) {
        let mut at = range.start;
        while let Some(start) = self.value_in(at..range.end) {
            at = self.value_at(start, class).max(start + "value".len());
        }
        self.looked = self.looked.max(range.end);
    }

    /// Takes what is called `value` at `start`, if that is a whole name; says where it ends.
    pub(super) fn value_at(&mut self, start: usize, class: Class) -> usize {
        let name = marks::name_start(self.lower, start, 0)..marks::name_end(self.lower, start);
        if name != (start..start + "value".len()) {
            return name.end;
        }
        if let Some(brackets) = self.bracket(name.start) {
            let Some((_, body)) = self.element(&name, brackets) else {
                return name.end;
            };
            let end = body.end;
            self.secret(body, class);
            return end;
        }
        let Some(found) = value::after_name(self.lower, &name, class) else {
            return name.end;
        };
        let end = found.range.end;
        self.value(found, class);
        end
    }

    /// A name that is itself a value, as in `name="password" value="…"`: the value beside it.
    pub(super) fn paired(&mut self, name: Range<usize>, class: Class) {
        if let Some(part) = value::form_part(self.lower, name.end) {
            self.secret(part, class);
            return;
        }
        let around = value::neighbourhood(self.lower, &name);
        let mut at = around.start;
        while let Some(start) = self.value_in(at..around.end) {
            at = self.value_at(start, class).max(start + "value".len());
            if start > name.end {
                break;
            }
        }
        self.looked = self.looked.max(at.min(self.lower.len()));
    }

    pub(super) fn value(&mut self, found: value::Found, class: Class) {
        if let Some(quote) = found.needs_quotes {
            let plain = self.slice(found.range.clone());
            if !plain.is_empty() && !is_no_secret(plain) {
                let pseudonym = self.pseudonyms.of(class, plain.as_bytes());
                self.replace(found.range, format!("{quote}{pseudonym}{quote}"));
            }
            return;
        }
        self.secret(found.range, class);
    }

    pub(super) fn secret(&mut self, range: Range<usize>, class: Class) {
        if let Some(text) = self.pseudonym(range.clone(), class) {
            self.replace(range, text);
        }
    }

    /// As [`Scan::secret`], for a value that is not where the scan has come to.
    pub(super) fn secret_elsewhere(&mut self, range: Range<usize>, class: Class) {
        let looked = self.looked;
        self.secret(range, class);
        self.looked = looked;
    }

    fn pseudonym(&self, range: Range<usize>, class: Class) -> Option<String> {
        let text = self.slice(range);
        let bare = text.trim();
        if is_no_secret(bare) {
            return None;
        }
        match class {
            Class::Credentials => credentials::redact(self.pseudonyms, text),
            Class::Cookie => credentials::redact_cookies(self.pseudonyms, text, false),
            _ if bare.is_empty() || is_pseudonym(bare) => None,
            Class::Address => address::redact_list(self.pseudonyms, bare),
            _ => Some(self.pseudonyms.of(class, secret_part(text).as_bytes())),
        }
    }
}

/// What of an element's body is the secret: a CDATA section's content, or all of it.
fn secret_part(text: &str) -> &str {
    let inner = text
        .trim_start()
        .strip_prefix("<![CDATA[")
        .map(|rest| rest.trim_end().strip_suffix("]]>").unwrap_or(rest));
    inner.unwrap_or(text)
}

/// Whether a value only says whether there is a secret, as in `return_refresh_token=true`.
fn is_no_secret(value: &str) -> bool {
    matches!(value, "null" | "true" | "false")
}
