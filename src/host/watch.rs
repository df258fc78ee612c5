//! The thread that looks at the machine once a second.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Network, Reading, TICK, Ticks, system};
use crate::bus::Clock;
use crate::event::{Host, Micros};

/// A watch over the machine, until it is stopped or dropped.
#[derive(Debug)]
pub struct Watch {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Starts it; `tell` gets each fact with the time at which it was noticed.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start(
        clock: Clock,
        tell: impl FnMut(Micros, Host) + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, stopped) = mpsc::sync_channel(0);
        let looks = Looks {
            clock,
            ticks: Ticks::starting(Reading::take(&clock), clock.wall_at_start()),
            network: Network::default(),
            tell,
        };
        let thread = thread::Builder::new()
            .name("host".to_owned())
            .spawn(move || looks.run(&stopped))?;
        Ok(Self { stop, thread })
    }

    /// Looks a last time, and ends: it tells nothing after that.
    pub fn stop(self) {
        drop(self.stop);
        // It has nothing to give back, and a panic of it has been said already.
        drop(self.thread.join());
    }
}

/// What is known from one look to the next.
struct Looks<F> {
    clock: Clock,
    ticks: Ticks,
    network: Network,
    tell: F,
}

impl<F: FnMut(Micros, Host)> Looks<F> {
    fn run(mut self, stopped: &Receiver<()>) {
        self.network.take(system::network());
        let mut last = self.clock.now();
        loop {
            let spent = Duration::from_micros(self.clock.now().since(last).0);
            let waited = stopped.recv_timeout(TICK.saturating_sub(spent));
            last = self.look();
            if waited != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    /// The clocks first: what takes time makes the next look no later than it is.
    fn look(&mut self) -> Micros {
        let reading = Reading::take(&self.clock);
        let mut facts = self.ticks.take(reading);
        facts.extend(self.network.take(system::network()));
        for fact in facts {
            (self.tell)(reading.session, fact);
        }
        reading.session
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_that_is_stopped_does_not_wait_for_its_next_look() {
        const WATCHES: u32 = 30;
        let clock = Clock::start();
        for _ in 0..WATCHES {
            Watch::start(clock, |_, _| ()).unwrap().stop();
        }
        let took = Duration::from_micros(clock.now().0);
        assert!(took < TICK * WATCHES / 2, "{took:?}");
    }
}
