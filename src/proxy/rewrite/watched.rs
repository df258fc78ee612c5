//! The two sides of a rewriting relay as hyper gets them: read along, counted, and their ends said.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::event::{Direction, Ended, EventKind, Manner};
use crate::proxy::relay::{Leg, Sight};
use crate::proxy::tally::Tally;

/// A leg whose peer's end is an event; the tap, where there is one, sees both directions.
#[derive(Debug)]
pub(super) struct Watched {
    leg: Leg,
    sight: Sight,
    /// Which way the bytes flow that are read here.
    reads: Direction,
    tally: Tally,
    ended: bool,
}

impl Watched {
    pub(super) const fn new(leg: Leg, sight: Sight, reads: Direction, tally: Tally) -> Self {
        Self {
            leg,
            sight,
            reads,
            tally,
            ended: false,
        }
    }

    pub(super) fn into_parts(self) -> (Leg, Sight) {
        (self.leg, self.sight)
    }

    fn end(&mut self, manner: Manner) -> io::Result<()> {
        let result = match manner {
            Manner::Fin | Manner::CloseNotify => Ok(()),
            Manner::Reset => Err(io::ErrorKind::ConnectionReset.into()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        };
        if !self.ended {
            self.ended = true;
            self.sight.ended(self.reads);
            self.tally.ended(self.reads);
            let bytes = self.tally.bytes(self.reads);
            let ended = EventKind::Ended(Ended { manner, bytes });
            self.sight.observer().fact_of(self.reads, ended);
        }
        result
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match ready!(this.leg.poll_receive(cx, buf.initialize_unfilled())) {
            Ok(count) => {
                let arrived = this.sight.observer().now();
                let start = buf.filled().len();
                buf.advance(count);
                this.tally.add(this.reads, count as u64);
                let new = buf.filled().get(start..).unwrap_or_default();
                this.sight.show(this.reads, arrived, new);
                Poll::Ready(Ok(()))
            }
            Err(manner) => Poll::Ready(this.end(manner)),
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let arrived = this.sight.observer().now();
        let written = ready!(this.leg.poll_send(cx, buf));
        if let Ok(count) = written {
            let taken = buf.get(..count).unwrap_or_default();
            this.sight.show(this.reads.reverse(), arrived, taken);
        }
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.leg).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.leg).poll_shutdown(cx)
    }
}
