//! A certificate verifier that remembers what it was shown, whatever it decides.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::facts::{chain_facts, fingerprint};
use super::provider;
use crate::event::CertificateFacts;

/// What decides about an upstream's certificate.
#[derive(Debug, Clone)]
pub(super) enum Judge {
    /// Roots vouch for it; where there are none, nobody does.
    Roots(Option<Arc<dyn ServerCertVerifier>>),
    /// It has to be exactly this leaf: SHA-256 in lower-case hex.
    Pin(String),
    /// Anything goes.
    Nobody,
}

/// The verifier of one handshake.
#[derive(Debug)]
pub(super) struct Witness {
    judge: Judge,
    chain: Mutex<Vec<CertificateFacts>>,
}

impl Witness {
    pub(super) const fn new(judge: Judge) -> Self {
        Self {
            judge,
            chain: Mutex::new(Vec::new()),
        }
    }

    /// What was presented, leaf first; empty if the handshake did not come that far.
    pub(super) fn chain(&self) -> Vec<CertificateFacts> {
        self.chain
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) const fn judge(&self) -> &Judge {
        &self.judge
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut chain = chain_facts(std::slice::from_ref(end_entity));
        chain.extend(chain_facts(intermediates));
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        match &self.judge {
            Judge::Roots(None) => Err(CertificateError::UnknownIssuer.into()),
            Judge::Roots(Some(roots)) => {
                roots.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            Judge::Pin(pin) if *pin == fingerprint(end_entity) => {
                Ok(ServerCertVerified::assertion())
            }
            Judge::Pin(_) => Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            )),
            Judge::Nobody => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
