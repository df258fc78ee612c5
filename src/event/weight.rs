//! How much memory an event holds, roughly: what the byte budgets of queues are counted in.

use super::{Event, EventKind, Header, Payload};

impl Event {
    /// Approximate bytes in memory.
    #[must_use]
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.kind.heap()
    }
}

impl EventKind {
    /// Approximate bytes on the heap; small kinds count as nothing.
    fn heap(&self) -> usize {
        match self {
            Self::XmppStanza(stanza) => 256 + payload(&stanza.xml),
            Self::WebSocketMessage(message) => payload(&message.payload),
            Self::HttpRequest(head) => head.target.len() + headers(&head.headers),
            Self::HttpResponse(head) => headers(&head.headers),
            Self::HttpBody(body) => payload(&body.content) + headers(&body.trailers),
            _ => 0,
        }
    }
}

fn payload(payload: &Payload) -> usize {
    payload.content.len()
}

fn headers(headers: &[Header]) -> usize {
    let one = |header: &Header| size_of::<Header>() + header.name.len() + header.value.len();
    headers.iter().map(one).sum()
}
