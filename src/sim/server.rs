//! The port: accepting, TLS, HTTP/1.1, and the hand-over to the WebSocket.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
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
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::node::Node;
use super::wire::{Line, Wire};
use super::{rest, ws};

/// Accepts until it is dropped; what it accepted ends with it.
pub(super) async fn accept(node: Arc<Node>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
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

async fn connection(node: Arc<Node>, tcp: TcpStream, tls: Option<TlsAcceptor>) {
    // Nagle's delay of small stanzas would be mistaken for the network's.
    if tcp.set_nodelay(true).is_err() {
        return;
    }
    let line = Line::new(tcp);
    node.lines.register(&line);
    let wire = Wire(Arc::clone(&line));
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
    mut request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    if request.uri().path() != "/ws/" {
        return rest::answer(node, request).await;
    }
    line.becomes_websocket();
    if node.health().stalled {
        line.stall();
    }
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
