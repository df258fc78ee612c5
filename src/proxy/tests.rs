//! A whole proxy in this process, with raw ends on loopback: the ways in that change a message, and the ways out.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use finspect_ca::{Authority, Permitted};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::*;
use crate::bus::{Clock, Received, Subscription};
use crate::event::{AttemptOutcome, DialFailure, Manner, Redaction, Refusal};

const HOST: &str = "finesse.test";

/// A proxy for [`HOST`], whose every port is found at the given address.
struct Rig {
    proxy: Proxy,
    bus: Arc<Bus>,
    events: Subscription,
}

/// What a test wants other than usual.
#[derive(Default)]
struct Wish {
    resolve: Vec<String>,
    upstream_proxy: Option<String>,
    reverse: Option<String>,
    patience: Option<Duration>,
    trust: TrustOptions,
    key_log: Option<std::path::PathBuf>,
}

impl Rig {
    async fn new(wish: Wish) -> Self {
        let permitted = Permitted::parse(HOST).unwrap();
        let authority = Authority::create(&[permitted], SystemTime::now()).unwrap();
        let bus = Arc::new(Bus::new(Clock::start()));
        let events = bus.subscribe(1 << 24);
        let redactor = Arc::new(Redactor::new(Redaction::Standard, &[7; 32].into()));
        let config = ProxyConfig {
            listen: vec!["127.0.0.1:0".parse().unwrap()],
            reverse: wish
                .reverse
                .iter()
                .map(|one| one.parse().unwrap())
                .collect(),
            intercept: vec![HOST.parse().unwrap()],
            overrides: wish
                .resolve
                .iter()
                .map(|one| one.parse().unwrap())
                .collect(),
            upstream_proxy: wish.upstream_proxy.map(|url| url.parse().unwrap()),
            trust: Trust::new(wish.trust).unwrap(),
            authority: Arc::new(authority),
            key_log: wish.key_log.map(|path| KeyLogFile::open(&path).unwrap()),
            patience: wish.patience.unwrap_or(Duration::from_secs(30)),
        };
        let proxy = Proxy::start(config, Arc::clone(&bus), redactor)
            .await
            .unwrap();
        Self { proxy, bus, events }
    }

    async fn client(&self) -> TcpStream {
        TcpStream::connect(self.proxy.front_doors()[0])
            .await
            .unwrap()
    }

    /// A client that has asked for a tunnel and not read the answer.
    async fn asking(&self, target: &str) -> TcpStream {
        let mut client = self.client().await;
        let request = format!("CONNECT {target} HTTP/1.1\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        client
    }

    /// Stops the proxy; everything that it published.
    async fn end(self) -> Vec<EventKind> {
        self.proxy.stop().await;
        self.bus.close();
        let batches = std::iter::from_fn(|| self.events.receive());
        let kind = |received| match received {
            Received::Event(event) => crate::event::Event::clone(&event).kind,
            Received::Lost(gap) => panic!("lost {gap:?}"),
        };
        batches.flatten().map(kind).collect()
    }
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn bounded<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(20), future)
        .await
        .expect("in time")
}

/// Reads until `end` stands at the end of what was read.
async fn read_to(stream: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        let mut byte = [0];
        let count = bounded(stream.read(&mut byte)).await.unwrap();
        assert_eq!(
            count,
            1,
            "the end before {end:?} in {:?}",
            String::from_utf8_lossy(&text)
        );
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    bounded(stream.read_to_string(&mut text)).await.unwrap();
    text
}

#[tokio::test]
async fn a_plain_request_in_absolute_form_reaches_the_server_in_origin_form() {
    let (origin, port) = listener().await;
    let rig = Rig::new(Wish {
        resolve: vec![format!("{HOST}:{port}:127.0.0.1")],
        ..Wish::default()
    })
    .await;
    let mut client = rig.client().await;
    let request = format!(
        "GET http://{HOST}:{port}/a?b HTTP/1.1\r\nHost: {HOST}:{port}\r\nX-MiXed: 1\r\nProxy-Connection: keep-alive\r\nConnection: close\r\n\r\n"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let (mut server, _) = bounded(origin.accept()).await.unwrap();
    let seen = read_to(&mut server, "\r\n\r\n").await;
    assert!(seen.starts_with("GET /a?b HTTP/1.1\r\n"), "{seen}");
    assert!(
        seen.contains("X-MiXed: 1\r\n") && !seen.to_lowercase().contains("proxy-"),
        "{seen}"
    );
    server
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-AnSwer: 1\r\n\r\nok")
        .await
        .unwrap();
    let answer = read_all(&mut client).await;
    assert!(
        answer.contains("X-AnSwer: 1\r\n") && answer.ends_with("\r\n\r\nok"),
        "{answer}"
    );
    drop((client, server));
    let kinds = rig.end().await;
    let rewritten = |field: &str| {
        kinds
            .iter()
            .any(|kind| matches!(kind, EventKind::Rewritten(one) if one.field == field))
    };
    assert!(
        rewritten("request-target") && rewritten("proxy-connection"),
        "{kinds:?}"
    );
    assert!(
        kinds
            .iter()
            .any(|kind| matches!(kind, EventKind::HttpResponse(head) if head.status == 200))
    );
    let closed = kinds.iter().find_map(|kind| match kind {
        EventKind::Closed(closed) => Some(closed),
        _ => None,
    });
    assert!(
        closed.is_some_and(|closed| closed.to_server > 0 && closed.to_client > 0),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn an_upgrade_through_a_reverse_listener_loses_no_byte_around_the_101() {
    let (origin, port) = listener().await;
    let rig = Rig::new(Wish {
        resolve: vec![format!("{HOST}:{port}:127.0.0.1")],
        reverse: Some(format!("127.0.0.1:0=http://{HOST}:{port}")),
        ..Wish::default()
    })
    .await;
    let (address, _) = rig.proxy.reverse()[0].clone();
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /ws/ HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\nearly"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let (mut server, _) = bounded(origin.accept()).await.unwrap();
    let seen = read_to(&mut server, "\r\n\r\n").await;
    assert!(seen.contains(&format!("{HOST}:{port}\r\n")), "{seen}");
    assert!(
        seen.contains(&format!("http://{HOST}:{port}\r\n")),
        "{seen}"
    );
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi";
    server.write_all(answer).await.unwrap();
    read_to(&mut client, "\r\n\r\n").await;
    let mut frame = [0; 4];
    bounded(client.read_exact(&mut frame)).await.unwrap();
    assert_eq!(&frame, b"\x81\x02hi");
    assert_eq!(read_to(&mut server, "early").await, "early");
    client.set_zero_linger().unwrap();
    drop(client);
    let error = bounded(server.read(&mut [0])).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    let kinds = rig.end().await;
    let messages: Vec<_> = kinds
        .iter()
        .filter_map(|kind| match kind {
            EventKind::WebSocketMessage(message) => message.payload.text(),
            _ => None,
        })
        .collect();
    assert_eq!(messages, ["hi"], "{kinds:?}");
    assert!(
        kinds
            .iter()
            .any(|kind| matches!(kind, EventKind::Ended(one) if one.manner == Manner::Reset))
    );
}

#[tokio::test]
async fn an_upstream_proxy_is_asked_with_its_credentials() {
    let (outer, port) = listener().await;
    let rig = Rig::new(Wish {
        upstream_proxy: Some(format!("http://ann:s%40cret@127.0.0.1:{port}")),
        ..Wish::default()
    })
    .await;
    let mut client = rig.asking("other.test:7").await;
    let (mut proxy, _) = bounded(outer.accept()).await.unwrap();
    let asked = read_to(&mut proxy, "\r\n\r\n").await;
    assert!(
        asked.starts_with("CONNECT other.test:7 HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(
        asked.contains("Proxy-Authorization: Basic YW5uOnNAY3JldA==\r\n"),
        "{asked}"
    );
    proxy
        .write_all(b"HTTP/1.1 200 fine\r\nX: y\r\n\r\nbanner")
        .await
        .unwrap();
    let answer = read_to(&mut client, "banner").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    drop((client, proxy));
    rig.end().await;
}

#[tokio::test]
async fn a_no_of_the_upstream_proxy_reaches_the_client_with_its_reason() {
    let (outer, port) = listener().await;
    let rig = Rig::new(Wish {
        upstream_proxy: Some(format!("http://127.0.0.1:{port}")),
        ..Wish::default()
    })
    .await;
    let mut client = rig.asking("other.test:7").await;
    let (mut proxy, _) = bounded(outer.accept()).await.unwrap();
    read_to(&mut proxy, "\r\n\r\n").await;
    proxy
        .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        .await
        .unwrap();
    let answer = read_all(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    assert!(
        answer.contains("407 Proxy Authentication Required"),
        "{answer}"
    );
    drop(proxy);
    rig.end().await;
}

#[tokio::test]
async fn socks5_is_spoken_with_user_and_password_and_leaves_names_to_the_proxy() {
    let (outer, port) = listener().await;
    let rig = Rig::new(Wish {
        upstream_proxy: Some(format!("socks5://ann:pw@127.0.0.1:{port}")),
        ..Wish::default()
    })
    .await;
    let mut client = rig.asking("other.test:7").await;
    let (mut proxy, _) = bounded(outer.accept()).await.unwrap();
    let mut greeting = [0; 4];
    bounded(proxy.read_exact(&mut greeting)).await.unwrap();
    assert_eq!(greeting, [5, 2, 0, 2]);
    proxy.write_all(&[5, 2]).await.unwrap();
    let mut login = [0; 8];
    bounded(proxy.read_exact(&mut login)).await.unwrap();
    assert_eq!(&login, b"\x01\x03ann\x02pw");
    proxy.write_all(&[1, 0]).await.unwrap();
    let mut request = [0; 17];
    bounded(proxy.read_exact(&mut request)).await.unwrap();
    assert_eq!(&request, b"\x05\x01\x00\x03\x0aother.test\x00\x07");
    proxy
        .write_all(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00banner")
        .await
        .unwrap();
    read_to(&mut client, "banner").await;
    drop((client, proxy));
    rig.end().await;
}

#[tokio::test]
async fn a_dead_address_is_an_event_and_the_next_one_is_tried() {
    let (origin, port) = listener().await;
    let (gone, dead) = listener().await;
    drop(gone);
    let rig = Rig::new(Wish {
        resolve: vec![
            format!("{HOST}:1:127.0.0.1:{dead}"),
            format!("{HOST}:1:127.0.0.1:{port}"),
        ],
        ..Wish::default()
    })
    .await;
    let mut client = rig.asking(&format!("{HOST}:1")).await;
    let (server, _) = bounded(origin.accept()).await.unwrap();
    read_to(&mut client, "\r\n\r\n").await;
    drop((client, server));
    let attempts: Vec<_> = rig
        .end()
        .await
        .into_iter()
        .filter_map(|kind| match kind {
            EventKind::Attempt(attempt) => Some((attempt.address.port(), attempt.outcome)),
            _ => None,
        })
        .collect();
    let refused = AttemptOutcome::Failed(DialFailure::ConnectionRefused);
    assert_eq!(
        attempts,
        [(dead, refused), (port, AttemptOutcome::Connected)]
    );
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go_before_its_first_request_only() {
    let (origin, port) = listener().await;
    let rig = Rig::new(Wish {
        resolve: vec![format!("{HOST}:1:127.0.0.1:{port}")],
        patience: Some(Duration::from_millis(300)),
        ..Wish::default()
    })
    .await;
    let mut silent = rig.client().await;
    assert_eq!(bounded(silent.read(&mut [0])).await.unwrap(), 0);
    let mut client = rig.asking(&format!("{HOST}:1")).await;
    let (mut server, _) = bounded(origin.accept()).await.unwrap();
    read_to(&mut client, "\r\n\r\n").await;
    // Three times the patience: a tunnel has no timer, so the connection has to stand.
    tokio::time::sleep(Duration::from_millis(900)).await;
    client.write_all(b"\x00late").await.unwrap();
    assert_eq!(read_to(&mut server, "late").await, "\0late");
    drop((client, server));
    let kinds = rig.end().await;
    assert!(
        kinds.contains(&EventKind::Refused(Refusal::Silent(0))),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn a_request_to_finspect_itself_is_refused_as_a_loop() {
    let rig = Rig::new(Wish::default()).await;
    let own = rig.proxy.front_doors()[0];
    let mut client = rig.asking(&format!("{own}")).await;
    let answer = read_all(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let kinds = rig.end().await;
    assert!(
        kinds
            .iter()
            .any(|kind| matches!(kind, EventKind::Refused(Refusal::Loop(_))))
    );
}

#[tokio::test]
async fn an_upstream_that_asks_for_a_certificate_gets_the_one_of_its_host() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("secrets");
    let client_key = rcgen::KeyPair::generate().unwrap();
    let client = rcgen::CertificateParams::new(vec!["agent".to_owned()])
        .unwrap()
        .self_signed(&client_key)
        .unwrap();
    let pem = format!("{}{}", client.pem(), client_key.serialize_pem());
    let (origin, roots) = tls_origin(Some(client.der()));
    let (listener, port) = listener().await;
    let rig = Rig::new(Wish {
        resolve: vec![format!("{HOST}:{port}:127.0.0.1")],
        trust: TrustOptions {
            extra_roots: vec![("root".to_owned(), roots.into_bytes())],
            client_certificates: vec![
                ClientCertificate::from_pem(HOST, "agent.pem", pem.as_bytes()).unwrap(),
            ],
            ..TrustOptions::default()
        },
        key_log: Some(secrets.clone()),
        ..Wish::default()
    })
    .await;
    let mut tunnel = rig.asking(&format!("{HOST}:{port}")).await;
    read_to(&mut tunnel, "\r\n\r\n").await;
    let connector = browser_of(&rig, true);
    let browser = connector.connect(HOST.try_into().unwrap(), tunnel);
    let server = async { origin.accept(listener.accept().await.unwrap().0).await };
    let (browser, server) = bounded(async { tokio::join!(browser, server) }).await;
    let shown = server
        .unwrap()
        .get_ref()
        .1
        .peer_certificates()
        .map(<[_]>::to_vec);
    assert_eq!(shown, Some(vec![client.der().clone()]));
    drop(browser.unwrap());
    rig.end().await;
    let secrets_text = std::fs::read_to_string(&secrets).unwrap();
    let handshakes = secrets_text
        .matches("CLIENT_HANDSHAKE_TRAFFIC_SECRET ")
        .count();
    assert_eq!(handshakes, 2, "both legs: {secrets_text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&secrets).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// A browser that trusts finspect's authority.
fn browser_of(rig: &Rig, names_server: bool) -> tokio_rustls::TlsConnector {
    let mut store = rustls::RootCertStore::empty();
    store.add(rig.proxy.authority().certificate_der()).unwrap();
    let mut config = rustls::ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(store)
        .with_no_client_auth();
    config.enable_sni = names_server;
    tokio_rustls::TlsConnector::from(Arc::new(config))
}

/// A TLS server for [`HOST`] that may want exactly this client certificate, and the root that vouches for it.
fn tls_origin(
    client: Option<&rustls_pki_types::CertificateDer<'static>>,
) -> (tokio_rustls::TlsAcceptor, String) {
    let permitted = Permitted::parse(HOST).unwrap();
    let authority = Arc::new(Authority::create(&[permitted], SystemTime::now()).unwrap());
    let root = authority.certificate_pem().to_owned();
    let name = finspect_ca::Name::parse(HOST).unwrap();
    let (leaf, _) = Leaves::new(authority, 1).leaf(&name).unwrap();
    let resolver = rustls::sign::SingleCertAndKey::from(leaf.certified());
    let builder = rustls::ServerConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let mut clients = rustls::RootCertStore::empty();
            clients.add(client.clone()).unwrap();
            let clients = Arc::new(clients);
            let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
                clients,
                tls::provider(),
            );
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let config = builder.with_cert_resolver(Arc::new(resolver));
    (tokio_rustls::TlsAcceptor::from(Arc::new(config)), root)
}

#[tokio::test]
async fn without_a_server_name_the_leaf_is_for_the_connect_name_and_another_name_is_recorded() {
    for (asked, names_server) in [(HOST, false), ("www.finesse.test", true)] {
        let (origin, roots) = tls_origin(None);
        let (listener, port) = listener().await;
        let rig = Rig::new(Wish {
            resolve: vec![format!("{HOST}:{port}:127.0.0.1")],
            trust: TrustOptions {
                extra_roots: vec![("root".to_owned(), roots.into_bytes())],
                ..TrustOptions::default()
            },
            ..Wish::default()
        })
        .await;
        let mut tunnel = rig.asking(&format!("{HOST}:{port}")).await;
        read_to(&mut tunnel, "\r\n\r\n").await;
        let browser = browser_of(&rig, names_server).connect(asked.try_into().unwrap(), tunnel);
        // The origin is nobody but HOST: under another name finspect does not believe it, and says so on a page.
        let server = async { drop(origin.accept(listener.accept().await.unwrap().0).await) };
        let (browser, ()) = bounded(async { tokio::join!(browser, server) }).await;
        drop(browser.unwrap());
        let kinds = rig.end().await;
        let hello = kinds.iter().find_map(|kind| match kind {
            EventKind::ClientHello(hello) => Some(hello),
            _ => None,
        });
        let hello = hello.unwrap();
        assert_eq!(hello.server_name.as_deref(), names_server.then_some(asked));
        assert_eq!(hello.connect_name.as_deref(), names_server.then_some(HOST));
        let minted = kinds.iter().find_map(|kind| match kind {
            EventKind::Minted(minted) => Some(minted.host.as_str()),
            _ => None,
        });
        assert_eq!(minted, Some(asked), "{kinds:?}");
    }
}
