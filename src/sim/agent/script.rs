//! The person before the desktop.

use tokio::time::{Instant, sleep_until};

use super::super::Pace;

/// What the person does while the desktop runs.
pub(super) struct Script {
    started: Instant,
    next: usize,
}

impl Script {
    /// Begins now.
    pub(super) fn begin() -> Self {
        Self {
            started: Instant::now(),
            next: 0,
        }
    }

    /// Waits for the next step; for ever after the last.
    pub(super) async fn due(&self, pace: Pace) {
        match SCRIPT.get(self.next) {
            Some((at, _)) => sleep_until(self.started + pace.seconds(*at)).await,
            None => std::future::pending().await,
        }
    }

    /// The state that the next step asks for.
    pub(super) fn take(&mut self) -> Option<&'static str> {
        let (_, state) = SCRIPT.get(self.next)?;
        self.next += 1;
        Some(state)
    }
}

/// Seconds after the sign-in, and the state that the person then asks for.
const SCRIPT: &[(u64, &str)] = &[(3, "READY"), (23, "NOT_READY"), (26, "READY")];
