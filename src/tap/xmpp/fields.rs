//! Texts on their way into the outline.

use quick_xml::escape::unescape;

use super::reader::Step;

/// Where a text belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Mechanism,
    Resource,
    Jid,
    Show,
    Priority,
    ErrorText,
    Credentials,
}

/// The text of one element, collected while the walk is in it.
#[derive(Debug)]
pub(super) struct Capture {
    slot: Slot,
    depth: usize,
    text: String,
}

impl Capture {
    /// The text directly inside the element at this depth.
    pub(super) const fn new(slot: Slot, depth: usize) -> Self {
        Self {
            slot,
            depth,
            text: String::new(),
        }
    }

    /// Takes a step's text if it stands at the right depth; keeps at most `cap` bytes.
    pub(super) fn take(&mut self, step: Step<'_>, depth: usize, cap: usize) {
        if depth != self.depth {
            return;
        }
        match step {
            Step::Text(raw) => match unescape(raw) {
                Ok(text) => self.append(&text, cap),
                Err(_) => self.append(raw, cap),
            },
            Step::Cdata(text) => self.append(text, cap),
            Step::Open | Step::Close => {}
        }
    }

    /// The text and its place, if the element at this depth is its own.
    pub(super) fn closed(&mut self, depth: usize) -> Option<(Slot, String)> {
        (depth == self.depth).then(|| (self.slot, std::mem::take(&mut self.text)))
    }

    fn append(&mut self, text: &str, cap: usize) {
        let room = cap.saturating_sub(self.text.len());
        let end = text.floor_char_boundary(room);
        self.text.push_str(text.get(..end).unwrap_or_default());
    }
}
