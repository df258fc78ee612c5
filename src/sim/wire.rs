//! The TCP connection under everything, with a switch: a fault can stall it, end it with FIN, or reset it.
//!
//! The switch lies below TLS, so a FIN leaves without close_notify and a stall keeps the kernel's ACKs coming, as with
//! a frozen or killed server.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// One accepted connection, as the faults see it.
#[derive(Debug)]
pub(super) struct Line {
    tcp: TcpStream,
    switch: Mutex<Switch>,
    websocket: AtomicBool,
}

impl Line {
    /// The line of a connection that was just accepted.
    pub(super) fn new(tcp: TcpStream) -> Arc<Self> {
        Arc::new(Self {
            tcp,
            switch: Mutex::default(),
            websocket: AtomicBool::new(false),
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
        let mut switch = self.switch.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(switch.mode, Mode::Open | Mode::Stalled) {
            switch.mode = mode;
        }
        for waker in [switch.reader.take(), switch.writer.take()] {
            waker.into_iter().for_each(Waker::wake);
        }
    }

    fn reader(&self, cx: &Context<'_>) -> Mode {
        let mut switch = self.switch.lock().unwrap_or_else(PoisonError::into_inner);
        switch.reader = Some(cx.waker().clone());
        switch.mode
    }

    fn writer(&self, cx: &Context<'_>) -> Mode {
        let mut switch = self.switch.lock().unwrap_or_else(PoisonError::into_inner);
        switch.writer = Some(cx.waker().clone());
        switch.mode
    }

    fn read(&self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.tcp.poll_read_ready(cx))?;
            match self.tcp.try_read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }
}

/// What HTTP and TLS read and write: the line, as long as its switch lets them.
#[derive(Debug)]
pub(super) struct Wire(pub(super) Arc<Line>);

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.0.reader(cx) {
            Mode::Open => {
                let read = ready!(self.0.read(cx, buf.initialize_unfilled()))?;
                buf.advance(read);
                Poll::Ready(Ok(()))
            }
            Mode::Stalled => Poll::Pending,
            // Unread bytes at the close would turn the FIN into an RST, so they are read until the peer ends too.
            Mode::Finished => {
                let mut unread = [0; 1024];
                while ready!(self.0.read(cx, &mut unread))? > 0 {}
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
        match self.0.writer(cx) {
            Mode::Open => {}
            Mode::Stalled => return Poll::Pending,
            Mode::Finished => return Poll::Ready(Ok(buf.len())),
            Mode::Reset => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
        loop {
            ready!(self.0.tcp.poll_write_ready(cx))?;
            match self.0.tcp.try_write(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0.writer(cx) {
            Mode::Stalled => Poll::Pending,
            Mode::Open | Mode::Finished | Mode::Reset => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0.writer(cx) {
            Mode::Stalled => Poll::Pending,
            Mode::Finished | Mode::Reset => Poll::Ready(Ok(())),
            Mode::Open => {
                // A peer that has gone already needs no FIN.
                let _ = SockRef::from(&self.0.tcp).shutdown(Shutdown::Write);
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
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|line| line.is_websocket())
            .collect()
    }
}

#[derive(Debug, Default)]
struct Switch {
    mode: Mode,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Debug, Default, Clone, Copy)]
enum Mode {
    #[default]
    Open,
    Stalled,
    Finished,
    Reset,
}
