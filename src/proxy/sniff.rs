//! What the first bytes of a connection are; pure, and able to say that they are not enough yet.

/// What a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sniffed {
    /// Too few bytes to say.
    NeedMore,
    /// A TLS record with a handshake in it (RFC 8446 section 5.1).
    Tls,
    /// An HTTP request line has begun.
    Http,
    /// Neither.
    Other,
}

/// Longest method that is taken for one; the longest registered has 17 characters.
const LONGEST_METHOD: usize = 24;

/// Looks at the first bytes that a client sent.
pub(crate) fn sniff(bytes: &[u8]) -> Sniffed {
    match bytes {
        [] => Sniffed::NeedMore,
        [0x16] => Sniffed::NeedMore,
        [0x16, 0x03, ..] => Sniffed::Tls,
        _ => sniff_method(bytes),
    }
}

fn sniff_method(bytes: &[u8]) -> Sniffed {
    // RFC 9112 section 2.2: a server should ignore an empty line before the request line.
    let line = bytes
        .strip_prefix(b"\r\n")
        .or_else(|| bytes.strip_prefix(b"\n"))
        .unwrap_or(bytes);
    if line.is_empty() || line == b"\r" {
        return Sniffed::NeedMore;
    }
    let window = line.get(..LONGEST_METHOD).unwrap_or(line);
    match window.iter().position(|byte| !byte.is_ascii_uppercase()) {
        None if line.len() < LONGEST_METHOD => Sniffed::NeedMore,
        Some(end) if end > 0 && window.get(end) == Some(&b' ') => Sniffed::Http,
        _ => Sniffed::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prefix_says_need_more_or_the_truth() {
        for (bytes, truth) in [
            (&b"CONNECT finesse:8445 HTTP/1.1\r\n"[..], Sniffed::Http),
            (b"\r\nGET / HTTP/1.1\r\n", Sniffed::Http),
            (b"\x16\x03\x01\x02\x00\x01", Sniffed::Tls),
            (b"SSH-2.0-OpenSSH\r\n", Sniffed::Other),
            (b"\x00\x01\x02", Sniffed::Other),
            (b"\x16\x16", Sniffed::Other),
            (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", Sniffed::Other),
            (b" GET / HTTP/1.1", Sniffed::Other),
        ] {
            assert_eq!(sniff(bytes), truth);
            let mut decided = false;
            for end in 0..bytes.len() {
                let answer = sniff(&bytes[..end]);
                decided |= answer != Sniffed::NeedMore;
                assert!(!decided || answer == truth, "{bytes:?} at {end}");
            }
        }
    }
}
