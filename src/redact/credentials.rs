//! Credentials whose form is known: HTTP authentication (RFC 9110 section 11), cookies (RFC 6265), SASL PLAIN
//! (RFC 4616).

use std::fmt::Write as _;
use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::marks;
use super::pseudonym::{Class, Pseudonyms, ends_with_pseudonym, is_pseudonym};

/// The password in the payload of SASL PLAIN, `authzid NUL authcid NUL password` in base64.
pub(super) fn plain_password(base64: &str) -> Option<Vec<u8>> {
    let bytes = decode(base64)?;
    let password = bytes.splitn(3, |byte| *byte == 0).nth(2)?;
    Some(password.to_vec())
}

/// The value of `Authorization` without its secret: the scheme stays, and the user of Basic; `None` if it holds none.
pub(super) fn redact(pseudonyms: &Pseudonyms, value: &str) -> Option<String> {
    let value = value.trim();
    let split = value
        .split_once(' ')
        .or_else(|| value.split_once("%20"))
        .or_else(|| {
            value
                .split_once('+')
                .filter(|(scheme, _)| is_scheme(scheme))
        });
    let Some((scheme, rest)) = split.filter(|(scheme, _)| is_token(scheme)) else {
        let known = value.is_empty() || is_pseudonym(value) || is_scheme(value);
        return (!known).then(|| pseudonyms.of(Class::Credentials, value.as_bytes()));
    };
    let rest = rest.trim();
    let redacted = if scheme.eq_ignore_ascii_case("basic") {
        if rest.is_empty() || ends_with_pseudonym(rest) {
            return None;
        }
        basic(pseudonyms, rest)
            .unwrap_or_else(|| pseudonyms.of(Class::Credentials, rest.as_bytes()))
    } else {
        let class = if scheme.eq_ignore_ascii_case("bearer") {
            Class::Token
        } else {
            Class::Credentials
        };
        if rest.is_empty() || is_pseudonym(rest) {
            return None;
        }
        pseudonyms.of(class, rest.as_bytes())
    };
    Some(format!("{scheme} {redacted}"))
}

/// Basic credentials in readable form; `None` if they are no such thing.
pub(super) fn basic(pseudonyms: &Pseudonyms, base64: &str) -> Option<String> {
    let bytes = decode(base64)?;
    let colon = bytes.iter().position(|byte| *byte == b':')?;
    let (user, password) = bytes.split_at(colon);
    let password = password.get(1..).unwrap_or_default();
    let mut text = printable(user);
    text.push(':');
    text.push_str(&pseudonyms.of(Class::Password, password));
    Some(text)
}

/// Cookies with every value replaced; in `Set-Cookie` (`first_only`) the attributes stay.
pub(super) fn redact_cookies(
    pseudonyms: &Pseudonyms,
    value: &str,
    first_only: bool,
) -> Option<String> {
    let mut changed = false;
    let redacted: Vec<String> = value
        .split(';')
        .enumerate()
        .map(|(index, pair)| {
            if first_only && index > 0 {
                return pair.to_owned();
            }
            let redacted = redact_cookie(pseudonyms, pair);
            changed |= redacted.is_some();
            redacted.unwrap_or_else(|| pair.to_owned())
        })
        .collect();
    changed.then(|| redacted.join(";"))
}

fn redact_cookie(pseudonyms: &Pseudonyms, pair: &str) -> Option<String> {
    let (name, value) = pair
        .split_once('=')
        .map_or(("", pair), |(name, value)| (name, value));
    let secret = value.trim().trim_matches('"');
    if secret.is_empty() || is_pseudonym(secret) {
        return None;
    }
    let pseudonym = pseudonyms.of(Class::Cookie, secret.as_bytes());
    Some(if pair.contains('=') {
        format!("{name}={pseudonym}")
    } else {
        let space = if pair.starts_with(' ') { " " } else { "" };
        format!("{space}{pseudonym}")
    })
}

/// The run of characters that follows a scheme and white space.
pub(super) fn run_after(lower: &[u8], scheme: &Range<usize>) -> Option<Range<usize>> {
    let glued = scheme.start > 0
        && lower
            .get(scheme.start - 1)
            .copied()
            .is_some_and(marks::is_name);
    let mut start = marks::skip_space(lower, scheme.end);
    if start == scheme.end && lower.get(start) == Some(&b'+') {
        start += 1;
    }
    if glued || start == scheme.end {
        return None;
    }
    let rest = lower.get(start..)?;
    let token = |byte: &u8| byte.is_ascii_graphic() && !b"\"'<>&,;:\\{}()[]`".contains(byte);
    let length = rest.iter().take_while(|byte| token(byte)).count();
    (length > 0).then_some(start..start + length)
}

/// Whether the text looks like a token and not like a word of prose or a parameter.
pub(super) fn looks_random(text: &str) -> bool {
    let mixed = text
        .bytes()
        .any(|byte| !byte.is_ascii_lowercase() && byte != b'=' && byte != b'.');
    !is_pseudonym(text) && (text.len() >= 20 || (text.len() >= 8 && mixed))
}

/// Whether the value of `code=` looks issued and not like a reason code, a status or the name of an error.
pub(super) fn looks_issued(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let constant = text
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    if digits {
        return text.len() > LONGEST_REASON;
    }
    text.len() >= 8 && !constant
}

/// Whether the text is base64 of some length.
pub(super) fn is_base64(text: &str) -> bool {
    text.len() >= 8 && decode(text).is_some()
}

/// Decodes base64 of either alphabet, padded or not, as far as a cut left it whole.
fn decode(text: &str) -> Option<Vec<u8>> {
    let plain: String = text
        .replace("%3D", "=")
        .replace("%3d", "=")
        .replace("%2B", "+")
        .replace("%2b", "+")
        .replace("%2F", "/")
        .replace("%2f", "/")
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .map(|character| match character {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let plain = plain.trim_end_matches('=');
    let whole = if plain.len() % 4 == 1 {
        plain.get(..plain.len() - 1)?
    } else {
        plain
    };
    (!whole.is_empty()).then(|| LENIENT.decode(whole).ok())?
}

/// A user name as it may stand in a header, XML, JSON or a URL.
fn printable(user: &[u8]) -> String {
    let mut text = String::with_capacity(user.len());
    for byte in user {
        if byte.is_ascii_alphanumeric() || b"._-@".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 32 && text.bytes().all(marks::is_name)
}

fn is_scheme(text: &str) -> bool {
    let known = ["basic", "bearer", "digest", "negotiate", "ntlm"];
    known.iter().any(|scheme| text.eq_ignore_ascii_case(scheme))
}

/// Digits of the longest reason code, such as 65535.
const LONGEST_REASON: usize = 5;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
