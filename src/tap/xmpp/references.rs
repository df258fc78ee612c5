//! References to characters and entities (XML 1.0 section 4.1).

use std::borrow::Cow;

use memchr::memchr_iter;
use quick_xml::escape::unescape;

/// A value without its references.
pub(super) fn unescaped(value: &str) -> String {
    unescape(value).map_or_else(|_| value.to_owned(), Cow::into_owned)
}

/// Whether all references are to characters or to one of the five entities (XML 1.0 section 4.6).
pub(super) fn are_known(text: &[u8]) -> bool {
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

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// Digits of a character reference, leading zeros included.
const DIGITS: usize = 16;
