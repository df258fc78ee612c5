//! What each event means in the light of those before it: what it answers, how long that took, where its connection leads.
//!
//! For those who show events one by one, live or from a file. Bounded: of what is too much the oldest is forgotten.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::kept::weigh;
use crate::event::{
    Authority, ConnectionId, Direction, Event, EventKind, HttpResponse, Micros, StanzaKind,
    XmppStanza,
};

/// What of the events so far the next ones may refer to.
#[derive(Debug, Default)]
pub struct Contexts {
    connections: BTreeMap<ConnectionId, Thread>,
    /// Bytes that they hold.
    weight: usize,
}

/// One connection.
#[derive(Debug, Default)]
struct Thread {
    target: Option<Arc<Authority>>,
    last: Option<Micros>,
    asked: VecDeque<Asked>,
    exchanges: VecDeque<Asking>,
    /// Bytes that it held when it was last looked at.
    weight: usize,
}

/// An iq that waits for its answer.
#[derive(Debug, Clone)]
pub struct Asked {
    pub(super) id: String,
    direction: Direction,
    at: Micros,
    /// What it is for.
    pub what: StanzaKind,
}

/// An HTTP request and what came back so far.
#[derive(Debug, Clone)]
pub struct Asking {
    number: u64,
    /// The method.
    pub method: String,
    /// The request target.
    pub target: String,
    /// When the request's head had arrived.
    at: Micros,
    /// The response's head, and from the request's head to its first byte.
    pub response: Option<(HttpResponse, Micros)>,
}

/// What an event means in the light of those before it.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Where its connection leads to, once that is known.
    pub target: Option<Arc<Authority>>,
    /// Since the event before on the same connection.
    pub since: Option<Micros>,
    /// The question that this answers, and how long that took.
    pub answers: Option<(Asked, Micros)>,
    /// The exchange that this belongs to, and the time since its request's head.
    pub exchange: Option<(Asking, Micros)>,
    /// Exchanges that this event leaves unfinished.
    pub unfinished: Vec<Asking>,
}

impl Context {
    /// How long the answer took that this event is.
    #[must_use]
    pub fn round_trip(&self, event: &Event) -> Option<Micros> {
        match &event.kind {
            EventKind::WebSocketPong(pong) => pong.round_trip,
            EventKind::HttpResponse(_) => {
                let (exchange, _) = self.exchange.as_ref()?;
                exchange.response.as_ref().map(|(_, first)| *first)
            }
            _ => self.answers.as_ref().map(|(_, took)| *took),
        }
    }
}

impl Contexts {
    /// Takes the next event in, and says what it means.
    pub fn take(&mut self, event: &Event) -> Context {
        let Some(id) = event.connection else {
            return Context::default();
        };
        if self.connections.len() >= CONNECTIONS && !self.connections.contains_key(&id) {
            self.forget_first();
        }
        let connection = self.connections.entry(id).or_default();
        let context = connection.take(event);
        let known = connection.weight;
        connection.weight = connection.weigh();
        self.weight = (self.weight + connection.weight).saturating_sub(known);
        if matches!(event.kind, EventKind::Closed(_)) {
            let gone = self.connections.remove(&id);
            self.weight = self
                .weight
                .saturating_sub(gone.map_or(0, |gone| gone.weight));
        }
        while self.weight > HEAVIEST {
            self.forget_first();
        }
        context
    }

    fn forget_first(&mut self) {
        let gone = self.connections.pop_first();
        self.weight = gone.map_or(0, |(_, gone)| self.weight.saturating_sub(gone.weight));
    }
}

impl Thread {
    /// Roughly the bytes that it holds.
    fn weigh(&mut self) -> usize {
        let asked = self.asked.iter_mut().map(weigh).sum::<usize>();
        let exchanges = self.exchanges.iter_mut().map(weigh).sum::<usize>();
        let lists = self.asked.capacity() * size_of::<Asked>()
            + self.exchanges.capacity() * size_of::<Asking>();
        let target = self.target.as_ref().map_or(0, |target| target.host.len());
        2 * size_of::<Self>() + target + lists + asked + exchanges
    }

    fn take(&mut self, event: &Event) -> Context {
        let now = event.time.arrived;
        if let EventKind::Entered(entered) = &event.kind {
            self.target = Some(Arc::new(entered.target.clone()));
        }
        let since = self.last.map(|last| now.since(last));
        // A reading of the kernel's is not traffic.
        if !matches!(event.kind, EventKind::TcpInfo(_)) {
            self.last = Some(self.last.map_or(now, |last| last.max(now)));
        }
        let mut context = Context {
            target: self.target.clone(),
            since,
            ..Context::default()
        };
        // Other kinds stand on their own.
        if let EventKind::XmppStanza(stanza) = &event.kind {
            context.answers = self.iq(event, stanza);
        } else if let EventKind::Closed(_) = &event.kind {
            let unfinished = self.exchanges.drain(..);
            context.unfinished = unfinished
                .filter(|exchange| exchange.response.is_some())
                .collect();
        } else {
            context.exchange = self.http(event);
        }
        context
    }

    fn iq(&mut self, event: &Event, stanza: &XmppStanza) -> Option<(Asked, Micros)> {
        let outline = &stanza.stanza;
        if outline.root.name != "iq" {
            return None;
        }
        let (id, direction) = (outline.id.as_ref()?, event.direction?);
        match outline.kind_attribute.as_deref() {
            Some("get" | "set") => {
                self.asked.push_back(Asked {
                    id: id.clone(),
                    direction,
                    at: event.time.arrived,
                    what: outline.kind.clone(),
                });
                if self.asked.len() > WAITING {
                    self.asked.pop_front();
                }
                None
            }
            _ => {
                let fits = |asked: &Asked| asked.id == *id && asked.direction != direction;
                let at = self.asked.iter().position(fits)?;
                let asked = self.asked.remove(at)?;
                let took = event.time.arrived.since(asked.at);
                Some((asked, took))
            }
        }
    }

    fn http(&mut self, event: &Event) -> Option<(Asking, Micros)> {
        let now = event.time.arrived;
        match &event.kind {
            EventKind::HttpRequest(head) => {
                self.exchanges.push_back(Asking {
                    number: head.exchange,
                    method: head.method.clone(),
                    target: head.target.clone(),
                    at: now,
                    response: None,
                });
                if self.exchanges.len() > WAITING {
                    self.exchanges.pop_front();
                }
                None
            }
            EventKind::HttpResponse(head) => {
                let at = self.exchange(head.exchange)?;
                let exchange = self.exchanges.get_mut(at)?;
                let first = event.time.began().since(exchange.at);
                exchange.response = Some((head.clone(), first));
                let found = exchange.clone();
                if (head.status == 101 || head.status >= 200) && !head.has_body(&found.method) {
                    self.exchanges.remove(at);
                }
                let total = now.since(found.at);
                Some((found, total))
            }
            EventKind::HttpBody(body) => {
                let at = self.exchange(body.exchange)?;
                let found = match event.direction {
                    Some(Direction::ToClient) => self.exchanges.remove(at)?,
                    _ => self.exchanges.get(at)?.clone(),
                };
                let total = now.since(found.at);
                Some((found, total))
            }
            _ => None,
        }
    }

    fn exchange(&self, number: u64) -> Option<usize> {
        self.exchanges
            .iter()
            .position(|exchange| exchange.number == number)
    }
}

/// Connections remembered.
const CONNECTIONS: usize = 4096;
/// Questions and exchanges remembered for each connection.
const WAITING: usize = 128;
/// Bytes that all of it may hold.
const HEAVIEST: usize = 32 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{HttpRequest, HttpVersion, Times};

    #[test]
    fn heavy_questions_make_room_for_later_ones() {
        let mut contexts = Contexts::default();
        let mut take = |number: u64, connection: u64, kind| {
            contexts.take(&Event {
                number,
                time: Times::at(Micros(number)),
                connection: Some(ConnectionId(connection)),
                direction: Some(Direction::ToServer),
                kind,
            });
            contexts.weight
        };
        let mut heaviest = 0;
        for number in 0..3_000 {
            let request = HttpRequest {
                exchange: number,
                method: "GET".to_owned(),
                target: "x".repeat(50_000),
                version: HttpVersion::Http11,
                headers: Vec::new(),
            };
            heaviest = take(number, number / 9, EventKind::HttpRequest(request)).max(heaviest);
        }
        assert!((HEAVIEST / 2..=HEAVIEST).contains(&heaviest), "{heaviest}");
        let sum: usize = contexts.connections.values().map(|one| one.weight).sum();
        assert_eq!(contexts.weight, sum);
        assert!(contexts.connections.contains_key(&ConnectionId(2_999 / 9)));
    }
}
