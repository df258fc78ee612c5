//! Failures in Chrome's words (`net/base/net_error_list.h`), which readers of HAR files know.

#![deny(
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants
)]

use crate::event::{BodyFraming, DialFailure, Manner, TlsFailure};

/// Why no connection to the upstream came about.
pub(super) const fn of_dial(failure: &DialFailure) -> &'static str {
    match failure {
        DialFailure::Unresolved(_) => "net::ERR_NAME_NOT_RESOLVED",
        DialFailure::ConnectionRefused => "net::ERR_CONNECTION_REFUSED",
        DialFailure::NetworkUnreachable | DialFailure::HostUnreachable => {
            "net::ERR_ADDRESS_UNREACHABLE"
        }
        DialFailure::TimedOut => "net::ERR_CONNECTION_TIMED_OUT",
        DialFailure::Reset => "net::ERR_CONNECTION_RESET",
        DialFailure::ProxyRefused(_) | DialFailure::ProxyUnintelligible(_) => {
            "net::ERR_TUNNEL_CONNECTION_FAILED"
        }
        DialFailure::Loop | DialFailure::Other(_) => "net::ERR_CONNECTION_FAILED",
    }
}

/// Why a TLS handshake failed.
pub(super) const fn of_tls(failure: &TlsFailure) -> &'static str {
    match failure {
        TlsFailure::UnknownIssuer | TlsFailure::AuthorityUnknown(_) => {
            "net::ERR_CERT_AUTHORITY_INVALID"
        }
        TlsFailure::Expired | TlsFailure::BadDate(_) => "net::ERR_CERT_DATE_INVALID",
        TlsFailure::WrongName => "net::ERR_CERT_COMMON_NAME_INVALID",
        TlsFailure::PinMismatch => "net::ERR_SSL_PINNED_KEY_NOT_IN_CERT_CHAIN",
        TlsFailure::BadCertificate(_) | TlsFailure::CertificateRejected(_) => {
            "net::ERR_CERT_INVALID"
        }
        TlsFailure::ClosedSilently => "net::ERR_CONNECTION_CLOSED",
        TlsFailure::Reset => "net::ERR_CONNECTION_RESET",
        TlsFailure::Incompatible(_) => "net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
        TlsFailure::Alert(_) | TlsFailure::Broken(_) | TlsFailure::Other(_) => {
            "net::ERR_SSL_PROTOCOL_ERROR"
        }
    }
}

/// What a browser says where the server ended the connection in this way before it answered.
pub(super) const fn of_end(manner: &Manner) -> &'static str {
    match manner {
        Manner::Fin | Manner::CloseNotify | Manner::FinWithoutCloseNotify => {
            "net::ERR_EMPTY_RESPONSE"
        }
        Manner::Reset => "net::ERR_CONNECTION_RESET",
        Manner::Alert(_) | Manner::TlsBroken(_) => "net::ERR_SSL_PROTOCOL_ERROR",
        Manner::TimedOut => "net::ERR_TIMED_OUT",
        Manner::Stopped => ABORTED,
        Manner::Error(_) | Manner::Unknown => FAILED,
    }
}

/// What a browser says of a body without its end.
pub(super) const fn of_body(framing: BodyFraming) -> &'static str {
    match framing {
        BodyFraming::Length => "net::ERR_CONTENT_LENGTH_MISMATCH",
        BodyFraming::Chunked => "net::ERR_INCOMPLETE_CHUNKED_ENCODING",
        BodyFraming::UntilClose | BodyFraming::Unknown => "net::ERR_CONNECTION_CLOSED",
    }
}

/// The browser itself gave up.
pub(super) const ABORTED: &str = "net::ERR_ABORTED";
/// Nothing better is known.
pub(super) const FAILED: &str = "net::ERR_FAILED";
