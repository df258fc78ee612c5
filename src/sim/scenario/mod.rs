//! Named stories: what happens when, on the server, between, and on the agent's side.

mod access;
mod agent;
mod desktop;
mod healthy;
mod network;
mod server;

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::deed::{Deed, Habits, Presence};
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
    /// What happens when, in order; the clock starts when the first agent asks for its socket. What is at 0 holds
    /// before that.
    pub steps: &'static [Step],
    /// What the agent's side is like from the beginning.
    pub habits: Habits,
    /// Seconds on the same clock before which nothing is over: what happened last shows its effect by then.
    pub until: u64,
    /// How many seconds of the desktop's life pass in one second of `finspect demo`.
    pub pace: f64,
}

impl Scenario {
    /// The scenario of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|scenario| scenario.name == name)
    }

    /// All scenarios, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        TABLES.iter().copied().flatten()
    }

    /// Whether something in it is done by the agent's side, which a simulator alone does not play.
    #[must_use]
    pub fn needs_agent(&self) -> bool {
        let acts = |step: &Step| matches!(step.act, Act::Agent(_));
        self.steps.iter().any(acts) || self.habits != DESKTOP
    }
}

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Seconds after the first agent asked for its socket, before division by the pace.
    pub at: u64,
    /// What happens.
    pub act: Act,
}

/// Something begins or ends, or is done.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// The fault of that name happens.
    Begin(&'static str),
    /// The fault of that name is over.
    End(&'static str),
    /// The agent's side does something.
    Agent(Deed),
}

/// Plays what is at 0, waits for the first agent, then plays the rest.
pub(super) async fn play(node: Arc<Node>, scenario: &'static Scenario) {
    let (first, rest): (Vec<&Step>, Vec<&Step>) =
        scenario.steps.iter().partition(|step| step.at == 0);
    first.iter().for_each(|step| happen(&node, step));
    node.first_socket().await;
    let started = Instant::now();
    for step in rest {
        sleep_until(started + node.pace.seconds(step.at)).await;
        happen(&node, step);
    }
}

fn happen(node: &Arc<Node>, step: &Step) {
    let (name, begins) = match step.act {
        Act::Begin(name) => (name, true),
        Act::End(name) => (name, false),
        Act::Agent(_) => return,
    };
    let Some(fault) = Fault::named(name) else {
        return;
    };
    tracing::info!(fault = name, begins, "the simulator's scenario");
    let act = if begins { fault.begin } else { fault.end };
    act(node);
}

const fn begin(at: u64, fault: &'static str) -> Step {
    let act = Act::Begin(fault);
    Step { at, act }
}

const fn end(at: u64, fault: &'static str) -> Step {
    let act = Act::End(fault);
    Step { at, act }
}

const fn does(at: u64, deed: Deed) -> Step {
    let act = Act::Agent(deed);
    Step { at, act }
}

const TABLES: &[&[Scenario]] = &[
    healthy::SCENARIOS,
    server::SCENARIOS,
    network::SCENARIOS,
    access::SCENARIOS,
    desktop::SCENARIOS,
    agent::SCENARIOS,
];

/// What a row says nothing else about.
const ORDINARY: Scenario = Scenario {
    name: "",
    about: "",
    signs: "",
    steps: &[],
    habits: DESKTOP,
    until: 31,
    pace: 10.0,
};

const DESKTOP: Habits = Habits {
    wrong_passwords: 0,
    distrust: 0,
    single_sign_on: false,
    presence: Presence::Available,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_names_a_fault_in_order_and_every_fault_has_a_scenario() {
        let mut played = Vec::new();
        for scenario in Scenario::all() {
            assert!(
                scenario.steps.is_sorted_by_key(|step| step.at),
                "{}",
                scenario.name
            );
            for step in scenario.steps {
                if let Act::Begin(name) | Act::End(name) = step.act {
                    assert!(Fault::named(name).is_some(), "{name}");
                    played.push(name);
                }
            }
        }
        for fault in super::super::FAULTS {
            assert!(played.contains(&fault.name), "{}", fault.name);
        }
    }

    #[test]
    fn no_two_scenarios_have_one_name_and_none_takes_longer_than_20_s() {
        let mut names: Vec<&str> = Scenario::all().map(|scenario| scenario.name).collect();
        names.sort_unstable();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
        for scenario in Scenario::all() {
            let last = scenario.steps.last().map_or(0, |step| step.at);
            let took = (last.max(scenario.until) as f64 + 40.0) / scenario.pace;
            assert!(took < 20.0, "{}: {took} s", scenario.name);
        }
    }
}
