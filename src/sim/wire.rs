//! The TCP connection under everything, with a switch: a fault can stall it, end it with FIN, or reset it.
//!
//! The switch lies below TLS, so a FIN leaves without close_notify and a stall keeps the kernel's ACKs coming, as with
//! a frozen or killed server.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::late::Late;

/// One accepted connection, as the faults see it.
#[derive(Debug)]
pub(super) struct Line {
    tcp: TcpStream,
    switch: Mutex<Switch>,
    websocket: AtomicBool,
    /// Milliseconds by which what comes in is late.
    delay: AtomicU64,
}

impl Line {
    /// The line of a connection that was just accepted.
    pub(super) fn new(tcp: TcpStream) -> Arc<Self> {
        Arc::new(Self {
            tcp,
            switch: Mutex::new(Switch {
                mode: Mode::Open,
                touched: Instant::now(),
                reader: None,
                writer: None,
            }),
            websocket: AtomicBool::new(false),
            delay: AtomicU64::new(0),
        })
    }

    /// From now on this connection counts as one of the Notification Service.
    pub(super) fn becomes_websocket(&self) {
        self.websocket.store(true, Ordering::Relaxed);
    }

    /// Whether it carries (or asked for) a WebSocket.
    pub(super) fn is_websocket(&self) -> bool {
        self.websocket.load(Ordering::Relaxed)
    }

    /// Reads and writes nothing any more; the kernel goes on acknowledging.
    pub(super) fn stall(&self) {
        self.turn(Mode::Stalled);
    }

    /// Reads nothing any more, but writes: the way to the server is lost, the way back is not.
    pub(super) fn deafen(&self) {
        self.turn(Mode::Deaf);
    }

    /// From now on, what comes in is read so much later; the kernel acknowledges at once.
    pub(super) fn delay(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.delay.store(millis, Ordering::Relaxed);
    }

    /// How long no byte went either way.
    pub(super) fn idle(&self) -> Duration {
        self.lock().touched.elapsed()
    }

    /// Ends a stall.
    pub(super) fn resume(&self) {
        self.turn(Mode::Open);
    }

    /// Sends FIN and nothing after it.
    pub(super) fn fin(&self) {
        self.turn(Mode::Finished);
        // Whoever has gone already needs no FIN.
        let _ = SockRef::from(&self.tcp).shutdown(Shutdown::Write);
    }

    /// Ends with RST.
    pub(super) fn reset(&self) {
        // Without the option the close below is a FIN: the peer sees a death either way.
        let _ = SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO));
        self.turn(Mode::Reset);
    }

    fn turn(&self, mode: Mode) {
        let mut switch = self.lock();
        if matches!(switch.mode, Mode::Open | Mode::Stalled | Mode::Deaf) {
            switch.mode = mode;
        }
        for waker in [switch.reader.take(), switch.writer.take()] {
            waker.into_iter().for_each(Waker::wake);
        }
    }

    fn reader(&self, cx: &Context<'_>) -> Mode {
        let mut switch = self.lock();
        switch.reader = Some(cx.waker().clone());
        switch.mode
    }

    fn writer(&self, cx: &Context<'_>) -> Mode {
        let mut switch = self.lock();
        switch.writer = Some(cx.waker().clone());
        switch.mode
    }

    fn read(&self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.tcp.poll_read_ready(cx))?;
            match self.tcp.try_read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => {
                    self.lock().touched = Instant::now();
                    return Poll::Ready(result);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Switch> {
        self.switch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What HTTP and TLS read and write: the line, as long as its switch lets them.
#[derive(Debug)]
pub(super) struct Wire {
    line: Arc<Line>,
    late: Late,
}

impl Wire {
    /// The stream over that line.
    pub(super) fn new(line: Arc<Line>) -> Self {
        let late = Late::default();
        Self { line, late }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { line, late } = self.get_mut();
        match line.reader(cx) {
            Mode::Open => {
                let delay = Duration::from_millis(line.delay.load(Ordering::Relaxed));
                if delay.is_zero() && late.is_empty() {
                    let read = ready!(line.read(cx, buf.initialize_unfilled()))?;
                    buf.advance(read);
                    return Poll::Ready(Ok(()));
                }
                late.poll_read(cx, delay, buf, |cx, into| line.read(cx, into))
            }
            Mode::Stalled | Mode::Deaf => Poll::Pending,
            // Unread bytes at the close would turn the FIN into an RST, so they are read until the peer ends too.
            Mode::Finished => {
                let mut unread = [0; 1024];
                while ready!(line.read(cx, &mut unread))? > 0 {}
                Poll::Ready(Ok(()))
            }
            Mode::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.line.writer(cx) {
            Mode::Open | Mode::Deaf => {}
            Mode::Stalled => return Poll::Pending,
            Mode::Finished => return Poll::Ready(Ok(buf.len())),
            Mode::Reset => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
        loop {
            ready!(self.line.tcp.poll_write_ready(cx))?;
            match self.line.tcp.try_write(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => {
                    self.line.lock().touched = Instant::now();
                    return Poll::Ready(result);
                }
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.line.writer(cx) {
            Mode::Stalled => Poll::Pending,
            Mode::Open | Mode::Deaf | Mode::Finished | Mode::Reset => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.line.writer(cx) {
            Mode::Stalled => Poll::Pending,
            Mode::Finished | Mode::Reset => Poll::Ready(Ok(())),
            Mode::Open | Mode::Deaf => {
                // A peer that has gone already needs no FIN.
                let _ = SockRef::from(&self.line.tcp).shutdown(Shutdown::Write);
                Poll::Ready(Ok(()))
            }
        }
    }
}

/// All lines that are up.
#[derive(Debug, Default)]
pub(super) struct Lines(Mutex<Vec<Weak<Line>>>);

impl Lines {
    /// Keeps sight of `line` while it lives.
    pub(super) fn register(&self, line: &Arc<Line>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|line| line.strong_count() > 0);
        lines.push(Arc::downgrade(line));
    }

    /// The lines that carry WebSockets.
    pub(super) fn websockets(&self) -> Vec<Arc<Line>> {
        let mut lines = self.all();
        lines.retain(|line| line.is_websocket());
        lines
    }

    /// Every line.
    pub(super) fn all(&self) -> Vec<Arc<Line>> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter_map(Weak::upgrade).collect()
    }
}

#[derive(Debug)]
struct Switch {
    mode: Mode,
    /// When a byte last went either way.
    touched: Instant,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Open,
    Stalled,
    Deaf,
    Finished,
    Reset,
}
