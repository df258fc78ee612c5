//! Requests for a WebSocket that nobody answered: who dropped them, and how long they waited.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::attempt::{Attempt, Stage};
use super::clocks::Clocks;
use crate::event::{Authority, Direction, Manner, Micros};
use crate::session::{At, Connection, End, Session};

/// How a request for a WebSocket that got no answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The server's side ended the connection instead.
    Dropped,
    /// It waited for so long, which is longer than clients are patient.
    Long(Micros),
    /// It ended sooner, and not by the server; or the session did. A page that is reloaded does so, and alone it means nothing.
    Short,
}

/// A desktop's request for a WebSocket that has no answer.
pub(super) fn unanswered<'a>(
    session: &Session,
    connection: &Connection,
    clocks: &Clocks,
) -> Option<(At, Stage<'a>)> {
    if connection.socket.is_some() || !connection.violations.is_empty() {
        return None;
    }
    let mut open = connection.exchanges.open();
    let asked = open.find(|one| {
        let answered = one.answered.is_some();
        one.upgrade && !answered && one.target.contains("/ws")
    })?;
    let last = session.span().map_or(asked.asked, |(_, last)| last);
    let end = connection.first_end();
    let until = end.map_or(last, |end| end.at);
    let waited = until.time.since(asked.asked.time);
    let wait = match end {
        Some(end) if end.manner == Manner::Stopped => return None,
        Some(end) if by_server(end) => Wait::Dropped,
        _ if waited >= clocks.patience => Wait::Long(waited),
        _ => Wait::Short,
    };
    // What waits fails from the moment on at which it was asked.
    let at = match wait {
        Wait::Dropped => until,
        Wait::Long(_) | Wait::Short => asked.asked,
    };
    Some((at, Stage::Unanswered(wait)))
}

fn by_server(end: &End) -> bool {
    end.direction == Direction::ToClient && end.manner != Manner::Unknown
}

/// When each client asked each server in vain, in order.
#[derive(Debug, Default)]
pub(super) struct InVain<'a>(BTreeMap<Way<'a>, Vec<Micros>>);

/// From which client to which server.
type Way<'a> = (Option<IpAddr>, Option<&'a Authority>);

impl<'a> InVain<'a> {
    pub(super) fn of<'o>(attempts: impl Iterator<Item = &'o Attempt<'a>>) -> Self
    where
        'a: 'o,
    {
        let mut all = Self::default();
        for attempt in attempts {
            if matches!(attempt.stage, Stage::Unanswered(_)) {
                all.0.entry(way(attempt)).or_default().push(attempt.at.time);
            }
        }
        all.0.values_mut().for_each(|times| times.sort_unstable());
        all
    }

    /// Whether a wait was short and there were not several of them: a page that was left while it connected.
    pub(super) fn is_nothing(&self, attempt: &Attempt<'a>, clocks: &Clocks) -> bool {
        if attempt.stage != Stage::Unanswered(Wait::Short) {
            return false;
        }
        let times = self.0.get(&way(attempt)).map_or(&[][..], Vec::as_slice);
        let near = clocks.seconds(TOGETHER);
        let from = attempt.at.time.since(near);
        let to = Micros(attempt.at.time.0.saturating_add(near.0));
        let first = times.partition_point(|time| *time < from);
        let past = times.partition_point(|time| *time <= to);
        past - first < SEVERAL
    }
}

fn way<'a>(attempt: &Attempt<'a>) -> Way<'a> {
    let client = attempt.connection.client.map(|client| client.ip());
    (client, attempt.connection.target.as_ref())
}

/// Seconds within which requests belong together.
const TOGETHER: u64 = 60;
/// From so many on it is no accident.
const SEVERAL: usize = 3;
