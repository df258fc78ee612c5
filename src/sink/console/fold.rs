//! What the console remembers from one event to the next: enough for times between things, and bounded.

use std::collections::{BTreeMap, VecDeque};

use crate::event::{
    ConnectionId, Direction, Event, EventKind, HttpResponse, Micros, StanzaKind, XmppStanza,
};

/// The session as far as a line needs it.
#[derive(Debug, Default)]
pub(super) struct Fold {
    /// The wall clock minus the session's, once the session's start was seen.
    pub(super) wall_at_start: Option<i64>,
    connections: BTreeMap<ConnectionId, Connection>,
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Connection {
    last: Option<Micros>,
    asked: VecDeque<Asked>,
    exchanges: VecDeque<Exchange>,
}

/// An iq that waits for its answer.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    id: String,
    direction: Direction,
    at: Micros,
    pub(super) what: StanzaKind,
}

/// An HTTP request and what came back so far.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    number: u64,
    pub(super) method: String,
    pub(super) target: String,
    /// When the request's head had arrived.
    at: Micros,
    /// The response's head, and from the request's head to its first byte.
    pub(super) response: Option<(HttpResponse, Micros)>,
}

/// What an event means in the light of those before it.
#[derive(Debug, Default)]
pub(super) struct Context {
    /// Since the event before on the same connection.
    pub(super) since: Option<Micros>,
    /// The question that this answers, and how long that took.
    pub(super) answers: Option<(Asked, Micros)>,
    /// The exchange that this belongs to, and the time since its request's head.
    pub(super) exchange: Option<(Exchange, Micros)>,
    /// Exchanges that this event leaves unfinished.
    pub(super) unfinished: Vec<Exchange>,
}

impl Context {
    /// How long the answer took that this event is.
    pub(super) fn round_trip(&self, event: &Event) -> Option<Micros> {
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

impl Fold {
    /// Keeps the wall clock right: a sleep or a jump moves it against the session's.
    fn clocks(&mut self, event: &Event) {
        match &event.kind {
            EventKind::SessionStarted(started) => self.wall_at_start = Some(started.wall_clock),
            EventKind::Host(host) => {
                if let Some(wall) = host.wall_clock() {
                    let at = event.time.arrived.0;
                    self.wall_at_start = Some(wall.saturating_sub_unsigned(at));
                }
            }
            _ => {}
        }
    }

    /// Takes the event in, and says what it means.
    pub(super) fn take(&mut self, event: &Event) -> Context {
        self.clocks(event);
        let Some(id) = event.connection else {
            return Context::default();
        };
        if self.connections.len() >= CONNECTIONS && !self.connections.contains_key(&id) {
            self.connections.pop_first();
        }
        let connection = self.connections.entry(id).or_default();
        let context = connection.take(event);
        if matches!(event.kind, EventKind::Closed(_)) {
            self.connections.remove(&id);
        }
        context
    }
}

impl Connection {
    fn take(&mut self, event: &Event) -> Context {
        let now = event.time.arrived;
        let since = self.last.map(|last| now.since(last));
        self.last = Some(self.last.map_or(now, |last| last.max(now)));
        let mut context = Context {
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

    fn http(&mut self, event: &Event) -> Option<(Exchange, Micros)> {
        let now = event.time.arrived;
        match &event.kind {
            EventKind::HttpRequest(head) => {
                self.exchanges.push_back(Exchange {
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
