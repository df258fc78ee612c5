//! A server that got what was sent to it and says nothing. Pure, and without a notion of what was asked: it tells a
//! service that hangs from a path that is dead while somebody waits, where TCP has no trouble to tell of.

use super::allowance::Allowance;
use crate::event::{Micros, TcpInfo};

/// For so long no data has come.
const LONG: Micros = Micros(5_000_000);

/// So many times it may be said at once: what is answered late by its nature, as a long poll is, fills no recording.
const BURST: u8 = 4;

/// What is remembered from one reading to the next.
#[derive(Debug)]
pub(super) struct Silence {
    /// Since when what was sent has no answer.
    since: Option<Micros>,
    said: bool,
    allowance: Allowance,
}

/// What a reading tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Unanswered,
    Answered,
}

impl Default for Silence {
    fn default() -> Self {
        Self {
            since: None,
            said: false,
            allowance: Allowance::of(BURST),
        }
    }
}

impl Silence {
    pub(super) fn take(&mut self, now: Micros, info: Option<&TcpInfo>) -> Option<Told> {
        let last = &info?.last;
        let sent = Micros(now.0.saturating_sub(last.data_sent.0));
        let received = Micros(now.0.saturating_sub(last.data_received.0));
        let is_answered = self.since.is_some_and(|since| received > since);
        if is_answered {
            self.since = None;
        }
        // Ages are those of the kernel's clock, which ticks: of one age the answer was last.
        if self.since.is_none() && last.data_sent < last.data_received {
            self.since = Some(sent);
        }
        if self.said && is_answered {
            self.said = false;
            return Some(Told::Answered);
        }
        let is_long = self.since.is_some_and(|since| now.since(since) >= LONG);
        let arrived = info.is_some_and(|info| info.unacked == 0);
        if self.said || !is_long || !arrived || !self.allowance.take(now) {
            return None;
        }
        self.said = true;
        Some(Told::Unanswered)
    }

    /// Whether it may become worth a word though no bytes move.
    pub(super) fn is_growing(&self, now: Micros) -> bool {
        // Once a word was held back, the next bytes are soon enough.
        self.since
            .is_some_and(|since| !self.said && now.since(since) < LONG)
    }
}

#[cfg(test)]
mod tests {
    use super::super::policy::testing::{calm, seconds};
    use super::*;
    use crate::event::TcpLast;

    /// A reading at a second, after data was sent and received at these times in milliseconds.
    fn at(silence: &mut Silence, second: u64, sent: u64, received: u64) -> Option<Told> {
        let age = |then: u64| Micros((second * 1_000 - then) * 1_000);
        let info = TcpInfo {
            last: TcpLast {
                data_sent: age(sent),
                data_received: age(received),
                ack_received: age(sent),
            },
            ..calm()
        };
        silence.take(seconds(second), Some(&info))
    }

    #[test]
    fn a_question_that_waits_is_told_once_and_so_is_its_answer() {
        let mut silence = Silence::default();
        let mut told = Vec::new();
        for second in 1..60 {
            // Asked at 0.5 s and again at 10.5 s; the answer comes at 25.2 s.
            let sent = if second > 10 { 10_500 } else { 500 };
            let received = if second > 25 { 25_200 } else { 100 };
            told.extend(at(&mut silence, second, sent, received).map(|told| (second, told)));
        }
        assert_eq!(told, [(6, Told::Unanswered), (26, Told::Answered)]);
    }

    #[test]
    fn pings_with_prompt_answers_all_day_are_nothing() {
        let mut silence = Silence::default();
        for second in 11..8 * 3_600 {
            let ping = second / 10 * 10_000 - 300;
            for took in [0, 3, 200] {
                assert_eq!(at(&mut silence, second, ping, ping + took), None);
            }
            assert!(!silence.is_growing(seconds(second)));
        }
    }

    #[test]
    fn a_question_right_after_an_answer_waits_from_then_on() {
        let mut silence = Silence::default();
        assert_eq!(at(&mut silence, 5, 1_000, 100), None);
        // Answered at 5.5 s, and the next asked at 5.9 s.
        for second in 6..10 {
            assert_eq!(at(&mut silence, second, 5_900, 5_500), None, "{second}");
        }
        assert_eq!(at(&mut silence, 11, 5_900, 5_500), Some(Told::Unanswered));
    }

    #[test]
    fn what_is_not_acknowledged_is_the_paths_trouble_and_told_as_such() {
        let mut silence = Silence::default();
        let stuck = TcpInfo {
            unacked: 1,
            last: TcpLast {
                data_sent: seconds(9),
                data_received: seconds(20),
                ack_received: seconds(20),
            },
            ..calm()
        };
        assert_eq!(silence.take(seconds(30), Some(&stuck)), None);
    }

    #[test]
    fn a_poll_that_is_always_answered_late_fills_no_recording() {
        let mut silence = Silence::default();
        let hours = 2..8 * 3_600_u64;
        let told = hours.filter_map(|second| {
            let asked = second / 30 * 30_000;
            let answered = asked.saturating_sub(100);
            at(&mut silence, second, asked, answered)
        });
        let told = told.count();
        assert!(told > 8 * 60 && told < 2 * (8 * 60 + 5), "{told}");
    }

    #[test]
    fn where_it_is_told_or_may_not_be_no_timer_runs_for_it() {
        let mut silence = Silence::default();
        assert_eq!(at(&mut silence, 2, 1_000, 100), None);
        assert!(silence.is_growing(seconds(2)));
        assert_eq!(at(&mut silence, 7, 1_000, 100), Some(Told::Unanswered));
        assert!(!silence.is_growing(seconds(7)));
    }
}
