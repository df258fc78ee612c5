//! `/ws/`: the upgrade as Openfire answers it, and the socket task that carries one session.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};

use super::node::Node;
use super::pubsub::{Ending, Outgoing};
use super::xmpp::{CLOSE, Session, stream_error};

/// Answers the upgrade: 101 with the subprotocol, or why not. Extensions are not offered.
pub(super) fn upgrade(node: &Node, headers: &HeaderMap) -> Response<Full<Bytes>> {
    if let Some(status) = node.health().refusal {
        return refuse(status, "the Notification Service is not available");
    }
    let has = |name: HeaderName, token: &str| {
        let values = headers.get_all(name).into_iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(token))
    };
    if !has(UPGRADE, "websocket")
        || !has(CONNECTION, "upgrade")
        || !has(SEC_WEBSOCKET_VERSION, "13")
    {
        return refuse(
            StatusCode::BAD_REQUEST,
            "this is a WebSocket (RFC 6455, version 13)",
        );
    }
    let Some(key) = headers.get(SEC_WEBSOCKET_KEY) else {
        return refuse(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is missing");
    };
    // Openfire creates no socket for other subprotocols, and Jetty then answers 503.
    if !has(SEC_WEBSOCKET_PROTOCOL, "xmpp") {
        return refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "the subprotocol xmpp is not offered",
        );
    }
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = response.headers_mut();
    answer.insert(UPGRADE, HeaderValue::from_static("WebSocket"));
    answer.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("xmpp"));
    if let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) {
        answer.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

/// Carries one session until its socket ends.
pub(super) async fn serve<IO>(node: Arc<Node>, mut socket: WebSocketStream<IO>)
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let (outbox, mut outgoing) = mpsc::channel(OUTBOX);
    let mut session = Session::new(Arc::clone(&node), outbox);
    let quiet = node.pace.real(QUIET);
    let mut ping = interval_at(Instant::now() + quiet, quiet);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        let step = tokio::select! {
            message = socket.next() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => send_all(&mut socket, session.receive(&text)).await,
                    // The closing handshake is answered while reading goes on to the end of the stream.
                    Some(Ok(_)) => ControlFlow::Continue(()),
                    Some(Err(_)) | None => ControlFlow::Break(()),
                }
            }
            Some(stanza) = outgoing.recv() => send_all(&mut socket, vec![stanza]).await,
            _ = ping.tick() => if heard.elapsed() >= quiet {
                into_flow(socket.send(Message::Ping(Bytes::new())).await)
            } else {
                ControlFlow::Continue(())
            },
        };
        if step.is_break() {
            break;
        }
    }
    session.gone();
    // The peer may be gone already; this is the close_notify for one that is not.
    let _ = timeout(LINGER, socket.get_mut().shutdown()).await;
}

/// The bounds of the WebSocket: messages as large as Openfire takes them, small buffers.
pub(super) fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * MESSAGE)
        .max_message_size(Some(MESSAGE))
        .max_frame_size(Some(MESSAGE))
}

async fn send_all<IO>(socket: &mut WebSocketStream<IO>, stanzas: Vec<Outgoing>) -> ControlFlow<()>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    for stanza in stanzas {
        match stanza {
            Outgoing::Stanza(text) => into_flow(socket.send(Message::text(text)).await)?,
            Outgoing::Bye(ending) => {
                // However far it gets, this is the end of the session.
                let _ = timeout(LINGER, end(socket, ending)).await;
                return ControlFlow::Break(());
            }
        }
    }
    ControlFlow::Continue(())
}

/// Says goodbye, then reads on until the peer has closed too.
async fn end<IO>(
    socket: &mut WebSocketStream<IO>,
    ending: Ending,
) -> Result<(), tokio_tungstenite::tungstenite::Error>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let frame = match ending {
        Ending::Stream(condition) => {
            if let Some(condition) = condition {
                socket.send(Message::text(stream_error(condition))).await?;
            }
            socket.send(Message::text(CLOSE)).await?;
            None
        }
        Ending::Frame(code, reason) => Some(CloseFrame {
            code: code.into(),
            reason: reason.into(),
        }),
    };
    socket.close(frame).await?;
    while let Some(message) = socket.next().await {
        message?;
    }
    Ok(())
}

fn into_flow<E>(result: Result<(), E>) -> ControlFlow<()> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

fn refuse(status: StatusCode, why: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(why.as_bytes())));
    *response.status_mut() = status;
    response
}

/// How long Openfire 4.2 lets a client be silent before it sends a WebSocket PING, and the time between two looks.
const QUIET: Duration = Duration::from_secs(60);
/// How long a closing handshake may take.
const LINGER: Duration = Duration::from_secs(5);
/// Stanzas that may wait for a session that does not read.
const OUTBOX: usize = 256;
/// Largest message in bytes (`xmpp.parser.buffer.size`).
const MESSAGE: usize = 1 << 20;
