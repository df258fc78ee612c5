//! What the names of Chromium's network errors (`net/base/net_error_list.h`) mean as facts.

use crate::event::{DialFailure, Host, Manner, TlsFailure};

/// What became of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// None came about.
    Undialled(DialFailure),
    /// Its TLS handshake failed.
    Tls(TlsFailure),
    /// It ended.
    Ended(Manner),
    /// Nothing: the browser itself gave up.
    Abandoned,
}

/// What an error means; a text that is no name of an error is kept as the system's words.
pub(super) fn fate(error: &str) -> Fate {
    let name = name(error);
    match name {
        "ERR_NAME_NOT_RESOLVED"
        | "ERR_NAME_RESOLUTION_FAILED"
        | "ERR_ICANN_NAME_COLLISION"
        | "ERR_DNS_TIMED_OUT"
        | "ERR_DNS_SERVER_FAILED"
        | "ERR_DNS_MALFORMED_RESPONSE" => Fate::Undialled(DialFailure::Unresolved(name.to_owned())),
        "ERR_CONNECTION_REFUSED" => Fate::Undialled(DialFailure::ConnectionRefused),
        "ERR_ADDRESS_UNREACHABLE" => Fate::Undialled(DialFailure::HostUnreachable),
        "ERR_INTERNET_DISCONNECTED" => Fate::Undialled(DialFailure::NetworkUnreachable),
        "ERR_CONNECTION_TIMED_OUT" => Fate::Undialled(DialFailure::TimedOut),
        "ERR_TUNNEL_CONNECTION_FAILED"
        | "ERR_PROXY_CONNECTION_FAILED"
        | "ERR_SOCKS_CONNECTION_FAILED"
        | "ERR_SOCKS_CONNECTION_HOST_UNREACHABLE"
        | "ERR_PROXY_AUTH_UNSUPPORTED"
        | "ERR_PROXY_AUTH_REQUESTED" => Fate::Undialled(DialFailure::ProxyRefused(name.to_owned())),
        "ERR_CONNECTION_FAILED"
        | "ERR_NETWORK_ACCESS_DENIED"
        | "ERR_UNSAFE_PORT"
        | "ERR_BLOCKED_BY_CLIENT"
        | "ERR_BLOCKED_BY_ADMINISTRATOR"
        | "ERR_PROXY_CERTIFICATE_INVALID"
        | "ERR_MANDATORY_PROXY_CONFIGURATION_FAILED" => {
            Fate::Undialled(DialFailure::Other(name.to_owned()))
        }
        "ERR_CONNECTION_RESET" => Fate::Ended(Manner::Reset),
        "ERR_TIMED_OUT" => Fate::Ended(Manner::TimedOut),
        "ERR_ABORTED" => Fate::Abandoned,
        _ => match tls(name) {
            Some(failure) => Fate::Tls(failure),
            None => Fate::Ended(Manner::Error(kept(error, name))),
        },
    }
}

/// What an error says of a TLS handshake, if it is about TLS.
pub(super) fn tls(error: &str) -> Option<TlsFailure> {
    let name = name(error);
    Some(match name {
        "ERR_CERT_AUTHORITY_INVALID" => TlsFailure::UnknownIssuer,
        "ERR_CERT_DATE_INVALID" => TlsFailure::Expired,
        "ERR_CERT_COMMON_NAME_INVALID" => TlsFailure::WrongName,
        "ERR_SSL_PINNED_KEY_NOT_IN_CERT_CHAIN" => TlsFailure::PinMismatch,
        "ERR_SSL_VERSION_OR_CIPHER_MISMATCH" => TlsFailure::Incompatible(name.to_owned()),
        "ERR_SSL_PROTOCOL_ERROR" => TlsFailure::Broken(name.to_owned()),
        _ if name.starts_with("ERR_CERT_") => TlsFailure::BadCertificate(name.to_owned()),
        _ if name.starts_with("ERR_SSL_") || name.starts_with("ERR_BAD_SSL_") => {
            TlsFailure::Other(name.to_owned())
        }
        _ => return None,
    })
}

/// What an error in the middle of a TLS handshake means.
pub(super) fn handshake(error: &str) -> TlsFailure {
    match name(error) {
        "ERR_CONNECTION_RESET" => TlsFailure::Reset,
        "ERR_CONNECTION_CLOSED" | "ERR_EMPTY_RESPONSE" => TlsFailure::ClosedSilently,
        other => tls(other).unwrap_or_else(|| TlsFailure::Other(kept(error, other))),
    }
}

/// What an error says of the machine, if it says anything of it.
pub(super) fn host(error: &str) -> Option<Host> {
    let name = name(error);
    match name {
        "ERR_NETWORK_IO_SUSPENDED" => Some(Host::Suspended),
        "ERR_NETWORK_CHANGED" | "ERR_INTERNET_DISCONNECTED" => {
            Some(Host::NetworkChanged(name.to_owned()))
        }
        _ => None,
    }
}

/// The name in `net::ERR_…`, alone or in a sentence; empty where there is none.
fn name(error: &str) -> &str {
    let start = error
        .find("ERR_")
        .and_then(|at| error.get(at..))
        .unwrap_or_default();
    let end = start.find(|character: char| {
        !character.is_ascii_uppercase() && !character.is_ascii_digit() && character != '_'
    });
    end.and_then(|end| start.get(..end)).unwrap_or(start)
}

fn kept(error: &str, name: &str) -> String {
    if name.is_empty() {
        error.chars().take(WORDS).collect()
    } else {
        name.to_owned()
    }
}

/// Characters of an error in words that are kept.
const WORDS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_net_error_becomes_a_typed_fact() {
        assert_eq!(
            fate("net::ERR_CONNECTION_RESET"),
            Fate::Ended(Manner::Reset)
        );
        assert_eq!(
            fate("net::ERR_CONNECTION_REFUSED"),
            Fate::Undialled(DialFailure::ConnectionRefused)
        );
        assert_eq!(
            fate("net::ERR_CERT_DATE_INVALID"),
            Fate::Tls(TlsFailure::Expired)
        );
        assert_eq!(
            fate("Error in connection establishment: net::ERR_NAME_NOT_RESOLVED"),
            Fate::Undialled(DialFailure::Unresolved("ERR_NAME_NOT_RESOLVED".to_owned()))
        );
        assert_eq!(
            fate("NS_ERROR_NET_RESET"),
            Fate::Ended(Manner::Error("NS_ERROR_NET_RESET".to_owned()))
        );
    }
}
