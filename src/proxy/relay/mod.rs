//! The verbatim relay: every byte both ways, and the manner of death with them.
//!
//! One task polls two [`pump::Pump`]s, one for each direction, which share nothing but the two [`Leg`]s and cannot
//! stall each other. Each reads a chunk, writes it, and only then shows it to the tap ([`Sight`]).

mod leg;
mod pump;
mod sight;
mod tcp;
mod tcp_info;

#[cfg(test)]
mod tests;

pub(crate) use leg::{Leg, alert_name, manner_of};
pub(crate) use sight::Sight;
pub(crate) use tcp::Tcp;

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::stop::Stop;
use crate::event::{Closed, Direction, Ended, EventKind, Manner, Micros};
use pump::{Over, Pump};
use tcp_info::{Looked, Sampler};

/// A relayed connection.
#[derive(Debug)]
pub(crate) struct Relay {
    client: Leg,
    server: Leg,
    to_server: Pump,
    to_client: Pump,
    sight: Sight,
    sampler: Sampler,
    /// Which direction ended first.
    first: Option<Direction>,
    /// When the client connected.
    accepted: Micros,
}

impl Relay {
    /// Joins two legs.
    pub(crate) fn new(client: Leg, server: Leg, sight: Sight, accepted: Micros) -> Self {
        Self {
            client,
            server,
            to_server: Pump::new(Direction::ToServer),
            to_client: Pump::new(Direction::ToClient),
            sight,
            sampler: Sampler::default(),
            first: None,
            accepted,
        }
    }

    /// Relays until both directions are over, or `stop` says so.
    pub(crate) async fn run(mut self, stop: &mut Stop) {
        tokio::select! {
            biased;
            () = poll_fn(|cx| self.poll(cx)) => {}
            () = stop.told() => self.stop(),
        }
        let closed = Closed {
            first: self.first,
            to_server: self.to_server.bytes(),
            to_client: self.to_client.bytes(),
            lasted: self.sight.observer().now().since(self.accepted),
        };
        self.sight.observer().fact(EventKind::Closed(closed));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let up = self
            .to_server
            .poll(cx, &mut self.client, &mut self.server, &mut self.sight);
        self.note_first(Direction::ToServer);
        let down = self
            .to_client
            .poll(cx, &mut self.server, &mut self.client, &mut self.sight);
        self.note_first(Direction::ToClient);
        self.sample(cx);
        match (up, down) {
            (Poll::Ready(Over::Abort), _) => self.abort(Direction::ToServer),
            (_, Poll::Ready(Over::Abort)) => self.abort(Direction::ToClient),
            (Poll::Ready(Over::ReceiverGone), Poll::Ready(_)) => self.gone(Direction::ToClient),
            (Poll::Ready(_), Poll::Ready(Over::ReceiverGone)) => self.gone(Direction::ToServer),
            (Poll::Ready(Over::Carried), Poll::Ready(Over::Carried)) => Poll::Ready(()),
            // The other direction drains what its sender had sent before it died.
            (Poll::Ready(_), Poll::Pending) | (Poll::Pending, _) => Poll::Pending,
        }
    }

    /// Looks at the sockets, where it is time to; after the bytes have moved, and before a socket is closed.
    fn sample(&mut self, cx: &mut Context<'_>) {
        let moved = self.to_server.bytes() + self.to_client.bytes();
        let ends = self.to_server.ends().and(self.to_client.ends());
        let looked = Looked::at(&self.client, &self.server, &self.sight);
        self.sampler.poll(cx, moved, ends, looked);
    }

    /// Looks at the sockets because of an end that is no pump's.
    fn sample_end(&mut self) {
        let looked = Looked::at(&self.client, &self.server, &self.sight);
        self.sampler.ended(true, looked);
    }

    fn note_first(&mut self, direction: Direction) {
        let ended = match direction {
            Direction::ToServer => self.to_server.has_ended(),
            Direction::ToClient => self.to_client.has_ended(),
        };
        if ended && self.first.is_none() {
            self.first = Some(direction);
        }
    }

    /// The sender of `direction` is gone by reset: its receiver gets the same.
    fn abort(&self, direction: Direction) -> Poll<()> {
        match direction {
            Direction::ToServer => self.server.tcp().reset_on_close(),
            Direction::ToClient => self.client.tcp().reset_on_close(),
        }
        Poll::Ready(())
    }

    /// The sender of `direction` had ended in order and has answered later bytes with a reset.
    fn gone(&mut self, direction: Direction) -> Poll<()> {
        let bytes = match direction {
            Direction::ToServer => self.to_server.bytes(),
            Direction::ToClient => self.to_client.bytes(),
        };
        let ended = Ended {
            manner: Manner::Reset,
            bytes,
        };
        let kind = EventKind::Ended(ended);
        self.sight.observer().fact_of(direction, kind);
        self.sample_end();
        self.abort(direction)
    }

    /// finspect is told to stop: both sides see an end of the connection.
    fn stop(&mut self) {
        for (direction, pump) in [
            (Direction::ToServer, &self.to_server),
            (Direction::ToClient, &self.to_client),
        ] {
            if !pump.has_ended() {
                let ended = Ended {
                    manner: Manner::Stopped,
                    bytes: pump.bytes(),
                };
                let kind = EventKind::Ended(ended);
                self.sight.observer().fact_of(direction, kind);
            }
        }
        self.sample_end();
    }
}
