//! What the numbers of a NetLog mean: its own `constants` say so, and they differ from one Chromium to the next.

use std::collections::BTreeMap;

use serde::de::MapAccess;

use super::Client;
use crate::import::json::{Members, Object, pass, scalar};

/// The constants that matter here.
#[derive(Debug, Default)]
pub(super) struct Constants {
    kinds: BTreeMap<u64, Kind>,
    sources: BTreeMap<u64, Source>,
    errors: BTreeMap<i64, String>,
    begin: Option<u64>,
    end: Option<u64>,
    /// What to add to a time of the log, in milliseconds, for milliseconds since the Unix epoch.
    pub(super) tick_offset: i64,
    pub(super) client: Client,
    has_types: bool,
}

/// The types of events that say something here, by Chromium's names without the words that all of a group share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    RequestAlive,
    StartJob,
    BoundToJob,
    StreamJob,
    PoolRequest,
    BoundToConnectJob,
    ConnectJobCreated,
    BoundToSocket,
    SocketAlive,
    TcpAttempt,
    TcpConnect,
    SslConnect,
    AlertReceived,
    AlertSent,
    BytesSent,
    BytesReceived,
    TlsBytesSent,
    TlsBytesReceived,
    ReadError,
    WriteError,
    PoolClosing,
    SendHeaders,
    SendBody,
    ReadHeaders,
    BodyBytes,
    Failed,
    FrameSent,
    FrameReceived,
    ChannelAlive,
    CloseTimeout,
    InvalidFrame,
    UpgradeFailure,
    ProxyConfig,
    /// With the type's name, which says more than some parameters do.
    Network(&'static str),
}

/// The sources of events that have a life of their own here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Source {
    Request,
    StreamJob,
    ConnectJob,
    Socket,
    Channel,
    #[default]
    Other,
}

/// Which end of something an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Begin,
    End,
    Neither,
}

impl Constants {
    /// Whether there is anything by which events can be told apart.
    pub(super) const fn is_netlog(&self) -> bool {
        self.has_types
    }

    pub(super) fn kind(&self, number: u64) -> Option<Kind> {
        self.kinds.get(&number).copied()
    }

    pub(super) fn source(&self, number: u64) -> Source {
        self.sources.get(&number).copied().unwrap_or_default()
    }

    pub(super) fn phase(&self, number: u64) -> Phase {
        if Some(number) == self.begin {
            Phase::Begin
        } else if Some(number) == self.end {
            Phase::End
        } else {
            Phase::Neither
        }
    }

    /// The name of a net error, as `ERR_CONNECTION_RESET`.
    pub(super) fn error(&self, number: i64) -> String {
        self.errors
            .get(&number)
            .cloned()
            .unwrap_or_else(|| format!("net error {number}"))
    }
}

impl Object for Constants {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "logEventTypes" => {
                self.has_types = true;
                let kinds = &mut self.kinds;
                map.next_value_seed(Members(&mut Named(|name: &str, number: f64| {
                    if let (Some(kind), Some(number)) = (kind(name), index(number)) {
                        kinds.insert(number, kind);
                    }
                })))
            }
            "logSourceType" => {
                let sources = &mut self.sources;
                map.next_value_seed(Members(&mut Named(|name: &str, number: f64| {
                    if let (Some(source), Some(number)) = (source(name), index(number)) {
                        sources.insert(number, source);
                    }
                })))
            }
            "logEventPhase" => {
                let (begin, end) = (&mut self.begin, &mut self.end);
                map.next_value_seed(Members(&mut Named(|name: &str, number: f64| match name {
                    "PHASE_BEGIN" => *begin = index(number),
                    "PHASE_END" => *end = index(number),
                    _ => {}
                })))
            }
            "netError" => {
                let errors = &mut self.errors;
                map.next_value_seed(Members(&mut Named(|name: &str, number: f64| {
                    if name.len() <= NAME && errors.len() < ERRORS {
                        errors.insert(whole(number), name.to_owned());
                    }
                })))
            }
            "timeTickOffset" => {
                self.tick_offset = whole(scalar(map)?.number().unwrap_or_default());
                Ok(())
            }
            "clientInfo" => map.next_value_seed(Members(&mut self.client)),
            _ => pass(map),
        }
    }
}

/// An object whose members are numbers.
struct Named<F>(F);

impl<F: FnMut(&str, f64)> Object for Named<F> {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if let Some(number) = scalar(map)?.number() {
            (self.0)(name, number);
        }
        Ok(())
    }
}

fn index(number: f64) -> Option<u64> {
    u64::try_from(whole(number)).ok()
}

/// A number without its fraction, cut to what an `i64` of microseconds can hold when it is milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "it is bounded first")]
pub(super) fn whole(number: f64) -> i64 {
    number.clamp(-9e15, 9e15) as i64
}

fn source(name: &str) -> Option<Source> {
    Some(match name {
        "URL_REQUEST" => Source::Request,
        "HTTP_STREAM_JOB" => Source::StreamJob,
        "SOCKET" => Source::Socket,
        "WEBSOCKET_CHANNEL" => Source::Channel,
        "CONNECT_JOB"
        | "HTTP_PROXY_CONNECT_JOB"
        | "SOCKS_CONNECT_JOB"
        | "SSL_CONNECT_JOB"
        | "TCP_CONNECT_JOB"
        | "TRANSPORT_CONNECT_JOB" => Source::ConnectJob,
        _ => return None,
    })
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "REQUEST_ALIVE" => Kind::RequestAlive,
        "URL_REQUEST_START_JOB" => Kind::StartJob,
        "HTTP_STREAM_REQUEST_BOUND_TO_JOB" => Kind::BoundToJob,
        "HTTP_STREAM_JOB" => Kind::StreamJob,
        "TCP_CLIENT_SOCKET_POOL_REQUESTED_SOCKET" => Kind::PoolRequest,
        "SOCKET_POOL_BOUND_TO_CONNECT_JOB" => Kind::BoundToConnectJob,
        "SOCKET_POOL_CONNECT_JOB_CREATED" => Kind::ConnectJobCreated,
        "SOCKET_POOL_BOUND_TO_SOCKET" => Kind::BoundToSocket,
        "SOCKET_ALIVE" => Kind::SocketAlive,
        "TCP_CONNECT_ATTEMPT" => Kind::TcpAttempt,
        "TCP_CONNECT" => Kind::TcpConnect,
        "SSL_CONNECT" => Kind::SslConnect,
        "SSL_ALERT_RECEIVED" => Kind::AlertReceived,
        "SSL_ALERT_SENT" => Kind::AlertSent,
        "SOCKET_BYTES_SENT" => Kind::BytesSent,
        "SOCKET_BYTES_RECEIVED" => Kind::BytesReceived,
        "SSL_SOCKET_BYTES_SENT" => Kind::TlsBytesSent,
        "SSL_SOCKET_BYTES_RECEIVED" => Kind::TlsBytesReceived,
        "SOCKET_READ_ERROR" | "SSL_READ_ERROR" => Kind::ReadError,
        "SOCKET_WRITE_ERROR" | "SSL_WRITE_ERROR" => Kind::WriteError,
        "SOCKET_POOL_CLOSING_SOCKET" => Kind::PoolClosing,
        "HTTP_TRANSACTION_SEND_REQUEST_HEADERS"
        | "HTTP_TRANSACTION_HTTP2_SEND_REQUEST_HEADERS"
        | "HTTP_TRANSACTION_QUIC_SEND_REQUEST_HEADERS" => Kind::SendHeaders,
        "HTTP_TRANSACTION_SEND_REQUEST_BODY" => Kind::SendBody,
        "HTTP_TRANSACTION_READ_RESPONSE_HEADERS" => Kind::ReadHeaders,
        "URL_REQUEST_JOB_FILTERED_BYTES_READ" | "URL_REQUEST_JOB_BYTES_READ" => Kind::BodyBytes,
        "FAILED" => Kind::Failed,
        "WEBSOCKET_SENT_FRAME_HEADER" => Kind::FrameSent,
        "WEBSOCKET_RECV_FRAME_HEADER" => Kind::FrameReceived,
        "WEBSOCKET_ALIVE" => Kind::ChannelAlive,
        "WEBSOCKET_CLOSE_TIMEOUT" => Kind::CloseTimeout,
        "WEBSOCKET_INVALID_FRAME" => Kind::InvalidFrame,
        "WEBSOCKET_UPGRADE_FAILURE" => Kind::UpgradeFailure,
        "PROXY_CONFIG_CHANGED" => Kind::ProxyConfig,
        _ => {
            return NETWORK
                .iter()
                .find(|network| **network == name)
                .map(|network| Kind::Network(network));
        }
    })
}

/// The types that tell of a change of the machine's network.
const NETWORK: [&str; 8] = [
    "NETWORK_CHANGED",
    "NETWORK_CONNECTIVITY_CHANGED",
    "NETWORK_IP_ADDRESSES_CHANGED",
    "NETWORK_MAC_OS_CONFIG_CHANGED",
    "SPECIFIC_NETWORK_CONNECTED",
    "SPECIFIC_NETWORK_DISCONNECTED",
    "SPECIFIC_NETWORK_MADE_DEFAULT",
    "SPECIFIC_NETWORK_SOON_TO_DISCONNECT",
];

/// Bytes of the name of a net error.
const NAME: usize = 80;
/// Net errors that are known by name; Chromium has some 300.
const ERRORS: usize = 2000;
