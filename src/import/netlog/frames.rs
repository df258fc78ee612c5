//! WebSockets, frame by frame: a NetLog has their heads, and nothing of what they say.

use super::constants::Kind;
use super::record::Params;
use super::sockets::since;
use super::{Log, Seen};
use crate::event::{
    Closing, Content, DataOpcode, Direction, Ended, EventKind, FrameFacts, Manner, MessageFacts,
    Micros, Payload, Pong, WebSocketMessage,
};
use crate::import::spool::Fact;

impl Log<'_> {
    /// The browser gave a WebSocket up; why, in its words.
    pub(super) fn socket_trouble(&mut self, seen: &Seen, request: u64, reason: &str) {
        let connection = self
            .requests
            .get(request)
            .and_then(|request| request.connection);
        let Some(connection) = connection else {
            return;
        };
        let what = match seen.kind {
            Kind::CloseTimeout => "no answer to the Close of the WebSocket in the browser's time",
            Kind::InvalidFrame => "the browser gave up the WebSocket: invalid frame",
            _ => "the browser gave up the WebSocket: upgrade failed",
        };
        let reason: String = reason.chars().take(WORDS).collect();
        let words = if reason.is_empty() {
            what.to_owned()
        } else {
            format!("{what} ({reason})")
        };
        let ended = EventKind::Ended(Ended {
            manner: Manner::Error(words),
            bytes: 0,
        });
        self.collector
            .push(Fact::sent(connection, Direction::ToServer, seen.at, ended));
    }

    /// A frame's head.
    pub(super) fn frame(&mut self, seen: &Seen, direction: Direction, params: &Params) {
        let arrived = since(self.collector.started(), seen.at);
        let Some(request) = self.requests.get(seen.id) else {
            return;
        };
        let Some(connection) = request.connection else {
            return;
        };
        let size = params.count.unwrap_or_default();
        let kind = match params.opcode {
            Some(8) => Some(EventKind::WebSocketClose(closing(size))),
            Some(9) => Some(EventKind::WebSocketPing(unseen(size))),
            Some(10) => Some(EventKind::WebSocketPong(Pong {
                payload: unseen(size),
                round_trip: None,
            })),
            Some(0..=2) => {
                let [to_server, to_client] = &mut request.messages;
                let message = match direction {
                    Direction::ToServer => to_server,
                    Direction::ToClient => to_client,
                };
                data(message, params, size, arrived)
            }
            _ => None,
        };
        if let Some(kind) = kind {
            self.collector
                .push(Fact::sent(connection, direction, seen.at, kind));
        }
    }
}

/// Adds a frame to the message at hand; the message, once it is whole.
fn data(
    message: &mut Option<MessageFacts>,
    params: &Params,
    size: u64,
    arrived: Micros,
) -> Option<EventKind> {
    let facts = message.get_or_insert_with(|| MessageFacts {
        opcode: if params.opcode == Some(2) {
            DataOpcode::Binary
        } else {
            DataOpcode::Text
        },
        masked: params.masked,
        compressed: params.compressed,
        wire_size: 0,
        frame_count: 0,
        frames: Vec::new(),
    });
    facts.wire_size = facts.wire_size.saturating_add(size);
    facts.frame_count += 1;
    let is_only_one = params.is_final && facts.frame_count == 1;
    if !is_only_one && facts.frames.len() < MessageFacts::FRAMES_KEPT {
        facts.frames.push(FrameFacts {
            wire_size: size,
            arrived,
        });
    }
    if !params.is_final {
        return None;
    }
    let message = message.take()?;
    let payload = unseen(message.wire_size);
    Some(EventKind::WebSocketMessage(WebSocketMessage {
        message,
        payload,
    }))
}

/// A Close: an empty one is known as such.
fn closing(size: u64) -> Closing {
    let reason = if size == 0 { "" } else { UNSEEN };
    Closing {
        code: None,
        reason: reason.to_owned(),
    }
}

/// Content of which only the size is known.
pub(super) fn unseen(size: u64) -> Payload {
    Payload {
        content: Content::default(),
        size,
        cut: size,
    }
}

/// Stands for the reason of a Close that is not empty.
const UNSEEN: &str = "(code and reason are not in a NetLog)";
/// Characters of the browser's words that are kept.
const WORDS: usize = 200;
