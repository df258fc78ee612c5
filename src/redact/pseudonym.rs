//! Pseudonyms: what stands where a secret stood.
//!
//! A pseudonym is plain ASCII that is safe in XML, JSON, a header and a URL, such as
//! `redacted-password-3f2a91c0`. Its hash depends on the secret and the run's key alone, so one secret is
//! recognisable wherever it stood, whichever way it was escaped there.

use ring::hmac;

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
}

impl Class {
    const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Token => "token",
            Self::Secret => "secret",
            Self::Cookie => "cookie",
            Self::Session => "session",
            Self::Credentials => "credentials",
            Self::Sasl => "sasl",
            Self::Variable => "variable",
            Self::Content => "content",
        }
    }
}

/// The keyed hash of one run.
#[derive(Debug)]
pub(super) struct Pseudonyms(hmac::Key);

impl Pseudonyms {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The pseudonym of `secret`, which may still be escaped as it was on the wire.
    pub(super) fn of(&self, class: Class, secret: &[u8]) -> String {
        let tag = hmac::sign(&self.0, &canonical(secret));
        let mut text = format!("{PREFIX}{}-", class.name());
        for byte in tag.as_ref().iter().take(HASH_BYTES) {
            text.extend(
                [byte >> 4, byte & 15].map(|digit| char::from(HEXADECIMAL[usize::from(digit)])),
            );
        }
        text
    }
}

/// Whether `text` is nothing but a pseudonym.
pub(super) fn is_pseudonym(text: &str) -> bool {
    ends_with_pseudonym(text) && text.starts_with(PREFIX) && text.matches(PREFIX).count() == 1
}

/// Whether `text` ends with a pseudonym.
pub(super) fn ends_with_pseudonym(text: &str) -> bool {
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
}
