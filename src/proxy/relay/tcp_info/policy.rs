//! Which readings are worth an event. Pure: readings in, occasions out.

use super::Readings;
use super::allowance::Allowance;
use super::silence::{Silence, Told};
use crate::event::{Leg, Micros, TcpInfo, TcpOccasion};

/// From one event that says nothing but how it goes to the next, while bytes move.
const INTERVAL: Micros = Micros(60_000_000);

/// An end in order this soon after another adds nothing.
const SAME_END: Micros = Micros(1_000_000);

/// So many events about trouble may come at once.
const BURST: u8 = 30;

/// A full segment on an Ethernet, in bytes: with less room in its window a peer counts as one that takes nothing.
const SEGMENT: u64 = 1_460;

/// What is remembered of one connection from one reading to the next.
#[derive(Debug)]
pub(super) struct Policy {
    client: Watch,
    upstream: Watch,
    /// When the last event of any occasion was due; the first reading counts as one.
    told: Option<Micros>,
    /// Whether bytes have moved since.
    moved: bool,
    /// When the last event about an end was due.
    ended: Option<Micros>,
    allowance: Allowance,
    /// Of the server: a browser need not answer what it is told.
    silence: Silence,
}

/// What comes of a reading.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// What is worth an event.
    pub(super) occasions: [Option<TcpOccasion>; 2],
    /// Whether another reading can say anything new before bytes move again.
    pub(super) go_on: bool,
}

/// One leg.
#[derive(Debug, Default)]
struct Watch {
    before: Option<Before>,
    /// What is wrong, where that was said.
    said: Option<Said>,
}

/// Of an earlier reading, what the next one is compared with.
#[derive(Debug, Clone, Copy)]
struct Before {
    at: Micros,
    under_way: bool,
    queued: bool,
    acked: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said {
    trouble: Trouble,
    retransmits: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Retransmitting,
    Unacknowledged,
    WindowFull,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            client: Watch::default(),
            upstream: Watch::default(),
            told: None,
            moved: false,
            ended: None,
            allowance: Allowance::of(BURST),
            silence: Silence::default(),
        }
    }
}

impl Policy {
    /// A reading, and whether bytes have moved since the one before.
    pub(super) fn tick(&mut self, now: Micros, moved: bool, readings: &Readings) -> Verdict {
        let Readings { client, upstream } = readings;
        let allowance = &mut self.allowance;
        let mut occasions = [
            self.client
                .take(now, client.as_ref(), Leg::Client, allowance),
            self.upstream
                .take(now, upstream.as_ref(), Leg::Upstream, allowance),
        ];
        let told = self.silence.take(now, upstream.as_ref());
        occasions[1] = occasions[1].or_else(|| {
            Some(match told? {
                Told::Unanswered => TcpOccasion::Unanswered(Leg::Upstream),
                Told::Answered => TcpOccasion::Answered(Leg::Upstream),
            })
        });
        let told = *self.told.get_or_insert(now);
        self.moved |= moved;
        if occasions.iter().any(Option::is_some) {
            self.told(now);
        } else if self.moved
            && now.since(told) >= INTERVAL
            && (client.is_some() || upstream.is_some())
        {
            occasions[0] = Some(TcpOccasion::Interval);
            self.told(now);
        }
        Verdict {
            occasions,
            go_on: moved
                || self.client.is_busy()
                || self.upstream.is_busy()
                || self.silence.is_growing(now),
        }
    }

    /// A direction has ended; whether that is worth an event.
    pub(super) fn end(&mut self, now: Micros, abrupt: bool) -> bool {
        let fresh = self.ended.is_some_and(|at| now.since(at) < SAME_END);
        if fresh && !abrupt {
            return false;
        }
        self.ended = Some(now);
        self.told(now);
        true
    }

    const fn told(&mut self, now: Micros) {
        self.told = Some(now);
        self.moved = false;
    }
}

impl Watch {
    fn take(
        &mut self,
        now: Micros,
        info: Option<&TcpInfo>,
        leg: Leg,
        allowance: &mut Allowance,
    ) -> Option<TcpOccasion> {
        let Some(info) = info else {
            *self = Self::default();
            return None;
        };
        let trouble = self.trouble(now, info);
        self.before = Some(Before {
            at: now,
            under_way: info.unacked > 0,
            queued: info.unsent.is_some_and(|bytes| bytes > 0),
            acked: info.acked,
        });
        let Some(trouble) = trouble else {
            return self.said.take().map(|_| TcpOccasion::Recovered(leg));
        };
        if let Some(said) = &mut self.said {
            said.retransmits = said.retransmits.min(info.retransmits);
        }
        let worse = self
            .said
            .is_none_or(|said| said.trouble != trouble || info.retransmits > said.retransmits);
        if !worse || !allowance.take(now) {
            return None;
        }
        self.said = Some(Said {
            trouble,
            retransmits: info.retransmits,
        });
        Some(match trouble {
            Trouble::Retransmitting => TcpOccasion::Retransmitting(leg),
            Trouble::Unacknowledged => TcpOccasion::Unacknowledged(leg),
            Trouble::WindowFull => TcpOccasion::WindowFull(leg),
        })
    }

    fn trouble(&self, now: Micros, info: &TcpInfo) -> Option<Trouble> {
        if info.retransmits > 0 {
            return Some(Trouble::Retransmitting);
        }
        let before = self.before?;
        let no_ack = info.last.ack_received >= now.since(before.at);
        if before.under_way && info.unacked > 0 && no_ack {
            return Some(Trouble::Unacknowledged);
        }
        let queued = before.queued && info.unsent.is_some_and(|bytes| bytes > 0);
        let nothing_taken = info.acked.is_some() && info.acked == before.acked;
        if !(queued && nothing_taken && info.unacked == 0) {
            return None;
        }
        // The peer would take a segment: this machine cannot send it, as with an interface that is down.
        let has_room = info.peer_window.is_some_and(|bytes| bytes >= SEGMENT);
        Some(if has_room {
            Trouble::Unacknowledged
        } else {
            Trouble::WindowFull
        })
    }

    /// Whether the next reading can differ though no bytes move.
    fn is_busy(&self) -> bool {
        let busy = |before: Before| before.under_way || before.queued;
        self.said.is_some() || self.before.is_some_and(busy)
    }
}

#[cfg(test)]
pub(super) mod testing {
    use crate::event::{Micros, TcpInfo, TcpLast, TcpState};

    /// A reading with nothing wrong: a question and its answer, not long ago.
    pub(in super::super) fn calm() -> TcpInfo {
        TcpInfo {
            state: TcpState::Established,
            rtt: Micros(20_000),
            rtt_variance: Micros(5_000),
            retransmits: 0,
            retransmitted: 0,
            unacked: 0,
            lost: 0,
            last: last_ack(Micros(100_000)),
            congestion_window: 10,
            peer_window: Some(65_536),
            unsent: Some(0),
            acked: Some(1_000),
        }
    }

    pub(in super::super) const fn last_ack(ack_received: Micros) -> TcpLast {
        TcpLast {
            data_sent: Micros(100_000),
            data_received: Micros(100_000),
            ack_received,
        }
    }

    pub(in super::super) const fn seconds(seconds: u64) -> Micros {
        Micros(seconds * 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{calm, last_ack, seconds};
    use super::*;
    use crate::event::TcpLast;

    /// Bytes under way, and the last ACK so many seconds ago.
    fn waiting(since_ack: u64, retransmits: u64) -> TcpInfo {
        TcpInfo {
            unacked: 2,
            retransmits,
            last: last_ack(seconds(since_ack)),
            ..calm()
        }
    }

    /// The occasions of readings of the upstream's leg, one a second; the client's is calm.
    fn fold(policy: &mut Policy, readings: impl IntoIterator<Item = TcpInfo>) -> Vec<TcpOccasion> {
        let mut all = Vec::new();
        for (second, upstream) in readings.into_iter().enumerate() {
            let readings = Readings {
                client: Some(calm()),
                upstream: Some(upstream),
            };
            let verdict = policy.tick(seconds(second as u64), true, &readings);
            all.extend(verdict.occasions.into_iter().flatten());
        }
        all
    }

    const RETRANSMITTING: TcpOccasion = TcpOccasion::Retransmitting(Leg::Upstream);
    const UNACKNOWLEDGED: TcpOccasion = TcpOccasion::Unacknowledged(Leg::Upstream);
    const WINDOW_FULL: TcpOccasion = TcpOccasion::WindowFull(Leg::Upstream);
    const RECOVERED: TcpOccasion = TcpOccasion::Recovered(Leg::Upstream);

    #[test]
    fn a_path_that_swallows_everything_is_said_at_each_retransmission_and_when_it_is_back() {
        let readings = [
            calm(),
            waiting(30, 0),
            waiting(31, 0),
            waiting(32, 1),
            waiting(33, 1),
            waiting(34, 2),
            calm(),
            calm(),
        ];
        assert_eq!(
            fold(&mut Policy::default(), readings),
            [UNACKNOWLEDGED, RETRANSMITTING, RETRANSMITTING, RECOVERED]
        );
    }

    #[test]
    fn an_outage_right_behind_another_is_said_from_its_first_retransmission_on() {
        let readings = [4, 1, 2].map(|retransmits| waiting(0, retransmits));
        assert_eq!(
            fold(&mut Policy::default(), readings),
            [RETRANSMITTING, RETRANSMITTING]
        );
    }

    #[test]
    fn bytes_that_have_just_left_after_a_long_silence_are_no_trouble() {
        let readings = [calm(), waiting(30, 0), calm(), waiting(30, 0)];
        assert_eq!(fold(&mut Policy::default(), readings), []);
    }

    #[test]
    fn bytes_always_under_way_with_prompt_acks_are_no_trouble() {
        let busy = TcpInfo {
            last: last_ack(Micros(0)),
            ..waiting(0, 0)
        };
        assert_eq!(fold(&mut Policy::default(), vec![busy; 50]), []);
    }

    #[test]
    fn a_peer_that_acknowledges_and_reads_nothing_is_a_full_window() {
        let full = TcpInfo {
            unsent: Some(400_000),
            peer_window: Some(0),
            ..calm()
        };
        let taken = TcpInfo {
            acked: Some(2_000),
            ..full.clone()
        };
        let readings = [calm(), full.clone(), full.clone(), full, taken];
        assert_eq!(
            fold(&mut Policy::default(), readings),
            [WINDOW_FULL, RECOVERED]
        );
    }

    #[test]
    fn bytes_that_cannot_leave_the_machine_although_the_peer_has_room_are_no_full_window() {
        let stuck = TcpInfo {
            unsent: Some(129),
            ..calm()
        };
        let readings = [calm(), stuck.clone(), stuck];
        let told = fold(&mut Policy::default(), readings);
        assert_eq!(told, [TcpOccasion::Unacknowledged(Leg::Upstream)]);
    }

    #[test]
    fn a_busy_connection_without_trouble_is_one_event_a_minute() {
        let day = fold(&mut Policy::default(), vec![calm(); 8 * 3600]);
        assert_eq!(day.len(), 8 * 60 - 1);
        assert!(day.iter().all(|one| *one == TcpOccasion::Interval));
    }

    #[test]
    fn a_path_that_loses_all_day_fills_no_recording() {
        let readings = (0..8 * 3600).map(|second| match second % 3 {
            0 => waiting(0, 1),
            _ => calm(),
        });
        let day = fold(&mut Policy::default(), readings);
        assert!(
            day.len() < 2 * (8 * 60 + usize::from(BURST)),
            "{}",
            day.len()
        );
        assert!(day.len() > 8 * 60, "{}", day.len());
    }

    #[test]
    fn a_server_that_acknowledges_and_does_not_answer_is_said_once() {
        let mut policy = Policy::default();
        let mut told = Vec::new();
        // One question, at the start.
        for second in 1..60 {
            let asked = TcpInfo {
                last: TcpLast {
                    data_sent: seconds(second),
                    data_received: seconds(second + 10),
                    ack_received: seconds(second),
                },
                ..calm()
            };
            let readings = Readings {
                client: Some(calm()),
                upstream: Some(asked),
            };
            let verdict = policy.tick(seconds(second), second == 1, &readings);
            told.extend(verdict.occasions.into_iter().flatten());
            if !verdict.go_on {
                assert_eq!(second, 5, "it looks on until then, and no longer");
                break;
            }
        }
        assert_eq!(told, [TcpOccasion::Unanswered(Leg::Upstream)]);
    }

    #[test]
    fn readings_stop_once_nothing_can_change() {
        let mut policy = Policy::default();
        let mut go_on = |second, moved, upstream| {
            let readings = Readings {
                client: Some(calm()),
                upstream: Some(upstream),
            };
            policy.tick(seconds(second), moved, &readings).go_on
        };
        assert!(go_on(1, true, calm()));
        assert!(!go_on(2, false, calm()));
        assert!(go_on(3, false, waiting(0, 0)));
        assert!(go_on(4, false, waiting(9, 3)));
        assert!(!go_on(5, false, calm()));
    }

    #[test]
    fn where_the_system_tells_nothing_only_an_end_is_an_event() {
        let mut policy = Policy::default();
        for second in 0..200 {
            let verdict = policy.tick(seconds(second), true, &Readings::default());
            assert_eq!(verdict.occasions, [None, None]);
        }
        assert!(policy.end(seconds(200), false));
    }

    #[test]
    fn two_ends_in_order_are_one_event_and_a_reset_is_another() {
        let mut policy = Policy::default();
        assert!(policy.end(seconds(1), false));
        assert!(!policy.end(Micros(1_500_000), false));
        assert!(policy.end(Micros(1_600_000), true));
        assert!(policy.end(seconds(9), false));
    }
}
