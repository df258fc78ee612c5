//! Bytes that are read later than they came: a slow server, or a slow way to it.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::time::{Instant, Sleep, sleep_until};

/// What came in and is not yet due, in order; an empty piece is the end of the stream.
#[derive(Debug, Default)]
pub(super) struct Late {
    pieces: VecDeque<(Instant, Vec<u8>)>,
    ended: bool,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Late {
    /// Whether nothing is held back.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Takes what `read` has, and gives what has been here for as long as it had to.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        delay: Duration,
        into: &mut ReadBuf<'_>,
        read: impl FnMut(&mut Context<'_>, &mut [u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<()>> {
        self.take_in(cx, delay, read)?;
        loop {
            let Some((due, piece)) = self.pieces.front_mut() else {
                // Nothing held back and nothing to read: `read` wakes the task.
                return Poll::Pending;
            };
            if *due <= Instant::now() {
                if piece.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                let rest = piece.split_off(piece.len().min(into.remaining()));
                into.put_slice(piece);
                *piece = rest;
                if piece.is_empty() {
                    self.pieces.pop_front();
                }
                return Poll::Ready(Ok(()));
            }
            let due = *due;
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
            if alarm.deadline() != due {
                alarm.as_mut().reset(due);
            }
            ready!(alarm.as_mut().poll(cx));
        }
    }

    fn take_in(
        &mut self,
        cx: &mut Context<'_>,
        delay: Duration,
        mut read: impl FnMut(&mut Context<'_>, &mut [u8]) -> Poll<io::Result<usize>>,
    ) -> io::Result<()> {
        let mut piece = [0; PIECE];
        while !self.ended && self.pieces.len() < PIECES {
            let Poll::Ready(count) = read(cx, &mut piece) else {
                break;
            };
            let bytes = piece.get(..count?).unwrap_or_default().to_vec();
            self.ended = bytes.is_empty();
            // Never before what came earlier.
            let earlier = self.pieces.back().map(|(due, _)| *due);
            let due = (Instant::now() + delay).max(earlier.unwrap_or_else(Instant::now));
            self.pieces.push_back((due, bytes));
        }
        Ok(())
    }
}

/// Longest piece in bytes.
const PIECE: usize = 4 * 1024;
/// Most pieces that are held back; the rest waits in the kernel.
const PIECES: usize = 64;
