//! What one end of a connection does, step by step, and how the two ends wait for each other beside the wire.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, PoisonError};

use super::transcript::Ending;
use super::wire::{PATIENCE, Wire};

/// What one end does, in order. Whatever it does last, it then reads to the end.
#[derive(Clone, Default)]
pub(crate) struct Script(Vec<Step>);

#[derive(Clone)]
enum Step {
    Send(Vec<u8>),
    Drip(bool),
    Take(usize),
    Until(Vec<u8>),
    UntilEnd,
    UntilCloseNotify,
    Say(&'static str),
    Hear(&'static str),
    CloseNotify,
    Fin,
    Reset,
    Vanish,
    SendUntilGone,
}

/// An empty script.
pub(crate) fn script() -> Script {
    Script::default()
}

impl Script {
    /// Sends bytes in one write.
    pub(crate) fn send(self, bytes: impl AsRef<[u8]>) -> Self {
        self.then(Step::Send(bytes.as_ref().to_vec()))
    }

    /// From now on each byte goes to the kernel by itself.
    pub(crate) fn drip(self) -> Self {
        self.then(Step::Drip(true))
    }

    /// Reads exactly as many bytes as these are. That they are these is what the comparison proves.
    pub(crate) fn take(self, bytes: impl AsRef<[u8]>) -> Self {
        self.then(Step::Take(bytes.as_ref().len()))
    }

    /// Reads until this has come.
    pub(crate) fn until(self, needle: impl AsRef<[u8]>) -> Self {
        self.then(Step::Until(needle.as_ref().to_vec()))
    }

    /// Reads until the end of a head has come.
    pub(crate) fn head(self) -> Self {
        self.until("\r\n\r\n")
    }

    /// Reads to the end.
    pub(crate) fn until_end(self) -> Self {
        self.then(Step::UntilEnd)
    }

    /// Reads until the peer's close_notify.
    pub(crate) fn until_close_notify(self) -> Self {
        self.then(Step::UntilCloseNotify)
    }

    /// Tells the other end something beside the wire.
    pub(crate) fn say(self, word: &'static str) -> Self {
        self.then(Step::Say(word))
    }

    /// Waits until the other end has said it.
    pub(crate) fn hear(self, word: &'static str) -> Self {
        self.then(Step::Hear(word))
    }

    /// Sends a close_notify, if there is TLS.
    pub(crate) fn close_notify(self) -> Self {
        self.then(Step::CloseNotify)
    }

    /// Sends a FIN, without a close_notify, and keeps reading.
    pub(crate) fn fin(self) -> Self {
        self.then(Step::Fin)
    }

    /// Ends the sending direction in order: close_notify if there is TLS, then FIN.
    pub(crate) fn close(self) -> Self {
        self.close_notify().fin()
    }

    /// Sends a RST.
    pub(crate) fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    /// Lets go of the socket without a word.
    pub(crate) fn vanish(self) -> Self {
        self.then(Step::Vanish)
    }

    /// Sends until a write fails.
    pub(crate) fn send_until_gone(self) -> Self {
        self.then(Step::SendUntilGone)
    }

    /// This script, then another.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether it throws away bytes that the other end may not have read, so that "all arrived" cannot be asked.
    pub(crate) fn is_violent(&self) -> bool {
        self.0
            .iter()
            .any(|step| matches!(step, Step::Reset | Step::Vanish))
    }

    fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// Plays it on a wire and leaves the wire as it then is; panics if it cannot go on.
    pub(crate) fn open(&self, wire: &mut Wire) {
        let stage = Stage::default();
        for step in &self.0 {
            step.play(wire, &stage).expect("the script goes on");
        }
    }

    /// Plays it on a wire, and reads to the end.
    pub(crate) fn play(&self, wire: &mut Wire, stage: &Stage) {
        for step in &self.0 {
            if let Err(why) = step.play(wire, stage) {
                wire.note(Ending::Stuck(why));
                stage.abandon();
                break;
            }
        }
        if !wire.is_released() {
            wire.until_end();
        }
    }
}

impl Step {
    fn play(&self, wire: &mut Wire, stage: &Stage) -> Result<(), &'static str> {
        match self {
            Self::Send(bytes) => wire.send(bytes).then_some(()).ok_or("a send failed"),
            Self::Take(n) => wire.take(*n).map(drop).ok_or(MISSING),
            Self::Until(needle) => wire.until(needle).map(drop).ok_or(MISSING),
            Self::UntilCloseNotify => wire.until_close_notify().then_some(()).ok_or(MISSING),
            Self::Hear(word) => stage.hear(word).then_some(()).ok_or(UNHEARD),
            other => {
                other.play_freely(wire, stage);
                Ok(())
            }
        }
    }

    /// Steps that cannot fail.
    fn play_freely(&self, wire: &mut Wire, stage: &Stage) {
        match self {
            Self::Drip(on) => wire.drip(*on),
            Self::UntilEnd => drop(wire.until_end()),
            Self::Say(word) => stage.say(word),
            Self::CloseNotify => wire.close_notify(),
            Self::Fin => wire.fin(),
            Self::Reset => wire.reset(),
            Self::Vanish => wire.vanish(),
            Self::SendUntilGone => wire.send_until_gone(),
            _ => unreachable!("steps that can fail are played above"),
        }
    }
}

/// The side channel of the two ends of a case.
#[derive(Default)]
pub(crate) struct Stage {
    said: Mutex<Said>,
    changed: Condvar,
}

#[derive(Default)]
struct Said {
    words: BTreeSet<&'static str>,
    abandoned: bool,
}

impl Stage {
    fn say(&self, word: &'static str) {
        self.change(|said| {
            said.words.insert(word);
        });
    }

    /// Whether the other end has given up.
    pub(crate) fn is_abandoned(&self) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.abandoned
    }

    /// Lets the other end know if this thread panics.
    pub(crate) const fn abandon_on_panic(&self) -> AbandonOnPanic<'_> {
        AbandonOnPanic(self)
    }

    fn abandon(&self) {
        self.change(|said| said.abandoned = true);
    }

    fn change(&self, change: impl FnOnce(&mut Said)) {
        change(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    fn hear(&self, word: &'static str) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let (said, _) = self
            .changed
            .wait_timeout_while(said, PATIENCE, |said| {
                !said.words.contains(word) && !said.abandoned
            })
            .unwrap_or_else(PoisonError::into_inner);
        said.words.contains(word)
    }
}

/// Abandons the stage if it is dropped by a panic.
pub(crate) struct AbandonOnPanic<'a>(&'a Stage);

impl Drop for AbandonOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.abandon();
        }
    }
}

const MISSING: &str = "what the script waits for did not come";
const UNHEARD: &str = "the other end never got that far";
