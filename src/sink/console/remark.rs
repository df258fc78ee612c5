//! Remarks of an onlooker, between the events: what is found while the session goes on.

use std::fmt::Debug;
use std::time::Duration;

use super::body;
use super::paint::Style;
use super::said::Said;
use crate::event::{Event, Micros};

/// Somebody who sees every event, whatever is filtered, and now and then has something to say.
pub trait Onlooker: Debug + Send {
    /// Sees the next event; a `gap` where some are missing.
    fn see(&mut self, event: &Event);

    /// What there is to say now.
    fn remarks(&mut self) -> Vec<Remark>;

    /// How long to wait for events at most before it is asked again.
    fn patience(&self) -> Duration;
}

/// Something to say between two events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// When, on the session's clock.
    pub at: Micros,
    /// How bad it is.
    pub tone: Tone,
    /// What it is.
    pub what: String,
    /// The key facts.
    pub facts: Vec<String>,
    /// What belongs below it.
    pub below: Vec<String>,
}

/// How bad a remark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing is wrong.
    Good,
    /// Worth a look.
    Warning,
    /// Service was lost.
    Bad,
}

impl Remark {
    pub(super) fn said(&self) -> Said {
        let style = match self.tone {
            Tone::Good => Style::Good,
            Tone::Warning => Style::Warning,
            Tone::Bad => Style::Bad,
        };
        let mut said = Said::new(style, self.what.clone());
        said.facts.clone_from(&self.facts);
        said.below(body::remarks(self.below.clone()))
    }
}
