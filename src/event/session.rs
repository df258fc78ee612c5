//! Facts of the session itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::Event;

/// What the session is: written first, so that every reader knows what it reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionStarted {
    /// finspect's version.
    pub version: String,
    /// Who saw what the events tell.
    #[serde(default, skip_serializing_if = "Source::is_live")]
    pub source: Source,
    /// The wall clock at [`Micros`](super::Micros) 0, in microseconds since the Unix epoch.
    pub wall_clock: i64,
    /// The IANA name of the machine's time zone, where the system tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The hosts named for interception, as the user wrote them.
    pub intercepted: Vec<String>,
    /// Options that change the traffic or whom it reaches, as on the command line, without credentials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// What is kept from the record.
    pub redaction: Redaction,
    /// Names the key of the pseudonyms without telling it: equal here, equal pseudonyms mean equal secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonyms: Option<String>,
    /// Operating system and architecture.
    pub platform: String,
}

/// Who saw what the events tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// finspect itself, on the way.
    #[default]
    Live,
    /// A browser that wrote a HAR file; the program, in its own words.
    Har(String),
    /// A Chromium that wrote a NetLog (net-export); the program, in its own words.
    Netlog(String),
}

impl Source {
    fn is_live(&self) -> bool {
        *self == Self::Live
    }
}

/// How much is replaced by pseudonyms before anybody sees it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Redaction {
    /// Nothing; only at the user's word.
    Off,
    /// Credentials, tokens, cookies, call variable values.
    #[default]
    Standard,
    /// Personal data as well.
    Strict,
}

/// A listener stands at an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Listening {
    /// The bound address, the real port in it.
    pub address: SocketAddr,
    /// The one upstream that a reverse listener serves; absent for a front door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
}

/// Events that a bounded queue had to let go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Gap {
    /// How many events were lost.
    pub events: u64,
    /// Their approximate size in memory.
    pub bytes: u64,
    /// How many of each kind, by the kind's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, u64>,
}

impl Gap {
    /// The gap that losing this event makes.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            events: 1,
            bytes: event.weight() as u64,
            kinds: BTreeMap::from([(event.kind.name().to_owned(), 1)]),
        }
    }

    /// Whether nothing was lost.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// Adds another gap that follows this one.
    pub fn add(&mut self, other: &Self) {
        self.events = self.events.saturating_add(other.events);
        self.bytes = self.bytes.saturating_add(other.bytes);
        for (kind, count) in &other.kinds {
            let known = self.kinds.entry(kind.clone()).or_default();
            *known = known.saturating_add(*count);
        }
    }
}

/// How the recorder is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recorder {
    /// The file cannot be written, for this reason, which names no file; the proxy goes on, and so do the tries.
    Interrupted(String),
    /// The file is written again; what was lost meanwhile.
    Resumed(Gap),
    /// The disk was too slow for the session: these events are not in the file.
    Lost(Gap),
}

/// The closing count of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionEnded {
    /// Events of the session, this one included.
    pub events: u64,
    /// Client connections seen.
    pub connections: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_of_any_size_can_be_added() {
        let most = Gap {
            events: u64::MAX,
            bytes: u64::MAX,
            kinds: BTreeMap::from([("closed".to_owned(), u64::MAX)]),
        };
        let mut sum = most.clone();
        sum.add(&most);
        assert_eq!(sum, most);
    }
}
