//! Requests that await their final answer, in order (RFC 9112 section 9.3.2).

use std::collections::VecDeque;

/// The requests that await an answer.
#[derive(Debug)]
pub(super) struct Exchanges {
    waiting: VecDeque<Outstanding>,
    /// Exchanges so far.
    count: u64,
    cap: usize,
    /// Whether requests came that could not be kept.
    overflowed: bool,
}

/// A request, as far as its answer depends on it.
#[derive(Debug)]
pub(super) struct Outstanding {
    pub(super) exchange: u64,
    pub(super) asked: Asked,
    /// The request target; kept where an upgrade is wanted.
    pub(super) target: String,
    /// The protocol that it wants to change to.
    upgrade: Option<String>,
}

/// What a method means for the framing of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Head,
    Connect,
    Other,
}

impl Asked {
    /// By the method.
    pub(super) fn by(method: &str) -> Self {
        match method {
            "HEAD" => Self::Head,
            "CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

impl Exchanges {
    /// None yet, at most `cap` at a time.
    pub(super) const fn new(cap: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            count: 0,
            cap,
            overflowed: false,
        }
    }

    /// A request came; its number.
    pub(super) fn ask(&mut self, asked: Asked, target: &str, upgrade: Option<String>) -> u64 {
        self.count += 1;
        if self.waiting.len() >= self.cap {
            self.overflowed = true;
            return self.count;
        }
        self.waiting.push_back(Outstanding {
            exchange: self.count,
            asked,
            target: if upgrade.is_some() {
                target.to_owned()
            } else {
                String::new()
            },
            upgrade,
        });
        self.count
    }

    /// The exchange that an interim answer belongs to, 0 if none waits.
    pub(super) fn current(&self) -> u64 {
        self.waiting.front().map_or(0, |first| first.exchange)
    }

    /// A final answer came: whom it answers.
    pub(super) fn answered(&mut self) -> Option<Outstanding> {
        self.waiting.pop_front()
    }

    /// Whether pairing is lost because too many requests waited at once.
    pub(super) const fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// The protocol that the latest request, still unanswered, wants to change to.
    pub(super) fn awaited_upgrade(&self) -> Option<String> {
        self.waiting.back()?.upgrade.clone()
    }
}
