//! What of a recording is shown: a filter, a stretch of it, and connections, all of which have to agree.

use super::Filter;
use crate::event::{ConnectionId, Event};
use crate::session::Context;

/// What is shown of a session; the default is everything.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// An expression.
    pub filter: Option<Filter>,
    /// The first that is shown.
    pub from: Option<Position>,
    /// The last that is shown.
    pub to: Option<Position>,
    /// The connections of which something is shown; all of them, if there are none.
    pub connections: Vec<ConnectionId>,
}

/// A place in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Microseconds since the session's start; below 0 before it.
    Time(i64),
    /// By an event's number.
    Number(u64),
}

impl Selection {
    /// Whether the event is to be seen. `context` is what it means in the light of those before it.
    #[must_use]
    pub fn wants(&self, event: &Event, context: &Context) -> bool {
        let inside = |connection| self.connections.contains(&connection);
        self.from.is_none_or(|from| !from.is_after(event))
            && self.to.is_none_or(|to| !to.is_before(event))
            && (self.connections.is_empty() || event.connection.is_some_and(inside))
            && self
                .filter
                .as_ref()
                .is_none_or(|filter| filter.matches(event, context))
    }

    /// Whether nothing that comes after the event can be wanted.
    ///
    /// Numbers have an order. Times nearly so: what waited for a slow receiver is published late, with the time of its
    /// arrival; after [`LATE`] it is waited for no longer.
    #[must_use]
    pub fn is_over(&self, event: &Event) -> bool {
        match self.to {
            None => false,
            Some(Position::Number(to)) => event.number >= to,
            Some(Position::Time(to)) => time(event) > to.saturating_add(LATE),
        }
    }
}

impl Position {
    /// Whether the event comes before this place.
    fn is_after(self, event: &Event) -> bool {
        match self {
            Self::Time(time) => self::time(event) < time,
            Self::Number(number) => event.number < number,
        }
    }

    /// Whether the event comes after this place.
    fn is_before(self, event: &Event) -> bool {
        match self {
            Self::Time(time) => self::time(event) > time,
            Self::Number(number) => event.number > number,
        }
    }
}

impl From<Option<Filter>> for Selection {
    fn from(filter: Option<Filter>) -> Self {
        Self {
            filter,
            ..Self::default()
        }
    }
}

/// How much later than the end of a stretch of time events of the stretch are looked for, in microseconds.
const LATE: i64 = 60_000_000;

fn time(event: &Event) -> i64 {
    i64::try_from(event.time.arrived.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventKind, Host, Micros, Times};

    fn event(number: u64, seconds: u64, connection: Option<u64>) -> Event {
        Event {
            number,
            time: Times::at(Micros(seconds * 1_000_000)),
            connection: connection.map(ConnectionId),
            direction: None,
            kind: EventKind::Host(Host::Resumed),
        }
    }

    fn wanted(selection: &Selection, events: &[Event]) -> Vec<u64> {
        let context = Context::default();
        let wanted = events
            .iter()
            .filter(|event| selection.wants(event, &context));
        wanted.map(|event| event.number).collect()
    }

    #[test]
    fn a_stretch_has_both_its_ends_and_connections_are_joined_to_it() {
        let events = [
            event(1, 0, None),
            event(2, 1, Some(1)),
            event(3, 2, Some(2)),
            event(4, 3, Some(1)),
        ];
        let seconds = |seconds: i64| Some(Position::Time(seconds * 1_000_000));
        let mut selection = Selection::default();
        assert_eq!(wanted(&selection, &events), [1, 2, 3, 4]);
        selection.from = seconds(1);
        selection.to = seconds(3);
        assert_eq!(wanted(&selection, &events), [2, 3, 4]);
        selection.connections = vec![ConnectionId(1)];
        assert_eq!(wanted(&selection, &events), [2, 4]);
        selection.to = Some(Position::Number(3));
        assert_eq!(wanted(&selection, &events), [2]);
        selection.filter = Some(Filter::parse("not kind host").unwrap());
        assert!(wanted(&selection, &events).is_empty());
    }

    #[test]
    fn what_was_published_late_is_still_waited_for() {
        let selection = Selection {
            to: Some(Position::Time(1_000_000)),
            ..Selection::default()
        };
        assert!(!selection.is_over(&event(9, 30, None)));
        assert!(selection.is_over(&event(10, 62, None)));
    }
}
