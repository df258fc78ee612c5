//! The recorder's thread: events become lines, lines become parts, and trouble becomes events.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use super::{Failure, Finished, Part, Settings, Summary};
use crate::bus::{Bus, Received, Subscription};
use crate::event::{Event, EventKind, Gap, Micros, Recorder, Times};
use crate::recording::{Header, Preamble, encode};

/// The recorder at work.
pub(super) struct Writing {
    settings: Settings,
    bus: Arc<Bus>,
    part: Part,
    finished: Finished,
    preamble: Preamble,
    /// What was received and is not encoded yet.
    batch: VecDeque<Received>,
    lines: Lines,
    /// When the part was begun.
    began: Micros,
    /// When the file was last looked after: flushed, and seen to be where it was.
    tended: Micros,
    /// Losses that the session has not been told of.
    unsaid: Gap,
    trouble: Option<Trouble>,
    /// What is said on stderr once and not again.
    said: Said,
    summary: Summary,
}

/// Encoded lines that are not in the file yet.
#[derive(Debug, Default)]
struct Lines {
    text: Vec<u8>,
    events: u64,
    /// The number of the first event in them.
    first: u64,
}

/// The file cannot be written.
struct Trouble {
    failure: Failure,
    /// Writing works again; what waited meanwhile is still to be taken.
    over: bool,
}

#[derive(Default)]
struct Said {
    slow: bool,
    no_new_part: bool,
}

impl Writing {
    pub(super) fn new(settings: Settings, part: Part, finished: Finished, bus: Arc<Bus>) -> Self {
        Self {
            settings,
            began: bus.clock().now(),
            bus,
            finished,
            preamble: Preamble::default(),
            batch: VecDeque::new(),
            lines: Lines::default(),
            tended: Micros(0),
            unsaid: Gap::default(),
            trouble: None,
            said: Said::default(),
            summary: Summary {
                parts: 1,
                bytes: part.bytes(),
                ..Summary::default()
            },
            part,
        }
    }

    /// Writes until the bus is closed and nothing waits.
    pub(super) fn run(mut self, subscription: &Subscription) -> Summary {
        while let Some(batch) = subscription.receive_within(TICK) {
            let recovering = self.trouble.as_ref().is_some_and(|trouble| trouble.over);
            self.batch = batch.into();
            if !self.drain(subscription) {
                break;
            }
            if recovering {
                self.recovered();
            }
            self.tend();
            sleep(GATHER);
        }
        while let Some(rest) = subscription.receive_within(Duration::ZERO) {
            rest.into_iter()
                .for_each(|received| self.leave_out(received));
        }
        // What is in the file is to survive a power cut as well; where that fails there is nobody left to try again.
        drop(self.part.sync());
        self.finished.wait();
        self.summary
    }

    /// Writes all that was received, however long that takes; gives up only where the session is over.
    fn drain(&mut self, subscription: &Subscription) -> bool {
        let mut last_tries = LAST_TRIES;
        loop {
            self.encode();
            if self.lines.text.is_empty() {
                return true;
            }
            let Err(failure) = self.put() else { continue };
            self.interrupted(failure);
            if subscription.is_closed() {
                last_tries -= 1;
                if last_tries == 0 {
                    self.give_up();
                    return false;
                }
            }
            sleep(RETRY);
        }
    }

    /// Encodes what was received, up to a piece of some size.
    fn encode(&mut self) {
        while self.lines.text.len() < PIECE {
            match self.batch.pop_front() {
                None => break,
                Some(Received::Event(event)) => {
                    self.preamble.take(&event);
                    self.lines.add(&event);
                }
                Some(Received::Lost(loss)) => {
                    self.lines.add(&loss.event());
                    self.lost(&loss.gap);
                }
            }
        }
    }

    /// Writes the encoded lines, to another part if this one is gone or full.
    fn put(&mut self) -> Result<(), Failure> {
        if self.trouble.is_some() && !self.part.is_there() {
            self.begin_part()?;
        } else if self.is_full() {
            self.rotate();
        }
        self.part.write(&self.lines.text)?;
        self.summary.bytes += self.lines.text.len() as u64;
        self.summary.events += self.lines.events;
        self.lines.clear();
        if let Some(trouble) = &mut self.trouble {
            trouble.over = true;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        let rotation = &self.settings.rotation;
        let age = self.now().since(self.began);
        let old = |every: Duration| u128::from(age.0) >= every.as_micros();
        self.part.bytes() >= rotation.size || rotation.every.is_some_and(old)
    }

    /// Begins another part; where that fails, this one goes on.
    fn rotate(&mut self) {
        let full = self.part.name().clone();
        match self.begin_part() {
            Ok(()) => {
                self.said.no_new_part = false;
                self.finished.take(full);
            }
            Err(failure) if !self.said.no_new_part => {
                self.said.no_new_part = true;
                (self.settings.talk)(&format!(
                    "recording: cannot begin a new part: {failure}; {} goes on",
                    self.part.path().display()
                ));
            }
            Err(_) => {}
        }
    }

    fn begin_part(&mut self) -> Result<(), Failure> {
        let name = self.part.name().next();
        let first_event = self.lines.first;
        let header = Header {
            part: name.part,
            first_event,
            began: self.now(),
            ..self.settings.header.clone()
        };
        let open = self.preamble.events();
        let before = |event: &Arc<Event>| event.number < first_event;
        let preamble: Vec<_> = open.into_iter().filter(before).collect();
        let path = name.path();
        self.part = Part::create(name, &header, &preamble)
            .map_err(|error| Failure::to_make(path, &error))?;
        self.began = header.began;
        self.summary.parts += 1;
        self.summary.bytes += self.part.bytes();
        Ok(())
    }

    /// Looks after the file once a second: flushes it if that is wanted, and sees that it is where it was.
    fn tend(&mut self) {
        let now = self.now();
        if now.since(self.tended) < TEND {
            return;
        }
        self.tended = now;
        if !self.unsaid.is_empty() && self.trouble.is_none() {
            let gap = mem::take(&mut self.unsaid);
            self.publish(Recorder::Lost(gap));
        }
        let well = if self.part.is_there() {
            match self.settings.sync {
                true => self.part.sync().map_err(Failure::from),
                false => Ok(()),
            }
        } else {
            Err(Failure::gone())
        };
        if let Err(failure) = well {
            self.interrupted(failure);
        }
    }

    /// Says once, loudly, that the file cannot be written.
    fn interrupted(&mut self, failure: Failure) {
        if let Some(trouble) = &mut self.trouble {
            trouble.over = false;
            trouble.failure = failure;
            return;
        }
        (self.settings.talk)(&format!(
            "RECORDING INTERRUPTED: {}: {failure}. The proxy goes on; finspect keeps trying, and holds up to {} MiB of events meanwhile",
            self.part.path().display(),
            self.settings.budget / (1024 * 1024),
        ));
        self.publish(Recorder::Interrupted(failure.reason().to_owned()));
        self.trouble = Some(Trouble {
            failure,
            over: false,
        });
    }

    /// The file is written again, and all that waited meanwhile is in it.
    fn recovered(&mut self) {
        if self.trouble.take_if(|trouble| trouble.over).is_none() {
            return;
        }
        let lost = mem::take(&mut self.unsaid);
        (self.settings.talk)(&format!(
            "recording again, to {}: {} events were lost meanwhile",
            self.part.path().display(),
            lost.events
        ));
        self.publish(Recorder::Resumed(lost));
    }

    /// Counts what the queue had to let go.
    fn lost(&mut self, gap: &Gap) {
        self.unsaid.add(gap);
        self.summary.lost.add(gap);
        if !mem::replace(&mut self.said.slow, true) && self.trouble.is_none() {
            (self.settings.talk)(
                "RECORDING INCOMPLETE: the disk is too slow for the session; what is lost is counted",
            );
        }
    }

    /// The session is over and the file still cannot be written: what waits is lost.
    fn give_up(&mut self) {
        self.summary.lost.events += self.lines.events;
        self.summary.lost.bytes += self.lines.text.len() as u64;
        for received in mem::take(&mut self.batch) {
            self.leave_out(received);
        }
        self.summary.failed = self
            .trouble
            .take()
            .map(|trouble| trouble.failure.to_string());
    }

    fn leave_out(&mut self, received: Received) {
        self.summary.lost.add(&match received {
            Received::Event(event) => Gap::of(&event),
            Received::Lost(loss) => loss.gap,
        });
    }

    /// Past the redaction, so nothing of the user's may be in it.
    fn publish(&self, recorder: Recorder) {
        let kind = EventKind::Recorder(recorder);
        self.bus.publish(Times::at(self.now()), None, None, kind);
    }

    fn now(&self) -> Micros {
        self.bus.clock().now()
    }
}

impl Lines {
    fn add(&mut self, event: &Event) {
        if self.text.is_empty() {
            self.first = event.number;
        }
        encode(event, &mut self.text);
        self.events += 1;
    }

    fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(2 * PIECE);
        self.events = 0;
    }
}

/// How long events gather before they are written. A write for each would cost more than all that it does for them, and
/// what a killed finspect loses is no more than this.
const GATHER: Duration = Duration::from_millis(20);
/// How long the thread sleeps where nothing happens.
const TICK: Duration = Duration::from_millis(500);
/// How often the file is looked after.
const TEND: Micros = Micros(1_000_000);
/// How long after a failed write the next one is tried.
const RETRY: Duration = Duration::from_millis(500);
/// How many tries there are once the session is over.
const LAST_TRIES: u32 = 4;
/// Lines are handed to the file once they are larger than this, in bytes.
const PIECE: usize = 256 * 1024;
