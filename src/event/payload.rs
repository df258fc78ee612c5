//! Content of the wire as an event keeps it: text where it is text, base64 otherwise, capped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes seen on the wire, decoded of their transport coding, kept up to a cap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Payload {
    /// What was kept, after redaction.
    pub content: Content,
    /// How many bytes there were, before any cut and any redaction.
    pub size: u64,
    /// How many bytes at the end were not kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut: u64,
}

impl Payload {
    /// Keeps at most `cap` bytes of `bytes`, of which there were `size` in all.
    ///
    /// Text is cut at a character, so a cut never turns text into base64.
    #[must_use]
    pub fn capped(bytes: &[u8], size: u64, cap: usize) -> Self {
        let kept = bytes.get(..cap).unwrap_or(bytes);
        let was_cut = (kept.len() as u64) < size;
        let content = match std::str::from_utf8(kept) {
            Ok(text) => Content::Text(text.to_owned()),
            Err(error) if was_cut && error.error_len().is_none() => {
                let whole = kept.get(..error.valid_up_to()).unwrap_or_default();
                Content::Text(String::from_utf8_lossy(whole).into_owned())
            }
            Err(_) => Content::Base64(Bytes::copy_from_slice(kept)),
        };
        let cut = size.saturating_sub(content.len() as u64);
        Self { content, size, cut }
    }

    /// A payload that is whole.
    #[must_use]
    pub fn whole(bytes: &[u8]) -> Self {
        Self::capped(bytes, bytes.len() as u64, usize::MAX)
    }

    /// The text, if it is text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Base64(_) => None,
        }
    }
}

/// Text, or bytes that are no UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Valid UTF-8.
    Text(String),
    /// Anything else; base64 (RFC 4648 section 4) in JSON.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    Base64(Bytes),
}

impl Content {
    /// Bytes kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kept bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Base64(bytes) => bytes,
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

fn to_base64<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
    Ok(bytes.into())
}

/// For `skip_serializing_if`.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_a_character() {
        let payload = Payload::capped("aé".as_bytes(), 3, 2);
        assert_eq!(payload.text(), Some("a"));
        assert_eq!(payload.cut, 2);
    }

    #[test]
    fn bytes_survive_json() {
        let payload = Payload::whole(&[0xff, 0, 1]);
        let json = serde_json::to_string(&payload).unwrap();
        assert_eq!(json, r#"{"content":{"base64":"/wAB"},"size":3}"#);
        assert_eq!(serde_json::from_str::<Payload>(&json).unwrap(), payload);
    }
}
