//! Content codings (RFC 9110 section 8.4.1), removed with a limit on what may come out.

use std::io::Read;

use brotli_decompressor::Decompressor as BrotliDecoder;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::event::Payload;
use crate::tap::Kept;

/// The content of a body, and whether a coding is still on it (or on its tail).
pub(super) fn decoded(body: Kept, encoding: Option<&str>, cap: usize) -> (Payload, bool) {
    let coding = encoding.unwrap_or("identity").trim().to_ascii_lowercase();
    let wire = body.bytes();
    let inflated = match coding.as_str() {
        "" | "identity" => return (body.into_payload().0, false),
        "gzip" | "x-gzip" => drain(MultiGzDecoder::new(wire), cap),
        "deflate" if is_zlib(wire) => drain(ZlibDecoder::new(wire), cap),
        "deflate" => drain(DeflateDecoder::new(wire), cap),
        "br" => drain(BrotliDecoder::new(wire, 4096), cap),
        _ => return (body.into_payload().0, true),
    };
    let (content, is_complete) = inflated;
    if content.is_empty() && !is_complete {
        return (body.into_payload().0, true);
    }
    let still_encoded = !is_complete || !body.is_whole();
    let mut kept = Kept::new(cap);
    kept.push(&content);
    (kept.into_payload().0, still_encoded)
}

/// What comes out, at most `cap` bytes, and whether that is all.
fn drain(mut source: impl Read, cap: usize) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match source.read(&mut piece) {
            Ok(0) => return (content, true),
            Ok(length) => {
                let fits = length.min(cap - content.len());
                content.extend_from_slice(piece.get(..fits).unwrap_or_default());
                if fits < length {
                    return (content, false);
                }
            }
            Err(_) => return (content, false),
        }
    }
}

/// `deflate` ought to mean zlib (RFC 1950), but some servers send it bare (RFC 1951).
fn is_zlib(wire: &[u8]) -> bool {
    let [first, second, ..] = wire else {
        return true;
    };
    first & 0x0f == 8 && u16::from_be_bytes([*first, *second]).is_multiple_of(31)
}
