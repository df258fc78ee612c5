//! How a desktop's socket was lost: since when it was of no use, and whose word ended it.

use crate::event::{Direction, Manner, Micros};
use crate::session::{At, Close, Connection, End, Ping, Session, Socket};

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
        let unanswered = unanswered(socket, over, word, clocks);
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

    /// How long the ping waited until its answer came or the socket was over.
    #[must_use]
    pub fn waited(&self) -> Option<Micros> {
        let sent = self.unanswered?;
        let mut pings = self.socket.stream.pings.to_server.latest();
        let ping = pings.find(|ping| ping.sent == sent);
        let answered = ping.and_then(|ping| ping.answered);
        let until = answered.map_or(self.over, |answered| answered.min(self.over));
        Some(until.time.since(sent.time))
    }

    /// The last ping that was answered before the trouble began.
    #[must_use]
    pub fn last_answered(&self) -> Option<&'a Ping> {
        let pings = self.socket.stream.pings.to_server.latest();
        let mut before = pings.rev().filter(|ping| ping.sent < self.at);
        before.find(|ping| ping.answered.is_some_and(|at| at <= self.over))
    }

    /// The end that came from this side without a word of XMPP or WebSocket before it, and without a ping that waited.
    #[must_use]
    pub fn broken_off(&self, by: Direction) -> Option<&'a End> {
        match self.word {
            Word::End(end) if end.direction == by && self.unanswered.is_none() => Some(end),
            _ => None,
        }
    }

    /// Whether the page closed the socket itself and said nothing of XMPP, as it does with one that it has given up.
    #[must_use]
    pub const fn is_given_up(&self) -> bool {
        matches!(self.word, Word::Close(close) if matches!(close.direction, Direction::ToServer))
    }

    /// The last that the browser was heard to say before the socket was over.
    #[must_use]
    pub fn heard(&self) -> Option<At> {
        let last = self.connection.last[Direction::ToServer];
        if last.is_some_and(|last| last < self.over) {
            return last;
        }
        // It spoke after the end too, and only the ledgers tell what came before.
        let stream = &self.socket.stream;
        let pings = stream.pings.to_server.latest().map(|ping| ping.sent);
        let answers = stream.pings.to_client.latest();
        let pongs = self.socket.frame_pings.to_client.latest();
        let answers = answers.chain(pongs).filter_map(|ping| ping.answered);
        let login = [stream.available.as_ref().map(|(at, _)| *at)];
        let said = pings.chain(answers).chain(login.into_iter().flatten());
        said.filter(|at| *at < self.over).max()
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
pub(super) fn first_word<'a>(
    connection: &'a Connection,
    socket: &'a Socket,
) -> Option<(At, Word<'a>)> {
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

/// The ping that waited too long when the socket was over, or when its client gave it up.
///
/// The page gives up when it sends the next ping, closes the socket only when it tries again (`finesse.md` 4.2), and
/// the answers may come in between.
fn unanswered(socket: &Socket, over: At, word: Word<'_>, clocks: &Clocks) -> Option<At> {
    let pings = &socket.stream.pings.to_server;
    let long = |now: Micros| {
        let ping = pings.waiting(now)?;
        (now.since(ping.sent.time) >= suspicious(clocks)).then_some(ping.sent)
    };
    let left = matches!(word, Word::Close(close) if close.direction == Direction::ToServer);
    long(over.time).or_else(|| {
        let mut before = pings.latest().rev().filter(|_| left);
        let last = before.find(|ping| ping.sent < over)?;
        long(last.sent.time)
    })
}

/// A ping that waits for so long is more than a slow one: nine tenths of the patience after which clients give up.
const fn suspicious(clocks: &Clocks) -> Micros {
    Micros(clocks.patience.0 / 10 * 9)
}
