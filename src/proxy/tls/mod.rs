//! TLS on both legs: the browser's handshake is answered after the upstream's.

mod client;
mod facts;
mod failure;
mod hello;
mod keylog;
mod trust;
mod upstream;
mod witness;

pub use keylog::KeyLogFile;
pub use trust::{BadTrust, ClientCertificate, Trust, TrustOptions};

pub(crate) use client::{Minting, answer};
pub(crate) use failure::{Advice, Failure, Shown, send_alert};
pub(crate) use hello::{Hello, HelloError, read_hello};
pub(crate) use upstream::{UpstreamHandshake, connect};

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

/// The one cryptography provider of the program.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// `TLSv1.3`, as everybody writes it.
fn version_name(version: Option<rustls::ProtocolVersion>) -> String {
    match version {
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2".to_owned(),
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The suite's IANA name; rustls marks those of TLS 1.3.
fn suite_name(suite: Option<rustls::SupportedCipherSuite>) -> String {
    let name = suite.map_or("none", |suite| suite.suite().as_str().unwrap_or("unknown"));
    name.replacen("TLS13_", "TLS_", 1)
}
