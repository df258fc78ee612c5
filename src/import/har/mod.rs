//! HAR 1.2 as Chromium's DevTools writes it, and what other programs make of it: entries become facts, one at a time.

mod end;
mod entry;
mod exchange;
mod facts;
mod messages;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::de::{MapAccess, SeqAccess};

use super::collector::Collector;
use super::json::{Array, Elements, Members, Object, pass, scalar};
use super::shorten::Mark;
use super::{Form, ImportError, session};
use crate::event::{Authority, SessionStarted, Source};
use crate::tap::Limits;

use entry::Entry;
use messages::Socket;

/// The file's object: `{"log": {…}}`.
pub(super) struct File<'a> {
    log: Log<'a>,
}

/// What is carried from entry to entry.
struct Log<'a> {
    collector: Collector<'a>,
    mark: Mark,
    limits: Limits,
    /// Whether there was a log with entries.
    is_har: bool,
    creator: Creator,
    /// The connections of HTTP that have a name in the file.
    known: HashMap<(Authority, String), Known>,
    /// When the last entry with a time began: that of entries that have none.
    latest: i64,
}

/// A connection of HTTP.
#[derive(Debug, Clone, Copy)]
struct Known {
    connection: usize,
    exchanges: u64,
}

/// Who wrote the file.
#[derive(Debug, Default)]
struct Creator {
    name: String,
    version: String,
}

impl<'a> Form<'a> for File<'a> {
    fn new(collector: Collector<'a>, mark: Mark) -> Self {
        Self {
            log: Log {
                collector,
                mark,
                limits: Limits::default(),
                is_har: false,
                creator: Creator::default(),
                known: HashMap::new(),
                latest: 0,
            },
        }
    }

    fn finish(self) -> Result<(SessionStarted, Collector<'a>), ImportError> {
        if !self.log.is_har {
            return Err(ImportError::NoHar);
        }
        let Creator { name, version } = self.log.creator;
        let words = format!("{name} {version}");
        let source = Source::Har(words.trim().chars().take(NAME).collect());
        let session = session(source, "unknown".to_owned(), Vec::new());
        Ok((session, self.log.collector))
    }
}

impl Object for File<'_> {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "log" => map.next_value_seed(Members(&mut self.log)),
            _ => pass(map),
        }
    }
}

impl Object for Log<'_> {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "creator" => map.next_value_seed(Members(&mut self.creator)),
            "entries" => {
                self.is_har = true;
                map.next_value_seed(Elements(self))
            }
            _ => pass(map),
        }
    }
}

impl Object for Creator {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => self.name = scalar(map)?.into_string(),
            "version" => self.version = scalar(map)?.into_string(),
            _ => pass(map)?,
        }
        Ok(())
    }
}

/// An entry is kept as far as it goes, also where the file ends in it.
impl Array for Log<'_> {
    fn element<'de, A: SeqAccess<'de>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        self.collector.check()?;
        let mut reading = Reading {
            log: self,
            entry: Entry::default(),
            socket: Socket::default(),
        };
        let read = seq.next_element_seed(Members(&mut reading));
        let Reading { entry, socket, .. } = reading;
        if !matches!(read, Ok(None)) {
            self.facts(entry, socket);
        }
        read.map(|read| read.is_some())
    }
}

/// An entry while it is read.
struct Reading<'l, 'a> {
    log: &'l mut Log<'a>,
    entry: Entry,
    socket: Socket,
}

impl Object for Reading<'_, '_> {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if name != "_webSocketMessages" {
            return self.entry.member(name, map);
        }
        map.next_value_seed(Elements(&mut messages::Messages {
            collector: &mut self.log.collector,
            mark: &self.log.mark,
            limits: &self.log.limits,
            latest: self.entry.started.unwrap_or(self.log.latest),
            socket: &mut self.socket,
        }))
    }
}

/// Characters of the writer's name that are kept.
const NAME: usize = 200;
/// Connections of HTTP whose names are remembered.
const KNOWN: usize = 4096;
