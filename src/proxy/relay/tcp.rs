//! A TCP connection whose first bytes may already have been read.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::tcp_info;
use crate::event::TcpInfo;

/// A TCP connection with the bytes that were read from it to learn what it is; they are read again first.
#[derive(Debug)]
pub(crate) struct Tcp {
    stream: TcpStream,
    /// Read from `stream` and not consumed yet. Gives its memory back once it is empty.
    prefix: BytesMut,
    /// An error that a peek met; the kernel tells it once, so the next read has to.
    failed: Option<io::ErrorKind>,
}

/// A second hold on a connection that is lent to somebody who may drop it.
#[derive(Debug)]
pub(crate) struct Hold(Option<socket2::Socket>);

impl Hold {
    /// Makes the close that follows a reset.
    pub(crate) fn reset_on_close(&self) {
        if let Some(socket) = &self.0
            && let Err(error) = socket.set_linger(Some(Duration::ZERO))
        {
            tracing::debug!(%error, "SO_LINGER cannot be set: the peer will see a FIN instead of a reset");
        }
    }
}

impl Tcp {
    /// Takes over a connection, and turns Nagle's algorithm off: it would hold stanzas back for 40 ms.
    pub(crate) fn new(stream: TcpStream) -> Self {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY cannot be set");
        }
        Self {
            stream,
            prefix: BytesMut::new(),
            failed: None,
        }
    }

    /// What was read and not consumed.
    pub(crate) fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// Takes `count` bytes off the front of what was read.
    pub(crate) fn consume(&mut self, count: usize) {
        self.prefix.advance(count.min(self.prefix.len()));
    }

    /// Reads more bytes behind the prefix; 0 is the end of the stream. Cancel safe.
    pub(crate) async fn fill(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.prefix).await
    }

    /// Waits until the peer has sent or ended something, without reading it; 0 is the end. Cancel safe.
    pub(crate) async fn peek(&mut self) -> io::Result<usize> {
        let peeked = self.stream.peek(&mut [0]).await;
        if let Err(error) = &peeked {
            self.failed = Some(error.kind());
        }
        peeked
    }

    /// A second hold on the connection.
    pub(crate) fn hold(&self) -> Hold {
        Hold(socket2::SockRef::from(&self.stream).try_clone().ok())
    }

    /// The other end.
    pub(crate) fn peer(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }

    /// Our end.
    pub(crate) fn local(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// What the kernel knows of it; nothing where it does not tell.
    pub(super) fn info(&self) -> Option<TcpInfo> {
        tcp_info::read(&self.stream)
    }

    /// Makes the coming close a reset (RST) instead of a FIN.
    pub(crate) fn reset_on_close(&self) {
        if let Err(error) = self.stream.set_zero_linger() {
            tracing::debug!(%error, "SO_LINGER cannot be set: the peer will see a FIN instead of a reset");
        }
    }
}

impl AsyncRead for Tcp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.prefix.is_empty() {
            return match self.failed.take() {
                Some(kind) => Poll::Ready(Err(kind.into())),
                None => Pin::new(&mut self.stream).poll_read(cx, buf),
            };
        }
        let count = self.prefix.len().min(buf.remaining());
        if let Some(bytes) = self.prefix.get(..count) {
            buf.put_slice(bytes);
        }
        self.prefix.advance(count);
        if self.prefix.is_empty() {
            self.prefix = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.stream).poll_shutdown(cx)) {
            // The peer has reset the connection meanwhile: there is nothing left to shut.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
