//! What the kernel knows of the TCP connections below a relay.

use serde::{Deserialize, Serialize};

use super::{Leg, Micros};

/// A reading of the two TCP connections of a relayed connection. Both legs absent: this system does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TcpSample {
    /// Why it was taken now.
    pub occasion: TcpOccasion,
    /// Between the browser and finspect; absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<TcpInfo>,
    /// Between finspect and Finesse; absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<TcpInfo>,
}

/// Why a reading was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TcpOccasion {
    /// Bytes have moved since the last one, which is a minute old.
    Interval,
    /// Segments on this leg were sent again and are not acknowledged.
    Retransmitting(Leg),
    /// From one reading to the next, a second, this leg had bytes under way and no ACK came, or bytes that could not
    /// leave this machine although the peer's window has room.
    Unacknowledged(Leg),
    /// All that was sent on this leg is acknowledged, and the peer's window takes nothing of what is queued.
    WindowFull(Leg),
    /// What was wrong on this leg is over.
    Recovered(Leg),
    /// Data was sent on this leg, and none has come for 5 s since, although nothing of it is unacknowledged.
    Unanswered(Leg),
    /// After [`TcpOccasion::Unanswered`]: data has come on this leg.
    Answered(Leg),
    /// A direction has just ended.
    Ended,
}

/// One TCP connection, as Linux tells of it (`TCP_INFO`, tcp(7)), seen from finspect's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TcpInfo {
    /// The state (RFC 9293 section 3.3.2).
    pub state: TcpState,
    /// The smoothed round-trip time (RFC 6298); 0 before there is one.
    pub rtt: Micros,
    /// Its mean deviation.
    pub rtt_variance: Micros,
    /// Timeouts in a row of the oldest segment under way: 0 once something is acknowledged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retransmits: u64,
    /// Segments sent again over the connection's life.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retransmitted: u64,
    /// Segments sent and not acknowledged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unacked: u64,
    /// Segments under way that are believed to be lost.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// How long ago the last of each came or went.
    pub last: TcpLast,
    /// The congestion window, in segments.
    pub congestion_window: u64,
    /// The peer's window, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_window: Option<u64>,
    /// Bytes queued in the kernel that were never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsent: Option<u64>,
    /// Bytes that the peer has acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acked: Option<u64>,
}

/// How long ago a TCP connection last did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TcpLast {
    /// Since data was sent; sent again counts.
    pub data_sent: Micros,
    /// Since data was received.
    pub data_received: Micros,
    /// Since an ACK was received.
    pub ack_received: Micros,
}

/// The state of a TCP connection (RFC 9293 section 3.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TcpState {
    /// Open both ways.
    Established,
    /// We have asked for a connection.
    SynSent,
    /// We were asked for a connection.
    SynReceived,
    /// Our FIN is on its way.
    FinWait1,
    /// Our FIN is acknowledged, the peer's has not come.
    FinWait2,
    /// Both FINs are through.
    TimeWait,
    /// Gone: reset, timed out, or never opened.
    Closed,
    /// The peer's FIN has come, ours is not sent.
    CloseWait,
    /// The peer's FIN has come, ours is on its way.
    LastAck,
    /// A listener.
    Listen,
    /// Both FINs are on their way.
    Closing,
    /// One that we have no name for.
    Unknown,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}
