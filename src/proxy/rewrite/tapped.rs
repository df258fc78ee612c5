//! The upstream's side of a rewriting relay, read along.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::event::Direction;
use crate::proxy::observer::Observer;
use crate::proxy::relay::{Leg, Sight};
use crate::tap::Tap;

/// A leg whose bytes are shown to a tap as they pass.
#[derive(Debug)]
pub(super) struct Tapped {
    leg: Leg,
    sight: Sight,
}

impl Tapped {
    pub(super) fn new(leg: Leg, observer: Observer, tap: Option<Tap>) -> Self {
        Self {
            leg,
            sight: Sight::new(observer, tap),
        }
    }

    pub(super) fn into_parts(self) -> (Leg, Sight) {
        (self.leg, self.sight)
    }
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.leg).poll_read(cx, buf));
        let arrived = self.sight.observer().now();
        let new = buf.filled().get(before..).unwrap_or_default();
        if new.is_empty() {
            self.sight.ended(Direction::ToClient);
        } else {
            self.sight.show(Direction::ToClient, arrived, new);
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let arrived = self.sight.observer().now();
        let written = ready!(Pin::new(&mut self.leg).poll_write(cx, buf));
        if let Ok(count) = written {
            let taken = buf.get(..count).unwrap_or_default();
            self.sight.show(Direction::ToServer, arrived, taken);
        }
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.leg).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sight.ended(Direction::ToServer);
        Pin::new(&mut self.leg).poll_shutdown(cx)
    }
}
