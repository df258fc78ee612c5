//! What the clocks tell, from one look at them to the next: sleep, a jump of the wall clock, starvation.

use super::{Reading, TICK};
use crate::event::{ClockJumped, Host, Micros, Slept, Starved};

/// What was read last, and what the wall clock should say.
#[derive(Debug)]
pub struct Ticks {
    last: Reading,
    /// The wall clock minus the session's, as far as it is known.
    offset: i64,
}

impl Ticks {
    /// Begins with a first reading of a session whose clock was 0 at `wall_at_start`.
    #[must_use]
    pub const fn starting(first: Reading, wall_at_start: i64) -> Self {
        Self {
            last: first,
            offset: wall_at_start,
        }
    }

    /// Takes a reading that was due one [`TICK`] after the one before, and says what happened in between.
    pub fn take(&mut self, now: Reading) -> Vec<Host> {
        let mut facts = Vec::new();
        let elapsed = now.session.since(self.last.session);
        let late = elapsed.since(micros(TICK));
        let asleep = self.asleep(&now, elapsed);
        if let Some(asleep) = asleep {
            facts.push(self.slept(&now, asleep, true));
        }
        if now.sleepless.is_none() && late > LIKELY_ASLEEP {
            facts.push(self.slept(&now, late, false));
        } else if late > STARVED && asleep.is_none() {
            facts.push(Host::Starved(Starved {
                since: self.last.session,
                late,
            }));
        }
        let by = now.wall.saturating_sub(self.wall_at(now.session));
        if by.unsigned_abs() > JUMP {
            self.offset = now.wall.saturating_sub_unsigned(now.session.0);
            facts.push(Host::ClockJumped(ClockJumped {
                by,
                wall_clock: now.wall,
            }));
        }
        self.last = now;
        facts
    }

    /// How long the session's clock stood still, where the system counts that.
    fn asleep(&self, now: &Reading, elapsed: Micros) -> Option<Micros> {
        let asleep = now.sleepless?.since(self.last.sleepless?).since(elapsed);
        (asleep > ASLEEP).then_some(asleep)
    }

    fn slept(&mut self, now: &Reading, asleep: Micros, counted: bool) -> Host {
        let from = self.wall_at(self.last.session);
        if counted {
            self.offset = self.offset.saturating_add_unsigned(asleep.0);
        }
        Host::Slept(Slept {
            since: self.last.session,
            from,
            to: self.wall_at(now.session),
            asleep,
            counted,
        })
    }

    const fn wall_at(&self, session: Micros) -> i64 {
        self.offset.saturating_add_unsigned(session.0)
    }
}

fn micros(time: std::time::Duration) -> Micros {
    Micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

/// A shorter sleep is none.
const ASLEEP: Micros = Micros(500_000);
/// A look that comes later than this was starved of processor time.
const STARVED: Micros = Micros(500_000);
/// Where no clock counts sleep, a look that comes later than this tells of sleep, or of a stopped process.
const LIKELY_ASLEEP: Micros = Micros(10_000_000);
/// How far the wall clock may be from where it should be, in microseconds.
const JUMP: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;
    const MINUTE: u64 = 60 * SECOND;
    /// The wall clock at the start.
    const WALL: i64 = 1_781_000_000_000_000;

    /// A machine whose clocks can be moved, and what is told of it.
    struct Machine {
        now: Reading,
        ticks: Ticks,
    }

    impl Machine {
        fn new(counts_sleep: bool) -> Self {
            let now = Reading {
                session: Micros(0),
                sleepless: counts_sleep.then_some(Micros(7 * MINUTE)),
                wall: WALL,
            };
            let ticks = Ticks::starting(now, WALL);
            Self { now, ticks }
        }

        fn awake(&mut self, time: u64) -> &mut Self {
            self.now.session.0 += time;
            self.asleep(time)
        }

        /// The session's clock stands still.
        fn asleep(&mut self, time: u64) -> &mut Self {
            self.now.sleepless = self.now.sleepless.map(|before| Micros(before.0 + time));
            self.set(i64::try_from(time).unwrap())
        }

        fn set(&mut self, by: i64) -> &mut Self {
            self.now.wall += by;
            self
        }

        fn look(&mut self) -> Vec<Host> {
            self.ticks.take(self.now)
        }
    }

    #[test]
    fn a_quiet_day_has_no_facts() {
        for counts_sleep in [true, false] {
            let mut machine = Machine::new(counts_sleep);
            for _ in 0..86_400 {
                // A little late each time, and corrected by NTP forth and back.
                machine.awake(SECOND + 40_000).set(400);
                assert_eq!(machine.look(), []);
                machine.awake(SECOND + 90).set(-400);
                assert_eq!(machine.look(), []);
            }
        }
    }

    #[test]
    fn a_sleep_is_told_with_its_times_once_it_is_over() {
        let mut machine = Machine::new(true);
        machine.awake(SECOND).look();
        machine.awake(SECOND / 4).asleep(21 * MINUTE);
        let slept = machine.awake(SECOND / 2).look();
        let expected = Slept {
            since: Micros(SECOND),
            from: WALL + 1_000_000,
            to: WALL + 1_261_750_000,
            asleep: Micros(21 * MINUTE),
            counted: true,
        };
        assert_eq!(slept, [Host::Slept(expected)]);
        assert_eq!(machine.awake(SECOND).look(), []);
    }

    #[test]
    fn a_clock_that_was_set_while_the_machine_slept_is_told_beside_the_sleep() {
        let mut machine = Machine::new(true);
        machine.asleep(5 * MINUTE).set(-3_600_000_000);
        let facts = machine.awake(SECOND).look();
        let [Host::Slept(slept), Host::ClockJumped(jump)] = &facts[..] else {
            panic!("{facts:?}");
        };
        assert_eq!(slept.to, WALL + 301_000_000);
        assert_eq!(jump.by, -3_600_000_000);
        assert_eq!(jump.wall_clock, machine.now.wall);
    }

    #[test]
    fn a_clock_that_is_set_forward_and_back_is_told_twice() {
        for counts_sleep in [true, false] {
            let mut machine = Machine::new(counts_sleep);
            for by in [3_000_000, -3_000_000, -1_000_001] {
                let jumped = machine.awake(SECOND).set(by).look();
                let wall_clock = machine.now.wall;
                assert_eq!(jumped, [Host::ClockJumped(ClockJumped { by, wall_clock })]);
                assert_eq!(machine.awake(SECOND).look(), []);
            }
        }
    }

    #[test]
    fn a_clock_that_runs_away_slowly_is_told_each_time_it_is_a_second_off() {
        let mut machine = Machine::new(false);
        let facts: Vec<_> = (0..3_000)
            .flat_map(|_| machine.awake(SECOND).set(1_000).look())
            .collect();
        assert_eq!(facts.len(), 2, "{facts:?}");
    }

    #[test]
    fn a_look_that_comes_late_is_starvation_and_no_sleep() {
        for counts_sleep in [true, false] {
            let mut machine = Machine::new(counts_sleep);
            machine.awake(SECOND).look();
            let starved = Starved {
                since: Micros(SECOND),
                late: Micros(3 * SECOND),
            };
            assert_eq!(machine.awake(4 * SECOND).look(), [Host::Starved(starved)]);
            assert_eq!(machine.awake(SECOND).look(), []);
        }
    }

    #[test]
    fn a_process_that_was_stopped_for_minutes_is_starved_where_sleep_is_counted() {
        let mut machine = Machine::new(true);
        let facts = machine.awake(5 * MINUTE).look();
        assert!(
            matches!(&facts[..], [Host::Starved(starved)] if starved.late.0 == 5 * MINUTE - SECOND)
        );
    }

    #[test]
    fn where_nothing_counts_sleep_a_look_that_comes_very_late_is_said_to_be_likely_sleep() {
        let mut machine = Machine::new(false);
        let slept = machine.awake(21 * MINUTE).look();
        let expected = Slept {
            since: Micros(0),
            from: WALL,
            to: WALL + 1_260_000_000,
            asleep: Micros(21 * MINUTE - SECOND),
            counted: false,
        };
        assert_eq!(slept, [Host::Slept(expected)]);
    }

    #[test]
    fn clocks_that_say_nonsense_are_no_trouble() {
        let mut machine = Machine::new(true);
        for wall in [i64::MIN, i64::MAX, 0, i64::MIN] {
            for time in [0, u64::MAX, 5] {
                machine.ticks.take(Reading {
                    session: Micros(time),
                    sleepless: Some(Micros(u64::MAX - time)),
                    wall,
                });
            }
        }
    }
}
