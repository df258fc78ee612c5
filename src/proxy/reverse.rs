//! Reverse listeners: for people who can set no proxy.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use thiserror::Error;

use super::intercept::parse_authority;
use crate::event::Authority;

/// One `--reverse [ADDR:PORT=]URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverse {
    listen: SocketAddr,
    scheme: Scheme,
    upstream: Authority,
}

/// What is spoken to an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP in clear.
    Http,
    /// HTTP over TLS.
    Https,
}

/// A `--reverse` that means nothing.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` is not [ADDR:PORT=]URL, such as 127.0.0.1:8445=https://finesse.example.com:8445 (the URL has a host and no path)"
)]
pub struct BadReverse(String);

impl Reverse {
    /// Where to listen.
    #[must_use]
    pub const fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// What the upstream speaks.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The upstream.
    #[must_use]
    pub const fn upstream(&self) -> &Authority {
        &self.upstream
    }

    /// The upstream as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.upstream)
    }
}

impl Scheme {
    /// The port where none is written.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

impl FromStr for Reverse {
    type Err = BadReverse;

    fn from_str(text: &str) -> Result<Self, BadReverse> {
        let bad = || BadReverse(text.to_owned());
        let (listen, url) = match text.split_once('=') {
            Some((listen, url)) => (Some(listen.parse::<SocketAddr>().map_err(|_| bad())?), url),
            None => (None, text),
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(bad()),
        };
        let host = rest.strip_suffix('/').unwrap_or(rest);
        let upstream = parse_authority(host, Some(scheme.default_port())).ok_or_else(bad)?;
        let port = upstream.port;
        Ok(Self {
            listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], port))),
            scheme,
            upstream,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_takes_the_upstreams_port_unless_told_otherwise() {
        let parse = |text: &str| text.parse::<Reverse>().unwrap();
        let one = parse("https://Finesse.example.com:8445/");
        assert_eq!(one.listen(), "127.0.0.1:8445".parse().unwrap());
        assert_eq!(one.url(), "https://finesse.example.com:8445");
        let two = parse("[::1]:9=http://10.0.0.1");
        assert_eq!(two.listen(), "[::1]:9".parse().unwrap());
        assert_eq!(two.url(), "http://10.0.0.1:80");
        for bad in [
            "",
            "finesse",
            "x=https://a",
            "ftp://a",
            "https://a/b",
            "https://",
        ] {
            assert!(bad.parse::<Reverse>().is_err(), "{bad}");
        }
    }
}
