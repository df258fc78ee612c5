//! Certificates for the origin and the bare relay, and the TLS configurations of all ends.

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use finspect_ca::{Authority, Leaves, Name, Permitted};
use rustls::crypto::{CryptoProvider, ring};
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpListener;

use crate::Outcome;

/// The name of the Finesse that is played.
pub(crate) const HOST: &str = "finesse.example.com";

/// Where a server that was started leaves the certificate of its authority.
#[derive(Debug, Clone)]
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Makes an authority and a server configuration from it; the key never leaves this process.
    pub(crate) fn serve(&self) -> Outcome<Arc<ServerConfig>> {
        let authority = Authority::create(&[Permitted::parse(HOST)?], SystemTime::now())?;
        fs::write(&self.0, authority.certificate_pem())?;
        let (leaf, _) = Leaves::new(Arc::new(authority), 1).leaf(&Name::parse(HOST)?)?;
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(leaf.certified())));
        Ok(Arc::new(config))
    }
}

/// A client configuration that believes these authorities.
pub(crate) fn trusting(certificates: &[&Path]) -> Outcome<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for path in certificates {
        roots.add(CertificateDer::from_pem_file(path)?)?;
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The name to verify.
pub(crate) fn server_name() -> Outcome<ServerName<'static>> {
    Ok(ServerName::try_from(HOST)?)
}

/// Listens, and says where on stdout, for the process that started this one.
pub(crate) async fn listen() -> Outcome<TcpListener> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let mut out = io::stdout();
    writeln!(out, "{}", listener.local_addr()?)?;
    out.flush()?;
    Ok(listener)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
