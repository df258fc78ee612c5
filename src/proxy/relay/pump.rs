//! One direction of a relay: read, write, and only then look.

use std::cell::RefCell;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::leg::Leg;
use super::sight::{InFlight, Sight};
use super::tcp_info::Ends;
use crate::event::{Direction, Ended, EventKind, Manner, Micros, Stalled};

/// What one read may bring: four TLS records, and the most that one direction keeps for a slow receiver.
const CHUNK: usize = 64 * 1024;

/// A receiver that has taken nothing for this long is worth an event.
const STALL: Duration = Duration::from_secs(1);

thread_local! {
    /// Where chunks are read into, one for each thread: an idle connection holds no buffer.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; CHUNK].into_boxed_slice());
}

/// How a direction came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// The sender ended it and the receiver has been told; the other direction goes on.
    Carried,
    /// The sender is gone by reset: the receiver is to be reset as well.
    Abort,
    /// The receiver is gone; the other direction finds out how.
    ReceiverGone,
}

/// The state of one direction.
#[derive(Debug)]
pub(super) struct Pump {
    direction: Direction,
    phase: Phase,
    /// Bytes read from the sender.
    bytes: u64,
    ends: Ends,
    stall: Option<Box<Stall>>,
}

#[derive(Debug)]
enum Phase {
    /// Bytes flow.
    Flowing,
    /// A close_notify is on its way to the receiver.
    CloseNotify,
    /// The sender's close_notify was carried; its FIN has not come.
    AwaitFin,
    /// A FIN is on its way to the receiver.
    Fin,
    /// Nothing more happens in this direction.
    Over(Over),
}

#[derive(Debug)]
struct Stall {
    since: Micros,
    said: bool,
    timer: std::pin::Pin<Box<Sleep>>,
}

impl Pump {
    pub(super) const fn new(direction: Direction) -> Self {
        Self {
            direction,
            phase: Phase::Flowing,
            bytes: 0,
            ends: Ends {
                in_order: 0,
                abrupt: 0,
            },
            stall: None,
        }
    }

    /// Bytes read from the sender so far.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How often the sender's end was said: a connection can die behind a close_notify.
    pub(super) const fn ends(&self) -> Ends {
        self.ends
    }

    /// Whether the sender's end has been seen.
    pub(super) const fn has_ended(&self) -> bool {
        !matches!(self.phase, Phase::Flowing)
    }

    /// Relays until nothing more can be done now; ready once the direction is over.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Leg,
        to: &mut Leg,
        sight: &mut Sight,
    ) -> Poll<Over> {
        loop {
            match self.phase {
                Phase::Over(over) => return Poll::Ready(over),
                Phase::Flowing => {
                    let moved = match ready!(self.poll_in_flight(cx, to, sight)) {
                        Ok(()) => ready!(self.poll_chunk(cx, from, to, sight)),
                        Err(error) => Err(error),
                    };
                    match moved {
                        Ok(None) => {}
                        Ok(Some(manner)) => self.ended(&manner, to, sight),
                        Err(error) => self.receiver_gone(&error, sight),
                    }
                }
                Phase::CloseNotify => {
                    self.phase = match ready!(to.poll_flush_all(cx)) {
                        Ok(()) => Phase::AwaitFin,
                        Err(_) => Phase::Over(Over::ReceiverGone),
                    }
                }
                Phase::AwaitFin => match ready!(from.poll_tcp_end(cx)) {
                    Manner::Fin => self.phase = Phase::Fin,
                    manner => self.died(&manner, sight),
                },
                Phase::Fin => {
                    let told = ready!(to.poll_flush_all(cx)).and_then(|()| match to.poll_fin(cx) {
                        Poll::Ready(result) => result,
                        Poll::Pending => Ok(()),
                    });
                    self.phase = Phase::Over(match told {
                        Ok(()) => Over::Carried,
                        Err(_) => Over::ReceiverGone,
                    });
                }
            }
        }
    }

    /// Reads one chunk and writes it; what the receiver does not take at once stays in flight.
    fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Leg,
        to: &mut Leg,
        sight: &mut Sight,
    ) -> Poll<io::Result<Option<Manner>>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let count = match ready!(from.poll_receive(cx, scratch)) {
                Ok(count) => count,
                Err(manner) => return Poll::Ready(Ok(Some(manner))),
            };
            let arrived = sight.now();
            self.bytes += count as u64;
            let chunk = scratch.get(..count).unwrap_or_default();
            let mut written = 0;
            match poll_write_all(cx, to, chunk, &mut written) {
                Poll::Ready(Ok(())) => {
                    sight.show(self.direction, arrived, chunk);
                    Poll::Ready(Ok(None))
                }
                Poll::Ready(Err(error)) => {
                    sight.show_unsent(self.direction, arrived, chunk);
                    Poll::Ready(Err(error))
                }
                Poll::Pending => {
                    let flight = InFlight::new(chunk, written, arrived);
                    sight.hold(self.direction, flight);
                    self.stall = Some(Box::new(Stall {
                        since: arrived,
                        said: false,
                        timer: Box::pin(sleep(STALL)),
                    }));
                    self.poll_stall(cx, sight);
                    Poll::Pending
                }
            }
        })
    }

    /// Writes what an earlier poll could not.
    fn poll_in_flight(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut Leg,
        sight: &mut Sight,
    ) -> Poll<io::Result<()>> {
        let Some(flight) = sight.in_flight(self.direction) else {
            return Poll::Ready(Ok(()));
        };
        match poll_write_all(cx, to, &flight.bytes, &mut flight.written) {
            Poll::Pending => {
                self.poll_stall(cx, sight);
                Poll::Pending
            }
            Poll::Ready(result) => {
                self.end_stall(sight);
                sight.land(self.direction, result.is_ok());
                Poll::Ready(result)
            }
        }
    }

    /// The sender's direction ended: says so, and begins to tell the receiver in the same manner.
    fn ended(&mut self, manner: &Manner, to: &mut Leg, sight: &mut Sight) {
        sight.ended(self.direction);
        self.say_ended(manner, sight);
        self.phase = match manner {
            Manner::CloseNotify if to.is_tls() => {
                to.start_close_notify();
                Phase::CloseNotify
            }
            Manner::Fin => {
                to.start_close_notify();
                Phase::Fin
            }
            Manner::CloseNotify
            | Manner::FinWithoutCloseNotify
            | Manner::Alert(_)
            | Manner::TlsBroken(_) => Phase::Fin,
            Manner::Reset
            | Manner::TimedOut
            | Manner::Error(_)
            | Manner::Stopped
            | Manner::Unknown => Phase::Over(Over::Abort),
        };
    }

    /// The connection died behind a close_notify that was carried already.
    fn died(&mut self, manner: &Manner, sight: &Sight) {
        self.say_ended(manner, sight);
        self.phase = Phase::Over(Over::Abort);
    }

    fn receiver_gone(&mut self, error: &io::Error, sight: &mut Sight) {
        tracing::debug!(%error, direction = ?self.direction, "the receiver is gone");
        sight.land(self.direction, false);
        self.phase = Phase::Over(Over::ReceiverGone);
    }

    fn say_ended(&mut self, manner: &Manner, sight: &Sight) {
        match manner {
            Manner::Fin | Manner::CloseNotify => self.ends.in_order += 1,
            _ => self.ends.abrupt += 1,
        }
        let ended = Ended {
            manner: manner.clone(),
            bytes: self.bytes,
        };
        sight.fact(self.direction, EventKind::Ended(ended));
    }

    /// Says once that the receiver does not take bytes.
    fn poll_stall(&mut self, cx: &mut Context<'_>, sight: &Sight) {
        let Some(stall) = &mut self.stall else {
            return;
        };
        if !stall.said && stall.timer.as_mut().poll(cx).is_ready() {
            stall.said = true;
            let since = stall.since;
            self.say_stalled(since, sight);
        }
    }

    /// The receiver takes bytes again: says how long it did not, if that was said to begin with.
    fn end_stall(&mut self, sight: &Sight) {
        if let Some(stall) = self.stall.take()
            && stall.said
        {
            self.say_stalled(stall.since, sight);
        }
    }

    fn say_stalled(&self, since: Micros, sight: &Sight) {
        let stalled = Stalled {
            waiting: sight.waiting(self.direction),
            waited: sight.now().since(since),
        };
        sight.fact(self.direction, EventKind::Stalled(stalled));
    }
}

/// Ready once all of `bytes` is with the kernel; the receiver has taken `written` of them so far.
fn poll_write_all(
    cx: &mut Context<'_>,
    to: &mut Leg,
    bytes: &[u8],
    written: &mut usize,
) -> Poll<io::Result<()>> {
    while let Some(rest) = bytes.get(*written..)
        && !rest.is_empty()
    {
        match ready!(to.poll_send(cx, rest)) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => *written += count,
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    to.poll_flush_all(cx)
}
