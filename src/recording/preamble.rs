//! What is open: the events that a part has to repeat at its start, so that it can be read without the parts before it.
//!
//! Bounded: beyond [`BUDGET`] bytes, what is new is not remembered.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::event::{
    ConnectionId, Direction, Event, EventKind, HttpResponse, StanzaKind, XmppStanza,
};

/// Remembers the events that opened what is still open: listeners, connections, exchanges, sockets, streams, questions.
#[derive(Debug, Default)]
pub struct Preamble {
    session: Vec<Arc<Event>>,
    /// The last event that moved the wall clock against the session's.
    clock: Option<Arc<Event>>,
    connections: BTreeMap<ConnectionId, Open>,
    weight: Weight,
}

/// One open connection.
#[derive(Debug, Default)]
struct Open {
    /// How it came about, in order; for the life of the connection.
    opening: Vec<Arc<Event>>,
    /// Exchanges without an end: the request, and the response once it is there.
    exchanges: BTreeMap<u64, Vec<Arc<Event>>>,
    /// The last stanza of each kind that makes the state of an XMPP stream, in each direction.
    stream: BTreeMap<(Step, bool), Arc<Event>>,
    /// Questions without an answer.
    asked: VecDeque<Arc<Event>>,
}

/// What makes the state of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Open,
    Features,
    Auth,
    Outcome,
    Bind,
    Session,
    Presence,
}

/// The weight of all that is remembered, in bytes.
#[derive(Debug, Default)]
struct Weight(usize);

impl Preamble {
    /// Takes an event in.
    pub fn take(&mut self, event: &Arc<Event>) {
        let Some(id) = event.connection else {
            return self.of_session(event);
        };
        if let EventKind::Closed(_) = event.kind {
            if let Some(open) = self.connections.remove(&id) {
                open.events().for_each(|event| self.weight.release(event));
            }
        } else if self.weight.0 + event.weight() <= BUDGET {
            let open = self.connections.entry(id).or_default();
            open.take(event, &mut self.weight);
        }
    }

    /// The events to repeat, in their order.
    #[must_use]
    pub fn events(&self) -> Vec<Arc<Event>> {
        let of_connections = self.connections.values().flat_map(Open::events);
        let of_session = self.session.iter().chain(&self.clock);
        let mut events: Vec<_> = of_session.chain(of_connections).cloned().collect();
        events.sort_by_key(|event| event.number);
        events
    }

    fn of_session(&mut self, event: &Arc<Event>) {
        match &event.kind {
            EventKind::SessionStarted(_) | EventKind::Listening(_) => {
                self.session.push(self.weight.hold(event));
            }
            EventKind::Host(host) if host.wall_clock().is_some() => {
                let before = self.clock.replace(self.weight.hold(event));
                if let Some(before) = before {
                    self.weight.release(&before);
                }
            }
            _ => {}
        }
    }
}

impl Open {
    #[deny(
        clippy::wildcard_enum_match_arm,
        clippy::match_wildcard_for_single_variants
    )]
    fn take(&mut self, event: &Arc<Event>, weight: &mut Weight) {
        match &event.kind {
            EventKind::Accepted(_)
            | EventKind::Entered(_)
            | EventKind::Resolved(_)
            | EventKind::Attempt(_)
            | EventKind::Protocol(_)
            | EventKind::ClientHello(_)
            | EventKind::Minted(_)
            | EventKind::TlsEstablished(_) => self.opening.push(weight.hold(event)),
            EventKind::HttpRequest(head) => {
                // A request is over when the next one's answer comes at the latest; pipelining has its end here.
                if self.exchanges.len() >= EXCHANGES
                    && let Some((_, oldest)) = self.exchanges.pop_first()
                {
                    oldest.iter().for_each(|event| weight.release(event));
                }
                self.exchanges
                    .insert(head.exchange, vec![weight.hold(event)]);
            }
            EventKind::HttpResponse(head) => {
                if let Some(exchange) = self.exchanges.get_mut(&head.exchange) {
                    exchange.push(weight.hold(event));
                    if head.status >= 200 && !has_body(exchange, head) {
                        self.over(head.exchange, weight);
                    }
                }
            }
            EventKind::HttpBody(body) => {
                if event.direction == Some(Direction::ToClient) {
                    self.over(body.exchange, weight);
                }
            }
            EventKind::WebSocketOpened(opened) => {
                let exchange = self.exchanges.remove(&opened.exchange);
                self.opening.extend(exchange.unwrap_or_default());
                self.opening.push(weight.hold(event));
            }
            EventKind::XmppStanza(stanza) => self.stanza(event, stanza, weight),
            // The end of one direction is part of the state of a connection that the other still holds open.
            EventKind::Ended(_)
            | EventKind::HttpViolation(_)
            | EventKind::WebSocketClose(_)
            | EventKind::WebSocketViolation(_) => {
                if self.opening.len() < OPENING {
                    self.opening.push(weight.hold(event));
                }
            }
            EventKind::SessionStarted(_)
            | EventKind::Listening(_)
            | EventKind::Refused(_)
            | EventKind::UpstreamFailed(_)
            | EventKind::TlsFailed(_)
            | EventKind::Rewritten(_)
            | EventKind::WebSocketMessage(_)
            | EventKind::WebSocketPing(_)
            | EventKind::WebSocketPong(_)
            | EventKind::Stalled(_)
            | EventKind::TcpInfo(_)
            | EventKind::Closed(_)
            | EventKind::Host(_)
            | EventKind::Recorder(_)
            | EventKind::Gap(_)
            | EventKind::SessionEnded(_) => {}
        }
    }

    /// An exchange has come to its end.
    fn over(&mut self, exchange: u64, weight: &mut Weight) {
        let events = self.exchanges.remove(&exchange).unwrap_or_default();
        events.iter().for_each(|event| weight.release(event));
    }

    fn stanza(&mut self, event: &Arc<Event>, stanza: &XmppStanza, weight: &mut Weight) {
        let outline = &stanza.stanza;
        if let Some(step) = step(&outline.kind) {
            let place = (step, event.direction == Some(Direction::ToServer));
            if let Some(before) = self.stream.insert(place, weight.hold(event)) {
                weight.release(&before);
            }
        } else if outline.root.name == "iq" {
            match outline.kind_attribute.as_deref() {
                Some("get" | "set") => {
                    self.asked.push_back(weight.hold(event));
                    if self.asked.len() > ASKED
                        && let Some(oldest) = self.asked.pop_front()
                    {
                        weight.release(&oldest);
                    }
                }
                _ => self.answered(event, stanza, weight),
            }
        }
    }

    fn answered(&mut self, event: &Event, answer: &XmppStanza, weight: &mut Weight) {
        let answers = |asked: &Arc<Event>| match &asked.kind {
            EventKind::XmppStanza(question) => {
                question.stanza.id == answer.stanza.id && asked.direction != event.direction
            }
            _ => false,
        };
        if let Some(at) = self.asked.iter().position(answers)
            && let Some(asked) = self.asked.remove(at)
        {
            weight.release(&asked);
        }
    }

    fn events(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.opening
            .iter()
            .chain(self.exchanges.values().flatten())
            .chain(self.stream.values())
            .chain(&self.asked)
    }
}

/// Whether a body follows, as the request has it that opened the exchange.
fn has_body(exchange: &[Arc<Event>], head: &HttpResponse) -> bool {
    exchange.iter().any(|event| match &event.kind {
        EventKind::HttpRequest(request) => head.has_body(&request.method),
        _ => false,
    })
}

const fn step(kind: &StanzaKind) -> Option<Step> {
    Some(match kind {
        StanzaKind::Open => Step::Open,
        StanzaKind::Features { .. } => Step::Features,
        StanzaKind::Auth { .. } => Step::Auth,
        StanzaKind::Success | StanzaKind::SaslFailure(_) => Step::Outcome,
        StanzaKind::Bind { .. } => Step::Bind,
        StanzaKind::Session => Step::Session,
        StanzaKind::Presence { .. } => Step::Presence,
        _ => return None,
    })
}

impl Weight {
    fn hold(&mut self, event: &Arc<Event>) -> Arc<Event> {
        self.0 += event.weight();
        Arc::clone(event)
    }

    fn release(&mut self, event: &Event) {
        self.0 -= event.weight();
    }
}

/// Bytes of events remembered.
const BUDGET: usize = 16 * 1024 * 1024;
/// Exchanges remembered for each connection.
const EXCHANGES: usize = 64;
/// Questions remembered for each connection.
const ASKED: usize = 128;
/// Events of its opening remembered for each connection, where they could repeat without end.
const OPENING: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ClockJumped, Host, Micros, SessionStarted, Times};

    #[test]
    fn a_part_that_is_read_alone_knows_what_the_wall_clock_says() {
        let mut preamble = Preamble::default();
        let jump = |wall_clock| Host::ClockJumped(ClockJumped { by: 1, wall_clock });
        let kinds = [
            EventKind::SessionStarted(SessionStarted::default()),
            EventKind::Host(jump(1)),
            EventKind::Host(jump(2)),
            EventKind::Host(Host::Resumed),
        ];
        for (number, kind) in (1..).zip(kinds) {
            preamble.take(&Arc::new(Event {
                number,
                time: Times::at(Micros(number)),
                connection: None,
                direction: None,
                kind,
            }));
        }
        let numbers: Vec<_> = preamble.events().iter().map(|event| event.number).collect();
        assert_eq!(numbers, [1, 3]);
    }
}
