//! What a value of an event is compared with.

use crate::event::EventKind;

/// A word in which `*` stands for any characters; upper and lower case are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<String>);

impl Pattern {
    pub(super) fn new(word: &str) -> Self {
        Self(
            word.to_lowercase()
                .split('*')
                .map(ToOwned::to_owned)
                .collect(),
        )
    }

    pub(super) fn fits(&self, value: &str) -> bool {
        let value = value.to_lowercase();
        let Some((first, rest)) = self.0.split_first() else {
            return false;
        };
        let Some((last, middle)) = rest.split_last() else {
            return value == *first;
        };
        let inner = value
            .strip_prefix(first.as_str())
            .and_then(|value| value.strip_suffix(last.as_str()));
        let Some(mut left) = inner else { return false };
        for part in middle {
            match left.find(part.as_str()) {
                Some(at) => left = left.get(at + part.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        true
    }
}

/// Text that occurs somewhere in what an event says; upper and lower case are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn new(text: &str) -> Self {
        let json = serde_json::Value::from(text).to_string();
        let inner = json
            .strip_prefix('"')
            .and_then(|json| json.strip_suffix('"'));
        Self(plain(inner.unwrap_or_default()))
    }

    /// Looks into the JSON form, because everything that an event says is in there.
    pub(super) fn occurs_in(&self, kind: &EventKind) -> bool {
        serde_json::to_string(kind).is_ok_and(|json| plain(&json).contains(&self.0))
    }
}

/// Lower case, and the brackets of an escaped payload as the console shows them.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    if lower.contains("&lt;") {
        lower.replace("&lt;", "<").replace("&gt;", ">")
    } else {
        lower
    }
}
