//! Causes in who signs in, and as whom.

pub(super) mod no_presence;
pub(super) mod second_login;
pub(super) mod session_expired;
pub(super) mod sign_in_refused;
pub(super) mod zombie_conflict;

use crate::diagnose::case::Case;
use crate::event::Micros;
use crate::session::{At, Connection};

/// The login that took a socket's place, if it came this way.
///
/// A server sends the conflict while it binds the newcomer (`finesse.md` 4.3, row 4), so a login that is bound later is the
/// victim's own next attempt. Earlier it may be by much, where the old socket's path is slow. Neither has to do with how
/// fast a desktop lives: these are times of the wire.
fn successor<'a>(case: &Case<'a>, lost: &Connection, conflict: At) -> Option<(&'a Connection, At)> {
    let stream = &lost.socket.as_ref()?.stream;
    // Where the sign-in is missing, the incident's agent may be known all the same.
    let user = stream.user().or(case.incident.agent.as_deref())?;
    let own = stream.bound.as_ref().map(|(bound, _)| *bound);
    let latest = Micros(conflict.time.0.saturating_add(TOGETHER.0));
    let others = case
        .index
        .alive(conflict.time.since(BEFORE), latest)
        .filter(|one| one.id != lost.id);
    let bound = others.filter_map(|one| {
        let stream = &one.socket.as_ref()?.stream;
        // The conflict may come while the newcomer's binding is under way.
        let bound = stream.bound.as_ref().map(|(bound, _)| *bound);
        let bound = bound.or(stream.authenticated)?;
        let same = stream
            .user()
            .is_some_and(|one| one.eq_ignore_ascii_case(user));
        same.then_some((one, bound))
    });
    let fits = bound.filter(|(_, bound)| {
        let near = conflict.time.since(bound.time) <= BEFORE && bound.time <= latest;
        near && own.is_none_or(|own| own < *bound)
    });
    fits.max_by_key(|(_, bound)| *bound)
}

/// How long before the conflict the newcomer is bound at most.
const BEFORE: Micros = Micros(5_000_000);
/// How long after it, where the two sockets' bytes overtake each other.
const TOGETHER: Micros = Micros(300_000);
