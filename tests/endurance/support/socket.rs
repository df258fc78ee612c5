//! A WebSocket by hand: what is sent and received is just these bytes.

use std::io::{self, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One end of a WebSocket whose messages are text.
pub(crate) struct Socket {
    input: BufReader<TcpStream>,
    output: TcpStream,
    /// A client masks, with zeros: it is the bit that counts.
    masks: bool,
}

impl Socket {
    /// Opens one to `origin` through the proxy at `door`.
    pub(crate) fn open(door: SocketAddr, origin: SocketAddr) -> Self {
        let stream = TcpStream::connect(door).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut socket = Self::over(stream, true);
        for request in [
            format!("CONNECT {origin} HTTP/1.1\r\nHost: {origin}\r\n\r\n"),
            format!(
                "GET /ws/ HTTP/1.1\r\nHost: {origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Sec-WebSocket-Protocol: xmpp\r\n\r\n"
            ),
        ] {
            socket.output.write_all(request.as_bytes()).unwrap();
            socket.read_head().unwrap();
        }
        socket
    }

    /// Answers the request for one.
    pub(crate) fn accept(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let mut socket = Self::over(stream, false);
        socket.read_head()?;
        socket.output.write_all(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n",
        )?;
        Ok(socket)
    }

    fn over(stream: TcpStream, masks: bool) -> Self {
        Self {
            input: BufReader::with_capacity(256 * 1024, stream.try_clone().unwrap()),
            output: stream,
            masks,
        }
    }

    /// The same socket, for another thread.
    pub(crate) fn twin(&self) -> Self {
        Self::over(self.output.try_clone().unwrap(), self.masks)
    }

    /// Sends a text message.
    pub(crate) fn send(&mut self, text: &str) -> io::Result<()> {
        let mask_bit = if self.masks { 0x80 } else { 0 };
        let mut frame = vec![0x81];
        match (text.len(), u16::try_from(text.len())) {
            (0..126, _) => frame.push(mask_bit | text.len() as u8),
            (_, Ok(length)) => {
                frame.push(mask_bit | 126);
                frame.extend(length.to_be_bytes());
            }
            _ => {
                frame.push(mask_bit | 127);
                frame.extend((text.len() as u64).to_be_bytes());
            }
        }
        if self.masks {
            frame.extend([0; 4]);
        }
        frame.extend(text.as_bytes());
        self.output.write_all(&frame)
    }

    /// The next text message.
    pub(crate) fn receive(&mut self) -> io::Result<String> {
        let mut head = [0; 2];
        self.input.read_exact(&mut head)?;
        let length = match head[1] & 0x7f {
            126 => {
                let mut length = [0; 2];
                self.input.read_exact(&mut length)?;
                usize::from(u16::from_be_bytes(length))
            }
            127 => {
                let mut length = [0; 8];
                self.input.read_exact(&mut length)?;
                u64::from_be_bytes(length) as usize
            }
            length => usize::from(length),
        };
        if head[1] & 0x80 != 0 {
            self.input.read_exact(&mut [0; 4])?;
        }
        let mut text = vec![0; length];
        self.input.read_exact(&mut text)?;
        String::from_utf8(text).map_err(io::Error::other)
    }

    fn read_head(&mut self) -> io::Result<()> {
        let mut last = [0; 4];
        while &last != b"\r\n\r\n" {
            last.rotate_left(1);
            self.input.read_exact(&mut last[3..])?;
        }
        Ok(())
    }
}

/// How long a read may take before the test calls it stuck.
const PATIENCE: Duration = Duration::from_secs(60);
