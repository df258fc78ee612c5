//! The way from the proxy to the bus: every fact of one connection goes through here, and through redaction.

use std::sync::Arc;

use crate::bus::Bus;
use crate::event::{ConnectionId, Direction, EventKind, Micros, Times};
use crate::redact::Redactor;
use crate::tap::Seen;

/// Publishes the facts of one connection, or of the session.
#[derive(Debug, Clone)]
pub(crate) struct Observer {
    bus: Arc<Bus>,
    redactor: Arc<Redactor>,
    connection: Option<ConnectionId>,
}

impl Observer {
    /// For facts that belong to no connection.
    pub(crate) const fn new(bus: Arc<Bus>, redactor: Arc<Redactor>) -> Self {
        Self {
            bus,
            redactor,
            connection: None,
        }
    }

    /// The same for one connection.
    pub(crate) fn of(&self, connection: ConnectionId) -> Self {
        Self {
            connection: Some(connection),
            ..self.clone()
        }
    }

    /// The session's time.
    pub(crate) fn now(&self) -> Micros {
        self.bus.clock().now()
    }

    /// Publishes a fact of this moment.
    pub(crate) fn fact(&self, kind: EventKind) {
        self.publish(Times::at(self.now()), None, kind);
    }

    /// Publishes a fact of this moment that has a way.
    pub(crate) fn fact_of(&self, direction: Direction, kind: EventKind) {
        self.publish(Times::at(self.now()), Some(direction), kind);
    }

    /// Publishes what the tap saw, in its order, and leaves the list empty.
    pub(crate) fn show(&self, seen: &mut Vec<Seen>) {
        for one in seen.drain(..) {
            self.publish(one.time, Some(one.direction), one.kind);
        }
    }

    fn publish(&self, time: Times, direction: Option<Direction>, mut kind: EventKind) {
        self.redactor.redact(&mut kind);
        self.bus.publish(time, self.connection, direction, kind);
    }
}
