//! The simulator's certificates: an authority of its own in memory, and a leaf for each name that it is called by.

use std::sync::Arc;
use std::time::SystemTime;

use finspect_ca::{Authority, Leaves, Name, Permitted};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::TlsAcceptor;

use super::SimError;

/// How TLS is accepted.
#[derive(Clone)]
pub(super) struct Acceptors {
    /// With the simulator's own certificate.
    pub(super) own: TlsAcceptor,
    /// As a gateway does that looks into TLS: another issuer, and no session of the other is resumed.
    pub(super) foreign: TlsAcceptor,
}

/// Acceptors that show `certificate` to everybody.
pub(super) fn with_certificate(
    certificate: Arc<CertifiedKey>,
    hostname: &str,
) -> Result<Acceptors, SimError> {
    Ok(Acceptors {
        own: acceptor(Arc::new(SingleCertAndKey::from(certificate)))?,
        foreign: foreign(hostname)?,
    })
}

/// Acceptors with leaves for `hostname`, `localhost` and `127.0.0.1`, and the PEM of the authority that signed them.
pub(super) fn with_own_authority(hostname: &str) -> Result<(Acceptors, String), SimError> {
    let names = [hostname, "localhost", "127.0.0.1"];
    let permitted: Vec<Permitted> = names
        .iter()
        .map(|name| Permitted::parse(name))
        .collect::<Result<_, _>>()
        .map_err(|_| SimError::Hostname(hostname.to_owned()))?;
    let authority = Arc::new(Authority::create_for(
        "the embedded Finesse",
        &permitted,
        SystemTime::now(),
    )?);
    let leaves = Leaves::new(Arc::clone(&authority), names.len());
    let [own, localhost, address] = names.map(|name| {
        let name = Name::parse(name).map_err(|_| SimError::Hostname(hostname.to_owned()))?;
        Ok::<_, SimError>(leaves.leaf(&name)?.0.certified())
    });
    let by_name = ByName {
        own: own?,
        localhost: localhost?,
        address: address?,
    };
    Ok((
        Acceptors {
            own: acceptor(Arc::new(by_name))?,
            foreign: foreign(hostname)?,
        },
        authority.certificate_pem().to_owned(),
    ))
}

fn foreign(hostname: &str) -> Result<TlsAcceptor, SimError> {
    let unnamed = || SimError::Hostname(hostname.to_owned());
    let permitted = Permitted::parse(hostname).map_err(|_| unnamed())?;
    let who = "an inspecting gateway";
    let authority = Authority::create_for(who, &[permitted], SystemTime::now())?;
    let name = Name::parse(hostname).map_err(|_| unnamed())?;
    let leaf = Leaves::new(Arc::new(authority), 1)
        .leaf(&name)?
        .0
        .certified();
    acceptor(Arc::new(SingleCertAndKey::from(leaf)))
}

fn acceptor(certificates: Arc<dyn ResolvesServerCert>) -> Result<TlsAcceptor, SimError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(SimError::Tls)?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[derive(Debug)]
struct ByName {
    own: Arc<CertifiedKey>,
    localhost: Arc<CertifiedKey>,
    /// For clients that name nobody, which is what they do with an address.
    address: Arc<CertifiedKey>,
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(match hello.server_name() {
            None => &self.address,
            Some("localhost") => &self.localhost,
            Some(_) => &self.own,
        }))
    }
}
