//! Values of every type that an event is made of: each variant once, for the golden recording, and any, for properties.
//!
//! The macros name each field and each variant, so that the compiler asks for what is added to a type.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::event::*;

/// A type of which there are samples.
pub(crate) trait Sample: Debug + Clone + Sized + 'static {
    /// Values that together have each variant and each optional field, there and not there.
    fn each() -> Vec<Self>;
    /// Any value.
    fn any() -> BoxedStrategy<Self>;
}

/// The samples of one field, again from the start when they are used up.
struct Column<T>(Vec<T>);

impl<T: Sample> Column<T> {
    fn each() -> Self {
        Self(T::each())
    }

    fn at(&self, row: usize) -> T {
        self.0[row % self.0.len()].clone()
    }
}

fn any<T: Sample>() -> BoxedStrategy<T> {
    T::any()
}

/// As many rows as the longest column has.
macro_rules! rows {
    ($($make:ident)::+ { $($field:ident),+ }) => {{
        $(let $field = Column::each();)+
        let most = [$($field.0.len()),+].into_iter().max().unwrap_or(0);
        (0..most)
            .map(|row| $($make)::+ { $($field: $field.at(row)),+ })
            .collect::<Vec<_>>()
    }};
}

macro_rules! fields {
    ($($name:ident { $($field:ident),+ $(,)? })+) => {$(
        impl Sample for $name {
            fn each() -> Vec<Self> {
                rows!(Self { $($field),+ })
            }

            fn any() -> BoxedStrategy<Self> {
                ($(any_as!($field),)+).prop_map(|($($field,)+)| Self { $($field),+ }).boxed()
            }
        }
    )+};
}

/// A strategy for a field, whose type the literal says that it goes into.
macro_rules! any_as {
    ($field:ident) => {
        any()
    };
}

/// Variants: `Unit`, `Tuple(_)`, `Struct { field, … }`.
macro_rules! variants {
    ($($name:ident { $($variant:ident $(($inner:tt))? $({ $($field:ident),+ })?),+ $(,)? })+) => {$(
        impl Sample for $name {
            fn each() -> Vec<Self> {
                // What the macro does not name, the compiler asks for here.
                let _complete = |value: &Self| match value {
                    $(variants!(@pattern $variant $(($inner))? $({ $($field),+ })?) => (),)+
                };
                [$(variants!(@each $variant $(($inner))? $({ $($field),+ })?)),+].concat()
            }

            fn any() -> BoxedStrategy<Self> {
                prop::strategy::Union::new([
                    $(variants!(@any $variant $(($inner))? $({ $($field),+ })?)),+
                ]).boxed()
            }
        }
    )+};
    (@pattern $variant:ident) => { Self::$variant };
    (@pattern $variant:ident (_)) => { Self::$variant(_) };
    (@pattern $variant:ident { $($field:ident),+ }) => { Self::$variant { $($field: _),+ } };
    (@each $variant:ident) => { vec![Self::$variant] };
    (@each $variant:ident (_)) => {
        Column::each().0.into_iter().map(Self::$variant).collect::<Vec<_>>()
    };
    (@each $variant:ident { $($field:ident),+ }) => { rows!(Self::$variant { $($field),+ }) };
    (@any $variant:ident) => { Just(Self::$variant).boxed() };
    (@any $variant:ident (_)) => { any().prop_map(Self::$variant).boxed() };
    (@any $variant:ident { $($field:ident),+ }) => {
        ($(any_as!($field),)+)
            .prop_map(|($($field,)+)| Self::$variant { $($field),+ })
            .boxed()
    };
}

macro_rules! numbers {
    ($($name:ty)+) => {$(
        impl Sample for $name {
            fn each() -> Vec<Self> {
                vec![7]
            }

            fn any() -> BoxedStrategy<Self> {
                prop_oneof![Just(0), Just(<$name>::MAX), Just(<$name>::MIN), proptest::prelude::any::<$name>()]
                    .boxed()
            }
        }
    )+};
}

numbers! { u8 u16 u32 u64 i64 }

impl Sample for bool {
    fn each() -> Vec<Self> {
        vec![true, false]
    }

    fn any() -> BoxedStrategy<Self> {
        proptest::prelude::any::<Self>().boxed()
    }
}

impl Sample for String {
    fn each() -> Vec<Self> {
        vec!["some text".to_owned()]
    }

    /// Anything, with what JSON escapes, a terminal obeys and line readers stumble over more often than by chance.
    fn any() -> BoxedStrategy<Self> {
        let odd = prop_oneof![
            Just('\0'),
            Just('\n'),
            Just('\r'),
            Just('\u{7f}'),
            Just('\u{85}'),
            Just('\u{9b}'),
            Just('\u{2028}'),
            Just('\u{feff}'),
            Just('"'),
            Just('\\'),
        ];
        let character = prop_oneof![4 => proptest::prelude::any::<char>(), 1 => odd];
        vec(character, 0..12)
            .prop_map(|characters| characters.into_iter().collect())
            .boxed()
    }
}

impl Sample for Bytes {
    fn each() -> Vec<Self> {
        vec![Self::from_static(&[0xff, 0, 0x80])]
    }

    fn any() -> BoxedStrategy<Self> {
        vec(proptest::prelude::any::<u8>(), 0..40)
            .prop_map(Self::from)
            .boxed()
    }
}

impl Sample for IpAddr {
    fn each() -> Vec<Self> {
        vec![
            Ipv4Addr::new(192, 0, 2, 1).into(),
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
        ]
    }

    fn any() -> BoxedStrategy<Self> {
        proptest::prelude::any::<Self>().boxed()
    }
}

impl Sample for SocketAddr {
    fn each() -> Vec<Self> {
        let zone = SocketAddrV6::new(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1), 8445, 0, 2);
        let of = |address| Self::new(address, 8445);
        let mut each: Vec<_> = IpAddr::each().into_iter().map(of).collect();
        each.push(zone.into());
        each
    }

    /// Without the flow label, which no text form of an address has.
    fn any() -> BoxedStrategy<Self> {
        (any::<IpAddr>(), any::<u16>(), any::<u32>())
            .prop_map(|(address, port, zone)| match address {
                IpAddr::V4(address) => (address, port).into(),
                IpAddr::V6(address) => SocketAddrV6::new(address, port, 0, zone).into(),
            })
            .boxed()
    }
}

impl<T: Sample> Sample for Option<T> {
    fn each() -> Vec<Self> {
        let there = T::each().into_iter().map(Some);
        there.chain([None]).collect()
    }

    fn any() -> BoxedStrategy<Self> {
        option::of(T::any()).boxed()
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn each() -> Vec<Self> {
        vec![T::each(), Self::new()]
    }

    fn any() -> BoxedStrategy<Self> {
        vec(T::any(), 0..3).boxed()
    }
}

impl<T: Sample> Sample for Box<T> {
    fn each() -> Vec<Self> {
        T::each().into_iter().map(Self::new).collect()
    }

    fn any() -> BoxedStrategy<Self> {
        T::any().prop_map(Self::new).boxed()
    }
}

impl Sample for BTreeMap<String, u64> {
    fn each() -> Vec<Self> {
        vec![Self::from([("attempt".to_owned(), 7)]), Self::new()]
    }

    fn any() -> BoxedStrategy<Self> {
        prop::collection::btree_map(any::<String>(), any::<u64>(), 0..3).boxed()
    }
}

impl Sample for Cow<'static, str> {
    fn each() -> Vec<Self> {
        vec![Cow::Borrowed("iq")]
    }

    fn any() -> BoxedStrategy<Self> {
        any::<String>().prop_map(Cow::Owned).boxed()
    }
}

macro_rules! wrappers {
    ($($name:ident)+) => {$(
        impl Sample for $name {
            fn each() -> Vec<Self> {
                u64::each().into_iter().map($name).collect()
            }

            fn any() -> BoxedStrategy<Self> {
                any().prop_map($name).boxed()
            }
        }
    )+};
}

wrappers! { Micros ConnectionId }

fields! {
    Event { number, time, connection, direction, kind }
    Times { arrived, first, forwarded }
    SessionStarted {
        version, source, wall_clock, time_zone, intercepted, options, redaction, pseudonyms, platform,
    }
    Listening { address, upstream }
    Slept { since, from, to, asleep, counted }
    ClockJumped { by, wall_clock }
    Starved { since, late }
    Interface { name, was, is }
    DefaultRoute { interface, gateway }
    Gap { events, bytes, kinds }
    SessionEnded { events, connections }
    Accepted { client, listener }
    Authority { host, port }
    Entered { way, target, intercepted }
    Resolved { host, addresses, took, by_option }
    Attempt { address, local, outcome, took, via }
    UpstreamFailed { target, reason, answered }
    Rewritten { field, from, to }
    Stalled { waiting, waited }
    TcpSample { occasion, client, upstream }
    TcpInfo {
        state, rtt, rtt_variance, retransmits, retransmitted, unacked, lost, last, congestion_window, peer_window, unsent,
        acked,
    }
    TcpLast { data_sent, data_received, ack_received }
    Ended { manner, bytes }
    Closed { first, to_server, to_client, lasted }
    ClientHello { server_name, connect_name, alpn, cipher_suites }
    Minted { host, serial, not_after }
    TlsEstablished { leg, version, cipher_suite, alpn, chain, verified, took }
    CertificateFacts { subject, issuer, names, not_before, not_after, sha256 }
    TlsFailed { leg, reason, chain, advice, took }
    HttpRequest { exchange, method, target, version, headers }
    HttpResponse { exchange, version, status, reason, headers }
    HttpBody {
        exchange, framing, wire_size, content_type, content_encoding, content, still_encoded, trailers, complete,
    }
    Header { name, value }
    Payload { content, size, cut }
    WebSocketOpened { exchange, target, subprotocol, deflate, unknown_extensions }
    Deflate {
        server_no_context_takeover, client_no_context_takeover, server_max_window_bits, client_max_window_bits,
    }
    WebSocketMessage { message, payload }
    MessageFacts { opcode, masked, compressed, wire_size, frame_count, frames }
    FrameFacts { wire_size, arrived }
    Pong { payload, round_trip }
    Closing { code, reason }
    XmppStanza { carrier, stanza, xml }
    QName { name, namespace }
    Stanza { root, to, from, id, kind_attribute, error, kind }
    StanzaError { condition, kind_attribute, text }
}

variants! {
    EventKind {
        SessionStarted(_), Listening(_), Accepted(_), Entered(_), Refused(_), Resolved(_), Attempt(_), UpstreamFailed(_),
        Protocol(_), ClientHello(_), Minted(_), TlsEstablished(_), TlsFailed(_), Rewritten(_), HttpRequest(_),
        HttpResponse(_), HttpBody(_), HttpViolation(_), WebSocketOpened(_), WebSocketMessage(_), WebSocketPing(_),
        WebSocketPong(_), WebSocketClose(_), WebSocketViolation(_), XmppStanza(_), Stalled(_), TcpInfo(_), Ended(_),
        Closed(_), Host(_), Recorder(_), Gap(_), SessionEnded(_),
    }
    Direction { ToServer, ToClient }
    Source { Live, Har(_), Netlog(_) }
    Redaction { Off, Standard, Strict }
    Recorder { Interrupted(_), Resumed(_), Lost(_) }
    Way { Connect, AbsoluteForm, ServerName, Reverse, ReverseRewriting, Page, Imported }
    Refusal {
        HeadTooLarge(_), Unintelligible, BadRequest(_), Silent(_), Vanished, Loop(_), NoServerName, ForeignHost(_),
        OutsideAuthority(_),
    }
    Via { Http, Socks5 }
    AttemptOutcome { Connected, Failed(_), Abandoned }
    DialFailure {
        Unresolved(_), ConnectionRefused, NetworkUnreachable, HostUnreachable, TimedOut, Reset, Loop, ProxyRefused(_),
        ProxyUnintelligible(_), Other(_),
    }
    TcpOccasion {
        Interval, Retransmitting(_), Unacknowledged(_), WindowFull(_), Recovered(_), Unanswered(_),
        Answered(_), Ended,
    }
    TcpState {
        Established, SynSent, SynReceived, FinWait1, FinWait2, TimeWait, Closed, CloseWait, LastAck, Listen, Closing,
        Unknown,
    }
    Protocol { Tls, Http, Opaque, ServerFirst }
    Manner {
        Fin, CloseNotify, FinWithoutCloseNotify, Reset, Alert(_), TlsBroken(_), TimedOut, Error(_), Stopped, Unknown,
    }
    Host {
        Suspended, Resumed, Slept(_), ClockJumped(_), Starved(_), Interface(_), RouteCame(_), RouteGone(_), NetworkChanged(_),
        ProxyChanged(_),
    }
    Leg { Client, Upstream }
    Verified { Roots, Pin, Nobody }
    TlsFailure {
        UnknownIssuer, Expired, WrongName, PinMismatch, BadCertificate(_), AuthorityUnknown(_), CertificateRejected(_),
        BadDate(_), Alert(_), ClosedSilently, Reset, Incompatible(_), Broken(_), Other(_),
    }
    BodyFraming { Length, Chunked, UntilClose, Unknown }
    HttpVersion { Http10, Http11, Http2, Http3, Unknown }
    HttpViolation {
        MalformedHead(_), HeadTooLarge(_), BadContentLength, BadChunk, UnaskedResponse, CutOff, UnknownUpgrade(_),
    }
    Content { Text(_), Base64(_) }
    DataOpcode { Text, Binary }
    WebSocketViolation {
        ReservedBits(_), UnknownOpcode(_), UnmaskedClientFrame, MaskedServerFrame, FragmentedControl, OversizedControl(_),
        LengthNotMinimal, LengthOverflow, UnexpectedContinuation, ExpectedContinuation, InvalidUtf8, TruncatedClose,
        BadCloseCode(_), DataAfterClose, LostSync(_), InflatedOverLimit(_), CutOff,
    }
    Carrier { WebSocket(_) }
    StanzaKind {
        Open, Close, Features { mechanisms, caps, others }, Auth { mechanism, user }, Challenge, Response, Success,
        SaslFailure(_), Bind { resource, jid }, Session, Ping, Pubsub { action, node, subscription },
        Notification { node, items }, Presence { show, priority }, Message, Iq { child }, StreamError(_), Other,
        Whitespace, Empty, Malformed { why },
    }
}
