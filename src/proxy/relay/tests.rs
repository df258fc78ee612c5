//! Over real sockets: what goes in on one side comes out on the other, and ends the way it ended.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::bus::{Bus, Clock, Received, Subscription};
use crate::event::{Event, Redaction};
use crate::proxy::observer::Observer;
use crate::proxy::stop;
use crate::redact::Redactor;
use crate::tap::{Limits, Tap};

/// A client and a server with a relay between them.
struct Rig {
    client: TcpStream,
    server: TcpStream,
    relay: JoinHandle<()>,
    bus: Arc<Bus>,
    events: Subscription,
    stopper: stop::Stopper,
}

impl Rig {
    async fn new() -> Self {
        let (client, near) = pair().await;
        let (far, server) = pair().await;
        let bus = Arc::new(Bus::new(Clock::start()));
        let events = bus.subscribe(1 << 24);
        let redactor = Arc::new(Redactor::new(Redaction::Standard, &[7; 32].into()));
        let observer = Observer::new(Arc::clone(&bus), redactor);
        let sight = Sight::new(observer, Some(Tap::new(Limits::default())));
        let (near, far) = (Leg::plain(Tcp::new(near)), Leg::plain(Tcp::new(far)));
        let relay = Relay::new(near, far, sight, Micros(0));
        let (stopper, mut stop) = stop::pair();
        let relay = tokio::task::spawn(async move { relay.run(&mut stop).await });
        Self {
            client,
            server,
            relay,
            bus,
            events,
            stopper,
        }
    }

    /// Waits for the relay to end; what it published.
    async fn end(self) -> Vec<EventKind> {
        bounded(self.relay).await.unwrap();
        self.bus.close();
        let batches = std::iter::from_fn(|| self.events.receive());
        let kind = |received| match received {
            Received::Event(event) => Event::clone(&event).kind,
            Received::Lost(gap) => panic!("lost {gap:?}"),
        };
        batches.flatten().map(kind).collect()
    }
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (one, other) = tokio::join!(TcpStream::connect(address), listener.accept());
    (one.unwrap(), other.unwrap().0)
}

async fn bounded<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(20), future)
        .await
        .expect("in time")
}

fn ends(kinds: &[EventKind]) -> Vec<&Manner> {
    let mut manners = Vec::new();
    for kind in kinds {
        if let EventKind::Ended(ended) = kind {
            manners.push(&ended.manner);
        }
    }
    manners
}

#[tokio::test]
async fn a_half_close_leaves_the_other_direction_open() {
    let mut rig = Rig::new().await;
    rig.client.write_all(b"question").await.unwrap();
    rig.client.shutdown().await.unwrap();
    let mut question = Vec::new();
    bounded(rig.server.read_to_end(&mut question))
        .await
        .unwrap();
    assert_eq!(question, b"question");
    rig.server.write_all(b"answer").await.unwrap();
    rig.server.shutdown().await.unwrap();
    let mut answer = Vec::new();
    bounded(rig.client.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer, b"answer");
    let kinds = rig.end().await;
    assert_eq!(ends(&kinds), [&Manner::Fin, &Manner::Fin]);
    let Some(EventKind::Closed(closed)) = kinds.last() else {
        panic!("no Closed at the end of {kinds:?}");
    };
    assert_eq!(closed.first, Some(Direction::ToServer));
    assert_eq!((closed.to_server, closed.to_client), (8, 6));
}

#[tokio::test]
async fn a_reset_on_one_side_is_a_reset_on_the_other() {
    for from_client in [true, false] {
        let Rig {
            client,
            server,
            relay,
            bus,
            events,
            stopper,
        } = Rig::new().await;
        let (dies, mut sees) = if from_client {
            (client, server)
        } else {
            (server, client)
        };
        dies.set_zero_linger().unwrap();
        drop(dies);
        let error = bounded(sees.read(&mut [0])).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        let (client, server) = (sees, pair().await.0);
        let rig = Rig {
            client,
            server,
            relay,
            bus,
            events,
            stopper,
        };
        assert_eq!(ends(&rig.end().await), [&Manner::Reset]);
    }
}

/// On two threads, because a subscription blocks the one that waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_does_not_read_is_an_event_and_slows_its_sender_alone() {
    let mut rig = Rig::new().await;
    let (mut from_client, mut to_server) = rig.client.split();
    let (mut from_server, mut to_client) = rig.server.split();
    let flood = vec![b'x'; 64 << 20];
    let flooding = to_server.write_all(&flood);
    let other_way = async {
        let mut stalled = false;
        while !stalled {
            to_client.write_all(b"on").await.unwrap();
            from_client.read_exact(&mut [0; 2]).await.unwrap();
            let batch = tokio::task::block_in_place(|| rig.events.receive()).unwrap();
            stalled = batch.iter().any(|received| {
                matches!(received, Received::Event(event) if matches!(event.kind, EventKind::Stalled(_)))
            });
        }
        tokio::io::copy(
            &mut (&mut from_server).take(64 << 20),
            &mut tokio::io::sink(),
        )
        .await
        .unwrap()
    };
    let (flooded, read) = bounded(async { tokio::join!(flooding, other_way) }).await;
    flooded.unwrap();
    assert_eq!(read, 64 << 20);
}

#[tokio::test]
async fn a_stop_ends_both_sides_and_says_so() {
    let mut rig = Rig::new().await;
    rig.stopper.stop();
    assert_eq!(bounded(rig.client.read(&mut [0])).await.unwrap(), 0);
    assert_eq!(ends(&rig.end().await), [&Manner::Stopped, &Manner::Stopped]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn bytes_arrive_unchanged_both_ways(
        up in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..70_000), 0..6),
        down in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..70_000), 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut rig = Rig::new().await;
            let (client_read, client_write) = rig.client.split();
            let (server_read, server_write) = rig.server.split();
            let (_, _, at_server, at_client) = bounded(async {
                tokio::join!(
                    send(client_write, &up),
                    send(server_write, &down),
                    receive(server_read),
                    receive(client_read),
                )
            })
            .await;
            assert_eq!(at_server, up.concat());
            assert_eq!(at_client, down.concat());
            rig.end().await;
        });
    }
}

async fn send(mut to: tokio::net::tcp::WriteHalf<'_>, chunks: &[Vec<u8>]) {
    for chunk in chunks {
        to.write_all(chunk).await.unwrap();
        tokio::task::yield_now().await;
    }
    to.shutdown().await.unwrap();
}

async fn receive(mut from: tokio::net::tcp::ReadHalf<'_>) -> Vec<u8> {
    let mut all = Vec::new();
    from.read_to_end(&mut all).await.unwrap();
    all
}
