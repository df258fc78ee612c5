//! Facts of a connection: how it came in, how the upstream was found, how each direction ended.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{Direction, Micros};

/// A client connected to a listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Accepted {
    /// The client's address.
    pub client: SocketAddr,
    /// The listener's address.
    pub listener: SocketAddr,
}

/// A host and a port: what a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Authority {
    /// A DNS name in lower case, or an IP address without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// What the client asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entered {
    /// The way in.
    pub way: Way,
    /// The upstream that it names.
    pub target: Authority,
    /// Whether finspect looks inside.
    pub intercepted: bool,
}

/// The way in, told by the first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// `CONNECT host:port` (RFC 9110 section 9.3.6).
    Connect,
    /// `GET http://host/path` (RFC 9112 section 3.2.2).
    AbsoluteForm,
    /// A TLS ClientHello, whose server name is the target.
    ServerName,
    /// A reverse listener, relayed untouched.
    Reverse,
    /// A reverse listener under another name than the upstream's, relayed with rewritten headers.
    ReverseRewriting,
    /// finspect's own pages.
    Page,
    /// None: the browser's own record says so, and finspect was not on the way.
    Imported,
}

/// Why we would not serve a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// The head of the first request is larger than this many bytes.
    HeadTooLarge(u64),
    /// The first bytes are neither HTTP nor TLS.
    Unintelligible,
    /// The first request is no HTTP that can be served; what is wrong with it.
    BadRequest(String),
    /// The client sent nothing for this many seconds before its first request was whole.
    Silent(u64),
    /// The client left before its first request was whole.
    Vanished,
    /// The target is finspect itself.
    Loop(Authority),
    /// A TLS ClientHello that names no server, where the name is all there is to go by.
    NoServerName,
    /// A page was asked for under a host name that is not ours (DNS rebinding).
    ForeignHost(String),
    /// The authority's name constraints exclude the host.
    OutsideAuthority(String),
}

/// A name was looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Resolved {
    /// The name.
    pub host: String,
    /// What it stands for, in the order in which the addresses will be tried.
    pub addresses: Vec<IpAddr>,
    /// How long the look-up took.
    pub took: Micros,
    /// Whether `--resolve` said so, and not the system.
    pub by_option: bool,
}

/// A dial of one upstream address ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Attempt {
    /// The address that was dialled.
    pub address: SocketAddr,
    /// Our own end of it, once connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// From the start of the dial to its end.
    pub took: Micros,
    /// The proxy that it leads to, if it does not lead to the upstream itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
}

/// A proxy that leads out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// `http://`: CONNECT.
    Http,
    /// `socks5://`: RFC 1928.
    Socks5,
}

/// How a dial ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptOutcome {
    /// A TCP connection stands.
    Connected,
    /// None came about.
    Failed(DialFailure),
    /// Another address was faster.
    Abandoned,
}

/// Why no connection to an upstream came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DialFailure {
    /// The name has no address; what the resolver said.
    Unresolved(String),
    /// The port is closed (RST in answer to SYN).
    ConnectionRefused,
    /// No route to the network.
    NetworkUnreachable,
    /// No route to the host.
    HostUnreachable,
    /// No answer in the system's own time.
    TimedOut,
    /// Reset while connecting.
    Reset,
    /// The target is finspect itself.
    Loop,
    /// The upstream proxy said no, with this status or reply.
    ProxyRefused(String),
    /// The upstream proxy spoke something else than its protocol.
    ProxyUnintelligible(String),
    /// Any other error of the system, in its words.
    Other(String),
}

impl DialFailure {
    /// What it says in free words, if it does.
    pub const fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Unresolved(text)
            | Self::ProxyRefused(text)
            | Self::ProxyUnintelligible(text)
            | Self::Other(text) => Some(text),
            Self::ConnectionRefused
            | Self::NetworkUnreachable
            | Self::HostUnreachable
            | Self::TimedOut
            | Self::Reset
            | Self::Loop => None,
        }
    }
}

impl fmt::Display for DialFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresolved(why) => write!(f, "the name cannot be resolved ({why})"),
            Self::ConnectionRefused => f.write_str("connection refused"),
            Self::NetworkUnreachable => f.write_str("network unreachable"),
            Self::HostUnreachable => f.write_str("host unreachable"),
            Self::TimedOut => f.write_str("no answer (timed out)"),
            Self::Reset => f.write_str("reset while connecting"),
            Self::Loop => f.write_str("the address is finspect itself"),
            Self::ProxyRefused(why) => write!(f, "the upstream proxy refused ({why})"),
            Self::ProxyUnintelligible(why) => {
                write!(f, "the upstream proxy is not understood ({why})")
            }
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// No connection to the upstream came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UpstreamFailed {
    /// What was asked for.
    pub target: Authority,
    /// Why; of several attempts the last.
    pub reason: DialFailure,
    /// The status that the client got, where it got one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<u16>,
}

/// What is spoken inside a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// TLS.
    Tls,
    /// HTTP/1 in clear.
    Http,
    /// Neither: relayed untouched and unread.
    Opaque,
    /// The server spoke first: relayed untouched and unread.
    ServerFirst,
}

/// One thing that the rewriting relay changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rewritten {
    /// The header's name, or `request-target`.
    pub field: String,
    /// What it was.
    pub from: String,
    /// What it became; empty if it was dropped.
    pub to: String,
}

/// The receiver has not taken bytes for a while: back-pressure, or a peer that does not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stalled {
    /// Bytes waiting in finspect.
    pub waiting: u64,
    /// How long they have been waiting.
    pub waited: Micros,
}

/// One direction of a relay ended: its sender will send no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ended {
    /// How the sender ended it.
    pub manner: Manner,
    /// Bytes that it sent in all (plaintext, where TLS was ended).
    pub bytes: u64,
}

/// How a direction ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// FIN, on a connection without TLS.
    Fin,
    /// A TLS close_notify (RFC 8446 section 6.1); the FIN may follow later.
    CloseNotify,
    /// FIN without a close_notify before it: the TLS stream was cut off.
    FinWithoutCloseNotify,
    /// RST.
    Reset,
    /// A TLS alert, by its name in RFC 8446 section 6.
    Alert(String),
    /// The peer's TLS records are broken; what rustls says.
    TlsBroken(String),
    /// The peer did not answer in the system's own time (TCP timeout).
    TimedOut,
    /// Any other error of the system, in its words.
    Error(String),
    /// finspect was told to stop.
    Stopped,
    /// Nobody saw how.
    Unknown,
}

impl Manner {
    /// What it says in free words, if it does.
    pub const fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Alert(text) | Self::TlsBroken(text) | Self::Error(text) => Some(text),
            Self::Fin
            | Self::CloseNotify
            | Self::FinWithoutCloseNotify
            | Self::Reset
            | Self::TimedOut
            | Self::Stopped
            | Self::Unknown => None,
        }
    }
}

/// Both directions have ended and the connection is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Closed {
    /// Which direction ended first: to-server means that the client moved first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Direction>,
    /// Bytes relayed to the server.
    pub to_server: u64,
    /// Bytes relayed to the client.
    pub to_client: u64,
    /// From accept to the end.
    pub lasted: Micros,
}
