//! From a host and a port to a TCP connection: look-up, happy eyeballs, upstream proxies. Each step is an event.

mod eyeballs;
mod resolve;
mod via;

pub use resolve::{BadOverride, Override};
pub use via::{BadProxyUrl, UpstreamProxy};

use std::io;
use std::net::SocketAddr;
use std::sync::OnceLock;

use crate::event::{Authority, DialFailure, EventKind, UpstreamFailed};

use super::observer::Observer;
use super::relay::Tcp;

/// Dials upstreams.
#[derive(Debug, Default)]
pub(crate) struct Dialer {
    overrides: Vec<Override>,
    proxy: Option<UpstreamProxy>,
    /// Where we listen ourselves; set once the listeners stand.
    own: OnceLock<Vec<SocketAddr>>,
}

impl Dialer {
    pub(crate) fn new(overrides: Vec<Override>, proxy: Option<UpstreamProxy>) -> Self {
        Self {
            overrides,
            proxy,
            own: OnceLock::new(),
        }
    }

    /// Names our own listeners, which must not be dialled.
    pub(crate) fn set_own(&self, listeners: Vec<SocketAddr>) {
        // A second call would mean two sets of listeners for one proxy; the first stands.
        drop(self.own.set(listeners));
    }

    /// A TCP connection to `target`, whatever leads there.
    pub(crate) async fn dial(
        &self,
        target: &Authority,
        observer: &Observer,
    ) -> Result<Tcp, DialFailure> {
        match &self.proxy {
            None => self.connect(target, None, observer).await,
            Some(proxy) => {
                let via = Some(proxy.via());
                let mut tcp = self.connect(proxy.authority(), via, observer).await?;
                proxy.lead_to(target, &mut tcp).await?;
                Ok(tcp)
            }
        }
    }

    async fn connect(
        &self,
        target: &Authority,
        via: Option<crate::event::Via>,
        observer: &Observer,
    ) -> Result<Tcp, DialFailure> {
        let addresses = resolve::resolve(target, &self.overrides, observer).await?;
        let (own, others): (Vec<_>, Vec<_>) = addresses
            .into_iter()
            .partition(|address| self.is_own(*address));
        if others.is_empty() && !own.is_empty() {
            return Err(DialFailure::Loop);
        }
        let tcp = Tcp::new(eyeballs::connect(others, via, observer).await?);
        if let (Ok(local), Ok(peer)) = (tcp.local(), tcp.peer())
            && leads_back(self.own(), local, peer)
        {
            return Err(DialFailure::Loop);
        }
        Ok(tcp)
    }

    fn is_own(&self, address: SocketAddr) -> bool {
        self.own().iter().any(|own| {
            let everywhere = own.ip().is_unspecified() && address.ip().is_loopback();
            own.port() == address.port() && (own.ip() == address.ip() || everywhere)
        })
    }

    fn own(&self) -> &[SocketAddr] {
        self.own.get().map_or(&[], Vec::as_slice)
    }
}

/// Whether a connection has ended up at one of our listeners: one that listens at every address is reached under
/// any of this machine's, and then both ends of the connection have the same one.
fn leads_back(listeners: &[SocketAddr], local: SocketAddr, peer: SocketAddr) -> bool {
    let everywhere = |own: &SocketAddr| own.ip().is_unspecified() && own.port() == peer.port();
    local.ip() == peer.ip() && listeners.iter().any(everywhere)
}

/// Publishes that no connection came about, with the status that the client gets.
pub(crate) fn failed(
    target: &Authority,
    reason: &DialFailure,
    answered: Option<u16>,
    observer: &Observer,
) {
    observer.fact(EventKind::UpstreamFailed(UpstreamFailed {
        target: target.clone(),
        reason: reason.clone(),
        answered,
    }));
}

/// The status that tells a client why (RFC 9110 section 15.6): 504 where nobody answered, else 502.
pub(crate) const fn status_of(reason: &DialFailure) -> u16 {
    match reason {
        DialFailure::TimedOut => 504,
        _ => 502,
    }
}

/// What an error of the system says about a dial.
fn failure_of(error: &io::Error) -> DialFailure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => DialFailure::ConnectionRefused,
        io::ErrorKind::NetworkUnreachable => DialFailure::NetworkUnreachable,
        io::ErrorKind::HostUnreachable => DialFailure::HostUnreachable,
        io::ErrorKind::TimedOut => DialFailure::TimedOut,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => DialFailure::Reset,
        _ => DialFailure::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_at_every_address_is_known_again_under_any_of_them() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let listeners = [at("0.0.0.0:8445"), at("127.0.0.1:8899")];
        let back = |local, peer| leads_back(&listeners, at(local), at(peer));
        assert!(back("192.0.2.7:50000", "192.0.2.7:8445"));
        assert!(
            !back("192.0.2.7:50000", "192.0.2.8:8445"),
            "another machine"
        );
        assert!(!back("192.0.2.7:50000", "192.0.2.7:9000"), "another port");
        assert!(
            !back("192.0.2.7:50000", "192.0.2.7:8899"),
            "a loopback listener"
        );
    }
}
