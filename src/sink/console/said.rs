//! What there is to say about one event, before it becomes text.

use super::body::Line;
use super::paint::Style;

/// A head line's words, and what stands below it.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) style: Style,
    /// What it is, in the field's words.
    pub(super) what: String,
    /// The key facts.
    pub(super) facts: Vec<String>,
    /// Lines below the head line; shown by the pretty format alone.
    pub(super) body: Vec<Line>,
}

impl Said {
    pub(super) fn new(style: Style, what: impl Into<String>) -> Self {
        Self {
            style,
            what: what.into(),
            ..Self::default()
        }
    }

    /// Adds a fact, if it says anything.
    pub(super) fn fact(mut self, fact: impl Into<String>) -> Self {
        let fact = fact.into();
        if !fact.is_empty() {
            self.facts.push(fact);
        }
        self
    }

    /// Adds a fact that may be absent.
    pub(super) fn maybe(self, fact: Option<String>) -> Self {
        match fact {
            Some(fact) => self.fact(fact),
            None => self,
        }
    }

    pub(super) fn below(mut self, lines: Vec<Line>) -> Self {
        self.body.extend(lines);
        self
    }
}
