//! What the agent's side does by itself, and when.

use std::collections::VecDeque;

use tokio::time::{Instant, sleep_until};

use super::super::deed::Deed;
use super::super::{Act, Pace, Scenario};

/// The deeds that lie ahead.
#[derive(Debug)]
pub(super) struct Agenda {
    started: Instant,
    pace: Pace,
    /// Seconds after the first attempt to connect, and what is done then; in order.
    ahead: VecDeque<(u64, Deed)>,
}

impl Agenda {
    /// An ordinary day with what the scenario adds; its clock starts now.
    pub(super) fn begin(pace: Pace, scenario: Option<&Scenario>) -> Self {
        let steps = scenario.map_or(&[][..], |scenario| scenario.steps);
        let added = steps.iter().filter_map(|step| match step.act {
            Act::Agent(deed) => Some((step.at, deed)),
            Act::Begin(_) | Act::End(_) => None,
        });
        let mut ahead: Vec<(u64, Deed)> = DAY.iter().copied().chain(added).collect();
        ahead.sort_by_key(|(at, _)| *at);
        Self {
            started: Instant::now(),
            pace,
            ahead: ahead.into(),
        }
    }

    /// Waits for the next deed; for ever after the last. May be dropped while it waits.
    pub(super) async fn due(&self) {
        match self.ahead.front() {
            Some((at, _)) => sleep_until(self.started + self.pace.seconds(*at)).await,
            None => std::future::pending().await,
        }
    }

    /// The next deed.
    pub(super) fn take(&mut self) -> Option<Deed> {
        self.ahead.pop_front().map(|(_, deed)| deed)
    }

    /// Waits for one of `wanted`; what is due before is not done.
    pub(super) async fn until(&mut self, wanted: &[Deed]) -> Deed {
        loop {
            self.due().await;
            if let Some(deed) = self.take().filter(|deed| wanted.contains(deed)) {
                return deed;
            }
        }
    }
}

/// What a person does on any day.
const DAY: &[(u64, Deed)] = &[
    (3, Deed::Ask("READY")),
    (23, Deed::Ask("NOT_READY")),
    (26, Deed::Ask("READY")),
];
