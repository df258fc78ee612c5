//! finspect's stdout: one event a line, read as it comes.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use serde_json::Value;

use super::wire::{Caller, PATIENCE};

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

    /// The number that finspect gave to a client's connection.
    pub(crate) fn connection(&self, caller: Caller) -> u64 {
        let (client, listener) = (caller.client.to_string(), caller.listener.to_string());
        let accepted = self.wait(&format!("`accepted`: {caller:?}"), |events| {
            let of_it = events.iter().filter(|event| {
                let accepted = &event["kind"]["accepted"];
                accepted["client"] == client.as_str() && accepted["listener"] == listener.as_str()
            });
            of_it
                .map(|event| event["connection"].as_u64())
                .nth(caller.ordinal)
        });
        accepted.expect("a number")
    }

    /// The first event of a connection that this picks something out of.
    pub(crate) fn find<T>(
        &self,
        connection: u64,
        what: &str,
        pick: impl Fn(&Value) -> Option<T>,
    ) -> T {
        self.wait(&format!("{what} on connection {connection}"), |events| {
            let mut of_it = events.iter().filter(|e| e["connection"] == connection);
            of_it.find_map(&pick)
        })
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

    /// Waits until this finds something; panics with what there was instead.
    fn wait<T>(&self, what: &str, find: impl Fn(&[Value]) -> Option<T>) -> T {
        let mut found = None;
        let lock = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = |seen: &mut Seen| {
            found = find(&seen.events);
            found.is_none() && !seen.ended
        };
        let (seen, _) = self
            .0
            .changed
            .wait_timeout_while(lock, PATIENCE, missing)
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = found {
            return found;
        }
        let last = seen.events.iter().rev().take(SHOWN).rev();
        let short = |event: &Value| event.to_string().chars().take(WIDTH).collect();
        let last: Vec<String> = last.map(short).collect();
        drop(seen);
        panic!("no event: {what}; the last ones:\n{}", last.join("\n"))
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.0.seen.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_all();
    }
}

/// How many events a failure shows.
const SHOWN: usize = 25;
/// How many characters of each.
const WIDTH: usize = 400;
