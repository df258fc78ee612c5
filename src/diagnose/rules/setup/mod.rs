//! Causes in how the desktop, finspect and the server are put together: names, routes, proxies, certificates, clocks.

pub(super) mod certificate;
pub(super) mod clock;
pub(super) mod inspected;
pub(super) mod name;
mod unanswered;
pub(super) mod unreachable;
pub(super) mod upgrade;
pub(super) mod upstream_proxy;

use super::super::attempt::Attempt;
use super::super::case::Case;
use super::super::loss::{Loss, Word};
use crate::event::Direction;
use crate::session::Connection;

/// Where a connection leads, as host and port.
fn place(connection: &Connection) -> String {
    let target = connection.target.as_ref();
    target.map_or_else(|| "the server".to_owned(), ToString::to_string)
}

/// The socket that was lost before this attempt failed: then the attempt did not take service away.
fn lost_before<'a>(case: &'a Case<'_>, attempt: &Attempt<'_>) -> Option<&'a Loss<'a>> {
    case.loss().filter(|loss| loss.at < attempt.at)
}

/// Whether the server ended a socket in words of XMPP or WebSocket, which tell the cause better than what came after.
const fn is_spoken(loss: &Loss<'_>) -> bool {
    match loss.word {
        Word::StreamError(from, _) => matches!(from, Direction::ToClient),
        Word::Close(close) => matches!(close.direction, Direction::ToClient),
        Word::StreamClose => true,
        Word::Goodbye | Word::End(_) | Word::Gone | Word::Open => false,
    }
}
