//! What a diagnosis says, for people and programs: `docs/findings.md` describes the JSON of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::rule::{Confidence, Severity};
use super::signals::SignalFailed;
use crate::event::{ConnectionId, Gap, Micros};

/// A diagnosis of one recording, or of several on one clock.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// `finspect-diagnosis`.
    pub format: &'static str,
    /// Version of the JSON, major and minor: a new minor adds members, a new major changes some.
    pub version: &'static str,
    /// The worst that was found.
    pub outcome: Outcome,
    /// The answer in one paragraph.
    pub answer: String,
    /// What was read.
    pub recordings: Vec<Recording>,
    /// What took service away, in order.
    pub incidents: Vec<Incident>,
    /// Incidents of several agents that began together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<Together>,
    /// What is worth a look although nothing came of it so far.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// The worst that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Service was never lost against the user's wish.
    Healthy,
    /// Service was lost, but no connection is to blame for it.
    Notice,
    /// Service was lost.
    Trouble,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Recording {
    /// Its name, as the user gave it.
    pub name: String,
    /// Its first moment.
    pub from: Option<Moment>,
    /// Its last moment.
    pub to: Option<Moment>,
    /// How far its clock was moved to compare it with the others', in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<i64>,
    /// Agents seen.
    pub agents: Vec<String>,
    /// Desktop sockets seen.
    pub sockets: u64,
    /// XMPP pings of the desktops, and how many were answered.
    pub pings: u64,
    /// Of those, how many were answered.
    pub answered: u64,
    /// The longest round trip of a ping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst_round_trip: Option<Micros>,
    /// The usual time between pings, and whether it was seen or assumed.
    pub ping_interval: Micros,
    /// Whether the ping interval was seen in the recording, and not assumed.
    pub ping_interval_seen: bool,
    /// finspect's own delay.
    pub delay: Delay,
    /// Events that are missing.
    #[serde(skip_serializing_if = "Gap::is_empty")]
    pub missing: Gap,
    /// What it cannot tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// Something that a recording cannot tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Note {
    /// Its name.
    pub name: &'static str,
    /// What is missing, and what that means.
    pub says: String,
}

/// finspect's own delay, so that nobody need take on trust that it was not the cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Delay {
    /// Units handed on.
    pub units: u64,
    /// All their delays together.
    pub total: Micros,
    /// The longest.
    pub worst: Micros,
    /// The event that was held up longest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst_at: Option<Moment>,
}

/// A moment of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Moment {
    /// The event's number.
    pub number: u64,
    /// On the session's clock.
    pub time: Micros,
    /// On the machine's wall clock, in microseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall: Option<i64>,
}

/// A stretch of time in which one agent had no service, explained.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Incident {
    /// Its number in the report, from 1.
    pub number: usize,
    /// Which of the recordings, from 0.
    pub recording: usize,
    /// The agent, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// When it began.
    pub began: Moment,
    /// When the agent had service again; absent where that was not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back: Option<Moment>,
    /// The sockets that were lost.
    pub connections: Vec<ConnectionId>,
    /// Who moved first, and at which layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Mover>,
    /// The cause; absent where no rule matches.
    pub cause: Option<Finding>,
    /// What followed from it.
    pub consequences: Vec<Finding>,
    /// What made it worse or likelier.
    pub contributing: Vec<Finding>,
    /// What it was not, and why.
    pub alternatives: Vec<Alternative>,
    /// What happened afterwards.
    pub story: Story,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// The rule's name; `finspect explain NAME` tells more.
    pub rule: &'static str,
    /// What it finds.
    pub title: &'static str,
    /// How bad that is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What happened, in one sentence.
    pub says: String,
    /// Reasons to believe it.
    pub because: Vec<String>,
    /// What is missing to be surer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<String>,
    /// The events that show it.
    pub evidence: Vec<Evidence>,
    /// What to do about it.
    pub advice: String,
}

/// An event that shows something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Evidence {
    /// The event.
    #[serde(flatten)]
    pub at: Moment,
    /// What it shows.
    pub shows: String,
}

/// What an incident was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Alternative {
    /// The rule.
    pub rule: &'static str,
    /// Why it is not held to be the cause.
    pub why: String,
}

/// Who moved first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Mover {
    /// When.
    pub at: Moment,
    /// Who.
    pub who: Who,
    /// At which layer: `XMPP`, `WebSocket`, `HTTP`, `TLS`, `TCP`, `DNS`, or the `machine` itself.
    pub layer: &'static str,
    /// What it did.
    pub what: String,
}

/// One of the parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// The browser, or the machine that it runs on.
    Browser,
    /// The server, or what speaks in its name on the way.
    Server,
    /// The machine that finspect and the browser run on.
    Host,
    /// Nobody said a word: it went silent.
    Nobody,
}

/// What happened after an incident began.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Story {
    /// Whether the agent had service when it began; if not, it began with an attempt to get some.
    pub served: bool,
    /// Which of Finesse's three health signals failed, in order: the first is the one that failed first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<SignalFailed>,
    /// What the client tried, in order.
    pub tried: Vec<Try>,
    /// How long until service was back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_service: Option<Micros>,
    /// What Finesse said of the agent's state from then on.
    pub states: Vec<State>,
    /// Calls that the agent had when it began.
    pub calls: Vec<Call>,
}

/// An attempt to get a socket back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Try {
    /// When it began.
    pub at: Moment,
    /// On which connection.
    pub connection: ConnectionId,
    /// Which node: host and port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What came of it.
    pub outcome: String,
    /// Whether it led to a bound socket.
    pub success: bool,
}

/// A state of the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct State {
    /// When Finesse said so.
    pub at: Moment,
    /// The state.
    pub state: String,
    /// The reason code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// The reason's label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A call that was up when the incident began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Call {
    /// The dialog's id.
    pub id: String,
    /// The last that was heard of it.
    pub last: Moment,
    /// Its state then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Whether it ended while the agent's desktop could not see it.
    pub lost: bool,
}

/// Incidents of several agents that began together.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Together {
    /// The incidents, by their place in the report.
    pub incidents: Vec<usize>,
    /// How many agents were connected then.
    pub connected: usize,
    /// What that means.
    pub says: String,
}

/// What is worth a look.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Warning {
    /// Its name.
    pub name: &'static str,
    /// Which of the recordings, from 0.
    pub recording: usize,
    /// When it was first seen.
    pub at: Moment,
    /// What was seen.
    pub says: String,
}

/// How often each rule is the cause.
#[must_use]
pub fn causes(report: &Report) -> BTreeMap<&'static str, usize> {
    let mut causes = BTreeMap::new();
    for cause in report.incidents.iter().filter_map(|one| one.cause.as_ref()) {
        *causes.entry(cause.rule).or_default() += 1;
    }
    causes
}
