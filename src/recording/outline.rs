//! Of an event, as much as it takes to say what a recording holds: much quicker to read than all of it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::line::Entry;
use crate::event::{
    Closing, ConnectionId, Direction, Ended, Entered, Gap, Micros, StanzaKind, WebSocketOpened,
};

/// An event without what a survey has no use for.
#[derive(Debug, Deserialize)]
pub(super) struct Outline {
    pub(super) number: u64,
    pub(super) time: Time,
    #[serde(default)]
    pub(super) connection: Option<ConnectionId>,
    #[serde(default)]
    pub(super) direction: Option<Direction>,
    pub(super) kind: Kind,
}

/// When it was seen.
#[derive(Debug, Deserialize)]
pub(super) struct Time {
    pub(super) arrived: Micros,
}

/// What was seen, where that matters.
#[derive(Debug)]
pub(super) enum Kind {
    Entered(Entered),
    /// The target of a request.
    Request(String),
    SocketOpened,
    SocketClose(Closing),
    Stanza(Stanza),
    Ended(Ended),
    Closed,
    Gap(Gap),
    SessionEnded,
    Other,
}

/// A stanza without its XML.
#[derive(Debug, Deserialize)]
pub(super) struct Stanza {
    #[serde(default)]
    pub(super) to: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) kind_attribute: Option<String>,
    pub(super) kind: StanzaKind,
}

#[derive(Deserialize)]
struct XmppStanza {
    stanza: Stanza,
}

#[derive(Deserialize)]
struct Request {
    target: String,
}

impl Entry for Outline {
    fn number(&self) -> u64 {
        self.number
    }

    fn stands_for(&self) -> u64 {
        match &self.kind {
            Kind::Gap(gap) => gap.events.max(1),
            _ => 1,
        }
    }

    fn ends(&self) -> bool {
        matches!(self.kind, Kind::SessionEnded)
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OneKind)
    }
}

/// An object with one key, the kind's name.
struct OneKind;

impl<'de> Visitor<'de> for OneKind {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a kind of event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let name: Name<'de> = map
            .next_key()?
            .ok_or_else(|| A::Error::custom("a kind has a name"))?;
        let kind = match &*name.0 {
            "entered" => Kind::Entered(map.next_value()?),
            "http-request" => Kind::Request(map.next_value::<Request>()?.target),
            "web-socket-opened" => {
                map.next_value::<WebSocketOpened>()?;
                Kind::SocketOpened
            }
            "web-socket-close" => Kind::SocketClose(map.next_value()?),
            "xmpp-stanza" => Kind::Stanza(map.next_value::<XmppStanza>()?.stanza),
            "ended" => Kind::Ended(map.next_value()?),
            "gap" => Kind::Gap(map.next_value()?),
            name => {
                let kind = match name {
                    "closed" => Kind::Closed,
                    "session-ended" => Kind::SessionEnded,
                    _ => Kind::Other,
                };
                map.next_value::<IgnoredAny>()?;
                kind
            }
        };
        match map.next_key::<IgnoredAny>()? {
            None => Ok(kind),
            Some(_) => Err(A::Error::custom("a kind has one name")),
        }
    }
}

/// Borrowed where it can be.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
