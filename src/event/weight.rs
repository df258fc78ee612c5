//! How much memory an event holds, roughly: what the byte budgets of queues are counted in.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use super::AttemptOutcome::Failed;
use super::{
    Authority, Carrier, CertificateFacts, Content, DialFailure, Event, EventKind, FrameFacts, Gap,
    Header, Host, HttpViolation, Manner, Payload, QName, Recorder, Refusal, Source, Stanza,
    StanzaError, StanzaKind, TcpSample, TlsFailure, WebSocketViolation, XmppStanza,
};

impl Event {
    /// Approximate bytes in memory.
    #[must_use]
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.kind.heap()
    }
}

/// What holds memory beside its own.
trait Heap {
    /// Bytes on the heap.
    fn heap(&self) -> usize;
}

fn sum(parts: &[&dyn Heap]) -> usize {
    parts.iter().map(|part| part.heap()).sum()
}

impl Heap for EventKind {
    fn heap(&self) -> usize {
        match self {
            Self::SessionStarted(one) => {
                let source: &dyn Heap = match &one.source {
                    Source::Live => &None::<String>,
                    Source::Har(by) | Source::Netlog(by) => by,
                };
                let lists = sum(&[&one.intercepted, &one.options, &one.time_zone]);
                lists + sum(&[source, &one.version, &one.pseudonyms, &one.platform])
            }
            Self::Listening(one) => one.upstream.heap(),
            Self::Entered(one) => one.target.heap(),
            Self::Refused(refusal) => match refusal {
                Refusal::BadRequest(text)
                | Refusal::ForeignHost(text)
                | Refusal::OutsideAuthority(text) => text.heap(),
                Refusal::Loop(target) => target.heap(),
                _ => 0,
            },
            Self::Resolved(one) => sum(&[&one.host, &one.addresses]),
            Self::Attempt(one) => match &one.outcome {
                Failed(failure) => failure.heap(),
                _ => 0,
            },
            Self::UpstreamFailed(one) => sum(&[&one.target, &one.reason]),
            Self::ClientHello(one) => sum(&[&one.server_name, &one.connect_name, &one.alpn]),
            Self::Minted(one) => sum(&[&one.host, &one.serial]),
            Self::TlsEstablished(one) => {
                sum(&[&one.version, &one.cipher_suite, &one.alpn, &one.chain])
            }
            Self::TlsFailed(one) => sum(&[&one.reason, &one.chain, &one.advice]),
            Self::Rewritten(one) => sum(&[&one.field, &one.from, &one.to]),
            Self::HttpRequest(head) => sum(&[&head.method, &head.target, &head.headers]),
            Self::HttpResponse(head) => sum(&[&head.reason, &head.headers]),
            Self::HttpBody(body) => {
                let types = sum(&[&body.content_type, &body.content_encoding]);
                types + sum(&[&body.content, &body.trailers])
            }
            Self::HttpViolation(violation) => match violation {
                HttpViolation::MalformedHead(text) | HttpViolation::UnknownUpgrade(text) => {
                    text.heap()
                }
                _ => 0,
            },
            Self::WebSocketOpened(one) => {
                sum(&[&one.target, &one.subprotocol, &one.unknown_extensions])
            }
            Self::WebSocketMessage(one) => sum(&[&one.message.frames, &one.payload]),
            Self::WebSocketPing(payload) => payload.heap(),
            Self::WebSocketPong(pong) => pong.payload.heap(),
            Self::WebSocketClose(closing) => closing.reason.heap(),
            Self::WebSocketViolation(WebSocketViolation::LostSync(text)) => text.heap(),
            Self::XmppStanza(one) => {
                let Carrier::WebSocket(message) = &one.carrier;
                size_of::<XmppStanza>() + sum(&[&message.frames, &one.stanza, &one.xml])
            }
            Self::TcpInfo(_) => size_of::<TcpSample>(),
            Self::Ended(one) => match &one.manner {
                Manner::Alert(text) | Manner::TlsBroken(text) | Manner::Error(text) => text.heap(),
                _ => 0,
            },
            Self::Host(host) => match host {
                Host::Interface(one) => sum(&[&one.name, &one.was, &one.is]),
                Host::RouteCame(route) | Host::RouteGone(route) => route.interface.heap(),
                Host::NetworkChanged(text) | Host::ProxyChanged(text) => text.heap(),
                _ => 0,
            },
            Self::Recorder(recorder) => match recorder {
                Recorder::Interrupted(why) => why.heap(),
                Recorder::Resumed(gap) | Recorder::Lost(gap) => gap.heap(),
            },
            Self::Gap(gap) => gap.heap(),
            Self::Accepted(_)
            | Self::Protocol(_)
            | Self::WebSocketViolation(_)
            | Self::Stalled(_)
            | Self::Closed(_)
            | Self::SessionEnded(_) => 0,
        }
    }
}

impl Heap for Stanza {
    fn heap(&self) -> usize {
        let addresses = sum(&[&self.root, &self.to, &self.from, &self.id]);
        addresses + sum(&[&self.kind_attribute, &self.error, &self.kind])
    }
}

impl Heap for StanzaKind {
    fn heap(&self) -> usize {
        match self {
            Self::Features {
                mechanisms,
                caps,
                others,
            } => sum(&[mechanisms, caps, others]),
            Self::Auth { mechanism, user } => sum(&[mechanism, user]),
            Self::SaslFailure(error) | Self::StreamError(error) => error.heap(),
            Self::Bind { resource, jid } => sum(&[resource, jid]),
            Self::Pubsub {
                action,
                node,
                subscription,
            } => sum(&[action, node, subscription]),
            Self::Notification { node, .. } => node.heap(),
            Self::Presence { show, priority } => sum(&[show, priority]),
            Self::Iq { child } => child.heap(),
            Self::Malformed { why } => why.heap(),
            _ => 0,
        }
    }
}

impl Heap for StanzaError {
    fn heap(&self) -> usize {
        sum(&[&self.condition, &self.kind_attribute, &self.text])
    }
}

impl Heap for CertificateFacts {
    fn heap(&self) -> usize {
        sum(&[&self.subject, &self.issuer, &self.names, &self.sha256])
    }
}

impl Heap for DialFailure {
    fn heap(&self) -> usize {
        match self {
            Self::Unresolved(text)
            | Self::ProxyRefused(text)
            | Self::ProxyUnintelligible(text)
            | Self::Other(text) => text.heap(),
            _ => 0,
        }
    }
}

impl Heap for TlsFailure {
    fn heap(&self) -> usize {
        match self {
            Self::BadCertificate(text)
            | Self::AuthorityUnknown(text)
            | Self::CertificateRejected(text)
            | Self::BadDate(text)
            | Self::Alert(text)
            | Self::Incompatible(text)
            | Self::Broken(text)
            | Self::Other(text) => text.heap(),
            _ => 0,
        }
    }
}

impl Heap for Gap {
    fn heap(&self) -> usize {
        let names: usize = self.kinds.keys().map(Heap::heap).sum();
        names + nodes(&self.kinds)
    }
}

/// A B-tree of the standard library holds 5 to 11 entries in a node, with up to 12 edges.
fn nodes<K, V>(map: &BTreeMap<K, V>) -> usize {
    map.len().div_ceil(5) * (11 * size_of::<(K, V)>() + 14 * size_of::<usize>())
}

impl Heap for Payload {
    fn heap(&self) -> usize {
        match &self.content {
            Content::Text(text) => text.heap(),
            Content::Base64(bytes) => bytes.len(),
        }
    }
}

impl Heap for Authority {
    fn heap(&self) -> usize {
        self.host.heap()
    }
}

impl Heap for Header {
    fn heap(&self) -> usize {
        sum(&[&self.name, &self.value])
    }
}

impl Heap for QName {
    fn heap(&self) -> usize {
        sum(&[&self.name, &self.namespace])
    }
}

impl Heap for Cow<'static, str> {
    fn heap(&self) -> usize {
        match self {
            Cow::Owned(text) => text.heap(),
            Cow::Borrowed(_) => 0,
        }
    }
}

impl Heap for String {
    fn heap(&self) -> usize {
        self.capacity()
    }
}

impl<T: Heap> Heap for Option<T> {
    fn heap(&self) -> usize {
        self.as_ref().map_or(0, Heap::heap)
    }
}

impl<T: Heap> Heap for Vec<T> {
    fn heap(&self) -> usize {
        let held: usize = self.iter().map(Heap::heap).sum();
        self.capacity() * size_of::<T>() + held
    }
}

impl Heap for FrameFacts {
    fn heap(&self) -> usize {
        0
    }
}

impl Heap for IpAddr {
    fn heap(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::recording::samples::Sample as _;

    const MUCH: usize = 8_000;

    /// Every way to change one text of it to a long one, and one list to one of many.
    fn grown(value: &Value) -> Vec<Value> {
        match value {
            Value::String(_) => vec![Value::String("x".repeat(MUCH / 3 * 4))],
            Value::Array(list) => {
                let inside = list.iter().enumerate().flat_map(|(place, one)| {
                    let with = move |one| {
                        let mut list = list.clone();
                        list[place] = one;
                        Value::Array(list)
                    };
                    grown(one).into_iter().map(with)
                });
                let many = list.first().map(|one| vec![one.clone(); MUCH].into());
                inside.chain(many).collect()
            }
            Value::Object(fields) => {
                let inside = fields.iter().flat_map(|(name, one)| {
                    let with = move |one| {
                        let mut fields = fields.clone();
                        fields.insert(name.clone(), one);
                        Value::Object(fields)
                    };
                    grown(one).into_iter().map(with)
                });
                inside.collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
        }
    }

    #[test]
    fn every_text_and_every_list_of_every_kind_counts() {
        let mut tried = 0;
        for event in Event::each() {
            for value in grown(&serde_json::to_value(&event).unwrap()) {
                // What is no free text is refused, or read as an unknown word without memory of its own.
                let Ok(grown) = serde_json::from_value::<Event>(value.clone()) else {
                    continue;
                };
                if serde_json::to_value(&grown).unwrap() == value {
                    assert!(
                        grown.weight() >= MUCH,
                        "{}: {}",
                        event.kind.name(),
                        grown.weight()
                    );
                    tried += 1;
                }
            }
        }
        assert!(tried > 150, "{tried}");
    }

    #[test]
    fn the_kinds_of_what_was_lost_count() {
        let kinds = (0..100).map(|kind| (format!("{kind:080}"), 1)).collect();
        let gap = Gap {
            kinds,
            ..Gap::default()
        };
        let entry = size_of::<(String, u64)>();
        assert!(EventKind::Gap(gap).heap() >= 100 * (80 + entry));
    }
}
