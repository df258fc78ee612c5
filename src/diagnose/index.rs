//! A session's connections by time, by user and by silence: what rules ask about others for each incident anew.
//!
//! A long recording has thousands of both; who walks all connections for each incident does not come to an end.

use std::collections::BTreeMap;

use super::kin::Kin;
use crate::event::{Authority, ConnectionId, Direction, Manner, Micros};
use crate::session::{At, Connection, End, Session};

/// The connections of a session, sorted.
#[derive(Debug, Default)]
pub struct Index<'a> {
    /// In the order in which they were opened.
    lives: Vec<Life<'a>>,
    /// Those that the server's side ended without a word, by how long nobody had said anything.
    cut: Vec<(Micros, &'a Connection)>,
    /// When sockets were bound for each user, in lower case.
    bound: BTreeMap<Option<String>, Vec<(At, ConnectionId)>>,
    /// The longest silence that a socket to each server outlived, or ended after.
    silences: BTreeMap<Option<&'a Authority>, (Micros, ConnectionId)>,
    /// The first two sockets on which the user `finesse` was there.
    present: Vec<(&'a Connection, At)>,
    /// The earliest sign that somebody had service.
    served: Option<At>,
    /// Which servers belong to Finesse.
    pub(super) kin: Kin,
}

/// The time in which something was seen of a connection.
#[derive(Debug, Clone, Copy)]
struct Life<'a> {
    opened: Micros,
    last: Micros,
    connection: &'a Connection,
}

impl<'a> Index<'a> {
    /// Sorts the connections of a session.
    #[must_use]
    pub fn of(session: &'a Session) -> Self {
        let mut all = Self {
            kin: Kin::of(session),
            ..Self::default()
        };
        for connection in session.connections() {
            all.lives.push(Life {
                opened: connection.opened.time,
                last: last(connection),
                connection,
            });
            if let Some((_, quiet)) = silent_end(connection) {
                all.cut.push((quiet, connection));
            }
            all.socket(connection);
        }
        all.lives.sort_by_key(|life| life.opened);
        all.cut.sort_by_key(|(quiet, _)| *quiet);
        for bound in all.bound.values_mut() {
            bound.sort_unstable();
        }
        all
    }

    fn socket(&mut self, connection: &'a Connection) {
        let Some(socket) = &connection.socket else {
            return;
        };
        let stream = &socket.stream;
        let spoke = connection.quiet.map(|(quiet, _)| quiet);
        let ended = connection.first_end().and_then(End::quiet);
        if let Some(quiet) = spoke.max(ended) {
            let this = (quiet, connection.id);
            let longest = self.silences.entry(connection.target.as_ref());
            let longest = longest.or_insert(this);
            *longest = this.max(*longest);
        }
        let mut finesse = stream.finesse.iter();
        if let Some(there) = finesse.find(|one| one.available)
            && self.present.len() < 2
        {
            self.present.push((connection, there.at));
        }
        let bound = stream.bound.as_ref().map(|(at, _)| *at);
        let pings = stream.pings.to_server.latest();
        let answered = pings.filter_map(|ping| ping.answered).min();
        self.served = [self.served, bound, answered].into_iter().flatten().min();
        if let Some(bound) = bound {
            let user = stream.user().map(str::to_lowercase);
            let sockets = self.bound.entry(user).or_default();
            sockets.push((bound, connection.id));
        }
    }

    /// Connections that were opened between `from` and `to`, in order.
    pub fn opened(&self, from: Micros, to: Micros) -> impl Iterator<Item = &'a Connection> {
        let first = self.lives.partition_point(|life| life.opened < from);
        let later = self.lives.get(first..).unwrap_or_default().iter();
        let within = later.take_while(move |life| life.opened <= to);
        within.map(|life| life.connection)
    }

    /// Connections of which something was seen at `from` or later, and something at `to` or before, as they were opened.
    pub fn alive(&self, from: Micros, to: Micros) -> impl Iterator<Item = &'a Connection> {
        let begun = self.lives.partition_point(|life| life.opened <= to);
        let begun = self.lives.get(..begun).unwrap_or_default().iter();
        let alive = begun.filter(move |life| life.last >= from);
        alive.map(|life| life.connection)
    }

    /// Connections that the server's side ended without a word after such a silence.
    pub fn cut(&self, from: Micros, to: Micros) -> impl Iterator<Item = (&'a Connection, Micros)> {
        let first = self.cut.partition_point(|(quiet, _)| *quiet < from);
        let longer = self.cut.get(first..).unwrap_or_default().iter();
        let within = longer.take_while(move |(quiet, _)| *quiet <= to);
        within.map(|(quiet, connection)| (*connection, *quiet))
    }

    /// The first moment after `after` at which a user's socket was bound on another connection than `not`.
    #[must_use]
    pub fn bound_after(&self, user: Option<String>, after: At, not: ConnectionId) -> Option<At> {
        let sockets = self.bound.get(&user)?;
        let next = sockets.partition_point(|(bound, _)| *bound <= after);
        let mut later = sockets.get(next..)?.iter();
        later.find(|(_, id)| *id != not).map(|(bound, _)| *bound)
    }

    /// The longest silence on a socket to that server that did not end it or that it ended after, and which it was.
    #[must_use]
    pub fn longest_silence(&self, target: Option<&Authority>) -> Option<(Micros, ConnectionId)> {
        self.silences.get(&target).copied()
    }

    /// A socket other than `not` on which the user `finesse` was there, and since when.
    #[must_use]
    pub fn present(&self, not: ConnectionId) -> Option<(&'a Connection, At)> {
        let mut present = self.present.iter();
        present.find(|(one, _)| one.id != not).copied()
    }

    /// Whether anybody is known to have had service before that moment.
    #[must_use]
    pub fn is_served_before(&self, moment: At) -> bool {
        self.served.is_some_and(|served| served < moment)
    }
}

/// The end of a connection that the server's side ended without a word; how long nobody had said anything.
#[must_use]
pub fn silent_end(connection: &Connection) -> Option<(&End, Micros)> {
    let end = connection.first_end()?;
    let abrupt = matches!(
        end.manner,
        Manner::Fin | Manner::FinWithoutCloseNotify | Manner::CloseNotify | Manner::Reset
    );
    let cut = end.direction == Direction::ToClient && abrupt;
    Some((end, end.quiet().filter(|_| cut)?))
}

/// The last that was seen of a connection.
fn last(connection: &Connection) -> Micros {
    let heard = [connection.last.to_server, connection.last.to_client];
    let ended = connection.ends.last().map(|end| end.at);
    let closed = connection.closed.as_ref().map(|(at, _)| *at);
    let all = heard.into_iter().chain([ended, closed]).flatten();
    let last = all.max().map_or(connection.opened, |last| last);
    last.time.max(connection.opened.time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;

    #[test]
    fn connections_are_found_by_time_and_by_user() {
        let script = Script::new().logs_in("1001002").pings(3);
        let script = script.ends(Direction::ToClient, Manner::Reset).gone();
        let script = script.at(100.0).connects().gone();
        let session = script.at(200.0).logs_in("1001002").session();
        let index = Index::of(&session);
        let seconds = |seconds: u64| Micros(seconds * 1_000_000);
        let ids = |all: &mut dyn Iterator<Item = &Connection>| -> Vec<u64> {
            all.map(|one| one.id.0).collect()
        };
        // The second was nothing but a connection that ended in order, and is not kept.
        assert_eq!(ids(&mut index.opened(seconds(0), seconds(150))), [1]);
        assert_eq!(ids(&mut index.opened(seconds(150), seconds(300))), [3]);
        assert_eq!(ids(&mut index.alive(seconds(10), seconds(20))), [1]);
        assert_eq!(ids(&mut index.alive(seconds(90), seconds(150))), [0; 0]);
        assert_eq!(ids(&mut index.alive(seconds(0), seconds(300))), [1, 3]);
        let user = || Some("1001002".to_owned());
        let lost = session.get(ConnectionId(1)).unwrap().first_end().unwrap();
        let again = index.bound_after(user(), lost.at, ConnectionId(1)).unwrap();
        assert_eq!(again.time, seconds(200));
        assert_eq!(index.bound_after(user(), again, ConnectionId(1)), None);
        assert_eq!(index.bound_after(None, lost.at, ConnectionId(1)), None);
    }
}
