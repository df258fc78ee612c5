//! What one end of a connection saw, and how two of them differ.

use std::fmt::Write as _;
use std::io;

/// What one end saw: every byte, and then how it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Transcript {
    /// Bytes received (under TLS: plaintext).
    pub(crate) received: Vec<u8>,
    /// What ended it, in order: under TLS a close_notify and then a FIN are two things.
    pub(crate) endings: Vec<Ending>,
    /// Bytes sent, to know what the other end ought to have received; no part of the comparison.
    pub(crate) sent: Vec<u8>,
}

/// One thing that ends a direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A TLS close_notify.
    CloseNotify,
    /// Bytes after a close_notify: nobody may send any.
    AfterClose(usize),
    /// FIN.
    Fin,
    /// RST.
    Reset,
    /// A write found nobody at the other end any more.
    Gone,
    /// A TLS alert, or broken TLS: what rustls says.
    Tls(String),
    /// Nothing came for as long as a test waits, or the script could not go on.
    Stuck(&'static str),
    /// Any other error of the socket.
    Other(io::ErrorKind),
}

impl Ending {
    /// What an error of a read means.
    pub(crate) fn of(error: &io::Error) -> Self {
        if let Some(error) = error
            .get_ref()
            .and_then(|e| e.downcast_ref::<rustls::Error>())
        {
            return Self::Tls(error.to_string());
        }
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Self::Reset,
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Stuck("nothing came"),
            kind => Self::Other(kind),
        }
    }

    /// Whether nothing can be read after it.
    pub(crate) const fn is_last(&self) -> bool {
        !matches!(self, Self::CloseNotify | Self::AfterClose(_) | Self::Gone)
    }
}

impl Transcript {
    /// What differs from `expected`, side by side; `None` if nothing does.
    pub(crate) fn difference(&self, expected: &Self) -> Option<String> {
        if self.received == expected.received && self.endings == expected.endings {
            return None;
        }
        let mut text = String::new();
        if self.received != expected.received {
            text.push_str(&side_by_side(&expected.received, &self.received));
        }
        let _ = writeln!(
            text,
            "    ended   direct: {:?}\n           through: {:?}",
            expected.endings, self.endings
        );
        Some(text)
    }
}

/// The rows around the first difference of two byte strings, `expected` to the left.
fn side_by_side(expected: &[u8], actual: &[u8]) -> String {
    let same = expected
        .iter()
        .zip(actual)
        .take_while(|(left, right)| left == right)
        .count();
    let mut text = format!(
        "    {} bytes direct, {} through finspect; the first difference is at {same}\n",
        expected.len(),
        actual.len()
    );
    let first_row = (same / WIDTH).saturating_sub(2);
    for row in first_row..first_row + ROWS {
        let (left, right) = (cells(expected, row), cells(actual, row));
        if left.trim().is_empty() && right.trim().is_empty() {
            break;
        }
        let mark = if left == right { ' ' } else { '*' };
        let at = row * WIDTH;
        let _ = writeln!(text, "    {at:08x} {left} {mark} {right}");
    }
    text
}

/// One row of a hex dump with its characters, padded.
fn cells(bytes: &[u8], row: usize) -> String {
    let row = bytes.chunks(WIDTH).nth(row).unwrap_or_default();
    let hex: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
    let shown = |byte: &u8| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '.',
    };
    let ascii: String = row.iter().map(shown).collect();
    format!("{:<35} {ascii:<12}", hex.join(" "))
}

/// Bytes to a row of a dump.
const WIDTH: usize = 12;
/// Rows of a dump around a difference.
const ROWS: usize = 8;
