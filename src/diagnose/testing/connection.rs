//! Connections of a script: dials, TLS, how they end, and what the kernel knows of them.

use std::net::{Ipv4Addr, SocketAddr};

use super::Script;
use crate::event::*;

impl Script {
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
                client: SocketAddr::from((self.client, port)),
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

    /// TCP and TLS to the server, where TCP takes so long.
    pub(crate) fn tls_after(self, took: Micros) -> Self {
        self.dials_for(AttemptOutcome::Connected, None, took)
            .established(Leg::Upstream, Vec::new())
    }

    /// A dial with its outcome, through a proxy or not.
    pub(crate) fn dials(self, outcome: AttemptOutcome, via: Option<Via>) -> Self {
        self.dials_for(outcome, via, Micros(500))
    }

    fn dials_for(self, outcome: AttemptOutcome, via: Option<Via>, took: Micros) -> Self {
        self.event(EventKind::Attempt(Attempt {
            address: SocketAddr::from((Ipv4Addr::new(10, 0, 0, 7), 8445)),
            local: None,
            outcome,
            took,
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
        self.gone_after(0)
    }

    /// Both directions have ended, and so many bytes were relayed to the server.
    pub(crate) fn gone_after(self, to_server: u64) -> Self {
        self.event(EventKind::Closed(Closed {
            first: None,
            to_server,
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
        self.both(occasion, tcp(0, 0, 10_000), upstream)
    }

    /// A reading of TCP on both legs.
    pub(crate) fn both(self, occasion: TcpOccasion, client: TcpInfo, upstream: TcpInfo) -> Self {
        self.event(EventKind::TcpInfo(Box::new(TcpSample {
            occasion,
            client: Some(client),
            upstream: Some(upstream),
        })))
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
