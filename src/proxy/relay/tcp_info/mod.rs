//! What the kernel knows of the two TCP connections of a relay: read once a second while something changes, and at
//! each end. Nothing here is on the way of a message: that has one comparison, and the look at a timer.

mod allowance;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
mod policy;
mod silence;

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::Sight;
use super::leg::Leg;
use crate::event::{EventKind, TcpInfo, TcpOccasion, TcpSample};
use crate::proxy::observer::Observer;
use policy::Policy;

/// From one reading to the next.
const PERIOD: Duration = Duration::from_secs(1);

/// What the kernel knows of a connection; nothing where it does not tell.
pub(super) fn read(stream: &TcpStream) -> Option<TcpInfo> {
    #[cfg(target_os = "linux")]
    return linux::read(std::os::fd::AsFd::as_fd(stream));
    #[cfg(not(target_os = "linux"))]
    return other::read(stream);
}

/// Reads the two legs of one relay when it is time to.
#[derive(Debug, Default)]
pub(super) struct Sampler {
    /// Runs while something changes; an idle connection wakes nobody.
    timer: Option<Pin<Box<Sleep>>>,
    /// Bytes relayed, both ways, at the last reading.
    moved: u64,
    ends: Ends,
    policy: Policy,
}

/// How many ends of a direction there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) in_order: u8,
    pub(super) abrupt: u8,
}

impl Ends {
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            in_order: self.in_order + other.in_order,
            abrupt: self.abrupt + other.abrupt,
        }
    }
}

/// The two legs, and the way to the bus.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looked<'a> {
    client: &'a Leg,
    server: &'a Leg,
    observer: &'a Observer,
}

impl<'a> Looked<'a> {
    pub(super) fn at(client: &'a Leg, server: &'a Leg, sight: &'a Sight) -> Self {
        Self {
            client,
            server,
            observer: sight.observer(),
        }
    }

    fn read(self) -> Readings {
        Readings {
            client: self.client.tcp().info(),
            upstream: self.server.tcp().info(),
        }
    }

    fn say(self, occasion: TcpOccasion, readings: &Readings) {
        let Readings { client, upstream } = readings.clone();
        let sample = TcpSample {
            occasion,
            client,
            upstream,
        };
        self.observer.fact(EventKind::TcpInfo(Box::new(sample)));
    }
}

/// What was read of both legs.
#[derive(Debug, Clone, Default)]
struct Readings {
    client: Option<TcpInfo>,
    upstream: Option<TcpInfo>,
}

impl Sampler {
    /// After the relay has done what it could: reads the legs if a second is over, or if a direction has ended.
    /// `moved` is how many bytes were relayed so far.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        moved: u64,
        ends: Ends,
        looked: Looked<'_>,
    ) {
        if ends != self.ends {
            let abrupt = ends.abrupt > self.ends.abrupt;
            self.ends = ends;
            self.ended(abrupt, looked);
        }
        if self.timer.is_none() && moved != self.moved {
            self.timer = Some(Box::pin(sleep(PERIOD)));
        }
        while let Some(timer) = &mut self.timer
            && let Poll::Ready(()) = timer.as_mut().poll(cx)
        {
            let readings = looked.read();
            let has_moved = moved != self.moved;
            self.moved = moved;
            let now = looked.observer.now();
            let verdict = self.policy.tick(now, has_moved, &readings);
            for occasion in verdict.occasions.into_iter().flatten() {
                looked.say(occasion, &readings);
            }
            self.timer = verdict.go_on.then(|| Box::pin(sleep(PERIOD)));
        }
    }

    /// A direction has just ended: the sockets are still open.
    pub(super) fn ended(&mut self, abrupt: bool, looked: Looked<'_>) {
        if self.policy.end(looked.observer.now(), abrupt) {
            looked.say(TcpOccasion::Ended, &looked.read());
        }
    }
}
