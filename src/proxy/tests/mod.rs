//! A whole proxy in this process, with raw ends on loopback: who is let in, and how.

mod certificates;
mod rewriting;
mod upstream;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use finspect_ca::{Authority, Permitted};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::*;
use crate::bus::{Clock, Received, Subscription};
use crate::event::{Redaction, Refusal};

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
