//! Facts of WebSocket (RFC 6455) and permessage-deflate (RFC 7692).

use serde::{Deserialize, Serialize};

use super::{Micros, Payload};

/// An upgrade to WebSocket was agreed: the 101 and what it settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WebSocketOpened {
    /// The exchange whose 101 it was.
    pub exchange: u64,
    /// The request target.
    pub target: String,
    /// The subprotocol that the server chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subprotocol: Option<String>,
    /// permessage-deflate, if agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deflate: Option<Deflate>,
    /// Other extensions agreed, which we cannot undo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_extensions: Vec<String>,
}

/// permessage-deflate as agreed (RFC 7692 section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Deflate {
    /// The server starts each message with an empty window.
    pub server_no_context_takeover: bool,
    /// The client starts each message with an empty window.
    pub client_no_context_takeover: bool,
    /// The server's window, 8 to 15 bits.
    pub server_max_window_bits: u8,
    /// The client's window, 8 to 15 bits.
    pub client_max_window_bits: u8,
}

/// A data message that carries no XMPP, or that cannot be inflated: then its size is that on the wire, and all of it cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WebSocketMessage {
    /// How it travelled.
    pub message: MessageFacts,
    /// What it said, inflated.
    pub payload: Payload,
}

/// How a data message travelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MessageFacts {
    /// Text or binary.
    pub opcode: DataOpcode,
    /// Whether its frames were masked.
    pub masked: bool,
    /// Whether it was compressed (RSV1 of its first frame).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compressed: bool,
    /// Payload bytes on the wire, over all frames.
    pub wire_size: u64,
    /// How many frames it was made of.
    pub frame_count: u64,
    /// Its frames, where there was more than one; the first [`MessageFacts::FRAMES_KEPT`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<FrameFacts>,
}

impl MessageFacts {
    /// How many frames of a fragmented message are listed.
    pub const FRAMES_KEPT: usize = 32;
}

/// One frame of a fragmented message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FrameFacts {
    /// Payload bytes on the wire.
    pub wire_size: u64,
    /// When its last byte arrived.
    pub arrived: Micros,
}

/// The opcode of a data message (RFC 6455 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataOpcode {
    /// 1.
    Text,
    /// 2.
    Binary,
}

/// A pong frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pong {
    /// Its payload.
    pub payload: Payload,
    /// From the arrival of the ping with the same payload to the arrival of this; absent if unsolicited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip: Option<Micros>,
}

/// A Close frame (RFC 6455 section 5.5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Closing {
    /// The status code; absent in an empty Close, which a page sees as 1005.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// How RFC 6455 or RFC 7692 was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WebSocketViolation {
    /// Reserved bits set that nobody agreed on; their value, 1 to 7 (RSV1 is 4).
    ReservedBits(u8),
    /// An opcode that does not exist.
    UnknownOpcode(u8),
    /// A client's frame without a mask (section 5.1).
    UnmaskedClientFrame,
    /// A server's frame with a mask (section 5.1).
    MaskedServerFrame,
    /// A control frame in fragments (section 5.4).
    FragmentedControl,
    /// A control frame of more than 125 bytes (section 5.5).
    OversizedControl(u64),
    /// A length not in its shortest form (section 5.2).
    LengthNotMinimal,
    /// A 64-bit length with its highest bit set (section 5.2).
    LengthOverflow,
    /// A continuation frame where no message is open (section 5.4).
    UnexpectedContinuation,
    /// A new message while another is open (section 5.4).
    ExpectedContinuation,
    /// A text message or a close reason that is no UTF-8 (section 8.1).
    InvalidUtf8,
    /// A Close of one byte (section 5.5.1).
    TruncatedClose,
    /// A close code that must not be sent (section 7.4).
    BadCloseCode(u16),
    /// Frames after a Close (section 5.5.1).
    DataAfterClose,
    /// Compressed data that does not inflate: lost sync; messages in this direction stay unread, frames are still told apart.
    LostSync(String),
    /// An inflated message of more than this many bytes; its tail was skipped and the decoder is still in sync.
    InflatedOverLimit(u64),
    /// The connection ended inside a frame or between the fragments of a message.
    CutOff,
}

impl WebSocketViolation {
    /// What it says in free words, if it does.
    pub const fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::LostSync(text) => Some(text),
            Self::ReservedBits(_)
            | Self::UnknownOpcode(_)
            | Self::UnmaskedClientFrame
            | Self::MaskedServerFrame
            | Self::FragmentedControl
            | Self::OversizedControl(_)
            | Self::LengthNotMinimal
            | Self::LengthOverflow
            | Self::UnexpectedContinuation
            | Self::ExpectedContinuation
            | Self::InvalidUtf8
            | Self::TruncatedClose
            | Self::BadCloseCode(_)
            | Self::DataAfterClose
            | Self::InflatedOverLimit(_)
            | Self::CutOff => None,
        }
    }
}
