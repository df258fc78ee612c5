//! Named stories: which fault happens when.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::faults::Fault;
use super::node::Node;

/// A named story.
#[derive(Debug)]
pub struct Scenario {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What happens, in one line.
    pub about: &'static str,
    /// What a reader of the session should see.
    pub signs: &'static str,
    /// What happens when, in order; the clock starts with the first session of an agent.
    pub steps: &'static [Step],
}

impl Scenario {
    /// The scenario of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        SCENARIOS.iter().find(|scenario| scenario.name == name)
    }
}

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Seconds after the first agent was connected, before division by the pace.
    pub at: u64,
    /// What happens.
    pub act: Act,
}

/// Something begins or ends.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// The fault of that name happens.
    Begin(&'static str),
    /// The fault of that name is over.
    End(&'static str),
}

/// Waits for the first session, then plays.
pub(super) async fn play(node: Arc<Node>, scenario: &'static Scenario) {
    while node.pubsub.sessions() == 0 {
        tokio::time::sleep(node.pace.seconds(1)).await;
    }
    let started = Instant::now();
    for step in scenario.steps {
        sleep_until(started + node.pace.seconds(step.at)).await;
        let (name, begins) = match step.act {
            Act::Begin(name) => (name, true),
            Act::End(name) => (name, false),
        };
        let Some(fault) = Fault::named(name) else {
            continue;
        };
        tracing::info!(fault = name, begins, "the simulator's scenario");
        let act = if begins { fault.begin } else { fault.end };
        act(&node);
    }
}

const fn begin(at: u64, fault: &'static str) -> Step {
    let act = Act::Begin(fault);
    Step { at, act }
}

const fn end(at: u64, fault: &'static str) -> Step {
    let act = Act::End(fault);
    Step { at, act }
}

/// All scenarios, in the order of the documentation.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "calm",
        about: "nothing goes wrong",
        signs: "a ping and its answer every 10 s",
        steps: &[],
    },
    Scenario {
        name: "stall",
        about: "the Notification Service hangs for 45 s",
        signs: "a ping without an answer, a second one 10 s later, then silence; an empty Close 5 s after that, a new login once it wakes",
        steps: &[begin(35, "stall"), end(80, "stall")],
    },
    Scenario {
        name: "fin",
        about: "a middlebox ends the connection",
        signs: "FIN from the server without Close and close_notify between two answered pings, then a new login",
        steps: &[begin(35, "fin")],
    },
    Scenario {
        name: "reset",
        about: "the Notification Service crashes",
        signs: "RST from the server, then a new login",
        steps: &[begin(35, "reset")],
    },
    Scenario {
        name: "close",
        about: "the servlet container closes the socket",
        signs: "Close 1001 \"Idle Timeout\" from the server without a stream error, then a new login",
        steps: &[begin(35, "close")],
    },
    Scenario {
        name: "shutdown",
        about: "the Notification Service is restarted within 30 s",
        signs: "system-shutdown and an empty Close, 503 for SystemInfo and /ws/, then a new login",
        steps: &[begin(35, "shutdown"), end(65, "shutdown")],
    },
    Scenario {
        name: "conflict",
        about: "somebody else signs in as the agent",
        signs: "a conflict on the socket; the desktop stays away until the agent signs in again",
        steps: &[begin(35, "conflict")],
    },
    Scenario {
        name: "refuse",
        about: "the connection is reset and new sockets are refused for 30 s",
        signs: "RST, then 403 for /ws/ while SystemInfo answers 200, then a new login",
        steps: &[begin(35, "refuse"), begin(35, "reset"), end(65, "refuse")],
    },
    Scenario {
        name: "out-of-service",
        about: "the CTI server is lost for 40 s",
        signs: "an Update of SystemInfo with OUT_OF_SERVICE, 503 for REST, no disconnect, IN_SERVICE again",
        steps: &[begin(35, "out-of-service"), end(75, "out-of-service")],
    },
    Scenario {
        name: "finesse-presence-lost",
        about: "the Finesse web application is down for 40 s",
        signs: "finesse@ unavailable on a healthy socket, 503 for REST, finesse@ available again",
        steps: &[
            begin(35, "finesse-presence-lost"),
            end(75, "finesse-presence-lost"),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_names_a_fault_and_every_fault_has_a_scenario() {
        for step in SCENARIOS.iter().flat_map(|scenario| scenario.steps) {
            let (Act::Begin(name) | Act::End(name)) = step.act;
            assert!(Fault::named(name).is_some(), "{name}");
        }
        for fault in super::super::FAULTS {
            assert!(Scenario::named(fault.name).is_some(), "{}", fault.name);
        }
    }
}
