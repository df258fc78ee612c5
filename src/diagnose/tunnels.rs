//! Sockets of gadgets: tunnels to CUIC or CCX that a desktop has beside its own (`finesse.md` 1.3).

use std::collections::{BTreeMap, BTreeSet};

use super::clocks::{AllClocks, Clocks};
use super::loss::{Loss, is_desktop};
use crate::event::{ConnectionId, Micros};
use crate::session::{At, Connection, Session, Socket, Stream};

/// The tunnels of a session, and the desktops' own sockets that they stand beside.
#[derive(Debug, Default)]
pub(super) struct Tunnels<'a> {
    own: BTreeMap<String, Vec<Own<'a>>>,
    ids: BTreeSet<ConnectionId>,
}

/// A socket on which a desktop has seen the user `finesse`.
#[derive(Debug)]
struct Own<'a> {
    connection: &'a Connection,
    bound: At,
    lost: Option<Loss<'a>>,
}

impl<'a> Tunnels<'a> {
    pub(super) fn of(session: &'a Session, clocks: &AllClocks) -> Self {
        let mut own: BTreeMap<String, Vec<Own<'_>>> = BTreeMap::new();
        let sockets = || {
            session.connections().filter_map(|connection| {
                let socket = connection.socket.as_ref().filter(|one| is_desktop(one))?;
                let user = socket.stream.user()?.to_lowercase();
                Some((connection, socket, user))
            })
        };
        for (connection, socket, user) in sockets() {
            if is_of_finesse(&socket.stream) {
                let lost = Loss::of(session, connection, clocks.for_user(Some(&user)));
                own.entry(user).or_default().push(Own {
                    connection,
                    bound: bound(socket),
                    lost,
                });
            }
        }
        let beside = sockets().filter(|(connection, socket, user)| {
            let own = own.get(user).map_or(&[][..], Vec::as_slice);
            let elsewhere =
                |own: &Own<'_>| own.lives(bound(socket), Micros(0)) && own.is_elsewhere(connection);
            if socket.stream.is_of_gadgets() {
                return !own.is_empty();
            }
            socket.stream.finesse.is_empty() && own.iter().any(elsewhere)
        });
        let ids = beside.map(|(connection, ..)| connection.id).collect();
        Self { own, ids }
    }

    /// Whether it is a gadget's.
    pub(super) fn has(&self, connection: &Connection) -> bool {
        self.ids.contains(&connection.id)
    }

    /// Whether a connection is a tunnel that failed at that moment alone: the agent's own socket lived on.
    pub(super) fn failed_alone(
        &self,
        tunnel: &Connection,
        user: Option<&str>,
        at: At,
        clocks: &Clocks,
    ) -> bool {
        let own = user.and_then(|user| self.own.get(user));
        let mut own = own.into_iter().flatten();
        self.has(tunnel) && own.any(|own| own.lives(at, clocks.seconds(TOGETHER)))
    }
}

impl Own<'_> {
    /// Whether it served at that moment, and was not lost so soon afterwards that both failed together.
    fn lives(&self, moment: At, together: Micros) -> bool {
        let lives = |lost: &Loss<'_>| {
            let alone = lost.is_voluntary() || lost.at.time.since(moment.time) > together;
            moment < lost.at && alone
        };
        self.bound <= moment && self.lost.as_ref().is_none_or(lives)
    }

    /// Whether another connection is known to lead to another server.
    fn is_elsewhere(&self, other: &Connection) -> bool {
        let host = |one: &Connection| one.target.as_ref().map(|target| target.host.to_lowercase());
        host(self.connection)
            .zip(host(other))
            .is_some_and(|(own, other)| own != other)
    }
}

/// When a socket was bound; where that was not seen, it was before the first that was seen of it.
fn bound(socket: &Socket) -> At {
    let bound = socket.stream.bound.as_ref();
    bound.map_or(socket.opened, |(at, _)| *at)
}

fn is_of_finesse(stream: &Stream) -> bool {
    stream.finesse.iter().any(|one| one.available)
}

/// Seconds within which two sockets fail together.
const TOGETHER: u64 = 20;
