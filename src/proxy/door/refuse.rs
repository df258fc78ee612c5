//! How a client is told that it is not served: in the protocol that it speaks, as far as that is known.

use rustls::AlertDescription;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Door;
use crate::event::{EventKind, Leg as Side, Manner, Micros, Refusal, TlsFailed, TlsFailure};
use crate::proxy::relay::{Relay, Tcp};
use crate::proxy::tls::{HelloError, send_alert};

impl Door {
    /// Tells a client why it is not served, in the protocol that it speaks, as far as that is known.
    pub(super) async fn refuse(&self, mut tcp: Tcp, refusal: Refusal) -> Option<Relay> {
        self.observer.fact(EventKind::Refused(refusal.clone()));
        match &refusal {
            Refusal::HeadTooLarge(limit) => {
                let text = format!("the head of the request is over {limit} bytes");
                say(&mut tcp, 431, &text).await;
            }
            Refusal::BadRequest(why) => say(&mut tcp, 400, why).await,
            Refusal::Loop(target) => {
                let text = format!("{target} is finspect itself");
                say(&mut tcp, 403, &text).await;
            }
            Refusal::ForeignHost(host) => {
                let text = format!("finspect has no pages under the name `{host}`");
                say(&mut tcp, 421, &text).await;
            }
            Refusal::NoServerName | Refusal::OutsideAuthority(_) => {
                send_alert(&mut tcp, AlertDescription::UnrecognisedName).await;
            }
            Refusal::Unintelligible | Refusal::Silent(_) | Refusal::Vanished => {}
        }
        None
    }

    /// Tells a client in TLS that there is no certificate for the name that it asks for.
    pub(super) async fn refuse_name(&self, mut tcp: Tcp) -> Option<Relay> {
        send_alert(&mut tcp, AlertDescription::UnrecognisedName).await;
        None
    }

    /// The client's first bytes look like TLS and are none, or they stop; `server` is there already in a tunnel.
    pub(in crate::proxy) async fn broken_hello(
        &self,
        mut tcp: Tcp,
        server: Option<&Tcp>,
        error: HelloError,
    ) -> Option<Relay> {
        let (reason, alert) = match error {
            HelloError::Ended(Manner::Reset) => (TlsFailure::Reset, Vec::new()),
            HelloError::Ended(_) => (TlsFailure::ClosedSilently, Vec::new()),
            HelloError::Broken(alert, why) => (TlsFailure::Broken(why), alert),
            HelloError::TooLarge => {
                let why = "the ClientHello is too large".to_owned();
                (TlsFailure::Broken(why), Vec::new())
            }
        };
        if let (TlsFailure::Reset, Some(server)) = (&reason, server) {
            server.reset_on_close();
        }
        self.observer.fact(EventKind::TlsFailed(TlsFailed {
            leg: Side::Client,
            reason,
            chain: Vec::new(),
            advice: None,
            took: Micros(0),
        }));
        if let Err(error) = tcp.write_all(&alert).await {
            tracing::debug!(%error, "the client left before our alert");
        }
        None
    }
}

/// Answers with a status and a sentence, and closes so that the client gets to read it.
pub(super) async fn say(tcp: &mut Tcp, status: u16, text: &str) {
    let phrase = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error");
    let line: String = text.chars().filter(|c| !c.is_control()).collect();
    let body = format!("finspect: {line}\n");
    let answer = format!(
        "HTTP/1.1 {status} {phrase}: {line}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\nX-Finspect: {status}\r\n\r\n{body}",
        body.len()
    );
    if tcp.write_all(answer.as_bytes()).await.is_ok() && tcp.shutdown().await.is_ok() {
        linger(tcp).await;
    }
}

/// Reads what the client still sends, for a while: closing over unread bytes would reset the connection
/// and take the answer with it.
async fn linger(tcp: &mut Tcp) {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
    const LIMIT: u64 = 1024 * 1024;
    let drained = async {
        let mut sink = tokio::io::sink();
        tokio::io::copy(&mut tcp.take(LIMIT), &mut sink).await
    };
    if tokio::time::timeout(PATIENCE, drained).await.is_err() {
        tracing::debug!("the client holds on to a connection that was refused");
    }
}
