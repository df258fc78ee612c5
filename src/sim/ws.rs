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
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::node::Node;
use super::pubsub::{Ending, Outgoing};
use super::quiet::{Quiet, Step};
use super::xmpp::{CLOSE, Session, stream_error};

/// Answers the upgrade: 101 with the subprotocol, or why not. Extensions are not offered.
pub(super) fn upgrade(node: &Node, headers: &HeaderMap) -> Response<Full<Bytes>> {
    node.socket_asked_for();
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
    let mut quiet = Quiet::new(node.pace);
    loop {
        let step = tokio::select! {
            message = socket.next() => {
                quiet.heard();
                match message {
                    Some(Ok(Message::Text(text))) => send_all(&mut socket, session.receive(&text)).await,
                    // The closing handshake is answered while reading goes on to the end of the stream.
                    Some(Ok(_)) => ControlFlow::Continue(()),
                    Some(Err(Error::Capacity(_))) => refuse_large(&mut socket).await,
                    Some(Err(_)) | None => ControlFlow::Break(()),
                }
            }
            Some(stanza) = outgoing.recv() => send_all(&mut socket, vec![stanza]).await,
            () = quiet.look() => {
                let patience = node.health().patience;
                match quiet.next(patience) {
                    Some(Step::Frame) => into_flow(socket.send(Message::Ping(Bytes::new())).await),
                    Some(Step::Ping) => send_all(&mut socket, session.ping()).await,
                    Some(Step::End(ending)) => send_all(&mut socket, vec![Outgoing::Bye(ending)]).await,
                    None => ControlFlow::Continue(()),
                }
            }
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
async fn end<IO>(socket: &mut WebSocketStream<IO>, ending: Ending) -> Result<(), Error>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let frame = |code: u16, reason: String| CloseFrame {
        code: code.into(),
        reason: reason.into(),
    };
    let frame = match ending {
        Ending::Nothing => return Ok(()),
        Ending::Stream(condition) => {
            say_goodbye(socket, condition).await?;
            None
        }
        Ending::StreamThenFrame(condition, code, reason) => {
            say_goodbye(socket, Some(condition)).await?;
            Some(frame(code, reason.to_owned()))
        }
        Ending::Frame(code, reason) => Some(frame(code, reason)),
    };
    socket.close(frame).await?;
    while let Some(message) = socket.next().await {
        message?;
    }
    Ok(())
}

/// The end of the stream as XMPP has it.
async fn say_goodbye<IO>(
    socket: &mut WebSocketStream<IO>,
    condition: Option<&str>,
) -> Result<(), Error>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    if let Some(condition) = condition {
        socket.send(Message::text(stream_error(condition))).await?;
    }
    socket.send(Message::text(CLOSE)).await
}

/// Jetty's answer to a message above the limit; that the limit's Close comes alone is assumed (finesse.md 4.3 row 22).
async fn refuse_large<IO>(socket: &mut WebSocketStream<IO>) -> ControlFlow<()>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let reason = format!("Text message size exceeds maximum size [{MESSAGE}]");
    let ending = Ending::Frame(1009, reason);
    let _ = timeout(LINGER, end(socket, ending)).await;
    // The WebSocket reads no further; unread bytes would turn the end of TCP into an RST that overtakes the Close.
    let mut unread = [0; 4096];
    while let Ok(Ok(1..)) = timeout(RESIDUE, socket.get_mut().read(&mut unread)).await {}
    ControlFlow::Break(())
}

fn into_flow<E>(result: Result<(), E>) -> ControlFlow<()> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

/// Any other answer than 101.
pub(super) fn refuse(status: StatusCode, why: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(why.as_bytes())));
    *response.status_mut() = status;
    response
}

/// How long a closing handshake may take.
const LINGER: Duration = Duration::from_secs(5);
/// How long nothing more has to come of a message that was too large.
const RESIDUE: Duration = Duration::from_millis(300);
/// Stanzas that may wait for a session that does not read.
const OUTBOX: usize = 256;
/// Largest message in bytes (`xmpp.parser.buffer.size`).
const MESSAGE: usize = 1 << 20;
