//! Listeners: accept, number, hand over.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::door::Door;
use super::reverse::Reverse;
use super::{Shared, relay::Tcp};
use crate::event::{Accepted, ConnectionId, EventKind};

/// What a listener is for.
#[derive(Debug, Clone)]
pub(super) enum Role {
    /// The first bytes tell what is wanted.
    FrontDoor,
    /// One upstream.
    Reverse(Reverse),
}

/// Hands out connection numbers, over all listeners.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Role {
    /// The URL of the one upstream.
    pub(super) fn upstream(&self) -> Option<String> {
        match self {
            Self::FrontDoor => None,
            Self::Reverse(reverse) => Some(reverse.url()),
        }
    }
}

impl Counter {
    /// How many numbers were handed out.
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn next(&self) -> ConnectionId {
        ConnectionId(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// Accepts until told to stop, then waits for the connections to end.
pub(super) async fn serve(
    listener: TcpListener,
    role: Role,
    shared: Arc<Shared>,
    counter: Arc<Counter>,
) {
    let mut stop = shared.stop.clone();
    let mut connections = JoinSet::new();
    let Ok(address) = listener.local_addr() else {
        return;
    };
    loop {
        tokio::select! {
            biased;
            () = stop.told() => break,
            Some(ended) = connections.join_next() => report(ended),
            accepted = listener.accept() => match accepted {
                Ok((stream, client)) => {
                    let id = counter.next();
                    let span = tracing::debug_span!("connection", id = id.0);
                    let connection = connection(stream, client, address, role.clone(), Arc::clone(&shared), id);
                    connections.spawn(connection.instrument(span));
                }
                Err(error) => {
                    // Out of file descriptors, or the client is gone already: neither is helped by haste.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
    drop(listener);
    while let Some(ended) = connections.join_next().await {
        report(ended);
    }
}

async fn connection(
    stream: TcpStream,
    client: SocketAddr,
    listener: SocketAddr,
    role: Role,
    shared: Arc<Shared>,
    id: ConnectionId,
) {
    let observer = shared.observer.of(id);
    let accepted = observer.now();
    observer.fact(EventKind::Accepted(Accepted { client, listener }));
    let mut stop = shared.stop.clone();
    let door = Door::new(shared, observer.clone(), accepted);
    // Boxed, so that what it takes to set a relay up is not held while the relay runs.
    let admitted = Box::pin(async {
        let tcp = Tcp::new(stream);
        match role {
            Role::FrontDoor => door.front(tcp).await,
            Role::Reverse(reverse) => door.reverse(tcp, &reverse).await,
        }
    });
    let relay = tokio::select! {
        biased;
        relay = admitted => relay,
        () = stop.told() => None,
    };
    match relay {
        Some(relay) => relay.run(&mut stop).await,
        None => door.closed(),
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a bug in finspect ended a connection");
    }
}
