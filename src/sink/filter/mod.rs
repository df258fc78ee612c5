//! What of a session is shown: expressions over events. A filter is a view; nothing is recorded less for it.
//!
//! The grammar is in `docs/filters.md`.

mod error;
mod names;
mod parse;
mod pattern;
mod selection;

#[cfg(test)]
mod tests;

pub use error::{FilterError, Problem};
pub(crate) use names::purpose;
pub use selection::{Position, Selection};

use std::str::FromStr;

use crate::event::{ConnectionId, Direction, Event, EventKind, StanzaKind};
use crate::session::Context;
use pattern::{Pattern, Text};

/// An expression that lets events through.
#[derive(Debug, Clone)]
pub struct Filter(Expression);

impl Filter {
    /// Reads an expression such as `host *.example.com and not stanza ping`.
    ///
    /// # Errors
    /// Says where the expression is not understood, and what would be possible there.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::expression(text).map(Self)
    }

    /// Whether the event is to be seen. `context` is what it means in the light of those before it.
    #[must_use]
    pub fn matches(&self, event: &Event, context: &Context) -> bool {
        self.0.matches(event, context)
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

/// A node of the expression; no deeper than the parser allows.
#[derive(Debug, Clone)]
enum Expression {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Test(Test),
}

/// A question about one event.
#[derive(Debug, Clone)]
enum Test {
    Connection(ConnectionId),
    Host(Pattern),
    Direction(Direction),
    Kind(Pattern),
    Stanza(Pattern),
    Node(Pattern),
    Status(Pattern),
    Text(Text),
}

impl Expression {
    fn matches(&self, event: &Event, context: &Context) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.matches(event, context)),
            Self::All(parts) => parts.iter().all(|part| part.matches(event, context)),
            Self::Not(part) => !part.matches(event, context),
            Self::Test(test) => test.matches(event, context),
        }
    }
}

impl Test {
    fn matches(&self, event: &Event, context: &Context) -> bool {
        match self {
            Self::Connection(id) => event.connection == Some(*id),
            Self::Host(pattern) => context.target.as_ref().is_some_and(|target| {
                pattern.fits(&target.host) || pattern.fits(&target.to_string())
            }),
            Self::Direction(direction) => event.direction == Some(*direction),
            Self::Kind(pattern) => pattern.fits(event.kind.name()),
            Self::Stanza(pattern) => stanza(pattern, event, context),
            Self::Node(pattern) => {
                let asked = context.answers.as_ref();
                let asked = asked.and_then(|(asked, _)| node_of(&asked.what));
                node(&event.kind)
                    .or(asked)
                    .is_some_and(|node| pattern.fits(node))
            }
            Self::Status(pattern) => {
                status(&event.kind).is_some_and(|status| pattern.fits(&status.to_string()))
            }
            Self::Text(text) => text.occurs_in(&event.kind),
        }
    }
}

/// A stanza goes by its element and by its purpose; an answer also by what it answers.
fn stanza(pattern: &Pattern, event: &Event, context: &Context) -> bool {
    let EventKind::XmppStanza(stanza) = &event.kind else {
        return false;
    };
    let outline = &stanza.stanza;
    let asked = context.answers.as_ref();
    let asked = asked.map(|(asked, _)| purpose(&asked.what));
    pattern.fits(&outline.root.name)
        || pattern.fits(purpose(&outline.kind))
        || asked.is_some_and(|purpose| pattern.fits(purpose))
        || matches!(&outline.kind, StanzaKind::Pubsub { action, .. } if pattern.fits(action))
}

/// The pubsub node that an event is about.
fn node(kind: &EventKind) -> Option<&str> {
    match kind {
        EventKind::XmppStanza(stanza) => node_of(&stanza.stanza.kind),
        _ => None,
    }
}

/// The pubsub node that a stanza is about.
fn node_of(kind: &StanzaKind) -> Option<&str> {
    match kind {
        StanzaKind::Pubsub { node, .. } | StanzaKind::Notification { node, .. } => node.as_deref(),
        _ => None,
    }
}

/// The status of a response, or the one that a client got for a failed upstream.
fn status(kind: &EventKind) -> Option<u16> {
    if let EventKind::HttpResponse(head) = kind {
        Some(head.status)
    } else if let EventKind::UpstreamFailed(failed) = kind {
        failed.answered
    } else {
        None
    }
}
