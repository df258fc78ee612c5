//! One end of a relayed connection, with the manner of its death in full.
//!
//! A library stream says "end" or "error"; a relay has to know which of FIN, close_notify, its absence, RST and
//! alert it was, and to do the same to the other side. Hence rustls is driven here by hand.

use std::cell::RefCell;
use std::io::{self, Read as _, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use rustls::{AlertDescription, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::tcp::Tcp;
use crate::event::Manner;

/// What one read from a socket with TLS on it may bring.
const RECORDS: usize = 40 * 1024;

/// More than any TLS record has (RFC 5246 section 6.2.3, the larger of the two).
const LARGEST_RECORD: usize = 5 + (1 << 14) + 2048;

/// What is read for a buffer too small for all that [`RECORDS`] could hold; rustls takes it at once.
const SMALLEST_READ: usize = 4096;

thread_local! {
    /// Where records are read into, one for each thread: an idle connection holds no buffer.
    static SEALED: RefCell<Box<[u8]>> = RefCell::new(vec![0; RECORDS].into_boxed_slice());
}

/// A TCP connection, with TLS on it or not.
#[derive(Debug)]
pub(crate) struct Leg {
    tcp: Tcp,
    tls: Option<Box<Connection>>,
    /// Plaintext that was read already; it is read again first.
    unread: Bytes,
    /// How reading failed below TLS; reported once the plaintext that came before is read.
    failed: Option<Manner>,
    /// A write met a reset: whatever ends the reading side afterwards, it was that.
    reset: bool,
}

impl Leg {
    /// A connection without TLS.
    pub(crate) const fn plain(tcp: Tcp) -> Self {
        Self {
            tcp,
            tls: None,
            unread: Bytes::new(),
            failed: None,
            reset: false,
        }
    }

    /// A connection with an established TLS session on it.
    pub(crate) fn tls(tcp: Tcp, session: impl Into<Connection>) -> Self {
        Self {
            tls: Some(Box::new(session.into())),
            ..Self::plain(tcp)
        }
    }

    /// The TCP connection below.
    pub(crate) const fn tcp(&self) -> &Tcp {
        &self.tcp
    }

    /// Whether TLS is spoken.
    pub(crate) const fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Puts plaintext in front: it will be read first.
    pub(crate) fn unread(&mut self, bytes: Bytes) {
        self.unread = bytes;
    }

    /// Reads plaintext: how many bytes (never 0), or how the peer's direction ended.
    pub(crate) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<Result<usize, Manner>> {
        if !self.unread.is_empty() {
            let front = self.unread.split_to(self.unread.len().min(buf.len()));
            let (room, _) = buf.split_at_mut(front.len());
            room.copy_from_slice(&front);
            return Poll::Ready(Ok(front.len()));
        }
        let end = match &mut self.tls {
            None => match ready!(poll_read(&mut self.tcp, cx, buf)) {
                Ok(0) => Manner::Fin,
                Ok(count) => return Poll::Ready(Ok(count)),
                Err(error) => manner_of(&error),
            },
            Some(_) => match ready!(self.poll_receive_tls(cx, buf)) {
                Ok(count) => return Poll::Ready(Ok(count)),
                Err(manner) => manner,
            },
        };
        let end = if self.reset && end != Manner::CloseNotify {
            Manner::Reset
        } else {
            end
        };
        Poll::Ready(Err(end))
    }

    /// Waits for the end of the TCP stream behind a close_notify; bytes that come there are no data.
    pub(crate) fn poll_tcp_end(&mut self, cx: &mut Context<'_>) -> Poll<Manner> {
        let mut rest = [0; 512];
        loop {
            match ready!(poll_read(&mut self.tcp, cx, &mut rest)) {
                Ok(0) if self.reset => return Poll::Ready(Manner::Reset),
                Ok(0) => return Poll::Ready(Manner::Fin),
                Ok(_) => {}
                Err(error) => return Poll::Ready(manner_of(&error)),
            }
        }
    }

    /// Hands plaintext over: how many bytes were taken. They have left only after [`Self::poll_flush_all`].
    pub(crate) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(tls) = &mut self.tls else {
            let sent = ready!(Pin::new(&mut self.tcp).poll_write(cx, bytes));
            return Poll::Ready(self.note(sent));
        };
        let taken = match tls.writer().write(bytes) {
            Ok(taken) => taken,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let flushed = self.poll_flush_tls(cx);
        match (taken, flushed) {
            (_, Poll::Ready(Err(error))) => Poll::Ready(Err(error)),
            (0, Poll::Pending) => Poll::Pending,
            (0, Poll::Ready(Ok(()))) => self.poll_send(cx, bytes),
            (taken, _) => Poll::Ready(Ok(taken)),
        }
    }

    /// Waits until everything that was taken is with the kernel.
    pub(crate) fn poll_flush_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.tls.is_some() {
            return self.poll_flush_tls(cx);
        }
        Poll::Ready(Ok(()))
    }

    /// Sends a close_notify (RFC 8446 section 6.1), and nothing else. Does nothing without TLS.
    pub(crate) fn start_close_notify(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
    }

    /// Sends a FIN, and no close_notify before it.
    pub(crate) fn poll_fin(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }

    fn poll_receive_tls(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<Result<usize, Manner>> {
        let Some(tls) = &mut self.tls else {
            return Poll::Ready(Err(Manner::Fin));
        };
        loop {
            match tls.reader().read(buf) {
                Ok(0) => return Poll::Ready(Err(Manner::CloseNotify)),
                Ok(count) => return Poll::Ready(Ok(count)),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(Err(Manner::FinWithoutCloseNotify));
                }
                Err(_) => {}
            }
            if let Some(manner) = &self.failed {
                return Poll::Ready(Err(manner.clone()));
            }
            let most = buf.len().saturating_sub(LARGEST_RECORD);
            let opened = SEALED.with_borrow_mut(|sealed| {
                let room = sealed.get_mut(..most.clamp(SMALLEST_READ, RECORDS));
                let read = poll_read(&mut self.tcp, cx, room.unwrap_or_default());
                read.map_ok(|count| open_records(tls, sealed.get(..count).unwrap_or_default(), buf))
            });
            let (count, broken) = match ready!(opened) {
                Ok(opened) => opened,
                Err(error) => (0, Some(manner_of(&error))),
            };
            self.failed = broken;
            // A key update or an alert may have to go back.
            let mut tcp = Blocking {
                tcp: &mut self.tcp,
                cx,
            };
            while tls.wants_write() {
                match tls.write_tls(&mut tcp) {
                    Ok(count) if count > 0 => {}
                    _ => break,
                }
            }
            if count > 0 {
                return Poll::Ready(Ok(count));
            }
        }
    }

    fn poll_flush_tls(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(tls) = &mut self.tls else {
            return Poll::Ready(Ok(()));
        };
        let mut tcp = Blocking {
            tcp: &mut self.tcp,
            cx,
        };
        while tls.wants_write() {
            match tls.write_tls(&mut tcp) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(self.note(Err(error))),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Remembers that a write failed: the peer has closed and answers with a reset.
    fn note<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        self.reset |= written.is_err();
        written
    }
}

/// For hyper, which needs no manner of death: an end is an end.
impl AsyncRead for Leg {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let received = ready!(self.poll_receive(cx, buf.initialize_unfilled()));
        match received {
            Ok(count) => buf.advance(count),
            Err(Manner::Fin | Manner::CloseNotify) => {}
            Err(Manner::Reset) => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Err(_) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Leg {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush_all(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.start_close_notify();
        ready!(self.poll_flush_all(cx))?;
        self.poll_fin(cx)
    }
}

/// Lets rustls, which knows only blocking I/O, write to a [`Tcp`] within a poll.
struct Blocking<'a, 'b> {
    tcp: &'a mut Tcp,
    cx: &'a mut Context<'b>,
}

impl io::Write for Blocking<'_, '_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        or_would_block(Pin::new(&mut *self.tcp).poll_write(self.cx, buf))
    }

    fn write_vectored(&mut self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
        or_would_block(Pin::new(&mut *self.tcp).poll_write_vectored(self.cx, bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens TLS records and takes out their plaintext: how much, and what was wrong with them.
///
/// rustls itself would read 4 KiB at a time from the socket; whoever reads more at once saves most of a relay's system
/// calls. What does not fit into `buf` stays in `tls` and is read first the next time.
fn open_records(
    tls: &mut Connection,
    mut records: &[u8],
    buf: &mut [u8],
) -> (usize, Option<Manner>) {
    let mut filled = 0;
    loop {
        let taken = match tls.read_tls(&mut records) {
            Ok(taken) => taken,
            Err(error) => return (filled, Some(manner_of(&error))),
        };
        if let Err(error) = tls.process_new_packets() {
            return (filled, Some(manner_of_tls(error)));
        }
        while let Some(room) = buf.get_mut(filled..)
            && let Ok(count @ 1..) = tls.reader().read(room)
        {
            filled += count;
        }
        // Nothing is taken at the end of the stream and behind a close_notify.
        if taken == 0 || records.is_empty() {
            return (filled, None);
        }
    }
}

fn or_would_block<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

fn poll_read(tcp: &mut Tcp, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
    let mut buf = ReadBuf::new(buf);
    ready!(Pin::new(tcp).poll_read(cx, &mut buf))?;
    Poll::Ready(Ok(buf.filled().len()))
}

/// What an I/O error says about the peer.
pub(crate) fn manner_of(error: &io::Error) -> Manner {
    match error.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Manner::Reset,
        io::ErrorKind::TimedOut => Manner::TimedOut,
        io::ErrorKind::UnexpectedEof => Manner::FinWithoutCloseNotify,
        _ => Manner::Error(error.to_string()),
    }
}

fn manner_of_tls(error: rustls::Error) -> Manner {
    match error {
        rustls::Error::AlertReceived(alert) => Manner::Alert(alert_name(alert)),
        error => Manner::TlsBroken(error.to_string()),
    }
}

/// An alert's name as RFC 8446 section 6 spells it.
pub(crate) fn alert_name(alert: AlertDescription) -> String {
    let camel = format!("{alert:?}");
    if !camel.starts_with(|c: char| c.is_ascii_alphabetic()) || camel.contains('(') {
        return format!("alert_{}", u8::from(alert));
    }
    let mut name = String::with_capacity(camel.len() + 4);
    for c in camel.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    // rustls writes `UnknownCA` and `NoApplicationProtocol`.
    name.replace("c_a", "ca")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_the_names_of_the_rfc() {
        assert_eq!(alert_name(AlertDescription::UnknownCA), "unknown_ca");
        assert_eq!(
            alert_name(AlertDescription::CertificateUnknown),
            "certificate_unknown"
        );
        assert_eq!(
            alert_name(AlertDescription::UnrecognisedName),
            "unrecognised_name"
        );
        assert_eq!(
            alert_name(AlertDescription::HandshakeFailure),
            "handshake_failure"
        );
        assert_eq!(alert_name(AlertDescription::from(250)), "alert_250");
    }
}
