//! From the walk to the outline.

use crate::event::{QName, Stanza, StanzaError, StanzaKind};
use crate::tap::Limits;

use super::fields::{Capture, Slot};
use super::namespaces::{
    BIND, CAPS, FRAMING, PING, PUBSUB, PUBSUB_EVENT, PUBSUB_OWNER, SASL, SESSION, STANZA_ERRORS,
    STREAM_ERRORS, STREAMS, is_client,
};
use super::reader::{Step, Walk, Why};
use super::references::unescaped;
use super::sasl::plain_user;

/// The outline of this XML; of malformed XML as far as it could be read.
pub(super) fn read(text: &str, limits: &Limits) -> Stanza {
    let mut outline = Outline {
        walk: Walk::new(text, limits),
        limits,
        stanza: super::bare(StanzaKind::Other),
        root: Root::Other,
        child: Child::None,
        capture: None,
        found: Found::default(),
    };
    match outline.read() {
        Ok(()) => outline.finish(),
        Err(why) => {
            outline.stanza.kind = StanzaKind::Malformed {
                why: why.into_owned(),
            };
            outline.stanza
        }
    }
}

/// An outline that is being drawn.
struct Outline<'x> {
    walk: Walk<'x>,
    limits: &'x Limits,
    stanza: Stanza,
    root: Root,
    /// The child of the root that the walk is in.
    child: Child,
    capture: Option<Capture>,
    found: Found,
}

/// What the root says that the element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Open,
    Close,
    Features,
    Auth,
    Challenge,
    Response,
    Success,
    SaslFailure,
    StreamError,
    Iq,
    Message,
    Presence,
    Other,
}

/// A child of the root that has something for the outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Child {
    None,
    Mechanisms,
    Error,
    Bind,
    Session,
    Ping,
    Pubsub,
    Event,
}

/// What was found below the root.
#[derive(Debug, Default)]
struct Found {
    /// The first child that is no error, and what it means.
    first: Option<(Option<QName>, Child)>,
    mechanism: Option<String>,
    user: Option<String>,
    mechanisms: Vec<String>,
    caps: Option<String>,
    others: Vec<QName>,
    resource: Option<String>,
    jid: Option<String>,
    action: Option<String>,
    node: Option<String>,
    subscription: Option<String>,
    items: u32,
    show: Option<String>,
    priority: Option<String>,
    error: Option<StanzaError>,
}

impl Outline<'_> {
    fn read(&mut self) -> Result<(), Why> {
        while let Some(step) = self.walk.next()? {
            let depth = self.walk.depth();
            match step {
                Step::Open => self.open(depth),
                Step::Text(_) | Step::Cdata(_) => {
                    if let Some(capture) = &mut self.capture {
                        capture.take(step, depth, self.limits.text);
                    }
                }
                Step::Close => {
                    let text = self
                        .capture
                        .as_mut()
                        .and_then(|capture| capture.closed(depth));
                    if let Some((slot, text)) = text {
                        self.capture = None;
                        self.fill(slot, text);
                    }
                    self.walk.leave();
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, depth: usize) {
        match depth {
            1 => self.open_root(),
            2 => self.open_child(),
            3 => self.open_grandchild(),
            4 if self.child == Child::Event => {
                let is_item = (self.walk.namespace(), self.walk.name()) == (PUBSUB_EVENT, "item");
                self.found.items = self.found.items.saturating_add(u32::from(is_item));
            }
            _ => {}
        }
    }

    fn open_root(&mut self) {
        let walk = &self.walk;
        self.root = match (walk.namespace(), walk.name()) {
            (FRAMING, "open") => Root::Open,
            (FRAMING, "close") => Root::Close,
            (STREAMS, "features") => Root::Features,
            (STREAMS, "error") => Root::StreamError,
            (SASL, "auth") => Root::Auth,
            (SASL, "challenge") => Root::Challenge,
            (SASL, "response") => Root::Response,
            (SASL, "success") => Root::Success,
            (SASL, "failure") => Root::SaslFailure,
            (namespace, "iq") if is_client(namespace) => Root::Iq,
            (namespace, "message") if is_client(namespace) => Root::Message,
            (namespace, "presence") if is_client(namespace) => Root::Presence,
            _ => Root::Other,
        };
        self.stanza.root = self.qualified();
        for &(name, value) in self.walk.attributes() {
            let place = match name {
                "to" => &mut self.stanza.to,
                "from" => &mut self.stanza.from,
                "id" => &mut self.stanza.id,
                "type" => &mut self.stanza.kind_attribute,
                _ => continue,
            };
            *place = Some(unescaped(value));
        }
        if self.root == Root::Auth {
            self.found.mechanism = self.walk.attribute("mechanism");
            self.capture(Slot::Credentials);
        }
    }

    fn open_child(&mut self) {
        self.child = Child::None;
        let name = self.walk.name();
        match self.root {
            Root::Features => self.open_feature(),
            Root::SaslFailure => self.open_condition(SASL),
            Root::StreamError => self.open_condition(STREAM_ERRORS),
            Root::Iq | Root::Message | Root::Presence if name == "error" => {
                self.child = Child::Error;
                let error = StanzaError {
                    kind_attribute: self.walk.attribute("type"),
                    ..nameless()
                };
                self.found.error.get_or_insert(error);
            }
            Root::Iq | Root::Message => {
                self.child = meaning(self.walk.namespace(), name);
                if self.found.first.is_none() || self.child == Child::Event {
                    let is_named = self.root == Root::Iq && self.child != Child::Pubsub;
                    self.found.first = Some((is_named.then(|| self.qualified()), self.child));
                }
            }
            Root::Presence if name == "show" => self.capture(Slot::Show),
            Root::Presence if name == "priority" => self.capture(Slot::Priority),
            _ => {}
        }
    }

    fn open_feature(&mut self) {
        match (self.walk.namespace(), self.walk.name()) {
            (SASL, "mechanisms") => self.child = Child::Mechanisms,
            (CAPS, "c") => self.found.caps = self.walk.attribute("node"),
            _ if self.found.others.len() < self.limits.features => {
                let feature = self.qualified();
                self.found.others.push(feature);
            }
            _ => {}
        }
    }

    fn open_grandchild(&mut self) {
        let name = self.walk.name();
        match self.child {
            Child::Mechanisms if name == "mechanism" => self.capture(Slot::Mechanism),
            Child::Error => self.open_condition(STANZA_ERRORS),
            Child::Bind if name == "resource" => self.capture(Slot::Resource),
            Child::Bind if name == "jid" => self.capture(Slot::Jid),
            Child::Pubsub | Child::Event if self.found.action.is_none() => {
                self.found.action = Some(match self.child {
                    // An event's is always `items`, and nobody asks.
                    Child::Event => String::new(),
                    _ => name.to_owned(),
                });
                self.found.node = self.walk.attribute("node");
                self.found.subscription = self.walk.attribute("subscription");
            }
            _ => {}
        }
    }

    /// A child of an error: its condition, its text, or something of the application.
    fn open_condition(&mut self, namespace: &str) {
        if self.walk.namespace() != namespace {
            return;
        }
        if self.walk.name() == "text" {
            self.capture(Slot::ErrorText);
        } else {
            let name = self.walk.name();
            let error = self.found.error.get_or_insert_with(nameless);
            if error.condition.is_empty() {
                name.clone_into(&mut error.condition);
            }
        }
    }

    fn capture(&mut self, slot: Slot) {
        self.capture = Some(Capture::new(slot, self.walk.depth()));
    }

    fn fill(&mut self, slot: Slot, text: String) {
        let found = &mut self.found;
        match slot {
            Slot::Mechanism if found.mechanisms.len() < self.limits.features => {
                found.mechanisms.push(text);
            }
            Slot::Mechanism => {}
            Slot::Resource => found.resource = Some(text),
            Slot::Jid => found.jid = Some(text),
            Slot::Show => found.show = Some(text),
            Slot::Priority => found.priority = Some(text),
            Slot::ErrorText => found.error.get_or_insert_with(nameless).text = Some(text),
            Slot::Credentials => {
                let is_plain = found.mechanism.as_deref() == Some("PLAIN");
                found.user = plain_user(&text).filter(|_| is_plain);
            }
        }
    }

    fn qualified(&self) -> QName {
        QName::new(self.walk.name(), self.walk.namespace())
    }

    fn finish(self) -> Stanza {
        let Found { first, error, .. } = &self.found;
        let mut stanza = self.stanza;
        if matches!(self.root, Root::Iq | Root::Message | Root::Presence) {
            stanza.error.clone_from(error);
        }
        let is_get = stanza.kind_attribute.as_deref() == Some("get");
        let child = first.as_ref().map_or(Child::None, |(_, child)| *child);
        let found = self.found;
        stanza.kind = match (self.root, child) {
            (Root::Open, _) => StanzaKind::Open,
            (Root::Close, _) => StanzaKind::Close,
            (Root::Features, _) => StanzaKind::Features {
                mechanisms: found.mechanisms,
                caps: found.caps,
                others: found.others,
            },
            (Root::Auth, _) => StanzaKind::Auth {
                mechanism: found.mechanism.unwrap_or_default(),
                user: found.user,
            },
            (Root::Challenge, _) => StanzaKind::Challenge,
            (Root::Response, _) => StanzaKind::Response,
            (Root::Success, _) => StanzaKind::Success,
            (Root::SaslFailure, _) => StanzaKind::SaslFailure(found.error.unwrap_or_else(nameless)),
            (Root::StreamError, _) => StanzaKind::StreamError(found.error.unwrap_or_else(nameless)),
            (Root::Iq, Child::Bind) => StanzaKind::Bind {
                resource: found.resource,
                jid: found.jid,
            },
            (Root::Iq, Child::Session) => StanzaKind::Session,
            (Root::Iq, Child::Ping) if is_get => StanzaKind::Ping,
            (Root::Iq, Child::Pubsub) => StanzaKind::Pubsub {
                action: found.action.unwrap_or_default(),
                node: found.node,
                subscription: found.subscription,
            },
            (Root::Iq, _) => StanzaKind::Iq {
                child: found.first.and_then(|(name, _)| name),
            },
            (Root::Message, Child::Event) => StanzaKind::Notification {
                node: found.node,
                items: found.items,
            },
            (Root::Message, _) => StanzaKind::Message,
            (Root::Presence, _) => StanzaKind::Presence {
                show: found.show,
                priority: found.priority,
            },
            (Root::Other, _) => StanzaKind::Other,
        };
        stanza
    }
}

/// What a child of an iq or a message is for.
fn meaning(namespace: &str, name: &str) -> Child {
    match (namespace, name) {
        (BIND, "bind") => Child::Bind,
        (SESSION, "session") => Child::Session,
        (PING, "ping") => Child::Ping,
        (PUBSUB | PUBSUB_OWNER, "pubsub") => Child::Pubsub,
        (PUBSUB_EVENT, "event") => Child::Event,
        _ => Child::None,
    }
}

/// An error before its condition is known.
const fn nameless() -> StanzaError {
    StanzaError {
        condition: String::new(),
        kind_attribute: None,
        text: None,
    }
}
