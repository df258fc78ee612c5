//! Causes in who signs in, and as whom.

pub(super) mod no_presence;
pub(super) mod second_login;
pub(super) mod session_expired;
pub(super) mod sign_in_refused;
pub(super) mod zombie_conflict;

use crate::diagnose::case::Case;
use crate::event::Micros;
use crate::session::{At, Connection};

/// The login that took a socket's place, if it came this way: bound shortly before or after the conflict.
fn successor<'a>(case: &Case<'a>, lost: &Connection, conflict: At) -> Option<(&'a Connection, At)> {
    let user = lost.socket.as_ref()?.stream.user()?;
    let near = case.seconds(5);
    let to = Micros(conflict.time.0.saturating_add(near.0));
    let others = case.index.alive(conflict.time.since(near), to);
    let others = others.filter(|one| one.id != lost.id);
    let mut bound = others.filter_map(|one| {
        let stream = &one.socket.as_ref()?.stream;
        let (bound, _) = stream.bound.as_ref()?;
        (stream.user() == Some(user)).then_some((one, *bound))
    });
    bound.find(|(_, bound)| {
        let apart = bound.time.0.abs_diff(conflict.time.0);
        apart <= near.0
    })
}
