//! What a certificate says, for a reader.

use ring::digest::{SHA256, digest};
use rustls_pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::event::CertificateFacts;

/// Certificates of a chain that are described, at most.
const CHAIN_LIMIT: usize = 8;

/// The facts of a chain, leaf first.
pub(super) fn chain_facts(chain: &[CertificateDer<'_>]) -> Vec<CertificateFacts> {
    chain.iter().take(CHAIN_LIMIT).map(facts).collect()
}

/// SHA-256 of a certificate's DER form, in lower-case hex.
pub(super) fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let hash = digest(&SHA256, certificate);
    hash.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn facts(der: &CertificateDer<'_>) -> CertificateFacts {
    let sha256 = fingerprint(der);
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return CertificateFacts {
            subject: "unreadable".to_owned(),
            issuer: "unreadable".to_owned(),
            names: Vec::new(),
            not_before: 0,
            not_after: 0,
            sha256,
        };
    };
    CertificateFacts {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        names: names(&certificate),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        sha256,
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match *bytes {
            [a, b, c, d] => Some(std::net::Ipv4Addr::new(*a, *b, *c, *d).to_string()),
            bytes => <[u8; 16]>::try_from(bytes)
                .ok()
                .map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        },
        _ => None,
    };
    extension
        .value
        .general_names
        .iter()
        .filter_map(name)
        .collect()
}
