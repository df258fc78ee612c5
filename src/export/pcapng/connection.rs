//! One connection of the recording: its ends, its streams, and which of its HTTP is open.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};

use super::blocks::Blocks;
use super::ends::{Ends, MadeUp};
use super::http::NO_MORE_CHUNKS;
use super::stream::Stream;
use crate::event::{ConnectionId, Direction, EventKind, HttpVersion};

/// What has to be known of a connection to write its next packet.
#[derive(Debug, Default)]
pub(super) struct Connection {
    pub(super) ends: Ends,
    /// HTTP/2 or later: its exchanges are interleaved, so each has a stream of its own.
    multiplexed: bool,
    /// The exchange that became a WebSocket.
    socket: u64,
    /// By exchange; 0 for all of HTTP/1.
    pub(super) streams: BTreeMap<u64, Open>,
}

/// A stream that was opened.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) stream: Stream,
    /// Exchanges whose method says something about the response's body.
    methods: VecDeque<(u64, String)>,
    /// Chunked bodies whose end is still to be written, of which exchange: to the server, to the client.
    bodies: [Option<u64>; 2],
}

impl Connection {
    /// Takes in what the event says of the connection.
    pub(super) fn learn(&mut self, kind: &EventKind) {
        self.ends.learn(kind);
        match kind {
            EventKind::HttpRequest(head) => self.multiplexed |= multiplexes(head.version),
            EventKind::HttpResponse(head) => self.multiplexed |= multiplexes(head.version),
            EventKind::WebSocketOpened(opened) => self.socket = opened.exchange,
            _ => {}
        }
    }

    /// The key of the stream that an event belongs to.
    pub(super) const fn key(&self, kind: &EventKind) -> u64 {
        if !self.multiplexed {
            return 0;
        }
        match kind {
            EventKind::HttpRequest(head) => head.exchange,
            EventKind::HttpResponse(head) => head.exchange,
            EventKind::HttpBody(body) => body.exchange,
            _ => self.socket,
        }
    }

    /// The stream of that key, opened if need be; `comments` stand at its first packet.
    pub(super) fn stream<W: Write>(
        &mut self,
        (id, key): (ConnectionId, u64),
        made_up: &mut MadeUp,
        out: &mut Blocks<W>,
        at: u64,
        comments: &[String],
    ) -> io::Result<&mut Open> {
        if !self.streams.contains_key(&key) {
            if self.streams.len() >= STREAMS {
                self.streams.pop_first();
            }
            let ends = self.ends.of_stream(key == 0, made_up);
            let seed = id.0.wrapping_mul(STREAMS as u64).wrapping_add(key);
            let stream = Stream::open(ends, seed, out, at, comments)?;
            self.streams.insert(key, Open::new(stream));
        }
        let gone = || io::Error::other("a stream is gone");
        self.streams.get_mut(&key).ok_or_else(gone)
    }
}

impl Open {
    const fn new(stream: Stream) -> Self {
        Self {
            stream,
            methods: VecDeque::new(),
            bodies: [None; 2],
        }
    }

    /// Remembers a request's method, where the response's body depends on it.
    pub(super) fn asked(&mut self, exchange: u64, method: &str) {
        if !matches!(method, "HEAD" | "CONNECT") {
            return;
        }
        if self.methods.len() >= METHODS {
            self.methods.pop_front();
        }
        self.methods.push_back((exchange, method.to_owned()));
    }

    /// The method, as far as it matters.
    pub(super) fn method(&self, exchange: u64) -> &str {
        let mut methods = self.methods.iter();
        methods
            .find(|(asked, _)| *asked == exchange)
            .map_or("", |(_, method)| method)
    }

    /// The exchange whose body is open.
    pub(super) const fn body(&mut self, direction: Direction) -> &mut Option<u64> {
        let [to_server, to_client] = &mut self.bodies;
        match direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        }
    }

    /// Ends a body that did not come, so that what follows can be told from it.
    pub(super) fn end_body<W: Write>(
        &mut self,
        out: &mut Blocks<W>,
        at: u64,
        direction: Direction,
    ) -> io::Result<()> {
        if self.body(direction).take().is_none() || !self.stream.takes(direction) {
            return Ok(());
        }
        let comment = "made up: the body is not in the recording".to_owned();
        self.stream
            .send(out, at, direction, NO_MORE_CHUNKS, &[comment])
    }
}

const fn multiplexes(version: HttpVersion) -> bool {
    matches!(version, HttpVersion::Http2 | HttpVersion::Http3)
}

/// Streams of one connection that are remembered; those of a multiplexed one.
const STREAMS: usize = 64;
/// Methods remembered for each stream.
const METHODS: usize = 64;
