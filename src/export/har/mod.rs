//! `har`: HAR 1.2 as Chrome and HTTP Toolkit write it, one entry an exchange, written as the exchange ends.
//!
//! `docs/exporting.md` says what goes where. Memory is bounded: open exchanges by [`EXCHANGES`] and [`WEIGHT`], open
//! sockets by [`SOCKETS`], and a socket's messages wait in a temporary file for the end of their entry.

mod connection;
mod entry;
mod error;
mod exchange;
mod field;
mod log;
mod moment;
mod socket;
mod tally;
mod url;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Export;
use crate::event::{
    ConnectionId, Direction, Event, EventKind, HttpBody, HttpRequest, HttpResponse, SessionStarted,
    Source, WebSocketOpened,
};
use connection::Connection;
use exchange::{Ending, Exchange};
use log::Log;
use moment::Wall;
use socket::Socket;
use tally::Tally;

/// A session as one HAR file.
#[derive(Debug)]
pub struct Har<W> {
    log: Log<W>,
    session: SessionStarted,
    wall: Wall,
    connections: BTreeMap<ConnectionId, Connection>,
    /// Exchanges without an end yet, by connection and number.
    exchanges: BTreeMap<(ConnectionId, u64), Exchange>,
    /// What the open exchanges weigh.
    weight: usize,
    /// Open sockets; a connection has one at most.
    sockets: BTreeMap<ConnectionId, Exchange>,
    tally: Tally,
}

impl<W: Write> Har<W> {
    /// Writes to `output` what `session` is.
    ///
    /// # Errors
    /// Those of the output.
    pub fn new(output: W, session: SessionStarted) -> io::Result<Self> {
        Ok(Self {
            log: Log::begin(output, &session)?,
            wall: Wall::starting(session.wall_clock),
            session,
            connections: BTreeMap::new(),
            exchanges: BTreeMap::new(),
            weight: 0,
            sockets: BTreeMap::new(),
            tally: Tally::default(),
        })
    }

    fn connection(&mut self, id: ConnectionId) -> &mut Connection {
        if self.connections.len() >= CONNECTIONS && !self.connections.contains_key(&id) {
            self.connections.pop_first();
        }
        self.connections.entry(id).or_default()
    }

    fn request(&mut self, id: ConnectionId, event: &Event, head: &HttpRequest) -> io::Result<()> {
        let first = self.connection(id).asked();
        let exchange = Exchange::asked(event, head, first);
        self.keep((id, head.exchange), exchange)
    }

    fn response(&mut self, id: ConnectionId, event: &Event, head: &HttpResponse) -> io::Result<()> {
        self.connection(id).answered();
        let key = (id, head.exchange);
        let Some(exchange) = self.exchanges.get_mut(&key) else {
            self.tally.unplaced += 1;
            return Ok(());
        };
        self.weight += exchange.answered(event, head);
        self.settle(key)
    }

    fn body(&mut self, id: ConnectionId, event: &Event, body: &HttpBody) -> io::Result<()> {
        let key = (id, body.exchange);
        let Some(exchange) = self.exchanges.get_mut(&key) else {
            self.tally.unplaced += u64::from(body.wire_size > 0);
            return Ok(());
        };
        self.weight += exchange.body(event, body);
        self.settle(key)
    }

    /// Writes an exchange that has ended; lets go of the oldest where too much is open.
    fn settle(&mut self, key: (ConnectionId, u64)) -> io::Result<()> {
        if self.exchanges.get(&key).is_some_and(Exchange::is_over)
            && let Some(exchange) = self.take(key)
        {
            self.write(exchange, Ending::Complete)?;
        }
        while self.exchanges.len() > EXCHANGES || self.weight > WEIGHT {
            let Some(oldest) = self.exchanges.keys().next().copied() else {
                break;
            };
            if let Some(exchange) = self.take(oldest) {
                self.tally.let_go += 1;
                self.write(exchange, Ending::LetGo)?;
            }
        }
        Ok(())
    }

    fn keep(&mut self, key: (ConnectionId, u64), exchange: Exchange) -> io::Result<()> {
        // A number that comes twice is a damaged recording's; what was known under it stands for itself.
        if let Some(earlier) = self.take(key) {
            self.write(earlier, Ending::LetGo)?;
        }
        self.weight += exchange.weight();
        self.exchanges.insert(key, exchange);
        self.settle(key)
    }

    fn take(&mut self, key: (ConnectionId, u64)) -> Option<Exchange> {
        let exchange = self.exchanges.remove(&key)?;
        self.weight = self.weight.saturating_sub(exchange.weight());
        Some(exchange)
    }

    fn opened(
        &mut self,
        id: ConnectionId,
        event: &Event,
        opened: &WebSocketOpened,
    ) -> io::Result<()> {
        let exchange = self
            .take((id, opened.exchange))
            .unwrap_or_else(|| Exchange::unseen(event, opened.exchange, &opened.target));
        self.socket(id, exchange)
    }

    fn socket(&mut self, id: ConnectionId, mut exchange: Exchange) -> io::Result<()> {
        if let Some(earlier) = self.sockets.remove(&id) {
            self.write(earlier, Ending::Open)?;
        }
        while self.sockets.len() >= SOCKETS {
            let Some((_, oldest)) = self.sockets.pop_first() else {
                break;
            };
            self.tally.let_go += 1;
            self.write(oldest, Ending::LetGo)?;
        }
        exchange.socket = Some(Socket::default());
        self.sockets.insert(id, exchange);
        Ok(())
    }

    /// A frame or a message. Where its handshake is missing from the recording, it is kept all the same.
    fn message(&mut self, id: ConnectionId, event: &Event) -> io::Result<()> {
        if !self.sockets.contains_key(&id) {
            self.socket(id, Exchange::unseen(event, 0, "/"))?;
        }
        let wall = &self.wall;
        let Some(exchange) = self.sockets.get_mut(&id) else {
            return Ok(());
        };
        exchange.ended = exchange.ended.max(event.time.arrived);
        match &mut exchange.socket {
            Some(socket) => socket.push(event, wall),
            None => Ok(()),
        }
    }

    /// The connection is gone: whatever was open on it ends with it.
    fn closed(&mut self, id: ConnectionId, event: &Event) -> io::Result<()> {
        if let Some(mut socket) = self.sockets.remove(&id) {
            socket.ended = socket.ended.max(event.time.arrived);
            self.write(socket, Ending::Closed)?;
        }
        let open: Vec<_> = self
            .exchanges
            .range((id, 0)..=(id, u64::MAX))
            .map(|(key, _)| *key)
            .collect();
        for key in open {
            if let Some(mut exchange) = self.take(key) {
                exchange.ended = exchange.ended.max(event.time.arrived);
                self.write(exchange, Ending::Closed)?;
            }
        }
        self.failed(id, event.number)?;
        self.connections.remove(&id);
        Ok(())
    }

    /// An entry for a connection that came to nothing before anything was asked on it.
    fn failed(&mut self, id: ConnectionId, number: u64) -> io::Result<()> {
        let Some(connection) = self.connections.get(&id) else {
            return Ok(());
        };
        self.tally.tunnels += u64::from(connection.is_tunnel());
        if let Some(entry) = connection.failed_entry(id, number, &self.wall) {
            self.log.put(&entry, None)?;
        }
        Ok(())
    }

    fn write(&mut self, mut exchange: Exchange, ending: Ending) -> io::Result<()> {
        let socket = exchange.socket.take();
        let unknown = Connection::default();
        let connection = self
            .connections
            .get(&exchange.connection)
            .unwrap_or(&unknown);
        let entry = exchange.entry(connection, socket.as_ref(), ending, &self.wall);
        self.log.put(&entry, socket)
    }
}

impl<W: Write> Export for Har<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let Some(id) = event.connection else {
            self.wall.take(event);
            self.tally.take(event);
            return Ok(());
        };
        match &event.kind {
            EventKind::HttpRequest(head) => self.request(id, event, head),
            EventKind::HttpResponse(head) => self.response(id, event, head),
            EventKind::HttpBody(body) => self.body(id, event, body),
            EventKind::WebSocketOpened(opened) => self.opened(id, event, opened),
            EventKind::WebSocketMessage(_)
            | EventKind::XmppStanza(_)
            | EventKind::WebSocketPing(_)
            | EventKind::WebSocketPong(_)
            | EventKind::WebSocketClose(_) => self.message(id, event),
            EventKind::WebSocketViolation(_) => {
                if let Some(Exchange {
                    socket: Some(socket),
                    ..
                }) = self.sockets.get_mut(&id)
                {
                    socket.violations += 1;
                }
                Ok(())
            }
            EventKind::Closed(_) => self.closed(id, event),
            _ => {
                self.tally.take(event);
                self.connection(id).take(event);
                Ok(())
            }
        }
    }

    fn finish(mut self: Box<Self>) -> io::Result<Vec<String>> {
        while let Some((_, socket)) = self.sockets.pop_first() {
            self.write(socket, Ending::Open)?;
        }
        while let Some((_, exchange)) = self.exchanges.pop_first() {
            self.write(exchange, Ending::Open)?;
        }
        let ids: Vec<_> = self.connections.keys().copied().collect();
        for id in ids {
            self.failed(id, 0)?;
        }
        let remarks = self.tally.remarks();
        let comment = self.tally.comment(&self.session, &remarks);
        self.log.end(&comment, &self.session)?;
        Ok(remarks)
    }
}

/// The program that saw the traffic, in its own words, where it was not finspect.
fn seen_by(source: &Source) -> Option<&str> {
    match source {
        Source::Live => None,
        Source::Har(program) | Source::Netlog(program) => Some(program),
    }
}

/// The way of a message, in HAR's words.
const fn way(direction: Option<Direction>) -> &'static str {
    match direction {
        Some(Direction::ToClient) => "receive",
        Some(Direction::ToServer) | None => "send",
    }
}

/// Connections remembered.
const CONNECTIONS: usize = 4096;
/// Open exchanges remembered.
const EXCHANGES: usize = 4096;
/// What open exchanges may weigh, in bytes.
const WEIGHT: usize = 64 * 1024 * 1024;
/// Open sockets remembered; each may hold a file open.
const SOCKETS: usize = 256;
