//! The log object: what is written before its entries, between them and behind them.

use std::io::{self, Write};

use serde::Serialize;

use super::entry::{Creator, Entry};
use super::socket::Socket;
use crate::event::SessionStarted;
use crate::recording::encode;

/// A log to which entries are written one by one.
#[derive(Debug)]
pub(super) struct Log<W> {
    output: W,
    entries: u64,
    /// Used again for each entry.
    line: Vec<u8>,
}

/// What the log says of itself. It stands behind the entries, because only then it is known.
#[derive(Serialize)]
struct Foot<'a> {
    comment: &'a str,
    #[serde(rename = "_finspectSession")]
    session: &'a SessionStarted,
}

impl<W: Write> Log<W> {
    /// Writes what stands before the entries.
    pub(super) fn begin(mut output: W, session: &SessionStarted) -> io::Result<Self> {
        let mut line = b"{\"log\":{\"version\":\"1.2\",\"creator\":".to_vec();
        encode(&Creator::of(session), &mut line);
        output.write_all(line.trim_ascii_end())?;
        output.write_all(b",\"pages\":[],\"entries\":[")?;
        Ok(Self {
            output,
            entries: 0,
            line,
        })
    }

    /// Writes an entry on a line of its own. A socket's messages are copied into it from where they waited.
    pub(super) fn put(&mut self, entry: &Entry<'_>, socket: Option<Socket>) -> io::Result<()> {
        let separator: &[u8] = if self.entries == 0 { b"\n" } else { b",\n" };
        self.entries += 1;
        self.output.write_all(separator)?;
        self.line.clear();
        encode(entry, &mut self.line);
        let head = self.line.trim_ascii_end();
        let Some(mut socket) = socket else {
            return self.output.write_all(head);
        };
        self.output
            .write_all(head.strip_suffix(b"}").unwrap_or(head))?;
        self.output.write_all(b",\"_webSocketMessages\":[")?;
        socket.copy(&mut self.output)?;
        self.output.write_all(b"]}")
    }

    /// Writes what stands behind the entries.
    pub(super) fn end(mut self, comment: &str, session: &SessionStarted) -> io::Result<()> {
        self.line.clear();
        encode(&Foot { comment, session }, &mut self.line);
        let foot = self.line.trim_ascii_end();
        self.output.write_all(b"\n],")?;
        self.output
            .write_all(foot.strip_prefix(b"{").unwrap_or(foot))?;
        self.output.write_all(b"}\n")?;
        self.output.flush()
    }
}
