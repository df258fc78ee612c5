//! Which hosts are looked into; everything else is tunnelled unseen.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use crate::event::Authority;

/// One `--intercept HOST[:PORT]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intercept {
    host: HostPattern,
    port: Option<u16>,
}

/// A host, or every host below a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// This name or address.
    Exact(String),
    /// `*.example.com`: every name below `example.com`, not the name itself.
    Below(String),
}

/// An `--intercept` that means nothing.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BadPattern {
    /// No host in it.
    #[error("`{0}` names no host; write a host such as finesse.example.com, or *.example.com")]
    NoHost(String),
    /// A port that is no port.
    #[error("`{0}` has no valid port; write HOST or HOST:PORT with a port from 1 to 65535")]
    BadPort(String),
    /// A character that no host name has.
    #[error("`{0}` is no host name: `{1}` cannot be in one")]
    BadCharacter(String, char),
}

impl Intercept {
    /// The host part.
    #[must_use]
    pub const fn host(&self) -> &HostPattern {
        &self.host
    }

    /// The port, if one was named.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether `target` is meant.
    #[must_use]
    pub fn matches(&self, target: &Authority) -> bool {
        self.port.is_none_or(|port| port == target.port) && self.host.matches(&target.host)
    }
}

impl HostPattern {
    /// Whether the host, in lower case, is meant.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => name == host,
            Self::Below(domain) => host
                .strip_suffix(domain.as_str())
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|label| !label.is_empty()),
        }
    }
}

impl FromStr for Intercept {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let (host, port) = split_port(text)?;
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if host.is_empty() {
            return Err(BadPattern::NoHost(text.to_owned()));
        }
        let (domain, below) = host
            .strip_prefix("*.")
            .map_or((host.as_str(), false), |domain| (domain, true));
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_address = domain.parse::<IpAddr>().is_ok();
        if let Some(bad) = domain.chars().find(|&c| !allowed(c))
            && !is_address
        {
            return Err(BadPattern::BadCharacter(text.to_owned(), bad));
        }
        if domain.is_empty() || (below && is_address) {
            return Err(BadPattern::NoHost(text.to_owned()));
        }
        let domain = domain.to_owned();
        let host = if below {
            HostPattern::Below(domain)
        } else {
            HostPattern::Exact(domain)
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for Intercept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.host, self.port) {
            (HostPattern::Exact(host), Some(port)) => write!(
                f,
                "{}",
                Authority {
                    host: host.clone(),
                    port
                }
            ),
            (HostPattern::Exact(host), None) => f.write_str(host),
            (HostPattern::Below(domain), Some(port)) => write!(f, "*.{domain}:{port}"),
            (HostPattern::Below(domain), None) => write!(f, "*.{domain}"),
        }
    }
}

/// Splits `host`, `host:port`, `[v6]`, `[v6]:port` and a bare `v6`.
fn split_port(text: &str) -> Result<(&str, Option<u16>), BadPattern> {
    let (host, port) = if text.parse::<IpAddr>().is_ok() {
        (text, None)
    } else if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest
            .split_once(']')
            .ok_or_else(|| BadPattern::BadCharacter(text.to_owned(), '['))?;
        (host, after.strip_prefix(':'))
    } else {
        text.rsplit_once(':')
            .map_or((text, None), |(host, port)| (host, Some(port)))
    };
    let Some(port) = port else {
        return Ok((host, None));
    };
    match port.parse() {
        Ok(port) if port != 0 => Ok((host, Some(port))),
        _ => Err(BadPattern::BadPort(text.to_owned())),
    }
}

/// Parses `host:port` as a CONNECT or a `Host` header writes it; `default` is the port where none stands.
#[must_use]
pub(super) fn parse_authority(text: &str, default: Option<u16>) -> Option<Authority> {
    let (host, port) = split_port(text).ok()?;
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if host.is_empty() || (!host.chars().all(plain) && host.parse::<IpAddr>().is_err()) {
        return None;
    }
    Some(Authority {
        host,
        port: port.or(default)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, target: &str) -> bool {
        let pattern: Intercept = pattern.parse().unwrap();
        pattern.matches(&parse_authority(target, Some(443)).unwrap())
    }

    #[test]
    fn a_host_is_meant_on_every_port_unless_one_is_named() {
        assert!(matches("Finesse.Example.com", "finesse.example.com:8445"));
        assert!(matches(
            "finesse.example.com:8445",
            "FINESSE.example.com.:8445"
        ));
        assert!(!matches(
            "finesse.example.com:8445",
            "finesse.example.com:443"
        ));
        assert!(!matches("finesse.example.com", "example.com:443"));
    }

    #[test]
    fn a_star_covers_what_is_below_and_not_the_domain() {
        assert!(matches("*.example.com", "a.b.example.com:1"));
        assert!(!matches("*.example.com", "example.com:1"));
        assert!(!matches("*.example.com", "badexample.com:1"));
    }

    #[test]
    fn addresses_work_with_and_without_brackets() {
        assert!(matches("::1", "[::1]:8445"));
        assert!(matches("[::1]:8445", "[::1]:8445"));
        assert!(matches("10.0.0.1", "10.0.0.1:8445"));
    }

    #[test]
    fn what_means_nothing_is_refused_with_the_reason() {
        let parse = |text: &str| text.parse::<Intercept>().unwrap_err();
        assert!(matches!(parse("host:0"), BadPattern::BadPort(_)));
        assert!(matches!(parse("host:port"), BadPattern::BadPort(_)));
        assert!(matches!(parse("https://host"), BadPattern::BadPort(_)));
        assert!(matches!(parse(""), BadPattern::NoHost(_)));
        assert!(matches!(parse("*."), BadPattern::BadCharacter(_, '*')));
        assert!(matches!(parse("a/b"), BadPattern::BadCharacter(_, '/')));
    }
}
