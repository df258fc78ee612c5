//! The console: the session as a person reads it, on a thread of its own.
//!
//! A terminal that stops reading holds up this thread and nothing else: the queue before it is bounded, and what
//! it had to let go is said and counted.

mod body;
mod connection;
mod http;
mod paint;
mod remark;
mod render;
mod said;
mod session;
mod tcp;
mod time;
mod tls;
mod websocket;
mod xml;
mod xmpp;

#[cfg(test)]
mod tests;

pub use paint::{Colour, visible};
pub(crate) use paint::{Style, paint};
pub use remark::{Onlooker, Remark, Tone};
pub use render::{Format, Renderer, Told};
pub use time::{bytes, duration};

use std::fmt::{self, Debug};
use std::io::{self, ErrorKind, Write};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::Duration;

use super::filter::Selection;
use crate::bus::{Received, Subscription};
use crate::event::Event;
use crate::session::Contexts;

/// How the console did.
#[derive(Debug, Default)]
pub struct Summary {
    /// Events written.
    pub shown: u64,
    /// Events that the queue had to let go because the output was too slow.
    pub lost: u64,
    /// Whether the output went away before the session ended; that is no failure.
    pub reader_left: bool,
    /// Why writing failed, if it did so in another way.
    pub error: Option<io::Error>,
}

/// Writes the events of a subscription to an output.
pub struct Console<W> {
    output: W,
    renderer: Renderer,
    selection: Selection,
    contexts: Contexts,
    summary: Summary,
    onlooker: Option<Box<dyn Onlooker>>,
    /// Where remarks go; absent where they go among the events.
    aside: Option<Box<dyn Write + Send>>,
    /// What the event that is being written says.
    text: String,
}

impl<W: Debug> Debug for Console<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("output", &self.output)
            .field("renderer", &self.renderer)
            .field("summary", &self.summary)
            .field("onlooker", &self.onlooker)
            .finish_non_exhaustive()
    }
}

impl<W: Write> Console<W> {
    /// A console that writes what is selected: what a filter lets through, or more than that; `None` is everything.
    #[must_use]
    pub fn new(output: W, renderer: Renderer, selection: impl Into<Selection>) -> Self {
        Self {
            output,
            renderer,
            selection: selection.into(),
            contexts: Contexts::default(),
            summary: Summary::default(),
            onlooker: None,
            aside: None,
            text: String::new(),
        }
    }

    /// Lets somebody look on; what is said goes among the events, or to `aside` where those are for a program.
    #[must_use]
    pub fn watched(
        mut self,
        onlooker: Box<dyn Onlooker>,
        aside: Option<Box<dyn Write + Send>>,
    ) -> Self {
        self.onlooker = Some(onlooker);
        self.aside = aside;
        self
    }

    /// Runs until the bus closes, or the output goes away and nobody looks on.
    #[must_use]
    pub fn run(mut self, subscription: &Subscription) -> Summary {
        let mut text = String::new();
        while let Some(batch) = self.next(subscription) {
            for received in &batch {
                self.see(received);
            }
            if !self.is_broken() {
                let written = self.batch(&batch, &mut text);
                if let Err(error) = written.and_then(|()| self.remarks(&mut text)) {
                    self.failed(error);
                }
            }
            if self.is_broken() && self.onlooker.is_none() {
                break;
            }
            if batch.len() < BUSY {
                sleep(PAUSE);
            }
        }
        self.summary
    }

    fn next(&self, subscription: &Subscription) -> Option<Vec<Received>> {
        match &self.onlooker {
            Some(onlooker) => subscription.receive_within(onlooker.patience()),
            None => subscription.receive(),
        }
    }

    fn see(&mut self, received: &Received) {
        if let Some(onlooker) = &mut self.onlooker {
            match received {
                Received::Event(event) => onlooker.see(event),
                Received::Lost(loss) => onlooker.see(&loss.event()),
            }
        }
    }

    /// Whether nothing can be written any more.
    const fn is_broken(&self) -> bool {
        self.summary.reader_left || self.summary.error.is_some()
    }

    /// Writes what the onlooker has to say.
    fn remarks(&mut self, text: &mut String) -> io::Result<()> {
        let remarks = self.onlooker.as_mut().map(|one| one.remarks());
        for remark in remarks.unwrap_or_default() {
            self.renderer.remark(&remark, text);
        }
        if text.is_empty() {
            return Ok(());
        }
        if let Some(aside) = &mut self.aside {
            // Talk that nobody reads must not stop a session.
            drop(aside.write_all(text.as_bytes()));
            text.clear();
            return Ok(());
        }
        self.write(text)?;
        self.output.flush()
    }

    /// Writes one event; for a recording that is read without a bus.
    ///
    /// # Errors
    /// Those of the output; `BrokenPipe` means that nobody reads any more.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        let mut text = std::mem::take(&mut self.text);
        self.render(event, &mut text);
        let written = self.write(&mut text);
        self.text = text;
        written
    }

    /// Hands out what is still buffered.
    ///
    /// # Errors
    /// Those of the output.
    pub fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// Events written so far.
    #[must_use]
    pub const fn shown(&self) -> u64 {
        self.summary.shown
    }

    /// Hands out what is still buffered, and how it went.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<Summary> {
        self.output.flush()?;
        Ok(self.summary)
    }

    /// Everything that waited in the queue, written at once; then the queue is dry, so what was written is seen.
    fn batch(&mut self, batch: &[Received], text: &mut String) -> io::Result<()> {
        for received in batch {
            match received {
                Received::Event(event) => self.render(event, text),
                Received::Lost(loss) => {
                    self.summary.lost += loss.gap.events;
                    self.renderer.skipped(loss, text);
                }
            }
            if text.len() > CHUNK {
                self.write(text)?;
            }
        }
        self.write(text)?;
        self.output.flush()
    }

    fn render(&mut self, event: &Event, text: &mut String) {
        let context = self.contexts.take(event);
        self.renderer.pass(event);
        if self.selection.wants(event, &context) {
            self.renderer.render(event, &context, text);
            self.summary.shown += 1;
        }
    }

    fn write(&mut self, text: &mut String) -> io::Result<()> {
        let written = self.output.write_all(text.as_bytes());
        text.clear();
        text.shrink_to(2 * CHUNK);
        written
    }

    fn failed(&mut self, error: io::Error) {
        if error.kind() == ErrorKind::BrokenPipe {
            self.summary.reader_left = true;
        } else {
            self.summary.error = Some(error);
        }
    }
}

impl<W: Write + Send + 'static> Console<W> {
    /// Runs on a thread of its own.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn spawn(self, subscription: Subscription) -> io::Result<JoinHandle<Summary>> {
        Builder::new()
            .name("console".to_owned())
            .spawn(move || self.run(&subscription))
    }
}

/// How long events gather before they are written. Waking this thread for each would cost the relay more than all that
/// it does for a message; nobody sees the difference.
const PAUSE: Duration = Duration::from_millis(3);
/// So many events at a time are enough work without a pause.
const BUSY: usize = 256;
/// Text is handed to the output once it is larger than this, in bytes.
const CHUNK: usize = 64 * 1024;
