//! The way to the server: straight, or by CONNECT through a proxy; with TLS or without.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::distrust::doubter;
use super::{AgentConfig, AgentError, Via};

/// A stream to the server, whatever is between.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// Dials the server.
pub(super) struct Tunnel {
    via: Via,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// Handshakes that are still broken off for a certificate that nobody vouches for.
    distrust: AtomicU32,
}

impl Tunnel {
    /// The way that `config` describes.
    pub(super) fn new(config: &AgentConfig) -> Result<Self, AgentError> {
        let tls = match &config.root_pem {
            None => None,
            Some(pem) => Some((connector(pem)?, server_name(&config.host)?)),
        };
        Ok(Self {
            via: config.via,
            host: config.host.clone(),
            port: config.port,
            tls,
            distrust: AtomicU32::new(config.habits().distrust),
        })
    }

    /// A new stream.
    pub(super) async fn dial(&self) -> Result<Box<dyn Stream>, DialError> {
        let tcp = match self.via {
            Via::Direct(address) => connect(address).await?,
            Via::Proxy(address) => {
                let mut tcp = connect(address).await?;
                self.ask(&mut tcp).await?;
                tcp
            }
        };
        Ok(match &self.tls {
            None => Box::new(tcp),
            Some((connector, name)) => {
                let connector = if self.distrusts() {
                    &doubter()?
                } else {
                    connector
                };
                let tls = connector.connect(name.clone(), tcp).await;
                Box::new(tls.map_err(DialError::Tls)?)
            }
        })
    }

    /// `host:port`, as in a Host header.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Scheme and authority, as in an Origin header.
    pub(super) fn origin(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// Whether this handshake is one of those.
    fn distrusts(&self) -> bool {
        let next = |left: u32| left.checked_sub(1);
        self.distrust
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .is_ok()
    }

    async fn ask(&self, tcp: &mut TcpStream) -> Result<(), DialError> {
        let authority = self.authority();
        let connect = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        tcp.write_all(connect.as_bytes())
            .await
            .map_err(DialError::Proxy)?;
        let mut head = Vec::new();
        // A byte at a time: what follows the head belongs to whoever speaks next.
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() >= HEAD {
                return Err(DialError::Answer("a head without an end".to_owned()));
            }
            head.push(tcp.read_u8().await.map_err(DialError::Proxy)?);
        }
        let head = String::from_utf8_lossy(&head);
        let line = head.lines().next().unwrap_or_default();
        if line.split(' ').nth(1) == Some("200") {
            Ok(())
        } else {
            Err(DialError::Answer(line.to_owned()))
        }
    }
}

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    /// No TCP.
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    /// The proxy went away.
    #[error("the proxy ended the connection: {0}")]
    Proxy(io::Error),
    /// The proxy said something else than 200.
    #[error("the proxy answered {0:?}")]
    Answer(String),
    /// No TLS.
    #[error("no TLS: {0}")]
    Tls(io::Error),
}

async fn connect(address: SocketAddr) -> Result<TcpStream, DialError> {
    let tcp = TcpStream::connect(address)
        .await
        .map_err(DialError::Connect)?;
    tcp.set_nodelay(true).map_err(DialError::Connect)?;
    Ok(tcp)
}

fn server_name(host: &str) -> Result<ServerName<'static>, AgentError> {
    ServerName::try_from(host.to_owned()).map_err(|_| AgentError::Host(host.to_owned()))
}

fn connector(pem: &str) -> Result<TlsConnector, AgentError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| AgentError::Roots)?;
        roots.add(certificate).map_err(AgentError::Tls)?;
    }
    if roots.is_empty() {
        return Err(AgentError::Roots);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(AgentError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Longest answer to a CONNECT in bytes.
const HEAD: usize = 8 * 1024;
