//! Reading the head of a client's first request, bounded in size and in patience.

use std::time::Duration;

use tokio::time::timeout;

use super::relay::Tcp;
use crate::event::Refusal;

/// A head, at most.
pub(crate) const HEAD_LIMIT: usize = 64 * 1024;

/// Header fields of a head, at most.
const HEADER_LIMIT: usize = 512;

/// The head of a request; its bytes are still in front of the connection.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) target: String,
    /// The `Host` header.
    pub(crate) host: Option<String>,
    /// Bytes of the head, the empty line included.
    pub(crate) length: usize,
}

/// Reads until `ready` finds what it looks for in the bytes so far.
pub(crate) async fn read_until<T>(
    tcp: &mut Tcp,
    patience: Duration,
    mut ready: impl FnMut(&[u8]) -> Result<Option<T>, Refusal>,
) -> Result<T, Refusal> {
    loop {
        if let Some(found) = ready(tcp.prefix())? {
            return Ok(found);
        }
        if tcp.prefix().len() > HEAD_LIMIT {
            return Err(Refusal::HeadTooLarge(HEAD_LIMIT as u64));
        }
        match timeout(patience, tcp.fill()).await {
            Err(_) => return Err(Refusal::Silent(patience.as_secs())),
            Ok(Err(_) | Ok(0)) => return Err(Refusal::Vanished),
            Ok(Ok(_)) => {}
        }
    }
}

/// Reads the head of the first request.
pub(crate) async fn read_head(tcp: &mut Tcp, patience: Duration) -> Result<Head, Refusal> {
    let mut searched = 0;
    read_until(tcp, patience, |bytes| {
        let from = searched;
        searched = bytes.len().saturating_sub(3);
        if !ends_head(bytes.get(from..).unwrap_or_default()) {
            return Ok(None);
        }
        parse(bytes).map(Some)
    })
    .await
}

/// Whether an empty line is in there (RFC 9112 section 2.2 lets a recipient take LF alone for a line's end).
fn ends_head(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', bytes).any(|at| {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        rest.starts_with(b"\n") || rest.starts_with(b"\r\n")
    })
}

fn parse(bytes: &[u8]) -> Result<Head, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; HEADER_LIMIT];
    let mut request = httparse::Request::new(&mut headers);
    let bad = |error: httparse::Error| Refusal::BadRequest(error.to_string());
    let length = match request.parse(bytes).map_err(bad)? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => {
            return Err(Refusal::BadRequest("its head has no end".to_owned()));
        }
    };
    let host = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("host"))
        .map(|header| String::from_utf8_lossy(header.value).into_owned());
    Ok(Head {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        host,
        length,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_line_ends_a_head_whatever_its_line_ends() {
        assert!(ends_head(b"GET / HTTP/1.1\r\n\r\n"));
        assert!(ends_head(b"GET / HTTP/1.1\n\n"));
        assert!(!ends_head(b"GET / HTTP/1.1\r\nHost: a\r\n"));
    }

    #[test]
    fn a_head_is_read_with_its_length() {
        let bytes = b"CONNECT a:1 HTTP/1.1\r\nhOST: a:1\r\n\r\nmore";
        let head = parse(bytes).unwrap();
        assert_eq!((&*head.method, &*head.target), ("CONNECT", "a:1"));
        assert_eq!(head.host.as_deref(), Some("a:1"));
        assert_eq!(head.length, bytes.len() - 4);
        assert!(matches!(
            parse(b"GET /\x01 x\r\n\r\n"),
            Err(Refusal::BadRequest(_))
        ));
    }
}
