//! How a desktop's socket was lost: since when it was of no use, and whose word ended it.

use crate::event::{Direction, Manner, Micros};
use crate::session::{At, Close, Connection, End, Session, Socket};

use super::clocks::Clocks;

/// A desktop's socket that is over, or of no use any more.
#[derive(Debug, Clone, Copy)]
pub struct Loss<'a> {
    /// Its connection.
    pub connection: &'a Connection,
    /// The socket on it.
    pub socket: &'a Socket,
    /// Since when it was of no use: the oldest ping without an answer, or the first word of its end.
    pub at: At,
    /// The first word of its end.
    pub word: Word<'a>,
    /// When that word came; the session's last moment where none came.
    pub over: At,
    /// The ping that was waiting then, longer than a healthy server makes it wait.
    pub unanswered: Option<At>,
}

/// The first thing that said that a socket is over.
#[derive(Debug, Clone, Copy)]
pub enum Word<'a> {
    /// The client's unavailable presence, or its `close`.
    Goodbye,
    /// A stream error: who sent it, and its condition.
    StreamError(Direction, &'a str),
    /// The server's `close` without a stream error.
    StreamClose,
    /// A Close frame.
    Close(&'a Close),
    /// The end of a direction, without any of the above.
    End(&'a End),
    /// None, and the connection is gone: what ended it was not seen.
    Gone,
    /// None: it is still open.
    Open,
}

impl<'a> Loss<'a> {
    /// Whether, and how, a connection's socket was lost by the end of the session.
    #[must_use]
    pub fn of(session: &Session, connection: &'a Connection, clocks: &Clocks) -> Option<Self> {
        let socket = connection.socket.as_ref().filter(|one| is_desktop(one))?;
        let (_, last) = session.span()?;
        let (over, word) = first_word(connection, socket).unwrap_or((last, Word::Open));
        if matches!(word, Word::End(end) if end.manner == Manner::Stopped) {
            return None;
        }
        let pings = &socket.stream.pings.to_server;
        let waiting = pings.waiting(over.time);
        let waiting = waiting.filter(|ping| over.time.since(ping.sent.time) >= suspicious(clocks));
        let unanswered = waiting.map(|ping| ping.sent);
        if matches!(word, Word::Open) && unanswered.is_none() {
            return None;
        }
        Some(Self {
            connection,
            socket,
            at: unanswered.unwrap_or(over),
            word,
            over,
            unanswered,
        })
    }

    /// Whether the client left in order, while nothing was wrong.
    #[must_use]
    pub const fn is_voluntary(&self) -> bool {
        let leaves = match self.word {
            Word::Goodbye => true,
            // A page that could not say goodbye any more (`finesse.md` 4.4).
            Word::Close(close) => {
                matches!(close.direction, Direction::ToServer)
                    && matches!(close.code, Some(1000 | 1001))
            }
            _ => false,
        };
        leaves && self.unanswered.is_none()
    }

    /// How long a ping had been waiting when the socket was over.
    #[must_use]
    pub fn waited(&self) -> Option<Micros> {
        let sent = self.unanswered?;
        Some(self.over.time.since(sent.time))
    }

    /// The first end of a direction, whatever came before it.
    #[must_use]
    pub fn end(&self) -> Option<&'a End> {
        self.connection.first_end()
    }

    /// The user of the socket, as far as it is known.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        self.socket.stream.user().map(str::to_lowercase)
    }

    /// A stream error of that condition from the server, whenever it came.
    #[must_use]
    pub fn server_error(&self, wanted: &str) -> Option<At> {
        let errors = self.socket.stream.errors.iter();
        let mut errors = errors.filter(|(_, from, _)| *from == Direction::ToClient);
        errors
            .find(|(_, _, condition)| condition == wanted)
            .map(|(at, _, _)| *at)
    }
}

/// Whether a WebSocket carries a desktop's XMPP.
pub(super) fn is_desktop(socket: &Socket) -> bool {
    let stream = &socket.stream;
    socket.subprotocol.as_deref() == Some("xmpp")
        || socket.target.starts_with("/ws")
        || stream.user().is_some()
        || stream.opened.to_server.is_some()
        || stream.pings.to_server.sent > 0
}

/// Whether anything has said that a socket is over.
pub(super) fn is_over(connection: &Connection, socket: &Socket) -> bool {
    first_word(connection, socket).is_some()
}

/// What said first that it is over.
fn first_word<'a>(connection: &'a Connection, socket: &'a Socket) -> Option<(At, Word<'a>)> {
    let stream = &socket.stream;
    let goodbye = stream.client_said_goodbye().map(|at| (at, Word::Goodbye));
    let error = stream.errors.first();
    let error = error.map(|(at, from, condition)| (*at, Word::StreamError(*from, condition)));
    let closed = stream.closed.to_client.map(|at| (at, Word::StreamClose));
    let close = socket.closes.first();
    let close = close.map(|close| (close.at, Word::Close(close)));
    let end = connection.first_end().map(|end| (end.at, Word::End(end)));
    let gone = connection.closed.as_ref().map(|(at, _)| (*at, Word::Gone));
    let words = [goodbye, error, closed, close, end, gone];
    words.into_iter().flatten().min_by_key(|(at, _)| *at)
}

/// A ping that waits for so long is more than a slow one: nine tenths of the patience after which clients give up.
const fn suspicious(clocks: &Clocks) -> Micros {
    Micros(clocks.patience.0 / 10 * 9)
}
