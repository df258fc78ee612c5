//! finspect's stdout: one event a line, read as it comes.

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use serde_json::Value;

use super::wire::PATIENCE;

/// The events of one run so far.
#[derive(Clone, Default)]
pub(crate) struct Events(Arc<Shared>);

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    events: Vec<Value>,
    ended: bool,
}

impl Events {
    /// Reads stdout to its end, so that finspect never waits for us.
    pub(crate) fn drain(&self, stdout: impl Read) {
        for line in BufReader::new(stdout).lines() {
            let Ok(line) = line else { break };
            let event = serde_json::from_str(&line)
                .unwrap_or_else(|error| Value::String(format!("no JSON ({error}): {line}")));
            self.change(|seen| seen.events.push(event));
        }
        self.change(|seen| seen.ended = true);
    }

    /// The number that finspect gave to the client connection from this address.
    pub(crate) fn connection(&self, client: SocketAddr) -> u64 {
        let client = client.to_string();
        let accepted = self.wait(&format!("`accepted` from {client}"), |event| {
            event["kind"]["accepted"]["client"] == client.as_str()
        });
        accepted["connection"].as_u64().expect("a number")
    }

    /// The first event of a connection that this picks something out of.
    pub(crate) fn find<T>(
        &self,
        connection: u64,
        what: &str,
        pick: impl Fn(&Value) -> Option<T>,
    ) -> T {
        let event = self.wait(&format!("{what} on connection {connection}"), |event| {
            event["connection"] == connection && pick(event).is_some()
        });
        pick(&event).expect("it was just there")
    }

    /// The first event of this kind on a connection.
    pub(crate) fn kind(&self, connection: u64, kind: &str) -> Value {
        self.find(connection, kind, |event| {
            let body = match &event["kind"] {
                Value::String(name) if name == kind => Some(&Value::Null),
                body => body.get(kind),
            };
            body.cloned()
        })
    }

    /// Every event of a connection so far.
    pub(crate) fn all(&self, connection: u64) -> Vec<Value> {
        let seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = seen.events.iter().filter(|e| e["connection"] == connection);
        of_it.cloned().collect()
    }

    /// Waits for the first event that fits; panics with what there was instead.
    fn wait(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let lock = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = |seen: &mut Seen| !seen.ended && !seen.events.iter().any(&fits);
        let (seen, _) = self
            .0
            .changed
            .wait_timeout_while(lock, PATIENCE, missing)
            .unwrap_or_else(PoisonError::into_inner);
        let found = seen.events.iter().find(|event| fits(event)).cloned();
        found.unwrap_or_else(|| {
            let last = seen.events.iter().rev().take(SHOWN).rev();
            let last: Vec<String> = last.map(Value::to_string).collect();
            panic!("no event: {what}; the last ones:\n{}", last.join("\n"))
        })
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.0.seen.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_all();
    }
}

/// How many events a failure shows.
const SHOWN: usize = 25;
