//! Facts of XMPP (RFC 6120, RFC 7395 over WebSocket).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{MessageFacts, Payload};

/// A stanza or a stream element, with what carried it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct XmppStanza {
    /// What carried it.
    pub carrier: Carrier,
    /// What it is.
    pub stanza: Stanza,
    /// The XML as it was on the wire, redacted.
    pub xml: Payload,
}

/// What carried a stanza.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carrier {
    /// A WebSocket message (RFC 7395 section 3).
    WebSocket(MessageFacts),
}

/// A qualified XML name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct QName {
    /// The local name.
    pub name: Cow<'static, str>,
    /// The namespace URI; empty if there is none.
    pub namespace: Cow<'static, str>,
}

impl QName {
    /// A name; those that nearly every stanza has take no memory of their own.
    #[must_use]
    pub fn new(name: &str, namespace: &str) -> Self {
        Self {
            name: common(name),
            namespace: common(namespace),
        }
    }
}

fn common(text: &str) -> Cow<'static, str> {
    const COMMON: [&str; 8] = [
        "",
        "iq",
        "message",
        "presence",
        "ping",
        "jabber:client",
        "urn:xmpp:ping",
        "urn:ietf:params:xml:ns:xmpp-framing",
    ];
    // Lengths first: most that differ, differ there.
    let same = |one: &&&str| one.len() == text.len() && **one == text;
    match COMMON.iter().find(same) {
        Some(common) => Cow::Borrowed(common),
        None => Cow::Owned(text.to_owned()),
    }
}

/// The outline of a stanza: enough to know what it is, to pair it and to filter by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stanza {
    /// The root element.
    pub root: QName,
    /// `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `type`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind_attribute: Option<String>,
    /// The `error` child of a stanza of type error (RFC 6120 section 8.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StanzaError>,
    /// What it is for.
    pub kind: StanzaKind,
}

/// An error in a stanza (RFC 6120 section 8.3), a stream (4.9) or SASL (6.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StanzaError {
    /// The defined condition, such as `not-authorized`.
    pub condition: String,
    /// `type`, such as `cancel`; stanza errors only.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind_attribute: Option<String>,
    /// The human-readable text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What a stanza is for, told by namespace, never by prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StanzaKind {
    /// `open` (RFC 7395 section 3.3).
    Open,
    /// `close` (RFC 7395 section 3.6).
    Close,
    /// Stream features (RFC 6120 section 4.3.2).
    Features {
        /// SASL mechanisms offered.
        mechanisms: Vec<String>,
        /// The `node` of entity capabilities (XEP-0115).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caps: Option<String>,
        /// The other features.
        others: Vec<QName>,
    },
    /// SASL `auth` (RFC 6120 section 6.4.2).
    Auth {
        /// The mechanism.
        mechanism: String,
        /// The authentication identity, where the mechanism shows it (PLAIN, RFC 4616).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
    },
    /// SASL `challenge`.
    Challenge,
    /// SASL `response`.
    Response,
    /// SASL `success`.
    Success,
    /// SASL `failure` (RFC 6120 section 6.5).
    SaslFailure(StanzaError),
    /// Resource binding (RFC 6120 section 7).
    Bind {
        /// The resource that was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource: Option<String>,
        /// The full JID that was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        jid: Option<String>,
    },
    /// Session establishment (RFC 3921 section 3).
    Session,
    /// XMPP ping (XEP-0199); its answer is an [`StanzaKind::Iq`] of type result with the same id.
    Ping,
    /// A pubsub request or answer (XEP-0060).
    Pubsub {
        /// The element inside `pubsub`, such as `subscribe`, `unsubscribe`, `subscription`, `items`.
        action: String,
        /// The node.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
        /// `subscription`, such as `subscribed`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subscription: Option<String>,
    },
    /// A message with a pubsub event (XEP-0060 section 7.1.2.1).
    Notification {
        /// The node.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
        /// How many items it carries.
        items: u32,
    },
    /// Presence (RFC 6121 section 4).
    Presence {
        /// `show`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        show: Option<String>,
        /// `priority`, as sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<String>,
    },
    /// Any other message.
    Message,
    /// Any other iq, with its first child.
    Iq {
        /// The first child.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        child: Option<QName>,
    },
    /// A stream error (RFC 6120 section 4.9).
    StreamError(StanzaError),
    /// An element that we know no purpose of.
    Other,
    /// White space only: a keep-alive.
    Whitespace,
    /// No characters at all.
    Empty,
    /// XML that is broken, oversized, too deep or of a kind that XMPP forbids (RFC 6120 section 11.1); kept as it was.
    Malformed {
        /// What is wrong.
        why: String,
    },
}
