//! Facts of TLS on either leg.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Micros;

/// One of the two TCP connections that make a relayed connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leg {
    /// Between the browser and finspect.
    Client,
    /// Between finspect and Finesse.
    Upstream,
}

/// What a client offered in its ClientHello (RFC 8446 section 4.1.2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClientHello {
    /// The server name (RFC 6066 section 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// The host of the CONNECT, where it differs from the server name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_name: Option<String>,
    /// Protocols offered by ALPN (RFC 7301).
    pub alpn: Vec<String>,
    /// Cipher suites offered, as many as there were.
    pub cipher_suites: u32,
}

/// A leaf certificate was minted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Minted {
    /// The host in its subject alternative name.
    pub host: String,
    /// Serial number, in hex.
    pub serial: String,
    /// End of validity, in seconds since the Unix epoch.
    pub not_after: i64,
}

/// A TLS handshake succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TlsEstablished {
    /// On which leg.
    pub leg: Leg,
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: String,
    /// The suite's IANA name.
    pub cipher_suite: String,
    /// The protocol chosen by ALPN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// What the upstream presented, leaf first; empty on the client's leg.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<CertificateFacts>,
    /// Why the upstream's certificate was accepted; absent on the client's leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// From the first handshake byte to the last.
    pub took: Micros,
}

/// Why an upstream certificate was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verified {
    /// The system's roots, or those of `--upstream-ca`, vouch for it.
    Roots,
    /// It is the leaf of `--upstream-pin`.
    Pin,
    /// `--upstream-insecure`: nobody vouches for it.
    Nobody,
}

/// A certificate, as far as it matters to a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CertificateFacts {
    /// Subject, as an RFC 4514 style string.
    pub subject: String,
    /// Issuer, as an RFC 4514 style string.
    pub issuer: String,
    /// Subject alternative names: DNS names and IP addresses.
    pub names: Vec<String>,
    /// Start of validity, in seconds since the Unix epoch.
    pub not_before: i64,
    /// End of validity, in seconds since the Unix epoch.
    pub not_after: i64,
    /// SHA-256 of the DER form, in lower-case hex.
    pub sha256: String,
}

/// A TLS handshake failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TlsFailed {
    /// On which leg.
    pub leg: Leg,
    /// Why.
    pub reason: TlsFailure,
    /// What the upstream had presented by then, leaf first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<CertificateFacts>,
    /// What to do about it, ready to be typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// From the first handshake byte to the failure.
    pub took: Micros,
}

/// Why a TLS handshake failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsFailure {
    /// The upstream's certificate is signed by nobody that we trust.
    UnknownIssuer,
    /// The upstream's certificate has expired, or is not valid yet.
    Expired,
    /// The upstream's certificate is for other names.
    WrongName,
    /// The upstream's certificate is not the pinned one.
    PinMismatch,
    /// The upstream's certificate is unusable for another reason; what the verifier says.
    BadCertificate(String),
    /// The browser does not know our authority (alerts unknown_ca, certificate_unknown).
    AuthorityUnknown(String),
    /// The browser refuses our certificate for this host (alert bad_certificate: pinning, or a policy).
    CertificateRejected(String),
    /// The browser holds our certificate to be expired or not yet valid: a wrong clock.
    BadDate(String),
    /// Any other alert, by its name.
    Alert(String),
    /// The peer closed in the middle of the handshake without a word.
    ClosedSilently,
    /// The peer reset the connection in the middle of the handshake.
    Reset,
    /// The two ends share no version or cipher suite.
    Incompatible(String),
    /// The peer's bytes are no TLS.
    Broken(String),
    /// Any other error of the system, in its words.
    Other(String),
}

impl TlsFailure {
    /// What it says in free words, if it does.
    pub const fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::BadCertificate(text)
            | Self::AuthorityUnknown(text)
            | Self::CertificateRejected(text)
            | Self::BadDate(text)
            | Self::Alert(text)
            | Self::Incompatible(text)
            | Self::Broken(text)
            | Self::Other(text) => Some(text),
            Self::UnknownIssuer
            | Self::Expired
            | Self::WrongName
            | Self::PinMismatch
            | Self::ClosedSilently
            | Self::Reset => None,
        }
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer => f.write_str("the certificate is signed by nobody we trust"),
            Self::Expired => f.write_str("the certificate is not valid today"),
            Self::WrongName => f.write_str("the certificate is for another name"),
            Self::PinMismatch => f.write_str("the certificate is not the pinned one"),
            Self::BadCertificate(why) => write!(f, "the certificate is not acceptable ({why})"),
            Self::AuthorityUnknown(alert) => {
                write!(
                    f,
                    "the browser does not trust finspect's authority (alert {alert})"
                )
            }
            Self::CertificateRejected(alert) => {
                write!(
                    f,
                    "the browser refuses finspect's certificate, by pinning or policy (alert {alert})"
                )
            }
            Self::BadDate(alert) => {
                write!(
                    f,
                    "the browser holds finspect's certificate to be out of date: compare clocks (alert {alert})"
                )
            }
            Self::Alert(alert) => write!(f, "alert {alert}"),
            Self::ClosedSilently => {
                f.write_str("closed in the middle of the handshake without a word")
            }
            Self::Reset => f.write_str("reset in the middle of the handshake"),
            Self::Incompatible(why) => write!(f, "no common ground ({why})"),
            Self::Broken(why) => write!(f, "not TLS ({why})"),
            Self::Other(why) => f.write_str(why),
        }
    }
}
