//! The handshake with Finesse.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::{ClientConfig, KeyLog};
use rustls_pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::failure::{Advice, Failure, advice, upstream_failure};
use super::hello::{Hello, lossy};
use super::witness::{Judge, Witness};
use super::{Trust, provider, suite_name, version_name};
use crate::event::{
    CertificateFacts, EventKind, Leg as Side, TlsEstablished, TlsFailed, TlsFailure, Verified,
};
use crate::proxy::observer::Observer;
use crate::proxy::relay::{Leg, Tcp};

/// The protocols that we can carry (RFC 7301).
const CARRIED: [&[u8]; 2] = [b"http/1.1", b"http/1.0"];

/// How the upstream's handshake ended.
pub(crate) enum UpstreamHandshake {
    /// It stands.
    Established {
        /// The leg.
        leg: Leg,
        /// What the upstream chose by ALPN.
        alpn: Option<Vec<u8>>,
    },
    /// The upstream gave up; the browser is to see the same.
    Refused(Failure),
    /// We do not believe the upstream's certificate; the browser is to read why.
    NotBelieved {
        /// Why.
        reason: TlsFailure,
        /// What to do.
        advice: Option<Advice>,
        /// What was presented, leaf first.
        chain: Vec<CertificateFacts>,
    },
}

/// Opens TLS to `host` with what the browser offered, as far as we can carry it.
pub(crate) async fn connect(
    tcp: Tcp,
    host: &str,
    hello: &Hello,
    trust: &Trust,
    key_log: Option<&Arc<dyn KeyLog>>,
    observer: &Observer,
) -> UpstreamHandshake {
    let name = hello.server_name.as_deref().unwrap_or(host);
    let started = observer.now();
    let witness = Arc::new(Witness::new(trust.judge(name)));
    let failed = |failure: Failure| {
        let chain = witness.chain();
        let advice = advice(&failure.reason, name, &chain);
        observer.fact(EventKind::TlsFailed(TlsFailed {
            leg: Side::Upstream,
            reason: failure.reason.clone(),
            chain: chain.clone(),
            advice: advice.as_ref().map(ToString::to_string),
            took: observer.now().since(started),
        }));
        match failure.reason {
            reason @ (TlsFailure::UnknownIssuer
            | TlsFailure::Expired
            | TlsFailure::WrongName
            | TlsFailure::PinMismatch
            | TlsFailure::BadCertificate(_)) => UpstreamHandshake::NotBelieved {
                reason,
                advice,
                chain,
            },
            _ => UpstreamHandshake::Refused(failure),
        }
    };
    let prepared = config(name, hello, trust, &witness, key_log)
        .and_then(|config| Ok((config, ServerName::try_from(name.to_owned())?)));
    let (config, server_name) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return failed(upstream_failure(&std::io::Error::other(error.to_string()))),
    };
    let connector = TlsConnector::from(Arc::new(config));
    let (tcp, session) = match connector.connect(server_name, tcp).into_fallible().await {
        Ok(stream) => stream.into_inner(),
        Err((error, _)) => return failed(upstream_failure(&error)),
    };
    let alpn = session.alpn_protocol().map(<[u8]>::to_vec);
    observer.fact(EventKind::TlsEstablished(TlsEstablished {
        leg: Side::Upstream,
        version: version_name(session.protocol_version()),
        cipher_suite: suite_name(session.negotiated_cipher_suite()),
        alpn: alpn.as_deref().map(lossy),
        chain: witness.chain(),
        verified: Some(match witness.judge() {
            Judge::Roots(_) => Verified::Roots,
            Judge::Pin(_) => Verified::Pin,
            Judge::Nobody => Verified::Nobody,
        }),
        took: observer.now().since(started),
    }));
    UpstreamHandshake::Established {
        leg: Leg::tls(tcp, session),
        alpn,
    }
}

fn config(
    name: &str,
    hello: &Hello,
    trust: &Trust,
    witness: &Arc<Witness>,
    key_log: Option<&Arc<dyn KeyLog>>,
) -> Result<ClientConfig, Box<dyn std::error::Error + Send + Sync>> {
    let verifier = Arc::clone(witness);
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match trust.client_certificate(name) {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = hello
        .alpn
        .iter()
        .filter(|offer| CARRIED.contains(&offer.as_slice()))
        .cloned()
        .collect();
    config.enable_sni = hello.server_name.is_some();
    config.resumption = Resumption::disabled();
    if let Some(key_log) = key_log {
        config.key_log = Arc::clone(key_log);
    }
    Ok(config)
}
