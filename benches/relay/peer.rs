//! One end of a WebSocket over TLS, raw: frames go out as they stand in the script, one TLS record each, and what
//! arrives is compared with the script of the other end, byte by byte.

use std::io::Write as _;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

use crate::Outcome;
use crate::script::{Cursor, Script};

/// An end whose upgrade is done.
pub(crate) struct Peer {
    stream: TlsStream<TcpStream>,
    says: (Arc<Script>, Cursor),
    hears: (Arc<Script>, Cursor),
    buffer: Box<[u8]>,
}

/// What either end says.
#[derive(Debug, Clone)]
pub(crate) struct Scripts {
    pub(crate) client: Arc<Script>,
    pub(crate) server: Arc<Script>,
}

impl Scripts {
    /// The scripts of a run about this topic.
    pub(crate) fn about(topic: &str) -> Outcome<Self> {
        Ok(Self {
            client: Arc::new(Script::stanzas()?),
            server: Arc::new(Script::notifications(topic)?),
        })
    }
}

impl Peer {
    /// The client's end: asks for the upgrade.
    pub(crate) async fn client(
        mut stream: TlsStream<TcpStream>,
        scripts: &Scripts,
    ) -> Outcome<Self> {
        stream.write_all(UPGRADE).await?;
        let answer = head(&mut stream).await?;
        if answer != ANSWER {
            return Err("the 101 did not arrive as it was sent".into());
        }
        Ok(Self::new(stream, &scripts.client, &scripts.server))
    }

    /// The server's end: grants the upgrade.
    pub(crate) async fn server(
        mut stream: TlsStream<TcpStream>,
        scripts: &Scripts,
    ) -> Outcome<Self> {
        let asked = head(&mut stream).await?;
        if asked != UPGRADE {
            return Err("the request did not arrive as it was sent".into());
        }
        stream.write_all(ANSWER).await?;
        Ok(Self::new(stream, &scripts.server, &scripts.client))
    }

    fn new(stream: TlsStream<TcpStream>, says: &Arc<Script>, hears: &Arc<Script>) -> Self {
        Self {
            stream,
            says: (Arc::clone(says), Cursor::default()),
            hears: (Arc::clone(hears), Cursor::default()),
            buffer: vec![0; BUFFER].into_boxed_slice(),
        }
    }

    /// Sends this many messages, with one system call if the socket takes them.
    pub(crate) async fn say(&mut self, messages: u64) -> Outcome<()> {
        let (script, cursor) = &mut self.says;
        for _ in 0..messages {
            let frame = script.next(cursor);
            let taken = match &mut self.stream {
                TlsStream::Client(stream) => stream.get_mut().1.writer().write(frame)?,
                TlsStream::Server(stream) => stream.get_mut().1.writer().write(frame)?,
            };
            if taken < frame.len() {
                return Err("more is in flight than TLS buffers".into());
            }
        }
        self.stream.flush().await?;
        Ok(())
    }

    /// Waits for bytes; says how many messages they complete, or that the end has come.
    pub(crate) async fn hear(&mut self) -> Outcome<Option<u64>> {
        let count = self.stream.read(&mut self.buffer).await?;
        if count == 0 {
            return Ok(None);
        }
        let (script, cursor) = &mut self.hears;
        let bytes = self.buffer.get(..count).unwrap_or_default();
        script.check(cursor, bytes).map(Some)
    }
}

/// Reads an HTTP head; the other end waits before it says more.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Outcome<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Err("the connection ended before a head did".into());
        }
    }
    Ok(head)
}

/// What one read takes at most.
const BUFFER: usize = 32 * 1024;

/// As a desktop asks; the key and its answer are those of RFC 6455 section 1.3.
pub(crate) const UPGRADE: &[u8] = b"GET /ws/ HTTP/1.1\r\nHost: finesse.example.com:8445\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: https://finesse.example.com:8445\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n";

/// How it is granted.
pub(crate) const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n";
