//! Whom we believe upstream: the system's roots and `--upstream-ca`, a pin, or nobody; always for a host, never for all.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::Verifier;
use thiserror::Error;

use super::provider;
use super::witness::Judge;

/// What was asked for on the command line.
#[derive(Debug, Default)]
pub struct TrustOptions {
    /// PEM files of `--upstream-ca`, as (path, content).
    pub extra_roots: Vec<(String, Vec<u8>)>,
    /// `--upstream-pin HOST=sha256:HEX`.
    pub pins: Vec<String>,
    /// `--upstream-insecure HOST`.
    pub insecure: Vec<String>,
    /// `--upstream-cert HOST=FILE`.
    pub client_certificates: Vec<ClientCertificate>,
}

/// A trust option that cannot be used.
#[derive(Debug, Error)]
pub enum BadTrust {
    /// No `HOST=sha256:HEX`.
    #[error(
        "`{0}` is no pin; write HOST=sha256: and the 64 hex digits of the leaf certificate's SHA-256"
    )]
    Pin(String),
    /// A file without a certificate in it.
    #[error("{0} holds no certificate in PEM form")]
    NoCertificate(String),
    /// A certificate that cannot be a root.
    #[error("{file}: {why}")]
    BadRoot {
        /// The file.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// A client certificate file without certificate and key.
    #[error("{0} must hold a certificate chain and its private key in PEM form")]
    NoKey(String),
}

/// A certificate to show to an upstream that asks for one.
pub struct ClientCertificate {
    host: String,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Whom to believe, for each host.
#[derive(Debug)]
pub struct Trust {
    /// Absent where there are none, neither of the system nor of `--upstream-ca`.
    roots: Option<Arc<dyn ServerCertVerifier>>,
    pins: HashMap<String, String>,
    insecure: Vec<String>,
    client_certificates: Vec<ClientCertificate>,
}

impl ClientCertificate {
    /// Reads the PEM content of a file that was named for `host`.
    pub fn from_pem(host: &str, file: &str, pem: &[u8]) -> Result<Self, BadTrust> {
        let no_key = || BadTrust::NoKey(file.to_owned());
        let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|_| no_key())?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| no_key())?;
        if chain.is_empty() {
            return Err(no_key());
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            chain,
            key,
        })
    }
}

/// Shows no key.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCertificate({})", self.host)
    }
}

impl Trust {
    /// Reads the options and the system's roots.
    pub fn new(options: TrustOptions) -> Result<Self, BadTrust> {
        let mut pins = HashMap::new();
        for pin in &options.pins {
            let Pin { host, sha256 } = pin.parse()?;
            pins.insert(host, sha256);
        }
        let mut extra = Vec::new();
        for (file, pem) in &options.extra_roots {
            extra.extend(read_roots(file, pem)?);
        }
        Ok(Self {
            roots: roots(extra),
            pins,
            insecure: options
                .insecure
                .iter()
                .map(|host| host.to_ascii_lowercase())
                .collect(),
            client_certificates: options.client_certificates,
        })
    }

    /// Who decides about the certificate of `host`.
    pub(super) fn judge(&self, host: &str) -> Judge {
        if let Some(pin) = self.pins.get(host) {
            Judge::Pin(pin.clone())
        } else if self.insecure.iter().any(|one| one == host) {
            Judge::Nobody
        } else {
            Judge::Roots(self.roots.clone())
        }
    }

    /// The certificate to show to `host`, if one was named.
    pub(super) fn client_certificate(
        &self,
        host: &str,
    ) -> Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let one = self
            .client_certificates
            .iter()
            .find(|one| one.host == host)?;
        Some((one.chain.clone(), one.key.clone_key()))
    }
}

struct Pin {
    host: String,
    sha256: String,
}

impl FromStr for Pin {
    type Err = BadTrust;

    fn from_str(text: &str) -> Result<Self, BadTrust> {
        let bad = || BadTrust::Pin(text.to_owned());
        let (host, digest) = text.split_once('=').ok_or_else(bad)?;
        let hex = digest.strip_prefix("sha256:").ok_or_else(bad)?;
        let sha256: String = hex
            .chars()
            .filter(|&c| c != ':')
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let is_hex = sha256.len() == 64 && sha256.chars().all(|c| c.is_ascii_hexdigit());
        if host.is_empty() || !is_hex {
            return Err(bad());
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            sha256,
        })
    }
}

fn read_roots(file: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BadTrust> {
    let roots: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| BadTrust::BadRoot {
            file: file.to_owned(),
            why: error.to_string(),
        })?;
    if roots.is_empty() {
        return Err(BadTrust::NoCertificate(file.to_owned()));
    }
    let mut check = rustls::RootCertStore::empty();
    for root in &roots {
        check.add(root.clone()).map_err(|error| BadTrust::BadRoot {
            file: file.to_owned(),
            why: error.to_string(),
        })?;
    }
    Ok(roots)
}

/// The system's verifier with the extra roots; where the system has no roots, the extra ones alone, and without
/// those none: then only pins help, and each handshake says so.
fn roots(extra: Vec<CertificateDer<'static>>) -> Option<Arc<dyn ServerCertVerifier>> {
    let error = match Verifier::new_with_extra_roots(extra.clone(), provider()) {
        Ok(verifier) => return Some(Arc::new(verifier)),
        Err(error) => error,
    };
    tracing::warn!(%error, "the system's root certificates cannot be used; --upstream-ca alone is");
    let mut store = rustls::RootCertStore::empty();
    store.add_parsable_certificates(extra);
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider()).build();
    verifier
        .ok()
        .map(|verifier| verifier as Arc<dyn ServerCertVerifier>)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read_with_and_without_colons() {
        let hex = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        for text in [
            format!("Host=sha256:{hex}"),
            format!("host=sha256:{colons}"),
        ] {
            let pin: Pin = text.parse().unwrap();
            assert_eq!((&*pin.host, &*pin.sha256), ("host", &*hex));
        }
        for bad in ["host", "host=abc", "host=sha256:12", "=sha256:"] {
            assert!(bad.parse::<Pin>().is_err());
        }
    }
}
