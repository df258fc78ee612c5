//! A URL as a browser's log has it, taken apart.

use crate::event::Authority;

/// What of a URL matters on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    /// Where it leads to.
    pub(super) authority: Authority,
    /// Path and query: the target in origin form (RFC 9112 section 3.2.1).
    pub(super) target: String,
    /// Whether over TLS.
    pub(super) is_secure: bool,
}

/// Takes apart a URL of http, https, ws or wss; `None` for all others.
pub(super) fn parse(url: &str) -> Option<Url> {
    let (scheme, rest) = url.split_once("://")?;
    let is_secure = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => false,
        "https" | "wss" => true,
        _ => return None,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let authority = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (path, _) = path.split_once('#').unwrap_or((path, ""));
    let target = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    Some(Url {
        authority: self::authority(authority, if is_secure { 443 } else { 80 })?,
        target,
        is_secure,
    })
}

/// `host`, `host:port`, `[::1]` or `[::1]:port`.
fn authority(text: &str, default_port: u16) -> Option<Authority> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':'))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = match port {
        None | Some("") => default_port,
        Some(port) => port.parse().ok()?,
    };
    let is_host = !host.is_empty() && host.len() <= 255;
    is_host.then(|| Authority {
        host: host.to_ascii_lowercase(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let url = parse("wss://u:p@Finesse.example.com:8445/ws/?a=b#c").unwrap();
        assert_eq!(url.authority.to_string(), "finesse.example.com:8445");
        assert_eq!((url.target.as_str(), url.is_secure), ("/ws/?a=b", true));
        assert_eq!(
            parse("http://[::1]?x").unwrap().authority.to_string(),
            "[::1]:80"
        );
        assert_eq!(parse("http://[::1]?x").unwrap().target, "/?x");
        for other in [
            "data:text/plain,x",
            "blob:https://a/b",
            "https://",
            "https://a:b/",
        ] {
            assert_eq!(parse(other), None);
        }
    }
}
