//! What never leaves the tap in clear: secrets become keyed pseudonyms before the bus sees an event.
//!
//! Pure. At the level standard user names stay, and what proves them goes; a text without a word that announces a
//! secret is never copied. At the level strict persons go as well.

mod credentials;
mod escapes;
mod key;
mod kinds;
mod marks;
mod named;
mod personal;
mod pseudonym;
mod scan;
mod value;
mod words;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use crate::event::{Authority, Content, EventKind, Header, Payload, Redaction};
pub use key::{Key, KeyError};
use personal::{Personal, Place, address, jid};
pub use pseudonym::Count;
use pseudonym::{Class, PREFIX, Pseudonyms, is_pseudonym};
use words::Words;

/// Replaces secrets by pseudonyms; one for a whole run, because its key makes equal secrets look equal.
#[derive(Debug)]
pub struct Redactor {
    level: Redaction,
    words: Words,
    pseudonyms: Pseudonyms,
    /// At the level strict.
    personal: Option<Personal>,
}

impl Redactor {
    /// A redactor whose pseudonyms depend on `key`.
    #[must_use]
    pub fn new(level: Redaction, key: &Key) -> Self {
        Self {
            level,
            words: Words::new(),
            pseudonyms: Pseudonyms::new(key.bytes()),
            personal: (level == Redaction::Strict).then(Personal::new),
        }
    }

    /// A redactor with a key that nobody knows.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn random(level: Redaction) -> Result<Self, KeyError> {
        Ok(Self::new(level, &Key::random()?))
    }

    /// The level.
    #[must_use]
    pub const fn level(&self) -> Redaction {
        self.level
    }

    /// A short name of the key, that does not tell it; `None` where nothing is replaced.
    #[must_use]
    pub fn key_name(&self) -> Option<String> {
        (self.level != Redaction::Off).then(|| self.pseudonyms.key_name())
    }

    /// How much was replaced so far, by class; classes that did not occur are left out.
    #[must_use]
    pub fn counts(&self) -> Vec<Count> {
        self.pseudonyms.counts()
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
        let mut redacted: Option<String> = None;
        for _ in 0..ROUNDS {
            let current = redacted.as_deref().unwrap_or(target);
            let bare = self.bare_userinfo(current);
            let text = bare.as_deref().unwrap_or(current);
            match self.redacted_at(text, Place::Target).or(bare) {
                Some(next) => redacted = Some(next),
                None => break,
            }
        }
        redacted.map_or(Cow::Borrowed(target), Cow::Owned)
    }

    fn redacted(&self, text: &str) -> Option<String> {
        self.redacted_at(text, Place::Text)
    }

    fn redacted_at(&self, text: &str, place: Place) -> Option<String> {
        let mut redacted = self.without_secrets(text);
        let Some(personal) = &self.personal else {
            return redacted;
        };
        for _ in 0..ROUNDS {
            let current = redacted.as_deref().unwrap_or(text);
            let Some(next) = personal.redact(&self.pseudonyms, current, place) else {
                break;
            };
            redacted = self.without_secrets(&next).or(Some(next));
        }
        redacted
    }

    fn without_secrets(&self, text: &str) -> Option<String> {
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
        // Basic credentials whose password is gone are no userinfo, whatever follows them.
        let credentials = user.contains(' ') && password.starts_with(PREFIX);
        if password.is_empty() || is_pseudonym(password) || credentials {
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

    /// A whole text that names a person.
    fn whole(&self, text: &mut String, class: Class) {
        if self.personal.is_some() && !text.is_empty() && !is_pseudonym(text) {
            *text = self.pseudonyms.of(class, text.as_bytes());
        }
    }

    /// A JID that stands alone.
    fn jid(&self, text: &mut String) {
        if let Some(redacted) = self.without_secrets(text) {
            *text = redacted;
        }
        if self.personal.is_some() {
            if let Some(redacted) = jid::redact(&self.pseudonyms, text) {
                *text = redacted;
            }
            self.text(text);
        }
    }

    /// A resource that stands alone.
    fn resource(&self, text: &mut String) {
        self.text(text);
        if jid::is_number(text) {
            self.whole(text, Class::Extension);
        }
    }

    /// An address of the client's machine; the port stays.
    fn client_address(&self, address: &mut SocketAddr) {
        let mut ip = address.ip();
        self.address(&mut ip);
        address.set_ip(ip);
    }

    /// An address that tells of the client's network.
    fn address(&self, address: &mut IpAddr) {
        if self.personal.is_some()
            && let Some(pseudo) = address::pseudo(&self.pseudonyms, *address)
        {
            *address = pseudo;
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
            None if name == "request-target" => return self.target(value),
            None => {
                if let Some(redacted) = self.without_secrets(value) {
                    *value = redacted;
                }
            }
        }
        if let Some(personal) = &self.personal {
            self.personal_field(personal, name, value);
        }
    }

    /// One header field, whose secrets are gone already.
    fn personal_field(&self, personal: &Personal, name: &str, value: &mut String) {
        let redacted = match personal.header(name) {
            Some(Class::Address) => address::redact_list(&self.pseudonyms, value),
            Some(class) => return self.whole(value, class),
            None if Personal::is_technical(name) => self.redacted_at(value, Place::Target),
            None => self.redacted(value),
        };
        if let Some(redacted) = redacted {
            *value = redacted;
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
        if self.personal.is_some() || self.words.suspect(bytes) {
            let text: String = bytes.iter().copied().map(char::from).collect();
            if let Some(redacted) = self.redacted(&text) {
                return Some(redacted.chars().map(|character| character as u8).collect());
            }
        }
        let zeros = bytes.iter().take(SAMPLE).filter(|byte| **byte == 0).count();
        if zeros * 4 < bytes.len().min(SAMPLE) {
            return None;
        }
        let squeezed = bytes.iter().filter(|byte| **byte != 0);
        let squeezed: String = squeezed.copied().map(char::from).collect();
        let suspect = self.words.suspect(squeezed.as_bytes())
            || (self.personal.is_some() && self.redacted(&squeezed).is_some());
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

/// How often a text is looked at again, because what was replaced may show something else.
const ROUNDS: usize = 3;
/// How many bytes tell whether binary content is UTF-16.
const SAMPLE: usize = 256;
