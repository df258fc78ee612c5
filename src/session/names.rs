//! Names that a session remembers: of hosts, and of those who use them.

use super::kept::clip;

/// Who uses a session's desktops.
#[derive(Debug, Default)]
pub(super) struct Users {
    /// Those who signed in, or asked to.
    signed_in: Vec<String>,
    /// Those whom a desktop asked for by REST: its own user, and a supervisor's team.
    asked_for: Vec<String>,
}

impl Users {
    pub(super) fn signed_in(&mut self, user: &str) {
        remember(&mut self.signed_in, user);
    }

    pub(super) fn asked_for(&mut self, user: &str) {
        remember(&mut self.asked_for, user);
    }

    /// Those who signed in; where none is seen to, those whom a desktop asked for.
    pub(super) fn all(&self) -> &[String] {
        if self.signed_in.is_empty() {
            return &self.asked_for;
        }
        &self.signed_in
    }
}

/// Remembers a name once: case tells neither hosts nor users apart.
pub(super) fn remember(names: &mut Vec<String>, name: &str) {
    let name = clip(name);
    let known = |known: &String| known.eq_ignore_ascii_case(name);
    if !name.is_empty() && names.len() < NAMES && !names.iter().any(known) {
        names.push(name.to_owned());
    }
}

/// Hosts and users remembered.
pub(super) const NAMES: usize = 256;
