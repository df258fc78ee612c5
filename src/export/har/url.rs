//! URLs and what is written in them: from the request target and where the connection leads.

use super::entry::Pair;
use crate::event::Authority;

/// The scheme of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
    Ws,
    Wss,
}

impl Scheme {
    /// Of HTTP on a connection with TLS or without.
    pub(super) const fn of(tls: bool) -> Self {
        if tls { Self::Https } else { Self::Http }
    }

    /// Of a WebSocket on the same connection.
    pub(super) const fn websocket(self) -> Self {
        match self {
            Self::Http | Self::Ws => Self::Ws,
            Self::Https | Self::Wss => Self::Wss,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http | Self::Ws => 80,
            Self::Https | Self::Wss => 443,
        }
    }
}

/// The URL of a request target (RFC 9112 section 3.2). What no URL may contain is percent-encoded.
pub(super) fn of(scheme: Scheme, authority: Option<&Authority>, target: &str) -> String {
    if let Some((own, rest)) = target.split_once("://")
        && (own.eq_ignore_ascii_case("http") || own.eq_ignore_ascii_case("https"))
    {
        return encoded(&format!("{}://{rest}", scheme.name()));
    }
    let authority = match authority {
        Some(authority) if authority.port == scheme.port() => {
            let whole = authority.to_string();
            let port = format!(":{}", authority.port);
            whole.strip_suffix(&port).unwrap_or(&whole).to_owned()
        }
        Some(authority) => authority.to_string(),
        None => UNKNOWN_HOST.to_owned(),
    };
    let slash = if target.starts_with('/') { "" } else { "/" };
    encoded(&format!("{}://{authority}{slash}{target}", scheme.name()))
}

fn encoded(url: &str) -> String {
    if url.bytes().all(is_allowed) {
        return url.to_owned();
    }
    let mut whole = String::with_capacity(url.len());
    for byte in url.bytes() {
        if is_allowed(byte) {
            whole.push(char::from(byte));
        } else {
            whole.push('%');
            for digit in [byte >> 4, byte & 15] {
                whole.push(
                    char::from_digit(digit.into(), 16)
                        .map_or('0', |digit| digit.to_ascii_uppercase()),
                );
            }
        }
    }
    whole
}

/// Whether a byte may stand in a URL without a fragment (RFC 3986 section 2).
const fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        )
}

/// The parameters in a request target.
pub(super) fn query(target: &str) -> Vec<Pair> {
    target
        .split_once('?')
        .map_or_else(Vec::new, |(_, query)| form(query))
}

/// `application/x-www-form-urlencoded`, decoded (WHATWG URL section 5.1).
pub(super) fn form(text: &str) -> Vec<Pair> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let decoded = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Pair {
            name: decoded(name),
            value: decoded(value),
        }
    });
    decoded.collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        bytes.push(match (first, behind) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => first,
            },
            _ => first,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// Where the recording does not say where a connection leads (RFC 6761 section 6.4).
const UNKNOWN_HOST: &str = "unknown.invalid";

#[cfg(test)]
mod tests {
    use super::*;

    fn url(scheme: Scheme, host: &str, port: u16, target: &str) -> String {
        let host = host.to_owned();
        of(scheme, Some(&Authority { host, port }), target)
    }

    #[test]
    fn every_form_of_a_target_becomes_a_url() {
        for (scheme, port, target, expected) in [
            (Scheme::Https, 8445, "/a?b=c", "https://f.test:8445/a?b=c"),
            (Scheme::Wss, 443, "/ws/", "wss://f.test/ws/"),
            (Scheme::Http, 80, "http://o.test/x", "http://o.test/x"),
            (Scheme::Https, 443, "*", "https://f.test/*"),
            (
                Scheme::Http,
                8080,
                "/a|b{\u{e9}}#c",
                "http://f.test:8080/a%7Cb%7B%C3%A9%7D%23c",
            ),
        ] {
            assert_eq!(url(scheme, "f.test", port, target), expected);
        }
        assert_eq!(url(Scheme::Https, "::1", 443, "/"), "https://[::1]/");
        assert_eq!(of(Scheme::Http, None, "/"), "http://unknown.invalid/");
    }

    #[test]
    fn parameters_are_decoded_and_broken_escapes_stay() {
        let pair = |name: &str, value: &str| Pair {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        assert_eq!(
            query("/x?a=1%202+3&b&=c&%zz=%4&&d=%e9"),
            [
                pair("a", "1 2 3"),
                pair("b", ""),
                pair("", "c"),
                pair("%zz", "%4"),
                pair("d", "\u{fffd}"),
            ]
        );
        assert_eq!(query("/x"), []);
    }
}
