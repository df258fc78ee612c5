//! The keep-alive ledger of one sender: each ping, when it was sent, and when it was answered.

use super::At;
use super::kept::{Kept, clip};
use crate::event::Micros;

/// Pings of one sender, XMPP (XEP-0199) or frames (RFC 6455 section 5.5.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pings {
    /// The latest, in order: at the default of one in 10 s, those of an hour and a half.
    kept: Kept<Ping>,
    /// Pings sent in all.
    pub sent: u64,
    /// Of those, how many were answered.
    pub answered: u64,
    /// The longest round trip, and the answer.
    pub worst: Option<(Micros, At)>,
}

/// One ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// The stanza's id, or the frame's payload in hex.
    pub id: String,
    /// When it was sent.
    pub sent: At,
    /// When its answer came.
    pub answered: Option<At>,
}

impl Ping {
    /// From question to answer.
    #[must_use]
    pub fn round_trip(&self) -> Option<Micros> {
        self.answered.map(|at| at.time.since(self.sent.time))
    }
}

impl Pings {
    /// The latest pings, in order.
    pub fn latest(&self) -> impl DoubleEndedIterator<Item = &Ping> + ExactSizeIterator {
        self.kept.iter()
    }

    /// Those of the latest that were sent until then, in order.
    #[must_use]
    pub fn sent_by(&self, then: Micros) -> &[Ping] {
        let sent = self.kept.partition_point(|ping| ping.sent.time <= then);
        self.kept.get(..sent).unwrap_or_default()
    }

    /// Those of the latest that have no answer.
    pub fn unanswered(&self) -> impl DoubleEndedIterator<Item = &Ping> {
        self.kept.iter().filter(|ping| ping.answered.is_none())
    }

    /// The oldest ping that was still waiting for its answer at `now`.
    #[must_use]
    pub fn waiting(&self, now: Micros) -> Option<&Ping> {
        // Behind an answered ping an older one is lost rather than late.
        let sent = self.kept.iter().filter(|ping| ping.sent.time <= now);
        let waiting = sent
            .rev()
            .take_while(|ping| ping.answered.is_none_or(|at| at.time > now));
        waiting.last()
    }

    /// How long the oldest ping without an answer had been waiting at `now`.
    #[must_use]
    pub fn outstanding(&self, now: Micros) -> Option<Micros> {
        self.waiting(now).map(|ping| now.since(ping.sent.time))
    }

    /// The time from each ping to the next, with the next, in order.
    pub fn gaps(&self) -> impl DoubleEndedIterator<Item = (At, Micros)> {
        let next = self.kept.iter().skip(1);
        self.kept.iter().zip(next).map(|(one, next)| {
            let gap = next.sent.time.since(one.sent.time);
            (next.sent, gap)
        })
    }

    /// The median time between one ping and the next, of the latest; `None` for fewer than two.
    #[must_use]
    pub fn interval(&self) -> Option<Micros> {
        let mut gaps: Vec<Micros> = self.gaps().map(|(_, gap)| gap).collect();
        gaps.sort_unstable();
        gaps.get(gaps.len() / 2).copied()
    }

    /// Roughly the bytes that it holds on the heap.
    pub(super) const fn weight(&self) -> usize {
        self.kept.weight()
    }

    pub(super) fn send(&mut self, id: &str, at: At) {
        self.sent += 1;
        self.kept.keep(Ping {
            id: clip(id).to_owned(),
            sent: at,
            answered: None,
        });
    }

    /// Pairs an answer; whether it was one.
    pub(super) fn answer(&mut self, id: &str, at: At) -> bool {
        let id = clip(id);
        let fits = |ping: &Ping| ping.answered.is_none() && ping.id == id;
        let Some(place) = self.kept.iter().position(fits) else {
            return false;
        };
        let mut took = Micros(0);
        self.kept.change(place, |ping| {
            ping.answered = Some(at);
            took = at.time.since(ping.sent.time);
        });
        self.answered += 1;
        if self.worst.is_none_or(|(worst, _)| took > worst) {
            self.worst = Some((took, at));
        }
        true
    }
}
