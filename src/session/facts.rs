//! Facts of a session that belong to no connection: Finesse's word of itself, who vouches for a server, finspect's own delay.

use super::At;
use super::kept::clip;
use super::names::NAMES;
use crate::event::{ConnectionId, Event, Gap, Micros, SessionStarted, Source};

/// What Finesse said of itself (`SystemInfo`, `finesse.md` 3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// When.
    pub at: At,
    /// On which connection.
    pub connection: ConnectionId,
    /// Whose word it is; empty where that was not seen.
    pub host: String,
    /// `IN_SERVICE`, `OUT_OF_SERVICE` and the like.
    pub status: String,
    /// Why, in its words.
    pub reason: Option<String>,
    /// Whether Finesse or the CTI server is in maintenance mode.
    pub maintenance: bool,
    /// Whether the CTI server's last heartbeat failed (`lastCTIHeartbeatStatus`).
    pub heartbeat_failed: bool,
}

/// Who issued a server's certificate that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its name, as an RFC 4514 style string.
    pub name: String,
    /// When it was first seen.
    pub first: At,
    /// When it was last seen.
    pub last: At,
}

impl Service {
    /// Whether Finesse serves agents.
    #[must_use]
    pub fn is_in(&self) -> bool {
        self.status.eq_ignore_ascii_case("IN_SERVICE")
    }

    /// Whether another one tells nothing new.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let told = |one: &Self| (one.is_in(), one.maintenance, one.heartbeat_failed);
        told(self) == told(other)
    }
}

/// finspect's own delay: from the arrival of a unit's last byte until it had been handed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delay {
    /// Units that were handed on.
    pub units: u64,
    /// All of it, in microseconds.
    pub total: u64,
    /// The longest, and where.
    pub worst: Option<(Micros, At)>,
}

impl Delay {
    pub(super) fn take(&mut self, event: &Event, at: At) {
        let Some(delay) = event.time.delay() else {
            return;
        };
        self.units += 1;
        self.total = self.total.saturating_add(delay.0);
        if self.worst.is_none_or(|(worst, _)| delay > worst) {
            self.worst = Some((delay, at));
        }
    }
}

/// A session's first event may be anybody's, and so may its lists.
pub(super) fn begun(started: &SessionStarted) -> SessionStarted {
    let few = |all: &[String]| {
        all.iter()
            .take(NAMES)
            .map(|one| clip(one).to_owned())
            .collect()
    };
    let text = |text: &String| clip(text).to_owned();
    SessionStarted {
        version: text(&started.version),
        source: match &started.source {
            Source::Live => Source::Live,
            Source::Har(program) => Source::Har(text(program)),
            Source::Netlog(program) => Source::Netlog(text(program)),
        },
        wall_clock: started.wall_clock,
        time_zone: started.time_zone.as_ref().map(text),
        intercepted: few(&started.intercepted),
        options: few(&started.options),
        redaction: started.redaction,
        pseudonyms: started.pseudonyms.as_ref().map(text),
        platform: text(&started.platform),
    }
}

/// The same gap with no more than some of its kinds.
pub(super) fn shortened(gap: &Gap) -> Gap {
    let kinds = gap.kinds.iter().take(KINDS);
    Gap {
        events: gap.events,
        bytes: gap.bytes,
        kinds: kinds
            .map(|(kind, count)| (clip(kind).to_owned(), *count))
            .collect(),
    }
}

/// Kinds of lost events remembered of a gap: as many as there are.
const KINDS: usize = 32;
