//! Every bound of the decoders, in one place. They bind the observer only, never the relay.

/// How much a tap keeps and how far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an HTTP head, and of the trailers of a chunked body.
    pub head: usize,
    /// HTTP requests without a final answer yet that are kept for pairing; answers to more are paired with nothing.
    pub outstanding: usize,
    /// Client bytes that are held behind a request for an upgrade until it is answered.
    pub early: usize,
    /// Bytes of an HTTP body that are kept, as on the wire.
    pub body: usize,
    /// Bytes of an HTTP body that are kept once its content coding is removed.
    pub decoded_body: usize,
    /// Bytes of a WebSocket message that are kept, inflated.
    pub message: usize,
    /// Inflated bytes beyond [`Limits::message`] that are worked through to stay in sync, over the life of one direction.
    pub skipped_inflate: u64,
    /// Pings whose pong is awaited, in each direction.
    pub pings: usize,
    /// Nested XML elements in one stanza.
    pub depth: usize,
    /// XML attributes of one element.
    pub attributes: usize,
    /// Bytes of one XML attribute's value.
    pub attribute: usize,
    /// Bytes of one text that goes into a stanza's outline, such as a JID or an error's text; the rest is cut off.
    pub text: usize,
    /// Stream features and SASL mechanisms that go into a stanza's outline.
    pub features: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 64 * KIB,
            outstanding: 1024,
            early: 64 * KIB,
            body: 256 * KIB,
            decoded_body: 256 * KIB,
            message: 256 * KIB,
            skipped_inflate: 64 * 1024 * KIB as u64,
            pings: 16,
            depth: 128,
            attributes: 128,
            attribute: 16 * KIB,
            text: 4 * KIB,
            features: 64,
        }
    }
}

/// Header fields of an HTTP head; a head with more is malformed.
pub(super) const HEADERS: usize = 256;

/// Bytes of an HTTP method, by which text is told from HTTP before a head is whole.
pub(super) const METHOD: usize = 32;

/// Bytes of a chunk's size line, extensions included.
pub(super) const CHUNK_LINE: usize = 16 * KIB;

const KIB: usize = 1024;
