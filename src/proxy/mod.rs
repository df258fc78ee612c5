//! The only owner of sockets: front door, TLS, upstream, relay, rewrite.
//!
//! A client connection walks through [`door`] (what does it want), [`upstream`] (a TCP connection to the server),
//! [`tunnel`] (what is spoken inside; TLS is ended here) and then stays in [`relay`] until both directions have
//! ended. Reverse listeners under another name and absolute-form requests go through [`rewrite`] instead.

mod door;
mod head;
mod intercept;
mod listener;
mod observer;
mod pages;
mod relay;
mod reverse;
mod rewrite;
mod sniff;
mod stop;
mod tally;
mod tls;
mod tunnel;
mod upstream;

#[cfg(test)]
mod tests;

pub use intercept::{BadPattern, HostPattern, Intercept};
pub use reverse::{BadReverse, Reverse, Scheme};
pub use tls::{BadTrust, ClientCertificate, KeyLogFile, Trust, TrustOptions};
pub use upstream::{BadOverride, BadProxyUrl, Override, UpstreamProxy};

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use finspect_ca::{Authority, Leaves};
use rustls::KeyLog;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::bus::Bus;
use crate::event::{EventKind, Listening};
use crate::redact::Redactor;
use listener::Role;
use observer::Observer;
use stop::{Stop, Stopper};
use tls::Minting;
use upstream::Dialer;

/// Hosts for which leaf certificates are kept; an agent's desktop talks to a handful.
const LEAVES_KEPT: usize = 256;

/// How long a stop waits for connections to wind up.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// What the proxy is to do.
#[derive(Debug)]
pub struct ProxyConfig {
    /// Front doors; port 0 picks a free one.
    pub listen: Vec<SocketAddr>,
    /// Reverse listeners.
    pub reverse: Vec<Reverse>,
    /// What to look into.
    pub intercept: Vec<Intercept>,
    /// Where to find upstreams.
    pub overrides: Vec<Override>,
    /// The proxy that leads out.
    pub upstream_proxy: Option<UpstreamProxy>,
    /// Whom to believe upstream.
    pub trust: Trust,
    /// Who signs what browsers are shown.
    pub authority: Arc<Authority>,
    /// Where TLS secrets go.
    pub key_log: Option<KeyLogFile>,
    /// How long a client may send nothing before its first request is whole.
    pub patience: Duration,
}

/// The proxy could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// An address cannot be listened at.
    #[error("cannot listen at {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        error: io::Error,
    },
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    intercept: Vec<Intercept>,
    dialer: Dialer,
    trust: Trust,
    minting: Minting,
    key_log: Option<Arc<dyn KeyLog>>,
    observer: Observer,
    patience: Duration,
    stop: Stop,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    front_doors: Vec<SocketAddr>,
    reverse: Vec<(SocketAddr, Reverse)>,
    stop: Stopper,
    listeners: JoinSet<()>,
    connections: Arc<listener::Counter>,
    authority: Arc<Authority>,
}

impl Proxy {
    /// Binds all listeners and begins to serve.
    pub async fn start(
        config: ProxyConfig,
        bus: Arc<Bus>,
        redactor: Arc<Redactor>,
    ) -> Result<Self, StartError> {
        let mut bound = Vec::new();
        for address in &config.listen {
            bound.push((bind(*address).await?, Role::FrontDoor));
        }
        for reverse in config.reverse {
            bound.push((bind(reverse.listen()).await?, Role::Reverse(reverse)));
        }
        let (stopper, stop) = stop::pair();
        let key_log = config.key_log.map(|file| Arc::new(file) as Arc<dyn KeyLog>);
        let authority = Arc::clone(&config.authority);
        let leaves = Leaves::new(config.authority, LEAVES_KEPT);
        let shared = Arc::new(Shared {
            intercept: config.intercept,
            dialer: Dialer::new(config.overrides, config.upstream_proxy),
            trust: config.trust,
            minting: Minting::new(leaves, key_log.clone()),
            key_log,
            observer: Observer::new(bus, redactor),
            patience: config.patience,
            stop,
        });
        Ok(Self::serve(bound, shared, stopper, authority))
    }

    fn serve(
        bound: Vec<(TcpListener, Role)>,
        shared: Arc<Shared>,
        stop: Stopper,
        authority: Arc<Authority>,
    ) -> Self {
        let mut proxy = Self {
            front_doors: Vec::new(),
            reverse: Vec::new(),
            stop,
            listeners: JoinSet::new(),
            connections: Arc::default(),
            authority,
        };
        for (listener, role) in bound {
            let Ok(address) = listener.local_addr() else {
                continue;
            };
            match &role {
                Role::FrontDoor => proxy.front_doors.push(address),
                Role::Reverse(reverse) => proxy.reverse.push((address, reverse.clone())),
            }
            shared.observer.fact(EventKind::Listening(Listening {
                address,
                upstream: role.upstream(),
            }));
            let counter = Arc::clone(&proxy.connections);
            let serving = listener::serve(listener, role, Arc::clone(&shared), counter);
            proxy.listeners.spawn(serving);
        }
        let reverse = proxy.reverse.iter().map(|(address, _)| *address);
        let own = proxy.front_doors.iter().copied().chain(reverse).collect();
        shared.dialer.set_own(own);
        proxy
    }

    /// Where the front doors are, with their real ports.
    #[must_use]
    pub fn front_doors(&self) -> &[SocketAddr] {
        &self.front_doors
    }

    /// Where the reverse listeners are, with their real ports.
    #[must_use]
    pub fn reverse(&self) -> &[(SocketAddr, Reverse)] {
        &self.reverse
    }

    /// Who signs what browsers are shown.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Client connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.count()
    }

    /// Ends every connection and every listener, and waits until their last events are published.
    pub async fn stop(mut self) {
        self.stop.stop();
        let joined = async { while self.listeners.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_PATIENCE, joined).await.is_err() {
            tracing::warn!("some connections did not end in time and were dropped");
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| StartError::Listen { address, error })
}
