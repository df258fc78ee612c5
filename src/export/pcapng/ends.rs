//! The two ends of a stream: what of them is known, and what stands for what is not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::event::{AttemptOutcome, Authority, EventKind, Way};

/// What the events of a connection say of its ends.
#[derive(Debug, Default)]
pub(super) struct Ends {
    client: Option<SocketAddr>,
    listener: Option<SocketAddr>,
    server: Option<SocketAddr>,
    target: Option<Authority>,
}

impl Ends {
    /// Takes in what the event says.
    pub(super) fn learn(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Accepted(accepted) => {
                self.client = Some(accepted.client);
                self.listener = Some(accepted.listener);
            }
            EventKind::Entered(entered) if entered.way == Way::Page => self.server = self.listener,
            EventKind::Entered(entered) => {
                let target = &entered.target;
                self.target = Some(Authority {
                    host: target.host.chars().take(HOST_LONGEST).collect(),
                    port: target.port,
                });
            }
            // On the way through a proxy that leads out, it is that proxy's address.
            EventKind::Attempt(attempt)
                if attempt.outcome == AttemptOutcome::Connected && attempt.via.is_none() =>
            {
                self.server = Some(attempt.address);
            }
            _ => {}
        }
    }

    /// Client and server of a stream, of one family; `alone` is whether the stream is the connection's only one.
    pub(super) fn of_stream(&self, alone: bool, made_up: &mut MadeUp) -> (SocketAddr, SocketAddr) {
        let server = self.server.unwrap_or_else(|| self.made_up_server(made_up));
        let client = match self.client {
            Some(client) if alone => client,
            Some(client) => SocketAddr::new(client.ip(), made_up.port()),
            None => SocketAddr::new(CLIENT, made_up.port()),
        };
        one_family(client, server)
    }

    /// Addresses for a packet that belongs to the connection and to no stream of it.
    pub(super) fn of_note(&self) -> (IpAddr, IpAddr) {
        let nobody = SocketAddr::new(NOBODY, 0);
        let client = self.client.unwrap_or(SocketAddr::new(CLIENT, 0));
        let server = self.server.or(self.listener).unwrap_or(nobody);
        let (client, server) = one_family(client, server);
        (client.ip(), server.ip())
    }

    fn made_up_server(&self, made_up: &mut MadeUp) -> SocketAddr {
        match &self.target {
            Some(target) => {
                let ip = target.host.parse();
                let ip = ip.unwrap_or_else(|_| made_up.server(&target.host));
                SocketAddr::new(ip, target.port)
            }
            None => self.listener.unwrap_or(SocketAddr::new(NOBODY, 0)),
        }
    }
}

/// Addresses and ports that the recording does not have.
#[derive(Debug, Default)]
pub(super) struct MadeUp {
    hosts: Vec<String>,
    ports: u16,
}

impl MadeUp {
    /// The address that stands for a host: of TEST-NET-1 (RFC 5737), the same one each time.
    fn server(&mut self, host: &str) -> IpAddr {
        let known = self.hosts.iter().position(|known| known == host);
        let index = known.unwrap_or_else(|| {
            if self.hosts.len() < HOSTS {
                self.hosts.push(host.to_owned());
            }
            self.hosts.len() - 1
        });
        Ipv4Addr::new(192, 0, 2, index as u8 + 1).into()
    }

    /// The next of the dynamic ports (RFC 6335 section 6).
    const fn port(&mut self) -> u16 {
        self.ports = (self.ports + 1) % 0x4000;
        0xc000 + self.ports
    }
}

/// A packet has one IP version: a loopback address becomes that of the other family, any other IPv4 address is
/// written as an IPv6 one (RFC 4291 section 2.5.5.2).
fn one_family(client: SocketAddr, server: SocketAddr) -> (SocketAddr, SocketAddr) {
    let (from, to) = (client.ip().to_canonical(), server.ip().to_canonical());
    let (from, to) = match (from, to) {
        (IpAddr::V6(from), IpAddr::V4(_)) if from.is_loopback() => (Ipv4Addr::LOCALHOST.into(), to),
        (IpAddr::V4(from), IpAddr::V6(_)) if from.is_loopback() => (Ipv6Addr::LOCALHOST.into(), to),
        (IpAddr::V4(from), IpAddr::V6(_)) => (from.to_ipv6_mapped().into(), to),
        (IpAddr::V6(_), IpAddr::V4(to)) => (from, to.to_ipv6_mapped().into()),
        same => same,
    };
    let client = SocketAddr::new(from, client.port());
    (client, SocketAddr::new(to, server.port()))
}

/// Stands for a client of unknown address: of TEST-NET-2 (RFC 5737).
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
/// Stands for whom nothing is known of.
pub(super) const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 255));
/// Characters of a host's name (RFC 1035 section 2.3.4).
const HOST_LONGEST: usize = 255;
/// Hosts that get an address of their own; all others share the last.
const HOSTS: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_of_one_family() {
        let one = |client: &str, server: &str| {
            let (client, server) = one_family(client.parse().unwrap(), server.parse().unwrap());
            format!("{client} {server}")
        };
        assert_eq!(one("[::1]:5", "10.0.0.1:8445"), "127.0.0.1:5 10.0.0.1:8445");
        assert_eq!(one("127.0.0.1:5", "[fd00::1]:1"), "[::1]:5 [fd00::1]:1");
        assert_eq!(
            one("10.9.9.9:5", "[fd00::1]:1"),
            "[::ffff:10.9.9.9]:5 [fd00::1]:1"
        );
        assert_eq!(
            one("[fd00::2]:5", "10.0.0.1:1"),
            "[fd00::2]:5 [::ffff:10.0.0.1]:1"
        );
        assert_eq!(
            one("[::ffff:127.0.0.1]:5", "10.0.0.1:1"),
            "127.0.0.1:5 10.0.0.1:1"
        );
    }

    #[test]
    fn a_host_without_an_address_has_one_made_up_address_for_all_its_streams() {
        let mut made_up = MadeUp::default();
        let ends = |host: &str| Ends {
            target: Some(Authority {
                host: host.to_owned(),
                port: 8445,
            }),
            ..Ends::default()
        };
        let first = ends("a.example").of_stream(true, &mut made_up);
        let other = ends("b.example").of_stream(true, &mut made_up);
        let again = ends("a.example").of_stream(true, &mut made_up);
        assert_eq!(first.1, "192.0.2.1:8445".parse().unwrap());
        assert_eq!(other.1, "192.0.2.2:8445".parse().unwrap());
        assert_eq!(again.1, first.1);
        assert_ne!(again.0, first.0);
        let named = ends("fd00::7").of_stream(true, &mut made_up);
        assert_eq!(named.1, "[fd00::7]:8445".parse().unwrap());
        for n in 0..1000 {
            made_up.server(&n.to_string());
        }
        assert_eq!(made_up.server("z"), IpAddr::from([192, 0, 2, 254]));
    }
}
