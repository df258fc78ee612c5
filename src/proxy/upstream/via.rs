//! Through another proxy: HTTP CONNECT (RFC 9110 section 9.3.6) and SOCKS5 (RFC 1928, RFC 1929).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::failure_of;
use crate::event::{Authority, DialFailure, Via};
use crate::proxy::intercept::parse_authority;
use crate::proxy::relay::Tcp;

/// The proxy of `--upstream-proxy URL`.
#[derive(Clone)]
pub struct UpstreamProxy {
    via: Via,
    authority: Authority,
    credentials: Option<Credentials>,
}

#[derive(Clone)]
struct Credentials {
    user: String,
    password: String,
}

/// An `--upstream-proxy` that means nothing. It never repeats the URL, which may hold a password.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BadProxyUrl {
    /// Another scheme.
    #[error("an upstream proxy is named as http://HOST:PORT or socks5://HOST:PORT")]
    Scheme,
    /// No host in it, or a bad port.
    #[error("the upstream proxy's URL has no valid host and port")]
    Authority,
    /// A user or password that is badly encoded or too long.
    #[error(
        "the upstream proxy's user and password must be percent-encoded and at most 255 bytes each"
    )]
    Credentials,
}

/// Head of the answer to a CONNECT, at most.
const HEAD_LIMIT: usize = 16 * 1024;

impl UpstreamProxy {
    pub(super) const fn via(&self) -> Via {
        self.via
    }

    pub(super) const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Makes the connection to the proxy one to `target`.
    pub(super) async fn lead_to(
        &self,
        target: &Authority,
        tcp: &mut Tcp,
    ) -> Result<(), DialFailure> {
        match self.via {
            Via::Http => self.http_connect(target, tcp).await,
            Via::Socks5 => self.socks5(target, tcp).await,
        }
    }

    async fn http_connect(&self, target: &Authority, tcp: &mut Tcp) -> Result<(), DialFailure> {
        let authorization = self.credentials.as_ref().map_or_else(String::new, |one| {
            let pair = STANDARD.encode(format!("{}:{}", one.user, one.password));
            format!("Proxy-Authorization: Basic {pair}\r\n")
        });
        let head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n");
        send(tcp, head.as_bytes()).await?;
        let (status, reason, length) = loop {
            if let Some(answer) = parse_answer(tcp.prefix())? {
                break answer;
            }
            if tcp.prefix().len() > HEAD_LIMIT {
                let why = "the head of its answer is too large";
                return Err(DialFailure::ProxyUnintelligible(why.to_owned()));
            }
            fill(tcp).await?;
        };
        if !(200..300).contains(&status) {
            let why = format!("{status} {reason}");
            return Err(DialFailure::ProxyRefused(why.trim().to_owned()));
        }
        tcp.consume(length);
        Ok(())
    }

    async fn socks5(&self, target: &Authority, tcp: &mut Tcp) -> Result<(), DialFailure> {
        let methods: &[u8] = match self.credentials {
            None => &[5, 1, 0],
            Some(_) => &[5, 2, 0, 2],
        };
        send(tcp, methods).await?;
        let mut choice = [0; 2];
        receive(tcp, &mut choice).await?;
        match (choice, &self.credentials) {
            ([5, 0], _) => {}
            ([5, 2], Some(credentials)) => log_in(credentials, tcp).await?,
            ([5, _], _) => {
                let why = "it accepts none of our ways to log in";
                return Err(DialFailure::ProxyRefused(why.to_owned()));
            }
            _ => return Err(DialFailure::ProxyUnintelligible("no SOCKS5".to_owned())),
        }
        send(tcp, &socks_request(target)).await?;
        let mut head = [0; 4];
        receive(tcp, &mut head).await?;
        if head[1] != 0 {
            return Err(socks_failure(head[1]));
        }
        let address_length = match head[3] {
            1 => 4,
            4 => 16,
            3 => {
                let mut length = [0];
                receive(tcp, &mut length).await?;
                usize::from(length[0])
            }
            _ => {
                return Err(DialFailure::ProxyUnintelligible(
                    "an address of no known type".to_owned(),
                ));
            }
        };
        let mut rest = vec![0; address_length + 2];
        receive(tcp, &mut rest).await
    }
}

/// Shows no password.
impl fmt::Debug for UpstreamProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UpstreamProxy({:?}, {})", self.via, self.authority)
    }
}

impl FromStr for UpstreamProxy {
    type Err = BadProxyUrl;

    fn from_str(url: &str) -> Result<Self, BadProxyUrl> {
        let (scheme, rest) = url.split_once("://").ok_or(BadProxyUrl::Scheme)?;
        let (via, port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (Via::Http, 80),
            "socks5" | "socks5h" => (Via::Socks5, 1080),
            _ => return Err(BadProxyUrl::Scheme),
        };
        let rest = rest.trim_end_matches('/');
        let (credentials, host) = match rest.rsplit_once('@') {
            None => (None, rest),
            Some((userinfo, host)) => (Some(parse_credentials(userinfo)?), host),
        };
        Ok(Self {
            via,
            authority: parse_authority(host, Some(port)).ok_or(BadProxyUrl::Authority)?,
            credentials,
        })
    }
}

fn parse_credentials(userinfo: &str) -> Result<Credentials, BadProxyUrl> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let decode = |text: &str| {
        let decoded = percent_decode(text).ok_or(BadProxyUrl::Credentials)?;
        if decoded.len() > 255 {
            return Err(BadProxyUrl::Credentials);
        }
        Ok(decoded)
    };
    Ok(Credentials {
        user: decode(user)?,
        password: decode(password)?,
    })
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Status, reason and length of an answer's head, once it is whole.
fn parse_answer(bytes: &[u8]) -> Result<Option<(u16, String, usize)>, DialFailure> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(bytes) {
        Ok(httparse::Status::Partial) => Ok(None),
        Ok(httparse::Status::Complete(length)) => {
            let reason = response.reason.unwrap_or_default().to_owned();
            Ok(Some((response.code.unwrap_or(0), reason, length)))
        }
        Err(error) => Err(DialFailure::ProxyUnintelligible(error.to_string())),
    }
}

/// RFC 1929 section 2.
async fn log_in(credentials: &Credentials, tcp: &mut Tcp) -> Result<(), DialFailure> {
    let mut request = vec![1];
    for field in [&credentials.user, &credentials.password] {
        request.push(u8::try_from(field.len()).unwrap_or(u8::MAX));
        request.extend_from_slice(field.as_bytes());
    }
    send(tcp, &request).await?;
    let mut answer = [0; 2];
    receive(tcp, &mut answer).await?;
    if answer[1] != 0 {
        let why = "user or password wrong";
        return Err(DialFailure::ProxyRefused(why.to_owned()));
    }
    Ok(())
}

/// RFC 1928 section 4; names are resolved by the proxy.
fn socks_request(target: &Authority) -> Vec<u8> {
    let mut request = vec![5, 1, 0];
    match target.host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => {
            request.push(1);
            request.extend_from_slice(&ip.octets());
        }
        Ok(IpAddr::V6(ip)) => {
            request.push(4);
            request.extend_from_slice(&ip.octets());
        }
        Err(_) => {
            let name = target.host.as_bytes();
            let name = name.get(..255).unwrap_or(name);
            request.push(3);
            request.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            request.extend_from_slice(name);
        }
    }
    request.extend_from_slice(&target.port.to_be_bytes());
    request
}

/// RFC 1928 section 6.
fn socks_failure(reply: u8) -> DialFailure {
    match reply {
        3 => DialFailure::NetworkUnreachable,
        4 => DialFailure::HostUnreachable,
        5 => DialFailure::ConnectionRefused,
        6 => DialFailure::TimedOut,
        1 => DialFailure::ProxyRefused("general failure".to_owned()),
        2 => DialFailure::ProxyRefused("not allowed by its rules".to_owned()),
        other => DialFailure::ProxyRefused(format!("SOCKS5 reply {other}")),
    }
}

async fn send(tcp: &mut Tcp, bytes: &[u8]) -> Result<(), DialFailure> {
    tcp.write_all(bytes)
        .await
        .map_err(|error| failure_of(&error))
}

async fn receive(tcp: &mut Tcp, bytes: &mut [u8]) -> Result<(), DialFailure> {
    match tcp.read_exact(bytes).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(cut_off()),
        Err(error) => Err(failure_of(&error)),
    }
}

async fn fill(tcp: &mut Tcp) -> Result<(), DialFailure> {
    match tcp.fill().await {
        Ok(0) => Err(cut_off()),
        Ok(_) => Ok(()),
        Err(error) => Err(failure_of(&error)),
    }
}

fn cut_off() -> DialFailure {
    DialFailure::ProxyRefused("it closed the connection without an answer".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_never_shown() {
        let proxy: UpstreamProxy = "http://ann:s%40cret@Proxy.example:3128/".parse().unwrap();
        assert_eq!(proxy.authority.to_string(), "proxy.example:3128");
        let credentials = proxy.credentials.as_ref().unwrap();
        assert_eq!(
            (&*credentials.user, &*credentials.password),
            ("ann", "s@cret")
        );
        assert!(!format!("{proxy:?}").contains("cret"));
        let bad = |url: &str| url.parse::<UpstreamProxy>().unwrap_err();
        assert_eq!(bad("https://x"), BadProxyUrl::Scheme);
        assert_eq!(bad("proxy:3128"), BadProxyUrl::Scheme);
        assert_eq!(bad("http://:3128"), BadProxyUrl::Authority);
        assert_eq!(bad("http://a:%zz@x"), BadProxyUrl::Credentials);
    }

    #[test]
    fn a_socks_request_names_hosts_and_addresses_by_their_types() {
        let request = |host: &str| {
            socks_request(&Authority {
                host: host.to_owned(),
                port: 8445,
            })
        };
        assert_eq!(request("1.2.3.4"), [5, 1, 0, 1, 1, 2, 3, 4, 0x20, 0xfd]);
        assert_eq!(request("ab"), [5, 1, 0, 3, 2, b'a', b'b', 0x20, 0xfd]);
        assert_eq!(request("::1").len(), 4 + 16 + 2);
    }
}
