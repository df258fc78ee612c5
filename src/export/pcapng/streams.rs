//! All connections of the recording, and the file that their packets go to.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::blocks::Blocks;
use super::connection::{Connection, Open};
use super::ends::{MadeUp, NOBODY};
use super::packet;
use crate::event::{ConnectionId, Direction, Manner, SessionStarted};

/// Where and when bytes passed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) connection: ConnectionId,
    /// The stream of the connection.
    pub(super) key: u64,
    pub(super) direction: Direction,
    /// In microseconds since the Unix epoch.
    pub(super) at: u64,
}

/// The streams that are open.
#[derive(Debug)]
pub(super) struct Streams<W> {
    out: Blocks<W>,
    connections: BTreeMap<ConnectionId, Connection>,
    made_up: MadeUp,
    forgotten: u64,
}

impl<W: Write> Streams<W> {
    pub(super) fn new(output: W, session: &SessionStarted) -> Self {
        Self {
            out: Blocks::new(output, session),
            connections: BTreeMap::new(),
            made_up: MadeUp::default(),
            forgotten: 0,
        }
    }

    /// A connection, new or not. Of too many the oldest is forgotten.
    pub(super) fn connection(&mut self, id: ConnectionId) -> &mut Connection {
        if self.connections.len() >= CONNECTIONS && !self.connections.contains_key(&id) {
            self.connections.pop_first();
            self.forgotten += 1;
        }
        self.connections.entry(id).or_default()
    }

    /// The handshake of a connection's first stream, with comments; false where it has one already.
    pub(super) fn connect(&mut self, place: Place, comments: &[String]) -> io::Result<bool> {
        if !self.connection(place.connection).streams.is_empty() {
            return Ok(false);
        }
        self.with(place, comments, |_, _| Ok(()))?;
        Ok(true)
    }

    /// The stream of a place, after its handshake.
    pub(super) fn open(&mut self, place: Place) -> io::Result<&mut Open> {
        self.with(place, &[], |open, _| Ok(open))
    }

    /// Sends bytes; where the sender had ended already, only the comments are kept.
    pub(super) fn send(
        &mut self,
        place: Place,
        bytes: &[u8],
        comments: &[String],
    ) -> io::Result<()> {
        let Place { at, direction, .. } = place;
        let sent = self.with(place, &[], |open, out| {
            open.end_body(out, at, direction)?;
            let takes = open.stream.takes(direction);
            if takes {
                open.stream.send(out, at, direction, bytes, comments)?;
            }
            Ok(takes)
        })?;
        if sent {
            return Ok(());
        }
        let remark = "not among the bytes: the stream had ended".to_owned();
        let comments = [comments, &[remark]].concat();
        self.note(Some((place.connection, direction)), at, &comments)
    }

    /// Ends one direction of a connection as its sender did; false where that left no packet behind.
    pub(super) fn end(
        &mut self,
        (id, direction): (ConnectionId, Direction),
        at: u64,
        manner: &Manner,
        comments: &[String],
    ) -> io::Result<bool> {
        let mut shown = false;
        if let Some(connection) = self.connections.get_mut(&id) {
            for open in connection.streams.values_mut() {
                open.end_body(&mut self.out, at, direction)?;
                shown |= open
                    .stream
                    .end(&mut self.out, at, direction, manner, comments)?;
            }
        }
        Ok(shown)
    }

    /// Forgets a connection, after what was open in it.
    pub(super) fn close(&mut self, id: ConnectionId, at: u64) -> io::Result<()> {
        let Some(mut connection) = self.connections.remove(&id) else {
            return Ok(());
        };
        for open in connection.streams.values_mut() {
            open.end_body(&mut self.out, at, Direction::ToServer)?;
            open.end_body(&mut self.out, at, Direction::ToClient)?;
        }
        Ok(())
    }

    /// A packet that carries nothing but its comments.
    pub(super) fn note(
        &mut self,
        of: Option<(ConnectionId, Direction)>,
        at: u64,
        comments: &[String],
    ) -> io::Result<()> {
        let ends = of.and_then(|(id, direction)| {
            let (client, server) = self.connections.get(&id)?.ends.of_note();
            Some(match direction {
                Direction::ToServer => (client, server),
                Direction::ToClient => (server, client),
            })
        });
        let (from, to) = ends.unwrap_or((NOBODY, NOBODY));
        self.out.packet(at, &packet::empty(from, to)?, comments)
    }

    /// Writes what is still to be written, and tells what did not go as it should.
    pub(super) fn finish(self) -> io::Result<Vec<String>> {
        self.out.finish()?;
        let mut remarks = Vec::new();
        if self.forgotten > 0 {
            remarks.push(format!(
                "{} connections were open beside {CONNECTIONS} later ones: what came after in them is in streams of \
                 its own",
                self.forgotten
            ));
        }
        Ok(remarks)
    }

    /// Does something with the stream of a place, opened if need be; `comments` stand at its first packet.
    fn with<'a, T>(
        &'a mut self,
        place: Place,
        comments: &[String],
        act: impl FnOnce(&'a mut Open, &mut Blocks<W>) -> io::Result<T>,
    ) -> io::Result<T> {
        let Self {
            out,
            connections,
            made_up,
            ..
        } = self;
        let connection = connections.entry(place.connection).or_default();
        let name = (place.connection, place.key);
        let open = connection.stream(name, made_up, out, place.at, comments)?;
        act(open, out)
    }
}

/// Connections remembered at once.
const CONNECTIONS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn place(id: u64) -> Place {
        Place {
            connection: ConnectionId(id),
            key: 0,
            direction: Direction::ToServer,
            at: 0,
        }
    }

    #[test]
    fn connections_that_never_close_are_forgotten_at_last_and_the_user_is_told() {
        let mut streams = Streams::new(Vec::new(), &SessionStarted::default());
        for id in 1..=CONNECTIONS as u64 + 2 {
            assert!(streams.connect(place(id), &[]).unwrap());
        }
        assert_eq!(streams.connections.len(), CONNECTIONS);
        let remarks = streams.finish().unwrap();
        assert!(
            remarks[0].starts_with("2 connections were open"),
            "{remarks:?}"
        );
    }

    #[test]
    fn a_closed_connection_takes_no_memory() {
        let mut streams = Streams::new(Vec::new(), &SessionStarted::default());
        streams.send(place(1), b"x", &[]).unwrap();
        streams.close(ConnectionId(1), 1).unwrap();
        assert!(streams.connections.is_empty());
    }
}
