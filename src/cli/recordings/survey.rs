//! What a recording holds, in a few words: the projection of its session, with what is missing counted.

use crate::diagnose::incident::incidents;
use crate::diagnose::{AllClocks, Profile};
use crate::event::{EventKind, Micros, SessionStarted};
use crate::recording::{Item, OpenError, Recording, Source};
use crate::session::Session;

/// What a recording holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Survey {
    /// What the session is, by the recording's header.
    pub(super) session: SessionStarted,
    /// From the session's start to the last event.
    pub(super) lasted: Micros,
    /// Whether the session's end is there.
    pub(super) ended: bool,
    /// Events.
    pub(super) events: u64,
    /// Events that are missing: numbers that skip, damaged lines, and what the recorder itself had to let go.
    pub(super) missing: u64,
    /// Desktop sockets that were lost against the desktop's wish.
    pub(super) disconnects: u64,
    /// The intercepted hosts that were asked for, in the order in which they came.
    pub(super) hosts: Vec<String>,
    /// The agents, by what they sign in with or what their desktop asks for.
    pub(super) agents: Vec<String>,
}

impl Survey {
    /// Reads a recording from start to end.
    ///
    /// # Errors
    /// Where its first part is no recording.
    pub(super) fn of(recording: &Recording) -> Result<Self, OpenError> {
        let mut source = Source::of_parts(recording)?;
        let header = source.header().session.clone();
        let mut session = Session::default();
        let (mut events, mut missing) = (0, 0u64);
        while let Some(item) = source.advance() {
            match item {
                Item::Event(event) => {
                    events += 1;
                    if let EventKind::Gap(gap) = &event.kind {
                        missing = missing.saturating_add(gap.events);
                    }
                    session.take(&event);
                }
                Item::Trouble(trouble) => missing = missing.saturating_add(trouble.lost()),
            }
        }
        let clocks = AllClocks::of(&session, &Profile::default());
        let incidents = incidents(&session, &clocks);
        let losses = incidents.iter().flat_map(|incident| incident.losses());
        Ok(Self {
            session: header,
            lasted: session.span().map_or(Micros(0), |(_, last)| last.time),
            ended: source.ended(),
            events,
            missing,
            disconnects: losses.filter(|loss| !loss.is_voluntary()).count() as u64,
            hosts: session.hosts().to_vec(),
            agents: session.users().to_vec(),
        })
    }
}
