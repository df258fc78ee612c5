//! Prefixes in scope, and the namespaces that we know.

use std::borrow::Cow;

/// RFC 7395 section 3.3.
pub(super) const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
/// RFC 6120 section 4.8.
pub(super) const STREAMS: &str = "http://etherx.jabber.org/streams";
/// RFC 6120 section 4.9.
pub(super) const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// RFC 6120 section 6.
pub(super) const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
/// RFC 6120 section 7.
pub(super) const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
/// RFC 3921 section 3.
pub(super) const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
/// RFC 6120 section 8.3.
pub(super) const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// XEP-0199.
pub(super) const PING: &str = "urn:xmpp:ping";
/// XEP-0115.
pub(super) const CAPS: &str = "http://jabber.org/protocol/caps";
/// XEP-0060.
pub(super) const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
/// XEP-0060 section 8.
pub(super) const PUBSUB_OWNER: &str = "http://jabber.org/protocol/pubsub#owner";
/// XEP-0060 section 7.
pub(super) const PUBSUB_EVENT: &str = "http://jabber.org/protocol/pubsub#event";

/// Whether stanzas of a client live here. Openfire leaves the declaration out on WebSocket.
pub(super) fn is_client(namespace: &str) -> bool {
    matches!(namespace, "" | "jabber:client")
}

/// The declarations in scope, innermost last.
#[derive(Debug, Default)]
pub(super) struct Scope<'x> {
    bindings: Vec<Binding<'x>>,
}

#[derive(Debug)]
struct Binding<'x> {
    prefix: &'x str,
    uri: Cow<'x, str>,
    depth: usize,
}

impl<'x> Scope<'x> {
    /// A declaration on the element at this depth; false if there are too many.
    pub(super) fn declare(&mut self, prefix: &'x str, uri: Cow<'x, str>, depth: usize) -> bool {
        if self.bindings.len() >= BINDINGS {
            return false;
        }
        self.bindings.push(Binding { prefix, uri, depth });
        true
    }

    /// The element at this depth ended.
    pub(super) fn leave(&mut self, depth: usize) {
        while self
            .bindings
            .last()
            .is_some_and(|binding| binding.depth >= depth)
        {
            self.bindings.pop();
        }
    }

    /// What a prefix stands for; an empty one always stands for something.
    pub(super) fn resolve(&self, prefix: &str) -> Option<&str> {
        // Told by length first: the C library may take hundreds of cycles to compare two empty slices
        // that point nowhere (its masked loads fault and are replayed).
        let is_bound = |binding: &&Binding<'_>| {
            binding.prefix.len() == prefix.len() && (prefix.is_empty() || binding.prefix == prefix)
        };
        let bound = self.bindings.iter().rev().find(is_bound);
        match bound {
            Some(binding) => Some(&binding.uri),
            None if prefix.is_empty() => Some(""),
            None if prefix == "xml" => Some("http://www.w3.org/XML/1998/namespace"),
            None => None,
        }
    }
}

/// Declarations in scope at one time; more would make each look-up expensive.
const BINDINGS: usize = 256;
