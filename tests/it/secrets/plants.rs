//! What is planted, and the look for it.

use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// What must not be seen of persons at the level strict.
pub(super) const PERSONS: [(&str, &str); 8] = [
    ("user", "zzquesnoy"),
    ("first name", "Adalind"),
    ("last name", "Wexbury"),
    ("extension", "482157306"),
    ("caller", "15557301946"),
    ("dialled number", "5557309921"),
    ("email", "adalind.w@mail.example"),
    ("client", "198.51.100.77"),
];

/// Places that no event has in it, not even without redaction.
pub(super) const UNSEEN: [&str; 4] = [
    "upstream proxy",
    "proxy authorization",
    "malformed request at the door",
    "malformed head",
];

/// The secrets of a session, one for each place.
#[derive(Default)]
pub(super) struct Plants(RefCell<Vec<(String, String)>>);

impl Plants {
    /// A secret of two halves, each of which is looked for.
    pub(super) fn at(&self, place: &str) -> String {
        let mut plants = self.0.borrow_mut();
        let number = plants.len();
        let secret = format!("qzA{number:02}Kxw!vbB{number:02}Ymt");
        plants.push((place.to_owned(), secret.clone()));
        secret
    }

    pub(super) fn secrets(&self) -> Vec<(String, String)> {
        self.0.borrow().clone()
    }
}

/// The text as it is, and every way to write it that a reader could undo.
pub(super) fn forms(text: &str) -> Vec<String> {
    let escaped = |prefix: &str, byte: u8| format!("{prefix}{byte:02X}");
    let all = |prefix: &str| {
        text.bytes()
            .map(|byte| escaped(prefix, byte))
            .collect::<String>()
    };
    let some = |prefix: &str| {
        let one = |byte: u8| match byte {
            b'!' | b'@' | b'+' => escaped(prefix, byte),
            _ => char::from(byte).to_string(),
        };
        text.bytes().map(one).collect::<String>()
    };
    let mut forms = vec![
        text.to_owned(),
        all("%"),
        all("%25"),
        some("%"),
        some("%25"),
        all(""),
    ];
    forms.extend([all("%").to_lowercase(), all("").to_lowercase()]);
    for padding in 0..3 {
        let bytes = [&b"xx"[..padding], text.as_bytes(), b"xx"].concat();
        let inner = (padding * 8).div_ceil(6)..(padding + text.len()) * 8 / 6;
        for encoded in [STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            forms.push(encoded.get(inner.clone()).unwrap().to_owned());
        }
    }
    forms
}

pub(super) fn assert_hidden(output: &str, hidden: &[(String, String)], what: &str) {
    for (place, text) in hidden {
        let halves = text
            .split_once('!')
            .map_or(vec![], |(one, other)| vec![one, other]);
        for part in [vec![text.as_str()], halves].concat() {
            for form in forms(part) {
                let line = output.lines().find(|line| line.contains(&form));
                assert!(
                    line.is_none(),
                    "{what}: the secret of {place} as {form} in {line:?}"
                );
            }
        }
    }
}
