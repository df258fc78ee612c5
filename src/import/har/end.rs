//! What an entry says of a socket as a whole: whether its messages are stanzas, and how it ended.

use super::Log;
use super::entry::{Close, Entry};
use super::exchange::value;
use super::facts::{Phases, Place, millis, since};
use super::messages::{Socket, micros};
use crate::event::{Closed, Closing, Direction, Ended, EventKind, Manner};
use crate::import::failure::{self, Fate};

impl Log<'_> {
    /// What a socket's messages are, and its end as far as the entry knows of it.
    pub(super) fn socket(&mut self, place: Place, entry: &Entry, socket: &Socket, phases: &Phases) {
        let answered = &entry.response.headers.fields;
        let is_xmpp = match value(answered, "sec-websocket-protocol") {
            Some(chosen) => chosen.eq_ignore_ascii_case("xmpp"),
            None if answered.is_empty() => socket.saw_framing,
            None => false,
        };
        if !is_xmpp {
            self.collector.is_plain(place.connection);
        }
        let last = socket.span.map_or(phases.answered, |(_, last)| last);
        let over = phases.started.saturating_add(millis(entry.time)).max(last);
        let close = &entry.close;
        let closes = close.is_there && !socket.saw_close;
        if closes {
            let at = close.time.map_or(over, micros).max(last);
            self.fact(
                place,
                at,
                way(close),
                EventKind::WebSocketClose(closing(close)),
            );
        }
        let is_over = close.is_there || socket.saw_close || socket.error.is_some();
        // Chromium counts on at each message and once more at the end; its start is cut to a millisecond.
        if !is_over && over - last <= ROUNDING {
            return;
        }
        let manner =
            socket
                .error
                .as_deref()
                .map_or(Manner::Unknown, |error| match failure::fate(error) {
                    Fate::Ended(manner) => manner,
                    _ => Manner::Error(error.chars().take(WORDS).collect()),
                });
        let (to_server, to_client) = socket.bytes;
        let ended = EventKind::Ended(Ended {
            manner,
            bytes: to_client,
        });
        self.fact(place, over, Some(Direction::ToClient), ended);
        let ended = EventKind::Ended(Ended {
            manner: Manner::Unknown,
            bytes: to_server,
        });
        self.fact(place, over, Some(Direction::ToServer), ended);
        let lasted = since(phases.started, over);
        let closed = EventKind::Closed(Closed {
            first: None,
            to_server,
            to_client,
            lasted,
        });
        self.fact(place, over, None, closed);
    }
}

fn way(close: &Close) -> Option<Direction> {
    match close.way.as_str() {
        "send" => Some(Direction::ToServer),
        "receive" => Some(Direction::ToClient),
        _ => None,
    }
}

fn closing(close: &Close) -> Closing {
    Closing {
        code: close.code,
        reason: close.reason.chars().take(WORDS).collect(),
    }
}

/// How far a socket's end has to be behind its last message to be known as one, in microseconds.
const ROUNDING: i64 = 2_000;
/// Characters of the browser's words that are kept.
const WORDS: usize = 200;
