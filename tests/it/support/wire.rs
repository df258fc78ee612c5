//! One end of a connection, plain or TLS, with every record, close_notify, FIN and RST under the test's control.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use rustls::Connection;
use rustls::pki_types::ServerName;
use socket2::SockRef;

use super::transcript::{Ending, Transcript};

/// How long one read may take before the test calls it stuck. No passing case waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// One end of a connection.
pub(crate) struct Wire {
    /// Absent once we have let go of it.
    socket: Option<TcpStream>,
    tls: Option<Connection>,
    transcript: Transcript,
    /// How much of what was received a script has consumed.
    cursor: usize,
    /// Whether each byte goes to the kernel by itself.
    drip: bool,
    /// What the kernel has not taken yet.
    outbox: Vec<u8>,
    /// Whether a write met a reset: the kernel tells it once, and a read after that only says "end".
    reset: bool,
    caller: Caller,
}

/// How finspect's events know a client: its address, the listener's, and which one it was of those between the two,
/// for ports come round again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    /// The client's end.
    pub(crate) client: SocketAddr,
    /// The other end.
    pub(crate) listener: SocketAddr,
    /// How many there were before with the same ends.
    pub(crate) ordinal: usize,
}

impl Wire {
    /// Takes over a TCP connection.
    pub(crate) fn new(socket: TcpStream) -> Self {
        socket.set_nonblocking(false).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        // Gone already, if the other end was quick to reset: then nobody asks.
        let local = socket.local_addr().unwrap();
        let caller = Caller {
            client: local,
            listener: socket.peer_addr().unwrap_or(local),
            ordinal: 0,
        };
        Self {
            socket: Some(socket),
            tls: None,
            transcript: Transcript::default(),
            cursor: 0,
            drip: false,
            outbox: Vec::new(),
            reset: false,
            caller,
        }
    }

    /// Connects to an address.
    pub(crate) fn connect(to: SocketAddr) -> Self {
        Self::new(TcpStream::connect(to).expect("a listener of this test run accepts"))
    }

    /// How finspect's events know us, if we are its client.
    pub(crate) const fn caller(&self) -> Caller {
        self.caller
    }

    /// How many there were before with the same ends.
    pub(crate) const fn set_ordinal(&mut self, ordinal: usize) {
        self.caller.ordinal = ordinal;
    }

    /// The socket, for options.
    pub(crate) fn socket(&self) -> &TcpStream {
        self.socket.as_ref().expect("the script still holds it")
    }

    /// From now on each byte goes to the kernel by itself, TLS records and handshakes included.
    pub(crate) fn drip(&mut self, on: bool) {
        self.drip = on;
    }

    /// Handshakes as a TLS client; `Err` says how it ended if it failed.
    pub(crate) fn start_client(
        &mut self,
        config: std::sync::Arc<rustls::ClientConfig>,
        name: &str,
    ) -> Result<(), Ending> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        self.handshake(rustls::ClientConnection::new(config, name).unwrap().into())
    }

    /// Handshakes as a TLS server; `Err` says how it ended if it failed.
    pub(crate) fn start_server(
        &mut self,
        config: std::sync::Arc<rustls::ServerConfig>,
    ) -> Result<(), Ending> {
        self.handshake(rustls::ServerConnection::new(config).unwrap().into())
    }

    fn handshake(&mut self, tls: Connection) -> Result<(), Ending> {
        let early = self.unread().to_vec();
        self.transcript.received.truncate(self.cursor);
        self.tls = Some(tls);
        self.absorb(&early);
        while self.is_handshaking() {
            let _ = self.flush();
            if !self.fill() {
                break;
            }
        }
        let _ = self.flush();
        match self.transcript.endings.first() {
            Some(ending) if self.is_handshaking() => Err(ending.clone()),
            _ => Ok(()),
        }
    }

    fn is_handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
    }

    /// The TLS connection.
    pub(crate) fn tls(&self) -> &Connection {
        self.tls.as_ref().expect("a handshake was made")
    }

    /// What was received and not yet consumed by a script.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.transcript.received[self.cursor..]
    }

    /// Everything that was received since the connection was handed to the script, and what was sent.
    pub(crate) fn into_transcript(self) -> Transcript {
        self.transcript
    }

    /// What was seen so far.
    pub(crate) const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Forgets what was consumed: the preamble of a mode is no part of the comparison.
    pub(crate) fn forget_consumed(&mut self) {
        self.transcript.received.drain(..self.cursor);
        self.transcript.sent.clear();
        self.cursor = 0;
    }

    /// Sends bytes (under TLS: as plaintext); `false` if the peer no longer takes them.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        self.transcript.sent.extend_from_slice(bytes);
        let sent = match self.tls {
            None => self.write_raw(bytes),
            Some(_) => bytes.chunks(RECORD).try_for_each(|chunk| {
                let tls = self.tls.as_mut().expect("matched above");
                tls.writer().write_all(chunk)?;
                self.flush()
            }),
        };
        sent.is_ok()
    }

    /// Sends bytes around TLS, straight onto the socket.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) -> bool {
        self.write_raw(bytes).is_ok()
    }

    /// Reads until `n` more bytes are there and consumes them; `None` if the end came first.
    pub(crate) fn take(&mut self, n: usize) -> Option<Vec<u8>> {
        while self.unread().len() < n {
            if !self.fill() {
                return None;
            }
        }
        self.cursor += n;
        Some(self.transcript.received[self.cursor - n..self.cursor].to_vec())
    }

    /// Reads until `needle` has come and consumes up to its end; `None` if the end came first.
    pub(crate) fn until(&mut self, needle: &[u8]) -> Option<Vec<u8>> {
        let mut searched = 0;
        loop {
            let from = searched.min(self.unread().len());
            let found = self.unread()[from..]
                .windows(needle.len())
                .position(|window| window == needle);
            if let Some(at) = found {
                return self.take(from + at + needle.len());
            }
            searched = (self.unread().len() + 1).saturating_sub(needle.len());
            if !self.fill() {
                return None;
            }
        }
    }

    /// Reads to the end and returns what was not yet consumed.
    pub(crate) fn until_end(&mut self) -> Vec<u8> {
        while self.fill() {}
        let rest = self.unread().to_vec();
        self.cursor += rest.len();
        rest
    }

    /// Reads until the TLS peer says close_notify; `false` if anything else ends it first.
    pub(crate) fn until_close_notify(&mut self) -> bool {
        while self.transcript.endings.is_empty() && self.fill() {}
        self.transcript.endings.first() == Some(&Ending::CloseNotify)
    }

    /// Sends a close_notify; nothing on a plain connection.
    pub(crate) fn close_notify(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = self.flush();
        }
    }

    /// Sends a FIN and keeps reading.
    pub(crate) fn fin(&self) {
        if let Some(socket) = &self.socket {
            let _ = socket.shutdown(Shutdown::Write);
        }
    }

    /// Sends a RST.
    pub(crate) fn reset(&mut self) {
        if let Some(socket) = self.socket.take() {
            SockRef::from(&socket)
                .set_linger(Some(Duration::ZERO))
                .unwrap();
        }
    }

    /// Lets go of the socket: the kernel sends a FIN, and a RST to whatever comes after it.
    pub(crate) fn vanish(&mut self) {
        self.socket = None;
    }

    /// Sends until the kernel says that nobody is there to take it, and notes that.
    pub(crate) fn send_until_gone(&mut self) {
        let mut tries = 0;
        while self.send(&[b'.'; 1024]) {
            tries += 1;
            if tries > GONE_TRIES {
                self.transcript
                    .endings
                    .push(Ending::Stuck("nobody told us that the peer is gone"));
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.transcript.sent.clear();
        self.transcript.endings.push(Ending::Gone);
    }

    /// Sends until the kernel takes no more for a while, `limit` bytes at most; how many it was. What it did not
    /// take goes out with the next send.
    pub(crate) fn pour(&mut self, limit: usize) -> usize {
        self.socket().set_write_timeout(Some(STALL)).unwrap();
        let pattern: Vec<u8> = (0..=250).cycle().take(RECORD + 251).collect();
        let before = self.transcript.sent.len();
        while self.transcript.sent.len() - before < limit {
            let at = self.transcript.sent.len();
            // A pattern that repeats at no power of two, from where it was left.
            let chunk = &pattern[at % 251..][..RECORD];
            if !self.send(chunk) {
                break;
            }
        }
        self.socket().set_write_timeout(Some(PATIENCE)).unwrap();
        self.transcript.sent.len() - before
    }

    /// Whether we have let go of the socket.
    pub(crate) const fn is_released(&self) -> bool {
        self.socket.is_none()
    }

    /// Notes that a script could not go on.
    pub(crate) fn note(&mut self, ending: Ending) {
        self.transcript.endings.push(ending);
    }

    /// One read; `false` if no more can come.
    fn fill(&mut self) -> bool {
        if self.transcript.endings.iter().any(Ending::is_last) {
            return false;
        }
        let Some(socket) = &mut self.socket else {
            return false;
        };
        let mut chunk = vec![0; 64 * 1024];
        match socket.read(&mut chunk) {
            Ok(0) if self.reset => self.transcript.endings.push(Ending::Reset),
            Ok(0) => self.transcript.endings.push(Ending::Fin),
            Ok(n) => self.absorb(&chunk[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.transcript.endings.push(Ending::of(&error)),
        }
        !self.transcript.endings.iter().any(Ending::is_last)
    }

    /// Takes bytes off the wire, through TLS if there is any.
    fn absorb(&mut self, mut bytes: &[u8]) {
        let Some(tls) = &mut self.tls else {
            self.transcript.received.extend_from_slice(bytes);
            return;
        };
        while !bytes.is_empty() {
            if self.transcript.endings.contains(&Ending::CloseNotify) {
                let count = bytes.len();
                self.transcript.endings.push(Ending::AfterClose(count));
                return;
            }
            let read = tls.read_tls(&mut bytes);
            let state = read.and_then(|_| tls.process_new_packets().map_err(io::Error::other));
            match state {
                Ok(state) => {
                    let mut plaintext = vec![0; state.plaintext_bytes_to_read()];
                    tls.reader().read_exact(&mut plaintext).unwrap();
                    self.transcript.received.extend_from_slice(&plaintext);
                    if state.peer_has_closed() {
                        self.transcript.endings.push(Ending::CloseNotify);
                    }
                }
                Err(error) => {
                    self.transcript.endings.push(Ending::of(&error));
                    return;
                }
            }
        }
    }

    /// Puts the TLS records that wait onto the wire.
    fn flush(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            return Ok(());
        };
        let mut records = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut records)?;
        }
        self.write_raw(&records)
    }

    fn write_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.outbox.extend_from_slice(bytes);
        let Some(socket) = &mut self.socket else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let most = if self.drip { 1 } else { usize::MAX };
        let mut taken = 0;
        let outcome = loop {
            let rest = &self.outbox[taken..];
            if rest.is_empty() {
                break Ok(());
            }
            match socket.write(&rest[..rest.len().min(most)]) {
                Ok(n) => taken += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        self.outbox.drain(..taken);
        let kind = outcome.as_ref().err().map(io::Error::kind);
        self.reset |= matches!(
            kind,
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
        );
        outcome
    }
}

/// Plaintext bytes to a TLS record.
const RECORD: usize = 16 * 1024;
/// How long the kernel takes nothing before a direction counts as stalled.
const STALL: Duration = Duration::from_millis(150);
/// Sends before a peer that takes everything is held to be alive.
const GONE_TRIES: usize = 2_000;
