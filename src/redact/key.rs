//! The key of pseudonyms.

use std::fmt;

use ring::rand::{SecureRandom as _, SystemRandom};

/// 32 bytes that pseudonyms depend on. Whoever has them can find out by trying whom a pseudonym stands for.
#[derive(Clone)]
pub struct Key([u8; 32]);

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The system gave none.
    #[error("the system gives no random bytes for the redaction key")]
    NoRandomness,
    /// A text that is no key.
    #[error("it is not 64 hexadecimal digits")]
    Malformed,
}

impl Key {
    /// A key that nobody knows.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn random() -> Result<Self, KeyError> {
        let mut key = [0; 32];
        SystemRandom::new()
            .fill(&mut key)
            .map_err(|_| KeyError::NoRandomness)?;
        Ok(Self(key))
    }

    /// Reads what [`Key::to_hex`] wrote; white space around it does not matter.
    ///
    /// # Errors
    /// For anything but 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let digits = text.trim().as_bytes();
        let mut key = [0; 32];
        if digits.len() != 2 * key.len() {
            return Err(KeyError::Malformed);
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let mut value = 0;
            for digit in pair {
                let digit = char::from(*digit).to_digit(16);
                let digit = digit.and_then(|digit| u8::try_from(digit).ok());
                value = value * 16 + digit.ok_or(KeyError::Malformed)?;
            }
            *byte = value;
        }
        Ok(Self(key))
    }

    /// The key as 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        use fmt::Write as _;
        self.0.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Key {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_text_and_nothing_else_is_one() {
        let key = Key::random().unwrap();
        let again = Key::from_hex(&format!("{}\n", key.to_hex())).unwrap();
        assert_eq!(key.bytes(), again.bytes());
        for text in ["", "00", &"0".repeat(63), &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(Key::from_hex(text).unwrap_err(), KeyError::Malformed);
        }
        assert_eq!(format!("{key:?}"), "Key(…)");
    }
}
