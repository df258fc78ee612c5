//! The load: WebSockets through a relay, and what goes over them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::Outcome;
use crate::identity::server_name;
use crate::machine::now;
use crate::peer::{Peer, Scripts, head};

/// Where WebSockets are opened.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// What to ask a proxy for; the bare relay is none.
    pub(crate) connect: Option<String>,
    pub(crate) tls: Arc<ClientConfig>,
}

impl Target {
    /// Opens a WebSocket and exchanges one message each way.
    pub(crate) async fn open(self, scripts: Scripts) -> Outcome<Peer> {
        let mut tcp = TcpStream::connect(self.address).await?;
        tcp.set_nodelay(true)?;
        if let Some(target) = &self.connect {
            let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
            tcp.write_all(request.as_bytes()).await?;
            let answer = head(&mut tcp).await?;
            if !answer.starts_with(b"HTTP/1.1 200") {
                return Err("the CONNECT was refused".into());
            }
        }
        let connector = TlsConnector::from(self.tls);
        let stream = connector.connect(server_name()?, tcp).await?;
        let mut peer = Peer::client(stream.into(), &scripts).await?;
        exchange(&mut peer, 1, 1).await?;
        Ok(peer)
    }

    /// Opens many, a few at a time.
    pub(crate) async fn open_many(&self, count: usize, scripts: &Scripts) -> Outcome<Vec<Peer>> {
        let mut peers = Vec::with_capacity(count);
        let mut opening = JoinSet::new();
        for _ in 0..count {
            if opening.len() >= AT_ONCE {
                peers.extend(opening.join_next().await.transpose()?.transpose()?);
            }
            opening.spawn(self.clone().open(scripts.clone()));
        }
        while let Some(opened) = opening.join_next().await {
            peers.push(opened??);
        }
        Ok(peers)
    }
}

/// Says `count` messages, with at most `in_flight` of them unanswered, and hears as many answers.
pub(crate) async fn exchange(peer: &mut Peer, count: u64, in_flight: u64) -> Outcome<()> {
    let (mut said, mut heard) = (0, 0);
    while heard < count {
        let more = (in_flight - (said - heard)).min(count - said);
        if more > 0 {
            peer.say(more).await?;
            said += more;
        }
        let arrived = peer.hear().await?;
        heard += arrived.ok_or("the connection ended before the answers came")?;
    }
    Ok(())
}

/// One message at a time: how long each took to be answered, shortest first.
pub(crate) async fn ping_pong(peer: &mut Peer, count: usize) -> Outcome<Vec<Duration>> {
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let began = now();
        exchange(peer, 1, 1).await?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok(took)
}

/// All sockets at once, each with `in_flight` messages unanswered all the time.
pub(crate) async fn pipelined(peers: Vec<Peer>, count: u64, in_flight: u64) -> Outcome<Vec<Peer>> {
    let mut running = JoinSet::new();
    for mut peer in peers {
        running.spawn(async move {
            exchange(&mut peer, count, in_flight).await?;
            Outcome::Ok(peer)
        });
    }
    let mut peers = Vec::new();
    while let Some(ended) = running.join_next().await {
        peers.push(ended??);
    }
    Ok(peers)
}

/// Handshakes that are under way at one time.
const AT_ONCE: usize = 16;
