//! What of a session has no place in a HAR file, counted.

use crate::event::{Event, EventKind, Redaction, SessionStarted};

/// Counts of what a reader of the file does not see.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Connections that finspect did not look into.
    pub(super) tunnels: u64,
    /// Answers and bodies whose request is not known.
    pub(super) unplaced: u64,
    /// Entries that were written before their end because too much was open.
    pub(super) let_go: u64,
    /// Clients that finspect would not serve.
    refused: u64,
    /// Events that the recording itself lacks.
    missing: u64,
}

impl Tally {
    /// Takes an event that becomes no part of an entry.
    pub(super) fn take(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Gap(gap) => self.missing = self.missing.saturating_add(gap.events),
            EventKind::Refused(_) => self.refused += 1,
            _ => {}
        }
    }

    /// What to tell the user.
    pub(super) fn remarks(&self) -> Vec<String> {
        let counted = [
            (
                self.tunnels,
                "connections were tunnelled unseen and have no entry",
            ),
            (self.refused, "clients were refused and have no entry"),
            (
                self.missing,
                "events are missing from the recording, and so from this file",
            ),
            (
                self.unplaced,
                "answers or bodies belong to no known request and were left out",
            ),
            (
                self.let_go,
                "entries end before their exchange did: too many were open at once",
            ),
        ];
        let said = counted.iter().filter(|(count, _)| *count > 0);
        said.map(|(count, what)| format!("{count} {what}"))
            .collect()
    }

    /// What the file says of itself.
    pub(super) fn comment(&self, session: &SessionStarted, remarks: &[String]) -> String {
        let mut comment = match session.redaction {
            Redaction::Off => {
                "WARNING: not redacted: passwords, tokens and cookies are in here in clear; do not share this file"
            }
            Redaction::Standard => "redaction: standard",
            Redaction::Strict => "redaction: strict",
        }
        .to_owned();
        for remark in remarks {
            comment.push_str("; ");
            comment.push_str(remark);
        }
        comment
    }
}
