//! Scripted sessions: what the wire would have shown, and what the rules make of it.

use std::net::{Ipv4Addr, SocketAddr};

use jiff::tz::TimeZone;

use super::{Profile, Report, Subject, diagnose};
use crate::event::*;
use crate::session::Session;
use crate::tap::{self, Limits};

/// A session that is written down event by event.
pub(crate) struct Script {
    events: Vec<Event>,
    now: Micros,
    connection: Option<ConnectionId>,
    connections: u64,
    pings: u64,
}

use Direction::{ToClient, ToServer};

impl Script {
    /// A live session that began at 2026-03-02 12:00:00 UTC.
    pub(crate) fn new() -> Self {
        Self::with_clock(0)
    }

    /// The same on a machine whose clock is so many seconds ahead.
    pub(crate) fn with_clock(ahead: i64) -> Self {
        let mut script = Self {
            events: Vec::new(),
            now: Micros(0),
            connection: None,
            connections: 0,
            pings: 0,
        };
        script.fact(
            None,
            EventKind::SessionStarted(SessionStarted {
                wall_clock: 1_772_452_800_000_000 + ahead * 1_000_000,
                ..SessionStarted::default()
            }),
        );
        script
    }

    /// Moves on to so many seconds after the start.
    pub(crate) fn at(mut self, seconds: f64) -> Self {
        self.now = Micros((seconds * 1e6) as u64);
        self
    }

    /// Moves on by so many seconds.
    pub(crate) fn after(self, seconds: f64) -> Self {
        let now = self.now.0 as f64 / 1e6;
        self.at(now + seconds)
    }

    /// What time it is.
    pub(crate) const fn time(&self) -> Micros {
        self.now
    }

    /// Goes on with another connection, by its number.
    pub(crate) fn on(mut self, connection: u64) -> Self {
        self.connection = Some(ConnectionId(connection));
        self
    }

    /// A new connection to finesse1.example.com:8445, up to TLS.
    pub(crate) fn connects(self) -> Self {
        self.connects_to("finesse1.example.com").tls()
    }

    /// A new connection that asks for this host, or host and port, and no more.
    pub(crate) fn connects_to(mut self, place: &str) -> Self {
        let (host, upstream_port) = place.split_once(':').unwrap_or((place, "8445"));
        self.connections += 1;
        self.connection = Some(ConnectionId(self.connections));
        let port = 50_000 + u16::try_from(self.connections).unwrap();
        self.fact(
            None,
            EventKind::Accepted(Accepted {
                client: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
                listener: SocketAddr::from((Ipv4Addr::LOCALHOST, 8899)),
            }),
        );
        self.fact(
            None,
            EventKind::Entered(Entered {
                way: Way::Connect,
                target: Authority {
                    host: host.to_owned(),
                    port: upstream_port.parse().unwrap(),
                },
                intercepted: true,
            }),
        );
        self
    }

    /// TCP and TLS to the server.
    pub(crate) fn tls(self) -> Self {
        self.tls_with(&[])
    }

    /// The same, with certificates: each its subject, its issuer, and the end of its validity in seconds since 1970.
    pub(crate) fn tls_with(self, chain: &[(&str, &str, i64)]) -> Self {
        self.dials(AttemptOutcome::Connected, None)
            .established(Leg::Upstream, certificates(chain))
    }

    /// A dial with its outcome, through a proxy or not.
    pub(crate) fn dials(self, outcome: AttemptOutcome, via: Option<Via>) -> Self {
        self.event(EventKind::Attempt(Attempt {
            address: SocketAddr::from((Ipv4Addr::new(10, 0, 0, 7), 8445)),
            local: None,
            outcome,
            took: Micros(500),
            via,
        }))
    }

    /// No connection to the server comes about.
    pub(crate) fn fails(self, reason: DialFailure) -> Self {
        self.event(EventKind::UpstreamFailed(UpstreamFailed {
            target: Authority {
                host: "finesse1.example.com".to_owned(),
                port: 8445,
            },
            reason,
            answered: Some(502),
        }))
    }

    /// A new connection to this place whose one dial fails.
    pub(crate) fn cannot_dial(self, place: &str, reason: DialFailure) -> Self {
        self.connects_to(place)
            .dials(AttemptOutcome::Failed(reason.clone()), None)
            .fails(reason)
    }

    /// The browser goes through with TLS.
    pub(crate) fn browser_accepts(self) -> Self {
        self.established(Leg::Client, Vec::new())
    }

    fn established(self, leg: Leg, chain: Vec<CertificateFacts>) -> Self {
        self.event(EventKind::TlsEstablished(TlsEstablished {
            leg,
            version: "TLSv1.3".to_owned(),
            cipher_suite: "TLS13_AES_128_GCM_SHA256".to_owned(),
            alpn: None,
            chain,
            verified: (leg == Leg::Upstream).then_some(Verified::Roots),
            took: Micros(1_000),
        }))
    }

    /// TLS fails on a leg; with certificates as in [`Script::tls_with`].
    pub(crate) fn tls_fails(
        self,
        leg: Leg,
        reason: TlsFailure,
        chain: &[(&str, &str, i64)],
    ) -> Self {
        self.event(EventKind::TlsFailed(TlsFailed {
            leg,
            reason,
            chain: certificates(chain),
            advice: None,
            took: Micros(1_000),
        }))
    }

    /// The socket, the login as this agent, the presence of `finesse`.
    pub(crate) fn logs_in(self, user: &str) -> Self {
        self.connects().opens_socket().signs_in(user)
    }

    /// The same by way of a proxy that leads out.
    pub(crate) fn logs_in_by_proxy(self, user: &str) -> Self {
        let address = SocketAddr::from((Ipv4Addr::new(10, 0, 0, 8), 3128));
        let attempt = EventKind::Attempt(Attempt {
            address,
            local: None,
            outcome: AttemptOutcome::Connected,
            took: Micros(500),
            via: Some(Via::Http),
        });
        let script = self.connects_to("finesse1.example.com").event(attempt);
        script.opens_socket().signs_in(user)
    }

    /// The upgrade and its 101.
    pub(crate) fn opens_socket(self) -> Self {
        self.asks("GET", "/ws/", &[("Upgrade", "websocket")])
            .answers(101)
            .way(
                ToClient,
                EventKind::WebSocketOpened(WebSocketOpened {
                    exchange: 1,
                    target: "/ws/".to_owned(),
                    subprotocol: Some("xmpp".to_owned()),
                    deflate: None,
                    unknown_extensions: Vec::new(),
                }),
            )
    }

    /// The login as this agent up to the presence of `finesse`.
    pub(crate) fn signs_in(self, user: &str) -> Self {
        self.binds(user)
            .says("<presence xmlns='jabber:client'/>")
            .hears(&format!("<presence xmlns='jabber:client' from='finesse@finesse1.example.com/desktop' to='{user}@finesse1.example.com/desktop'/>"))
    }

    /// `open` of both sides, and `auth`.
    pub(crate) fn asks_in(self) -> Self {
        self.says("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='finesse1.example.com' version='1.0'/>")
            .hears("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='finesse1.example.com' id='s1' version='1.0'/>")
            .says("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>x</auth>")
    }

    /// SASL fails with this condition.
    pub(crate) fn refused_in(self, condition: &str) -> Self {
        self.hears(&format!(
            "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><{condition}/></failure>"
        ))
    }

    /// The login as this agent up to the bound resource.
    pub(crate) fn binds(self, user: &str) -> Self {
        self.asks_in()
            .hears("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
            .says("<iq xmlns='jabber:client' type='set' id='_bind_auth_2'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desktop</resource></bind></iq>")
            .hears(&format!("<iq xmlns='jabber:client' type='result' id='_bind_auth_2'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{user}@finesse1.example.com/desktop</jid></bind></iq>"))
    }

    /// So many pings 10 s apart, each answered after 20 ms; time stands at the last answer.
    pub(crate) fn pings(mut self, times: u64) -> Self {
        for _ in 0..times {
            self = self.after(10.0 - 0.02).ping().after(0.02).pong();
        }
        self
    }

    /// A ping of the client.
    pub(crate) fn ping(mut self) -> Self {
        self.pings += 1;
        let id = self.pings;
        self.says(&format!("<iq xmlns='jabber:client' type='get' to='finesse1.example.com' id='{id}:ping'><ping xmlns='urn:xmpp:ping'/></iq>"))
    }

    /// The answer to the latest ping.
    pub(crate) fn pong(self) -> Self {
        let id = self.pings;
        self.pong_to(id)
    }

    /// The answer to a ping by its number.
    pub(crate) fn pong_to(self, id: u64) -> Self {
        self.hears(&format!(
            "<iq xmlns='jabber:client' type='result' from='finesse1.example.com' id='{id}:ping'/>"
        ))
    }

    /// What the desktop does that leaves in order.
    pub(crate) fn says_goodbye(self) -> Self {
        self.says("<presence xmlns='jabber:client' type='unavailable'/>")
            .says("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")
            .closes(ToServer, None, "")
    }

    /// A stream error of the server, and its `close`.
    pub(crate) fn stream_error(self, condition: &str) -> Self {
        self.hears(&format!("<stream:error xmlns:stream='http://etherx.jabber.org/streams'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"))
            .hears("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")
    }

    /// An `Update` for a node, with this inside `data`.
    pub(crate) fn update(self, node: &str, data: &str) -> Self {
        self.notifies(node, data, "")
    }

    fn notifies(self, node: &str, data: &str, request: &str) -> Self {
        let update = format!(
            "<Update><data>{data}</data><event>PUT</event><requestId>{request}</requestId><source>{node}</source></Update>"
        );
        let escaped = update.replace('<', "&lt;").replace('>', "&gt;");
        self.hears(&format!("<message xmlns='jabber:client' from='pubsub.finesse1.example.com'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='{node}'><item id='x'><notification xmlns='http://jabber.org/protocol/pubsub'>{escaped}</notification></item></items></event></message>"))
    }

    /// The user `finesse` comes or goes.
    pub(crate) fn finesse(self, available: bool) -> Self {
        let kind = if available { "" } else { " type='unavailable'" };
        self.hears(&format!(
            "<presence xmlns='jabber:client' from='finesse@finesse1.example.com/desktop'{kind}/>"
        ))
    }

    /// Finesse says of itself that it has this status, and why, with more elements of `SystemInfo`.
    pub(crate) fn system_info(self, status: &str, reason: &str, more: &str) -> Self {
        self.update(
            "/finesse/api/SystemInfo",
            &format!("<systemInfo>{more}<status>{status}</status><statusReason>{reason}</statusReason></systemInfo>"),
        )
    }

    /// A REST call on a connection of its own, answered with this status; goes on with the connection before.
    pub(crate) fn rest(self, method: &str, target: &str, status: u16) -> Self {
        let before = self.connection;
        let mut script = self.connects().asks(method, target, &[]).answers(status);
        script.connection = before;
        script
    }

    /// The same, a `PUT` that asks for a state of an agent; accepted.
    pub(crate) fn rest_wishes(self, user: &str, state: &str) -> Self {
        let before = self.connection;
        let mut script = self.connects().wishes(user, state);
        script.connection = before;
        script
    }

    /// An `Update` that echoes a request.
    pub(crate) fn echo(self, request: &str) -> Self {
        self.notifies("/finesse/api/User/1001002", "", request)
    }

    /// Finesse says that an agent has a state, with a reason code where it is not empty.
    pub(crate) fn state(self, user: &str, state: &str, code: &str) -> Self {
        let reason = if code.is_empty() {
            String::new()
        } else {
            format!("<ReasonCode><code>{code}</code><label>x</label></ReasonCode>")
        };
        let node = format!("/finesse/api/User/{user}");
        self.update(
            &node,
            &format!("<user><loginId>{user}</loginId>{reason}<state>{state}</state></user>"),
        )
    }

    /// A stanza of the client.
    pub(crate) fn says(self, xml: &str) -> Self {
        self.stanza(ToServer, xml)
    }

    /// A stanza of the server.
    pub(crate) fn hears(self, xml: &str) -> Self {
        self.stanza(ToClient, xml)
    }

    fn stanza(self, direction: Direction, xml: &str) -> Self {
        let payload = Payload::whole(xml.as_bytes());
        let stanza = tap::stanza(&payload, &Limits::default());
        self.way(
            direction,
            EventKind::XmppStanza(Box::new(XmppStanza {
                carrier: Carrier::WebSocket(MessageFacts {
                    opcode: DataOpcode::Text,
                    masked: direction == ToServer,
                    compressed: false,
                    wire_size: payload.size,
                    frame_count: 1,
                    frames: Vec::new(),
                }),
                stanza,
                xml: payload,
            })),
        )
    }

    /// A Close frame.
    pub(crate) fn closes(self, direction: Direction, code: Option<u16>, reason: &str) -> Self {
        let reason = reason.to_owned();
        self.way(
            direction,
            EventKind::WebSocketClose(Closing { code, reason }),
        )
    }

    /// A request, the first of its connection.
    pub(crate) fn asks(self, method: &str, target: &str, headers: &[(&str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| Header {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        });
        let head = HttpRequest {
            exchange: 1,
            method: method.to_owned(),
            target: target.to_owned(),
            version: HttpVersion::Http11,
            headers: headers.collect(),
        };
        self.way(ToServer, EventKind::HttpRequest(head))
    }

    /// The answer to the first request of the connection.
    pub(crate) fn answers(self, status: u16) -> Self {
        self.answers_with(status, &[])
    }

    /// The same with header fields.
    pub(crate) fn answers_with(self, status: u16, headers: &[(&str, &str)]) -> Self {
        let fields = [("Content-Length", "0")];
        let headers = fields.iter().chain(headers).map(|(name, value)| Header {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        });
        let head = HttpResponse {
            exchange: 1,
            version: HttpVersion::Http11,
            status,
            reason: String::new(),
            headers: headers.collect(),
        };
        self.way(ToClient, EventKind::HttpResponse(head))
    }

    /// `PUT /finesse/api/User/USER` that asks for a state.
    pub(crate) fn wishes(self, user: &str, state: &str) -> Self {
        let body = format!("<User><state>{state}</state></User>");
        self.asks("PUT", &format!("/finesse/api/User/{user}"), &[])
            .way(
                ToServer,
                EventKind::HttpBody(HttpBody {
                    exchange: 1,
                    framing: BodyFraming::Length,
                    wire_size: body.len() as u64,
                    content_type: None,
                    content_encoding: None,
                    content: Payload::whole(body.as_bytes()),
                    still_encoded: false,
                    trailers: Vec::new(),
                    complete: true,
                }),
            )
            .answers(202)
    }

    /// The latest connection to be asked for does not come about.
    pub(crate) fn undialled(self, reason: DialFailure) -> Self {
        let target = Authority {
            host: "finesse1.example.com".to_owned(),
            port: 8445,
        };
        self.event(EventKind::UpstreamFailed(UpstreamFailed {
            target,
            reason,
            answered: None,
        }))
    }

    /// The receiver of a direction has taken nothing for so many seconds.
    pub(crate) fn stalled(self, direction: Direction, seconds: f64) -> Self {
        let stalled = Stalled {
            waiting: 65_536,
            waited: Micros((seconds * 1e6) as u64),
        };
        self.way(direction, EventKind::Stalled(stalled))
    }

    /// A direction ends.
    pub(crate) fn ends(self, direction: Direction, manner: Manner) -> Self {
        self.way(direction, EventKind::Ended(Ended { manner, bytes: 0 }))
    }

    /// Both directions have ended.
    pub(crate) fn gone(self) -> Self {
        self.event(EventKind::Closed(Closed {
            first: None,
            to_server: 0,
            to_client: 0,
            lasted: Micros(0),
        }))
    }

    /// A reading of TCP: the server acknowledges everything.
    pub(crate) fn server_acks(self) -> Self {
        self.tcp(TcpOccasion::Interval, tcp(0, 0, 10_000))
    }

    /// A reading of TCP: the server acknowledges nothing.
    pub(crate) fn server_silent(self) -> Self {
        let occasion = TcpOccasion::Retransmitting(Leg::Upstream);
        self.tcp(occasion, tcp(3, 2, 8_000_000))
    }

    /// A reading of TCP on the upstream leg; the client's leg is well.
    pub(crate) fn tcp(self, occasion: TcpOccasion, upstream: TcpInfo) -> Self {
        self.event(EventKind::TcpInfo(Box::new(TcpSample {
            occasion,
            client: Some(tcp(0, 0, 10_000)),
            upstream: Some(upstream),
        })))
    }

    /// A fact of the connection without a direction.
    pub(crate) fn event(mut self, kind: EventKind) -> Self {
        self.fact(None, kind);
        self
    }

    /// A fact of the connection with a direction.
    pub(crate) fn way(mut self, direction: Direction, kind: EventKind) -> Self {
        self.fact(Some(direction), kind);
        self
    }

    /// A fact of no connection.
    pub(crate) fn host(mut self, host: Host) -> Self {
        let connection = self.connection.take();
        self.fact(None, EventKind::Host(host));
        self.connection = connection;
        self
    }

    fn fact(&mut self, direction: Option<Direction>, kind: EventKind) {
        self.events.push(Event {
            number: self.events.len() as u64 + 1,
            time: Times::at(self.now),
            connection: self.connection,
            direction,
            kind,
        });
    }

    /// All events.
    pub(crate) fn events(self) -> Vec<Event> {
        self.events
    }

    /// What the rules make of it; the session ends now.
    pub(crate) fn diagnosed(self) -> Report {
        report(&self.session())
    }

    /// The session, which ends now.
    pub(crate) fn session(self) -> Session {
        let mut session = Session::default();
        for event in &self.events {
            session.take(event);
        }
        // The clock went on after the last event.
        session.take(&Event {
            number: self.events.len() as u64 + 1,
            time: Times::at(self.now),
            connection: None,
            direction: None,
            kind: EventKind::SessionEnded(SessionEnded {
                events: self.events.len() as u64 + 1,
                connections: self.connections,
            }),
        });
        session
    }

    /// The cause of the first incident: its rule, and how sure it is; `None` where there is no incident.
    pub(crate) fn cause(self) -> Option<(&'static str, super::rule::Confidence)> {
        let report = self.diagnosed();
        let first = report.incidents.first()?;
        let cause = first.cause.as_ref().expect("a rule for every incident");
        Some((cause.rule, cause.confidence))
    }
}

fn certificates(chain: &[(&str, &str, i64)]) -> Vec<CertificateFacts> {
    let facts = chain.iter().map(|(subject, issuer, not_after)| {
        let (subject, issuer) = ((*subject).to_owned(), (*issuer).to_owned());
        CertificateFacts {
            sha256: format!("{subject}{issuer}"),
            subject,
            issuer,
            names: vec!["finesse1.example.com".to_owned()],
            not_before: 0,
            not_after: *not_after,
        }
    });
    facts.collect()
}

/// What the rules make of a session.
pub(crate) fn report(session: &Session) -> Report {
    let subject = Subject {
        name: "script",
        session,
        offset: 0,
    };
    diagnose(&[subject], &Profile::default(), &TimeZone::UTC)
}

/// A reading of one TCP connection: timeouts in a row, segments under way, and the age of the last ACK in microseconds.
pub(crate) fn tcp(retransmits: u64, unacked: u64, ack_age: u64) -> TcpInfo {
    TcpInfo {
        state: TcpState::Established,
        rtt: Micros(1_000),
        rtt_variance: Micros(200),
        retransmits,
        retransmitted: retransmits,
        unacked,
        lost: 0,
        last: TcpLast {
            data_sent: Micros(ack_age),
            data_received: Micros(ack_age),
            ack_received: Micros(ack_age),
        },
        congestion_window: 10,
        peer_window: None,
        unsent: None,
        acked: None,
    }
}
