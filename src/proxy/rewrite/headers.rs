//! Everything that finspect ever changes in a message, and nothing else does.

use http::header::{
    CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION, ORIGIN, REFERER, SET_COOKIE,
    UPGRADE,
};
use http::{Request, Response, Uri};

use crate::event::{Authority, Rewritten};
use crate::proxy::reverse::Scheme;

/// Under which names the two sides know each other.
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// `Host` as the client wrote it, where it is another than the upstream's; absent for absolute-form requests.
    local: Option<String>,
    /// The upstream, as a `Host` header names it: without a default port.
    upstream: String,
    /// The upstream's host alone.
    upstream_host: String,
    scheme: Scheme,
}

/// Hop-by-hop fields that go whether `Connection` lists them or not (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [&str; 4] = [
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
];

impl Names {
    pub(super) fn new(local: Option<String>, scheme: Scheme, target: &Authority) -> Self {
        let upstream = if target.port == scheme.default_port() {
            let bracketed = target.to_string();
            bracketed
                .rsplit_once(':')
                .map_or_else(|| bracketed.clone(), |(host, _)| host.to_owned())
        } else {
            target.to_string()
        };
        Self {
            local,
            upstream,
            upstream_host: target.host.clone(),
            scheme,
        }
    }

    fn local_host(&self) -> Option<&str> {
        let local = self.local.as_deref()?;
        Some(match local.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => local,
        })
    }

    /// `http(s)://local…` as the upstream's URL, where it is one of the local name.
    fn to_upstream(&self, url: &str) -> Option<String> {
        let rest = self.local_url(url)?;
        Some(format!("{}://{}{rest}", self.scheme, self.upstream))
    }

    /// What follows the authority in a URL of the local name.
    fn local_url<'a>(&self, url: &'a str) -> Option<&'a str> {
        let (_, rest) = url.split_once("://")?;
        let rest = rest.strip_prefix(self.local.as_deref()?)?;
        (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then_some(rest)
    }

    /// The upstream's URL under the local name. The scheme stays: a listener speaks what its upstream speaks.
    fn to_local(&self, url: &str) -> Option<String> {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let is_upstream = authority.eq_ignore_ascii_case(&self.upstream)
            || authority.eq_ignore_ascii_case(&format!(
                "{}:{}",
                self.upstream,
                self.scheme.default_port()
            ));
        let local = self.local.as_deref()?;
        is_upstream.then(|| format!("{scheme}://{local}{path}"))
    }
}

/// Makes a request one to the upstream; `say` hears of each change.
pub(super) fn rewrite_request<B>(
    request: &mut Request<B>,
    names: &Names,
    mut say: impl FnMut(Rewritten),
) {
    rewrite_target(request, &mut say);
    let upgrade = is_upgrade(request.headers());
    drop_hop_by_hop(request.headers_mut(), upgrade, &mut say);
    let headers = request.headers_mut();
    replace(headers, &HOST, &mut say, |host| {
        (host != names.upstream).then(|| names.upstream.clone())
    });
    if !headers.contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(&names.upstream)
    {
        headers.insert(HOST, host);
        say(rewritten("host", "", &names.upstream));
    }
    for name in [ORIGIN, REFERER] {
        replace(headers, &name, &mut say, |url| names.to_upstream(url));
    }
}

/// Makes a response one to the client; `say` hears of each change.
pub(super) fn rewrite_response<B>(
    response: &mut Response<B>,
    names: &Names,
    mut say: impl FnMut(Rewritten),
) {
    let upgrade = response.status() == http::StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    drop_hop_by_hop(headers, upgrade, &mut say);
    replace(headers, &LOCATION, &mut say, |url| names.to_local(url));
    if let Some(local) = names.local_host() {
        replace(headers, &SET_COOKIE, &mut say, |cookie| {
            rewrite_cookie(cookie, &names.upstream_host, local)
        });
    }
}

/// `http://host/path` becomes `/path` (RFC 9112 section 3.2.1).
fn rewrite_target<B>(request: &mut Request<B>, say: &mut impl FnMut(Rewritten)) {
    if request.uri().authority().is_none() {
        return;
    }
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .to_owned();
    if let Ok(uri) = path.parse::<Uri>() {
        say(rewritten(
            "request-target",
            &request.uri().to_string(),
            &path,
        ));
        *request.uri_mut() = uri;
    }
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(UPGRADE)
        && connection_options(headers)
            .iter()
            .any(|option| option == "upgrade")
}

/// What `Connection` lists, in lower case.
fn connection_options(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|option| option.trim().to_ascii_lowercase())
        .filter(|option| !option.is_empty())
        .collect()
}

/// Drops what is for this hop alone. An upgrade keeps `Connection` and `Upgrade`: both hops take part in it.
fn drop_hop_by_hop(headers: &mut HeaderMap, upgrade: bool, say: &mut impl FnMut(Rewritten)) {
    let listed = connection_options(headers);
    let always = HOP_BY_HOP.iter().map(|name| (*name).to_owned());
    for name in listed.into_iter().chain(always) {
        let framing = matches!(
            name.as_str(),
            "close" | "transfer-encoding" | "content-length"
        );
        if framing || (upgrade && name == "upgrade") {
            continue;
        }
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            continue;
        };
        while let Some(value) = headers.remove(&name) {
            say(rewritten(
                name.as_str(),
                &String::from_utf8_lossy(value.as_bytes()),
                "",
            ));
        }
    }
    if upgrade {
        return;
    }
    // hyper writes its own where the connection is not to stay.
    while let Some(value) = headers.remove(CONNECTION) {
        say(rewritten(
            "connection",
            &String::from_utf8_lossy(value.as_bytes()),
            "",
        ));
    }
}

/// Replaces each value of a field for which `new` has another.
fn replace(
    headers: &mut HeaderMap,
    name: &HeaderName,
    say: &mut impl FnMut(Rewritten),
    new: impl Fn(&str) -> Option<String>,
) {
    let http::header::Entry::Occupied(mut field) = headers.entry(name) else {
        return;
    };
    for value in field.iter_mut() {
        let Ok(old) = value.to_str() else { continue };
        let Some(text) = new(old) else { continue };
        if let Ok(replacement) = HeaderValue::from_str(&text) {
            say(rewritten(name.as_str(), old, &text));
            *value = replacement;
        }
    }
}

/// `Domain` of a cookie (RFC 6265 section 4.1.2.3), where it is the upstream's.
fn rewrite_cookie(cookie: &str, upstream: &str, local: &str) -> Option<String> {
    let mut changed = false;
    let parts: Vec<String> = cookie
        .split(';')
        .map(|part| {
            let domain = part
                .trim()
                .split_once('=')
                .filter(|(name, _)| name.eq_ignore_ascii_case("domain"))
                .map(|(_, value)| value.trim_start_matches('.').to_ascii_lowercase());
            match domain {
                Some(domain) if upstream == domain || upstream.ends_with(&format!(".{domain}")) => {
                    changed = true;
                    format!(" Domain={local}")
                }
                _ => part.to_owned(),
            }
        })
        .collect();
    changed.then(|| parts.join(";"))
}

fn rewritten(field: &str, from: &str, to: &str) -> Rewritten {
    Rewritten {
        field: field.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let target = Authority {
            host: "finesse.example.com".to_owned(),
            port: 8445,
        };
        Names::new(Some("localhost:9445".to_owned()), Scheme::Https, &target)
    }

    #[test]
    fn a_request_under_the_local_name_becomes_one_to_the_upstream() {
        let mut request = Request::builder()
            .uri("/ws/")
            .header("Host", "localhost:9445")
            .header("Origin", "https://localhost:9445")
            .header("Referer", "https://localhost:9445/desktop?x=1")
            .header("Connection", "keep-alive, X-Hop, Upgrade")
            .header("Upgrade", "websocket")
            .header("X-Hop", "1")
            .body(())
            .unwrap();
        let mut said = Vec::new();
        rewrite_request(&mut request, &names(), |one| said.push(one.field));
        let header = |name: &str| request.headers().get(name).map(|v| v.to_str().unwrap());
        assert_eq!(header("host"), Some("finesse.example.com:8445"));
        assert_eq!(header("origin"), Some("https://finesse.example.com:8445"));
        assert_eq!(
            header("referer"),
            Some("https://finesse.example.com:8445/desktop?x=1")
        );
        assert_eq!(header("x-hop"), None);
        assert_eq!(header("upgrade"), Some("websocket"));
        assert_eq!(said, ["x-hop", "host", "origin", "referer"]);
    }

    #[test]
    fn a_response_leads_back_to_the_local_name() {
        let mut response = Response::builder()
            .header("Location", "https://finesse.example.com:8445/desktop")
            .header("Set-Cookie", "a=1; Domain=.example.com; Secure")
            .header("Set-Cookie", "b=2; Path=/")
            .body(())
            .unwrap();
        rewrite_response(&mut response, &names(), |_| {});
        assert_eq!(
            response.headers()["location"],
            "https://localhost:9445/desktop"
        );
        let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1; Domain=localhost; Secure", "b=2; Path=/"]);
    }

    #[test]
    fn an_absolute_form_becomes_an_origin_form() {
        let target = Authority {
            host: "a.b".to_owned(),
            port: 80,
        };
        let mut request = Request::builder().uri("http://a.b/c?d").body(()).unwrap();
        rewrite_request(
            &mut request,
            &Names::new(None, Scheme::Http, &target),
            |_| {},
        );
        assert_eq!(request.uri(), "/c?d");
        assert_eq!(request.headers()["host"], "a.b");
    }
}
