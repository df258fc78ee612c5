//! A WebSocket, and the XMPP stream on it.

use super::kept::{Kept, clip};
use super::{At, Pings, Stream, Ways};
use crate::event::{
    Carrier, Direction, Event, EventKind, Payload, WebSocketOpened, WebSocketViolation,
};

/// A WebSocket from its 101 on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// The 101; the first that was seen of it, where that was not.
    pub opened: At,
    /// The request target; empty where the 101 was not seen.
    pub target: String,
    /// The subprotocol that was agreed.
    pub subprotocol: Option<String>,
    /// Data messages, stanzas included.
    pub messages: Ways<u64>,
    /// The largest message in bytes, inflated.
    pub largest: Ways<u64>,
    /// Bytes of whole messages on the wire, without the headers of their frames.
    pub carried: Ways<u64>,
    /// Ping frames, by the direction of the ping.
    pub frame_pings: Ways<Pings>,
    /// The XMPP stream.
    pub stream: Stream,
    /// Close frames, in order.
    pub closes: Kept<Close>,
    /// What was wrong with the frames.
    pub violations: Kept<(At, WebSocketViolation)>,
}

/// A Close frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// When.
    pub at: At,
    /// Which way it went.
    pub direction: Direction,
    /// Its code; absent in an empty Close.
    pub code: Option<u16>,
    /// Its reason.
    pub reason: String,
}

impl Socket {
    pub(super) fn opened(opened: &WebSocketOpened, at: At) -> Self {
        Self {
            target: clip(&opened.target).to_owned(),
            subprotocol: opened.subprotocol.as_deref().map(clip).map(str::to_owned),
            ..Self::unseen(at)
        }
    }

    pub(super) fn unseen(at: At) -> Self {
        Self {
            opened: at,
            target: String::new(),
            subprotocol: None,
            messages: Ways::default(),
            largest: Ways::default(),
            carried: Ways::default(),
            frame_pings: Ways::default(),
            stream: Stream::default(),
            closes: Kept::default(),
            violations: Kept::default(),
        }
    }

    pub(super) fn take(&mut self, event: &Event, at: At) {
        let Some(direction) = event.direction else {
            return;
        };
        match &event.kind {
            EventKind::XmppStanza(stanza) => {
                let Carrier::WebSocket(facts) = &stanza.carrier;
                self.message(direction, stanza.xml.size, facts.wire_size);
                self.stream.take(stanza, direction, at);
            }
            EventKind::WebSocketMessage(message) => {
                self.message(direction, message.payload.size, message.message.wire_size);
            }
            EventKind::WebSocketPing(payload) => {
                self.frame_pings[direction].send(&named(payload), at);
            }
            EventKind::WebSocketPong(pong) => {
                self.frame_pings[direction.reverse()].answer(&named(&pong.payload), at);
            }
            EventKind::WebSocketClose(closing) => {
                let close = Close {
                    at,
                    direction,
                    code: closing.code,
                    reason: closing.reason.clone(),
                };
                self.closes.keep(close);
            }
            EventKind::WebSocketViolation(violation) => {
                self.violations.keep((at, violation.clone()));
            }
            _ => {}
        }
    }

    /// Roughly the bytes that it holds on the heap, short texts of its own left out.
    pub(super) const fn weight(&self) -> usize {
        let frames = self.frame_pings.to_server.weight() + self.frame_pings.to_client.weight();
        self.stream.weight() + self.closes.weight() + self.violations.weight() + frames
    }

    fn message(&mut self, direction: Direction, size: u64, carried: u64) {
        self.messages[direction] += 1;
        let all = &mut self.carried[direction];
        *all = all.saturating_add(carried);
        let largest = &mut self.largest[direction];
        *largest = size.max(*largest);
    }
}

/// A ping frame goes by its payload.
fn named(payload: &Payload) -> String {
    let bytes = payload.content.as_bytes();
    let named = bytes.iter().take(LONGEST_PING);
    named.map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that a control frame may carry (RFC 6455 section 5.5).
const LONGEST_PING: usize = 125;
