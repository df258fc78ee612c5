//! The handshake with the browser, under a leaf of our own authority.

use std::sync::Arc;

use finspect_ca::{Leaves, Minted as Freshness, Name};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{KeyLog, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::failure::{Failure, client_advice, client_failure};
use super::hello::lossy;
use super::{provider, suite_name, version_name};
use crate::event::{EventKind, Leg as Side, Minted, TlsEstablished, TlsFailed};
use crate::proxy::observer::Observer;
use crate::proxy::relay::{Leg, Tcp};

/// What it takes to answer for a host.
#[derive(Debug)]
pub(crate) struct Minting {
    leaves: Leaves,
    key_log: Option<Arc<dyn KeyLog>>,
}

impl Minting {
    pub(crate) const fn new(leaves: Leaves, key_log: Option<Arc<dyn KeyLog>>) -> Self {
        Self { leaves, key_log }
    }

    /// The leaf for a host; the error says why there is none.
    pub(crate) fn leaf(
        &self,
        host: &str,
        observer: &Observer,
    ) -> Result<Arc<CertifiedKey>, String> {
        let name = Name::parse(host).map_err(|error| error.to_string())?;
        let (leaf, freshness) = self.leaves.leaf(&name).map_err(|error| error.to_string())?;
        if freshness == Freshness::New {
            let not_after = leaf.not_after().duration_since(std::time::UNIX_EPOCH);
            observer.fact(EventKind::Minted(Minted {
                host: host.to_owned(),
                serial: leaf.serial().to_owned(),
                not_after: not_after.map_or(0, |since| {
                    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
                }),
            }));
        }
        Ok(leaf.certified())
    }

    /// The authority that signs.
    pub(crate) fn authority(&self) -> &finspect_ca::Authority {
        self.leaves.authority()
    }
}

/// Answers the ClientHello in `tcp` with `certified`, and with what the upstream chose by ALPN.
///
/// A failure is published; with it comes the connection, if there still is one.
pub(crate) async fn answer(
    tcp: Tcp,
    certified: Arc<CertifiedKey>,
    alpn: Option<Vec<u8>>,
    minting: &Minting,
    observer: &Observer,
) -> Result<Leg, (Failure, Tcp)> {
    let started = observer.now();
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = alpn.into_iter().collect();
    // Every connection has a configuration of its own, so nothing could be resumed; a cache would only cost memory.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    if let Some(key_log) = &minting.key_log {
        config.key_log = Arc::clone(key_log);
    }
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (tcp, session) = match acceptor.accept(tcp).into_fallible().await {
        Ok(stream) => stream.into_inner(),
        Err((error, tcp)) => {
            let failure = client_failure(&error);
            observer.fact(EventKind::TlsFailed(TlsFailed {
                leg: Side::Client,
                reason: failure.reason.clone(),
                chain: Vec::new(),
                advice: client_advice(&failure.reason),
                took: observer.now().since(started),
            }));
            return Err((failure, tcp));
        }
    };
    observer.fact(EventKind::TlsEstablished(TlsEstablished {
        leg: Side::Client,
        version: version_name(session.protocol_version()),
        cipher_suite: suite_name(session.negotiated_cipher_suite()),
        alpn: session.alpn_protocol().map(lossy),
        chain: Vec::new(),
        verified: None,
        took: observer.now().since(started),
    }));
    Ok(Leg::tls(tcp, session))
}
