//! Pseudonyms: what stands where a secret stood.
//!
//! A pseudonym is plain ASCII that is safe in XML, JSON, a header and a URL, such as
//! `redacted-password-3f2a91c0`. Its hash depends on the secret and the key alone, so one secret is recognisable
//! wherever it stood, whichever way it was escaped there. Behind that of a JSON web token stands when the token expires:
//! `redacted-token-5d3d1293.exp1671713561`. Personal data is hashed apart from secrets, so that nobody
//! sees whether a password is its owner's number.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use ring::hmac;

use crate::finesse::token;

/// What kind of secret stood here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Something that a person types to sign in.
    Password,
    /// An access, refresh or identity token, or another bearer of rights.
    Token,
    /// A secret, key or credential by its name.
    Secret,
    /// The value of a cookie.
    Cookie,
    /// The identifier of a web session.
    Session,
    /// Credentials of an HTTP scheme that we do not take apart.
    Credentials,
    /// A SASL payload that we do not take apart.
    Sasl,
    /// The value of a call variable.
    Variable,
    /// Content that hides secrets and cannot be taken apart.
    Content,
    /// Who signs in: an id, a login name, the local part of a JID.
    User,
    /// A person's name.
    Name,
    /// A number that somebody dials or is called from, and digits that are keyed in.
    Phone,
    /// The extension or device that a person sits at.
    Extension,
    /// An email address.
    Email,
    /// A client's network address or machine.
    Address,
    /// What a person wrote to another.
    Message,
}

/// One row a class: its name in a pseudonym, and what one and several of it are called in a report.
const CLASSES: &[(Class, &str, [&str; 2])] = &[
    (Class::Password, "password", ["password", "passwords"]),
    (Class::Token, "token", ["token", "tokens"]),
    (Class::Secret, "secret", ["secret", "secrets"]),
    (Class::Cookie, "cookie", ["cookie", "cookies"]),
    (Class::Session, "session", ["session id", "session ids"]),
    (
        Class::Credentials,
        "credentials",
        ["set of credentials", "sets of credentials"],
    ),
    (Class::Sasl, "sasl", ["SASL payload", "SASL payloads"]),
    (
        Class::Variable,
        "variable",
        ["call variable", "call variables"],
    ),
    (
        Class::Content,
        "content",
        ["unreadable content", "unreadable contents"],
    ),
    (Class::User, "user", ["user", "users"]),
    (Class::Name, "name", ["name", "names"]),
    (Class::Phone, "phone", ["phone number", "phone numbers"]),
    (Class::Extension, "extension", ["extension", "extensions"]),
    (Class::Email, "email", ["email address", "email addresses"]),
    (
        Class::Address,
        "address",
        ["client address", "client addresses"],
    ),
    (Class::Message, "message", ["message", "messages"]),
];

impl Class {
    /// The class's row; the table has them in order, which a test holds it to.
    fn name(self) -> &'static str {
        CLASSES.get(self as usize).map_or("", |(_, name, _)| name)
    }

    /// Whether it is about a person, and not about what proves who somebody is.
    const fn is_personal(self) -> bool {
        matches!(
            self,
            Self::User
                | Self::Name
                | Self::Phone
                | Self::Extension
                | Self::Email
                | Self::Address
                | Self::Message
        )
    }
}

/// How often something of one class was replaced. Displayed as `12 passwords`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The class, as pseudonyms name it.
    pub class: &'static str,
    /// How many replacements.
    pub count: u64,
    words: [&'static str; 2],
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, several] = self.words;
        let word = if self.count == 1 { one } else { several };
        write!(f, "{} {word}", self.count)
    }
}

/// The keyed hash, and how often it was asked for.
#[derive(Debug)]
pub(super) struct Pseudonyms {
    key: hmac::Key,
    counts: [AtomicU64; CLASSES.len()],
}

impl Pseudonyms {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            counts: Default::default(),
        }
    }

    /// The pseudonym of `secret`, which may still be escaped as it was on the wire.
    pub(super) fn of(&self, class: Class, secret: &[u8]) -> String {
        self.count(class);
        let plain = canonical(secret);
        let tag = if class.is_personal() {
            self.personal_tag(&normal(class, &plain))
        } else {
            hmac::sign(&self.key, &plain)
        };
        let mut text = format!("{PREFIX}{}-", class.name());
        text.push_str(&hexadecimal(&tag, HASH_BYTES));
        if class == Class::Token
            && let Some(expires) = std::str::from_utf8(&plain).ok().and_then(token::expires)
        {
            let _ = write!(text, "{}{expires}", token::EXPIRES);
        }
        text
    }

    /// The hash of personal data.
    pub(super) fn personal_tag(&self, plain: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(PERSONAL);
        context.update(plain);
        context.sign()
    }

    /// Counts a replacement.
    pub(super) fn count(&self, class: Class) {
        if let Some(count) = self.counts.get(class as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was replaced so far, each class that occurred.
    pub(super) fn counts(&self) -> Vec<Count> {
        let rows = CLASSES.iter().zip(&self.counts);
        rows.map(|((_, class, words), count)| Count {
            class,
            count: count.load(Ordering::Relaxed),
            words: *words,
        })
        .filter(|row| row.count > 0)
        .collect()
    }

    /// A short name of the key that does not tell it.
    pub(super) fn key_name(&self) -> String {
        hexadecimal(&hmac::sign(&self.key, KEY_NAME), HASH_BYTES)
    }
}

fn hexadecimal(tag: &hmac::Tag, bytes: usize) -> String {
    let mut text = String::with_capacity(2 * bytes);
    for byte in tag.as_ref().iter().take(bytes) {
        text.extend(
            [byte >> 4, byte & 15].map(|digit| char::from(HEXADECIMAL[usize::from(digit)])),
        );
    }
    text
}

/// One form for all the ways to write the same person, number or address down.
fn normal(class: Class, plain: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(plain).trim().to_lowercase();
    match class {
        Class::User => {
            let text = jid_unescape(&text);
            let local = text.split('@').next().filter(|local| !local.is_empty());
            local.unwrap_or(&text).as_bytes().to_vec()
        }
        Class::Phone | Class::Extension => {
            let number = ["sip:", "sips:", "tel:"]
                .iter()
                .find_map(|scheme| text.strip_prefix(scheme))
                .unwrap_or(&text);
            let number = number.split(['@', ';']).next().unwrap_or(number);
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            let mut rest = number.chars().filter(|one| !one.is_ascii_digit());
            let dialled = !digits.is_empty() && rest.all(|one| "+-(). /".contains(one));
            (if dialled { &digits } else { number }).as_bytes().to_vec()
        }
        _ => text.into_bytes(),
    }
}

/// A JID's local part without the escapes of XEP-0106, such as `\40` for `@`.
fn jid_unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let digits = after.get(..2);
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = byte.filter(u8::is_ascii) {
            plain.push(char::from(byte));
            rest = after.get(2..).unwrap_or_default();
        } else {
            plain.push('\\');
            rest = after;
        }
    }
    plain.push_str(rest);
    plain
}

/// Whether `text` is nothing but a pseudonym.
pub(super) fn is_pseudonym(text: &str) -> bool {
    ends_with_pseudonym(text) && text.starts_with(PREFIX) && text.matches(PREFIX).count() == 1
}

/// Whether `text` ends with a pseudonym.
pub(super) fn ends_with_pseudonym(text: &str) -> bool {
    let (text, _) = token::split(text);
    let Some((head, hash)) = text.rsplit_once('-') else {
        return false;
    };
    let Some((head, class)) = head.rsplit_once('-') else {
        return false;
    };
    hash.len() == 2 * HASH_BYTES
        && hash
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        && !class.is_empty()
        && class.bytes().all(|byte| byte.is_ascii_lowercase())
        && format!("{head}-").ends_with(PREFIX)
}

/// The secret without any of the escapes that a place may ask for, undone until nothing changes.
fn canonical(secret: &[u8]) -> Vec<u8> {
    let mut plain = secret.to_vec();
    for _ in 0..ESCAPES_DEEP {
        let next = unescape(&plain);
        if next == plain {
            break;
        }
        plain = next;
    }
    plain
}

/// One layer of percent, entity and JSON escapes undone.
fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        let escape = match first {
            b'%' => percent(tail),
            b'&' => entity(tail),
            b'\\' => json(tail),
            _ => None,
        };
        if let Some((character, used)) = escape {
            plain.extend_from_slice(&character);
            rest = tail.get(used..).unwrap_or_default();
        } else {
            plain.push(first);
            rest = tail;
        }
    }
    plain
}

fn percent(tail: &[u8]) -> Option<(Vec<u8>, usize)> {
    let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
    let byte = u8::from_str_radix(digits, 16).ok()?;
    Some((vec![byte], 2))
}

fn entity(tail: &[u8]) -> Option<(Vec<u8>, usize)> {
    let end = tail.iter().take(10).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(tail.get(..end)?).ok()?;
    let character = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => numeric(name.strip_prefix('#')?)?,
    };
    Some((character.to_string().into_bytes(), end + 1))
}

fn numeric(digits: &str) -> Option<char> {
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(code)
}

fn json(tail: &[u8]) -> Option<(Vec<u8>, usize)> {
    match tail.first()? {
        byte @ (b'"' | b'\'' | b'\\' | b'/') => Some((vec![*byte], 1)),
        b'u' => {
            let digits = std::str::from_utf8(tail.get(1..5)?).ok()?;
            let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            Some((character.to_string().into_bytes(), 5))
        }
        _ => None,
    }
}

pub(super) const PREFIX: &str = "redacted-";
const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

/// What is put before personal data in the hash.
const PERSONAL: &[u8] = b"finspect personal data\0";
/// What the key's name is the hash of.
const KEY_NAME: &[u8] = b"finspect name of the key\0";
/// Bytes of the hash that are kept: enough to tell the secrets of one run apart.
const HASH_BYTES: usize = 4;
/// How many layers of escapes are undone.
const ESCAPES_DEEP: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_secret_has_one_pseudonym_however_it_is_escaped() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        let plain = pseudonyms.of(Class::Password, b"a&<\"b");
        for escaped in ["a&amp;&lt;&quot;b", "a%26%3C%22b", r#"a\u0026<\"b"#] {
            assert_eq!(pseudonyms.of(Class::Password, escaped.as_bytes()), plain);
        }
        assert!(is_pseudonym(&plain), "{plain}");
        assert!(!is_pseudonym(&format!("x{plain}")));
        assert!(ends_with_pseudonym(&format!("1001002:{plain}")));
        assert_ne!(Pseudonyms::new(&[8; 32]).of(Class::Password, b"a"), plain);
    }

    #[test]
    fn the_pseudonym_of_a_web_token_keeps_when_it_expires() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        let token = b"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE2NzE3MTM1NjF9.c2lnbmF0dXJl";
        let pseudonym = pseudonyms.of(Class::Token, token);
        assert!(pseudonym.ends_with(".exp1671713561"), "{pseudonym}");
        assert!(is_pseudonym(&pseudonym));
        assert!(ends_with_pseudonym(&format!("Bearer {pseudonym}")));
        assert!(!is_pseudonym(&format!("{pseudonym}.c2lnbmF0dXJl")));
        assert!(!pseudonyms.of(Class::Cookie, token).contains(".exp"));
    }

    #[test]
    fn one_person_has_one_pseudonym_however_the_name_is_written() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        for (class, one, another) in [
            (Class::User, "Ada.Reyes", "ada.reyes"),
            (Class::User, "ada\\40corp.example", "ada%40corp.example"),
            (Class::User, "1001002@finesse.example.com", "1001002"),
            (Class::Phone, "+1 (555) 010-0199", "15550100199"),
            (Class::Phone, "sip:15550100199@h", "tel:+15550100199"),
            (Class::Name, " Ada ", "ada"),
        ] {
            let one = pseudonyms.of(class, one.as_bytes());
            assert_eq!(one, pseudonyms.of(class, another.as_bytes()), "{another}");
        }
    }

    #[test]
    fn a_password_that_is_its_owners_number_does_not_show_it() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        let hash = |class| pseudonyms.of(class, b"1001002").split_off(PREFIX.len() + 5);
        assert_ne!(hash(Class::Password).split_off(4), hash(Class::User));
        assert_eq!(
            hash(Class::User),
            pseudonyms
                .of(Class::Extension, b"1001002")
                .split_off(PREFIX.len() + 10)
        );
    }

    #[test]
    fn replacements_are_counted_by_class() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        for (index, (class, ..)) in CLASSES.iter().enumerate() {
            assert_eq!(*class as usize, index);
        }
        pseudonyms.of(Class::Name, b"a");
        pseudonyms.of(Class::Name, b"b");
        pseudonyms.of(Class::Password, b"c");
        let counts: Vec<_> = pseudonyms
            .counts()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(counts, ["1 password", "2 names"]);
    }
}
