//! Takes facts in any order, redacts them, and writes them as a recording in the order of their times.

use std::io::{self, Write};

use super::spool::{Fact, Spool};
use super::{ImportError, Options, Report};
use crate::event::{
    Authority, Carrier, ConnectionId, Entered, Event, EventKind, Micros, SessionEnded,
    SessionStarted, Times, Way, WebSocketMessage,
};
use crate::recording::{Header, Writer, random_id};
use crate::redact::Redactor;

/// What is collected.
pub(super) struct Collector<'a> {
    redactor: &'a Redactor,
    options: &'a Options<'a>,
    spool: Spool,
    connections: Vec<Connection>,
    earliest: Option<i64>,
    /// Why nothing more can be taken.
    broken: Option<io::Error>,
    /// What is told at the end.
    pub(super) report: Report,
}

/// What is known of a connection in the end.
#[derive(Debug, Clone, Default)]
struct Connection {
    entered: bool,
    /// Whether its host is wanted.
    wanted: bool,
    /// Whether its text messages are no stanzas.
    is_plain: bool,
    /// Its number in the recording.
    number: Option<u64>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(redactor: &'a Redactor, options: &'a Options<'a>) -> io::Result<Self> {
        Ok(Self {
            redactor,
            options,
            spool: Spool::new()?,
            connections: Vec::new(),
            earliest: None,
            broken: None,
            report: Report::default(),
        })
    }

    /// A connection of which nothing is known yet; it is kept once it was entered.
    pub(super) fn connection(&mut self) -> usize {
        self.connections.push(Connection::default());
        self.connections.len() - 1
    }

    /// Says where a connection leads to; only the first time counts.
    pub(super) fn enter(&mut self, connection: usize, at: i64, target: &Authority) {
        let wanted = (self.options.wanted)(target);
        let Some(known) = self
            .connections
            .get_mut(connection)
            .filter(|known| !known.entered)
        else {
            return;
        };
        known.entered = true;
        known.wanted = wanted;
        let entered = Entered {
            way: Way::Imported,
            target: target.clone(),
            intercepted: true,
        };
        self.open(Fact::of(connection, at, EventKind::Entered(entered)));
    }

    /// Whether it was said where a connection leads to.
    pub(super) fn is_entered(&self, connection: usize) -> bool {
        self.connections
            .get(connection)
            .is_some_and(|known| known.entered)
    }

    /// Says that the text messages of a connection are no stanzas.
    pub(super) fn is_plain(&mut self, connection: usize) {
        if let Some(known) = self.connections.get_mut(connection) {
            known.is_plain = true;
        }
    }

    /// Takes a fact that comes before others of the same time.
    pub(super) fn open(&mut self, fact: Fact) {
        self.take(fact.at, true, fact);
    }

    /// Takes a fact.
    pub(super) fn push(&mut self, fact: Fact) {
        self.take(fact.at, false, fact);
    }

    /// Takes a fact that is to stand at another time than its own.
    pub(super) fn push_at(&mut self, key: i64, fact: Fact) {
        self.take(key, false, fact);
    }

    fn take(&mut self, key: i64, is_opening: bool, mut fact: Fact) {
        if self.broken.is_some() {
            return;
        }
        self.redactor.redact(&mut fact.kind);
        let at = fact.at;
        self.earliest = Some(self.earliest.map_or(at, |earliest| earliest.min(at)));
        if let Err(error) = self.spool.push(key, is_opening, &fact) {
            self.broken = Some(error);
        }
    }

    /// The time of the earliest fact so far.
    pub(super) fn started(&self) -> i64 {
        self.earliest.unwrap_or_default()
    }

    /// Ends the reading where taking more is in vain; [`Collector::write`] says why.
    pub(super) fn check<E: serde::de::Error>(&self) -> Result<(), E> {
        match self.broken {
            None => Ok(()),
            Some(_) => Err(E::custom("the temporary file is broken")),
        }
    }

    /// Writes the recording.
    pub(super) fn write<W: Write>(
        self,
        mut session: SessionStarted,
        output: W,
    ) -> Result<(Report, W), ImportError> {
        let Self {
            redactor,
            spool,
            mut connections,
            earliest,
            broken,
            mut report,
            ..
        } = self;
        if let Some(error) = broken {
            return Err(ImportError::Spool(error));
        }
        let start = earliest.unwrap_or_default();
        session.wall_clock = start;
        session.redaction = redactor.level();
        session.pseudonyms = redactor.key_name();
        let mut started = EventKind::SessionStarted(session);
        redactor.redact(&mut started);
        let EventKind::SessionStarted(session) = &started else {
            return Ok((report, output));
        };
        let id = random_id().map_err(ImportError::Write)?;
        let mut out = Numbered::new(output, &Header::new(id, session.clone()))?;
        out.event(Event {
            number: 0,
            time: Times::at(Micros(0)),
            connection: None,
            direction: None,
            kind: started,
        })?;
        let mut facts = spool.sorted().map_err(ImportError::Spool)?;
        let mut count = 0;
        while let Some(fact) = facts.next().map_err(ImportError::Spool)? {
            let connection = fact
                .connection
                .and_then(|connection| connections.get_mut(connection));
            match connection {
                Some(known) if !known.entered => report.lost += 1,
                Some(known) if !known.wanted => {}
                known => out.event(event(fact, start, known, &mut count))?,
            }
        }
        let ended = SessionEnded {
            events: out.count + 1,
            connections: count,
        };
        let time = Times::at(out.last);
        out.event(Event {
            number: 0,
            time,
            connection: None,
            direction: None,
            kind: EventKind::SessionEnded(ended),
        })?;
        report.events = out.count;
        report.connections = count;
        let output = out.writer.finish().map_err(ImportError::Write)?;
        Ok((report, output))
    }
}

/// The event that a fact becomes, but for its number.
fn event(fact: Fact, start: i64, connection: Option<&mut Connection>, count: &mut u64) -> Event {
    let is_plain = connection.as_ref().is_some_and(|known| known.is_plain);
    let kind = if is_plain {
        plain(fact.kind)
    } else {
        fact.kind
    };
    let connection = connection.map(|known| {
        ConnectionId(*known.number.get_or_insert_with(|| {
            *count += 1;
            *count
        }))
    });
    let clock = |at: i64| Micros(u64::try_from(at.saturating_sub(start)).unwrap_or_default());
    let time = Times {
        arrived: clock(fact.at),
        first: None,
        forwarded: None,
    };
    Event {
        number: 0,
        time,
        connection,
        direction: fact.direction,
        kind,
    }
}

/// A stanza as the message that it is on a socket that carries no XMPP.
fn plain(kind: EventKind) -> EventKind {
    match kind {
        EventKind::XmppStanza(stanza) => {
            let Carrier::WebSocket(message) = stanza.carrier;
            EventKind::WebSocketMessage(WebSocketMessage {
                message,
                payload: stanza.xml,
            })
        }
        kind => kind,
    }
}

/// A writer that numbers.
struct Numbered<W> {
    writer: Writer<W>,
    count: u64,
    last: Micros,
}

impl<W: Write> Numbered<W> {
    fn new(output: W, header: &Header) -> Result<Self, ImportError> {
        let writer = Writer::new(output, header).map_err(ImportError::Write)?;
        Ok(Self {
            writer,
            count: 0,
            last: Micros(0),
        })
    }

    fn event(&mut self, mut event: Event) -> Result<(), ImportError> {
        self.count += 1;
        event.number = self.count;
        self.last = self.last.max(event.time.arrived);
        self.writer.event(&event).map_err(ImportError::Write)
    }
}
