//! The port: accepting, TLS, HTTP/1.1, and the hand-over to the WebSocket.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::DATE;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::answer::insert;
use super::node::Node;
use super::tls::Acceptors;
use super::wire::{Line, Wire};
use super::{rest, ws};

/// Accepts until it is dropped; what it accepted ends with it.
pub(super) async fn accept(node: Arc<Node>, mut listener: TcpListener, tls: Option<Acceptors>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = node.door(false) => {
                let Ok(address) = listener.local_addr() else { return };
                drop(listener);
                node.door(true).await;
                listener = bind_again(address).await;
            }
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((tcp, _)) => {
                    connections.spawn(connection(Arc::clone(&node), tcp, tls.clone()));
                }
                // Out of descriptors, most likely: that passes when others end.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Takes the port again that was given up.
async fn bind_again(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            // Somebody else has it: that passes, or nobody can help.
            Err(error) => tracing::warn!(%error, "the simulator cannot have its port back yet"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn connection(node: Arc<Node>, tcp: TcpStream, tls: Option<Acceptors>) {
    // Nagle's delay of small stanzas would be mistaken for the network's.
    if tcp.set_nodelay(true).is_err() {
        return;
    }
    let line = Line::new(tcp);
    node.lines.register(&line);
    let wire = Wire::new(Arc::clone(&line));
    let inspected = node.health().inspected;
    let tls = tls.map(|tls| if inspected { tls.foreign } else { tls.own });
    match tls {
        None => requests(node, line, wire).await,
        Some(tls) => match timeout(HANDSHAKE, tls.accept(wire)).await {
            Ok(Ok(wire)) => requests(node, line, wire).await,
            Ok(Err(error)) => tracing::info!(%error, "the simulator's TLS handshake failed"),
            Err(_) => tracing::info!("the simulator's TLS handshake took too long"),
        },
    }
}

async fn requests<IO>(node: Arc<Node>, line: Arc<Line>, io: IO)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pending = Mutex::new(None);
    let service = service_fn(async |request| {
        Ok::<_, Infallible>(route(&node, &line, &pending, request).await)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .title_case_headers(true)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the simulator ended");
    }
    let pending = pending.into_inner().unwrap_or_else(PoisonError::into_inner);
    let Some(pending) = pending else { return };
    let pending: OnUpgrade = pending;
    if let Ok(upgraded) = pending.await {
        let io = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(ws::limits())).await;
        ws::serve(node, socket).await;
    }
}

async fn route(
    node: &Arc<Node>,
    line: &Line,
    pending: &Mutex<Option<OnUpgrade>>,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let gateway = node.health().gateway;
    let mut response = match gateway {
        Some(status) => ws::refuse(status, "the server behind this proxy does not answer"),
        None if request.uri().path() == "/ws/" => socket(node, line, pending, request),
        None => rest::answer(node, request).await,
    };
    if node.users.ahead() != 0 {
        let date = node.users.now().strftime("%a, %d %b %Y %H:%M:%S GMT");
        insert(&mut response, DATE, &date.to_string());
    }
    response
}

fn socket(
    node: &Node,
    line: &Line,
    pending: &Mutex<Option<OnUpgrade>>,
    mut request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    line.becomes_websocket();
    let health = node.health();
    line.delay(health.latency);
    if health.stalled {
        line.stall();
    }
    drop(health);
    let response = ws::upgrade(node, request.headers());
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        *pending.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(hyper::upgrade::on(&mut request));
    }
    response
}

/// Most connections at a time; more wait in the listener's queue.
const CONNECTIONS: usize = 2048;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(30);
