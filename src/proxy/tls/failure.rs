//! Why a handshake failed, in types: the same library error means different things on the two legs.

use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError, Error};
use tokio::io::AsyncWriteExt as _;

use crate::event::{CertificateFacts, TlsFailure};
use crate::proxy::relay::{Tcp, alert_name};

/// A failure, and what it makes of the other leg.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) reason: TlsFailure,
    /// How the peer showed it, to be passed on to the other leg.
    pub(crate) shown: Shown,
}

/// How a peer showed that it gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// It sent an alert.
    Alert(AlertDescription),
    /// It closed.
    Fin,
    /// It reset.
    Reset,
    /// It did nothing: we gave up.
    Nothing,
}

/// What went wrong with the upstream.
pub(super) fn upstream_failure(error: &io::Error) -> Failure {
    match library_error(error) {
        Some(Error::InvalidCertificate(certificate)) => Failure {
            reason: certificate_failure(certificate),
            shown: Shown::Nothing,
        },
        Some(Error::AlertReceived(alert)) => Failure {
            reason: TlsFailure::Alert(alert_name(*alert)),
            shown: Shown::Alert(*alert),
        },
        Some(error @ Error::PeerIncompatible(_)) => Failure {
            reason: TlsFailure::Incompatible(error.to_string()),
            shown: Shown::Alert(AlertDescription::HandshakeFailure),
        },
        Some(error) => Failure {
            reason: TlsFailure::Broken(error.to_string()),
            shown: Shown::Nothing,
        },
        None => transport_failure(error),
    }
}

/// What went wrong with the browser.
pub(super) fn client_failure(error: &io::Error) -> Failure {
    match library_error(error) {
        Some(Error::AlertReceived(alert)) => Failure {
            reason: rejection(*alert),
            shown: Shown::Alert(*alert),
        },
        Some(error @ (Error::PeerIncompatible(_) | Error::NoApplicationProtocol)) => Failure {
            reason: TlsFailure::Incompatible(error.to_string()),
            shown: Shown::Nothing,
        },
        Some(error) => Failure {
            reason: TlsFailure::Broken(error.to_string()),
            shown: Shown::Nothing,
        },
        None => transport_failure(error),
    }
}

/// What to do so that an upstream is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Advice {
    /// In words.
    pub(crate) words: String,
    /// The option that accepts exactly this certificate, ready to be typed.
    pub(crate) option: String,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.words, self.option)
    }
}

/// What to type so that this upstream is believed; `host` and what it presented.
pub(super) fn advice(
    reason: &TlsFailure,
    host: &str,
    chain: &[CertificateFacts],
) -> Option<Advice> {
    let leaf = chain.first()?;
    let words = words(reason, leaf)?;
    let option = format!("--upstream-pin {host}=sha256:{}", leaf.sha256);
    Some(Advice { words, option })
}

fn words(reason: &TlsFailure, leaf: &CertificateFacts) -> Option<String> {
    match reason {
        TlsFailure::UnknownIssuer if leaf.subject != leaf.issuer => Some(format!(
            "if you trust the issuer ({}), give its certificate with --upstream-ca FILE; to accept exactly this certificate",
            leaf.issuer
        )),
        TlsFailure::WrongName => Some(format!(
            "it is valid for {}; use such a name, or accept exactly this certificate",
            if leaf.names.is_empty() {
                "no host name at all".to_owned()
            } else {
                leaf.names.join(", ")
            }
        )),
        TlsFailure::PinMismatch => {
            Some("if the certificate was renewed and you have checked it".to_owned())
        }
        TlsFailure::UnknownIssuer | TlsFailure::Expired | TlsFailure::BadCertificate(_) => {
            Some("to accept exactly this certificate".to_owned())
        }
        _ => None,
    }
}

/// What to do about a browser that does not accept our leaf.
pub(super) fn client_advice(reason: &TlsFailure) -> Option<String> {
    let advice = match reason {
        TlsFailure::AuthorityUnknown(_) => {
            "let this browser profile trust finspect's authority: `finspect ca export` writes it out, docs/trust.md says where it goes"
        }
        TlsFailure::CertificateRejected(_) => {
            "the browser pins this host's certificate, or a policy forbids ours: leave the host out of the interception, or use a browser without the pin"
        }
        TlsFailure::BadDate(_) => "compare the clock of the browser's machine with this one",
        TlsFailure::ClosedSilently | TlsFailure::Reset => {
            "a browser that leaves here may not trust finspect's authority: see docs/trust.md"
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

/// Writes an alert as a plaintext record (RFC 8446 section 5.1), where no handshake was begun.
pub(crate) async fn send_alert(tcp: &mut Tcp, alert: AlertDescription) {
    const FATAL: u8 = 2;
    let record = [0x15, 0x03, 0x03, 0x00, 0x02, FATAL, u8::from(alert)];
    if let Err(error) = tcp.write_all(&record).await {
        tracing::debug!(%error, "the alert could not be passed on");
    }
}

fn library_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

fn transport_failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Failure {
            reason: TlsFailure::ClosedSilently,
            shown: Shown::Fin,
        },
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Failure {
            reason: TlsFailure::Reset,
            shown: Shown::Reset,
        },
        _ => Failure {
            reason: TlsFailure::Other(error.to_string()),
            shown: Shown::Reset,
        },
    }
}

fn certificate_failure(error: &CertificateError) -> TlsFailure {
    match error {
        CertificateError::UnknownIssuer => TlsFailure::UnknownIssuer,
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => TlsFailure::Expired,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFailure::WrongName
        }
        CertificateError::ApplicationVerificationFailure => TlsFailure::PinMismatch,
        CertificateError::Other(other) if is_authority_as_server(other) => {
            let why = "it is a CA certificate that a server uses as its own, as self-signed ones often are";
            TlsFailure::BadCertificate(why.to_owned())
        }
        other => TlsFailure::BadCertificate(other.to_string()),
    }
}

fn is_authority_as_server(error: &rustls::OtherError) -> bool {
    matches!(
        error.0.downcast_ref(),
        Some(webpki::Error::CaUsedAsEndEntity)
    )
}

/// What a browser means by an alert against our leaf. Chromium says certificate_unknown where RFC 8446 has
/// unknown_ca (`finesse.md` 8b), Firefox unknown_ca; bad_certificate comes from pinning and policies.
fn rejection(alert: AlertDescription) -> TlsFailure {
    let name = alert_name(alert);
    match alert {
        AlertDescription::UnknownCA | AlertDescription::CertificateUnknown => {
            TlsFailure::AuthorityUnknown(name)
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::AccessDenied => TlsFailure::CertificateRejected(name),
        AlertDescription::CertificateExpired => TlsFailure::BadDate(name),
        _ => TlsFailure::Alert(name),
    }
}
