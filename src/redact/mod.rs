//! What never leaves the tap in clear: secrets become keyed pseudonyms before the bus sees an event.
//!
//! Pure. User names stay, what proves them goes. A text without a word that announces a secret is never copied.

mod credentials;
mod kinds;
mod marks;
mod named;
mod pseudonym;
mod scan;
mod value;
mod words;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::event::{Authority, Content, EventKind, Header, Payload, Redaction};
use pseudonym::{Class, Pseudonyms, is_pseudonym};
use words::Words;

/// Why there is no redactor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedactError {
    /// The level is not built; nothing may claim it.
    #[error("redaction level `strict` is not available in this version; use `standard`")]
    StrictUnavailable,
    /// The system gave no random key.
    #[error("the system gives no random bytes for the redaction key")]
    NoRandomness,
}

/// Replaces secrets by pseudonyms; one for a whole run, because its key makes equal secrets look equal.
#[derive(Debug)]
pub struct Redactor {
    level: Redaction,
    words: Words,
    pseudonyms: Pseudonyms,
}

impl Redactor {
    /// A redactor whose pseudonyms depend on `key`.
    ///
    /// # Errors
    /// For the level `Strict`, which is not built.
    pub fn new(level: Redaction, key: [u8; 32]) -> Result<Self, RedactError> {
        if level == Redaction::Strict {
            return Err(RedactError::StrictUnavailable);
        }
        Ok(Self {
            level,
            words: Words::new(),
            pseudonyms: Pseudonyms::new(&key),
        })
    }

    /// A redactor with a key that nobody knows.
    ///
    /// # Errors
    /// As [`Redactor::new`], and where the system has no randomness.
    pub fn random(level: Redaction) -> Result<Self, RedactError> {
        let mut key = [0; 32];
        SystemRandom::new()
            .fill(&mut key)
            .map_err(|_| RedactError::NoRandomness)?;
        Self::new(level, key)
    }

    /// The level.
    #[must_use]
    pub const fn level(&self) -> Redaction {
        self.level
    }

    /// Takes the secrets out of an event.
    pub fn redact(&self, kind: &mut EventKind) {
        if self.level != Redaction::Off {
            self.redact_kind(kind);
        }
    }

    /// Takes the secrets out of a text of our own: a log line, an error.
    #[must_use]
    pub fn redact_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.redacted(text) {
            Some(redacted) => Cow::Owned(redacted),
            None => Cow::Borrowed(text),
        }
    }

    /// Takes the secrets out of a request target in any form (RFC 9112 section 3.2), or another URL.
    #[must_use]
    pub fn redact_target<'a>(&self, target: &'a str) -> Cow<'a, str> {
        if self.level == Redaction::Off {
            return Cow::Borrowed(target);
        }
        if let Some(redacted) = self.bare_userinfo(target) {
            return Cow::Owned(self.redact_text(&redacted).into_owned());
        }
        self.redact_text(target)
    }

    fn redacted(&self, text: &str) -> Option<String> {
        if self.level == Redaction::Off || !self.words.suspect(text.as_bytes()) {
            return None;
        }
        scan::redact(&self.words, &self.pseudonyms, text)
    }

    fn text(&self, text: &mut String) {
        if let Some(redacted) = self.redacted(text) {
            *text = redacted;
        }
    }

    fn texts<'a>(&self, texts: impl IntoIterator<Item = &'a mut String>) {
        for text in texts {
            self.text(text);
        }
    }

    fn target(&self, target: &mut String) {
        if let Cow::Owned(redacted) = self.redact_target(target) {
            *target = redacted;
        }
    }

    fn authority(&self, authority: &mut Authority) {
        self.target(&mut authority.host);
    }

    /// `user:password@host` without a scheme before it, as in the authority form.
    fn bare_userinfo(&self, target: &str) -> Option<String> {
        let end = target.find(['/', '?', '#']).unwrap_or(target.len());
        let at = target.get(..end)?.rfind('@')?;
        let (user, password) = target.get(..at)?.split_once(':')?;
        if password.is_empty() || is_pseudonym(password) {
            return None;
        }
        let pseudonym = self.pseudonyms.of(Class::Password, password.as_bytes());
        Some(format!("{user}:{pseudonym}{}", target.get(at..)?))
    }

    fn headers(&self, headers: &mut [Header]) {
        for header in headers {
            self.field(&header.name, &mut header.value);
        }
    }

    /// One header field: by its name where that says enough, else by what its value says.
    fn field(&self, name: &str, value: &mut String) {
        let lower = name.to_ascii_lowercase();
        let redacted = match lower.as_str() {
            "set-cookie" | "set-cookie2" => {
                credentials::redact_cookies(&self.pseudonyms, value, true)
            }
            "content-type" | "date" | "www-authenticate" | "proxy-authenticate" => None,
            name if !self.words.suspect(name.as_bytes()) => None,
            name => match words::class_of(name) {
                Some(Class::Cookie) => credentials::redact_cookies(&self.pseudonyms, value, false),
                Some(Class::Credentials) => credentials::redact(&self.pseudonyms, value),
                Some(class) if !value.is_empty() && !is_pseudonym(value) => {
                    Some(self.pseudonyms.of(class, value.as_bytes()))
                }
                _ => None,
            },
        };
        match redacted {
            Some(redacted) => *value = redacted,
            None if name == "request-target" => self.target(value),
            None => self.text(value),
        }
    }

    fn payload(&self, payload: &mut Payload) {
        match &mut payload.content {
            Content::Text(text) => self.text(text),
            Content::Base64(bytes) => {
                if let Some(redacted) = self.bytes(bytes) {
                    *bytes = redacted.into();
                }
            }
        }
    }

    /// Bytes that are no UTF-8: text in another encoding as far as its ASCII goes, or text in UTF-16.
    fn bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.words.suspect(bytes) {
            let text: String = bytes.iter().copied().map(char::from).collect();
            let redacted = scan::redact(&self.words, &self.pseudonyms, &text)?;
            return Some(redacted.chars().map(|character| character as u8).collect());
        }
        let zeros = bytes.iter().take(SAMPLE).filter(|byte| **byte == 0).count();
        if zeros * 4 < bytes.len().min(SAMPLE) {
            return None;
        }
        let squeezed: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        let suspect = self.words.suspect(&squeezed);
        suspect.then(|| self.pseudonyms.of(Class::Content, bytes).into_bytes())
    }

    /// Content that could not be decoded: nobody can say what is in it, but whoever reads the record can unpack it.
    fn opaque(&self, payload: &mut Payload) {
        if let Content::Base64(bytes) = &payload.content
            && !bytes.is_empty()
        {
            let pseudonym = self.pseudonyms.of(Class::Content, bytes);
            payload.content = Content::Text(pseudonym);
        }
    }
}

/// How many bytes tell whether binary content is UTF-16.
const SAMPLE: usize = 256;
