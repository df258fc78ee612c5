//! The agent's socket: the upgrade, the XMPP login in Strophe's spelling, reading what comes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use http::HeaderValue;
use http::header::{ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use quick_xml::escape::escape;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::super::deed::Presence;
use super::super::element::Element;
use super::super::ws::limits;
use super::diary::{Death, Diary, Experience};
use super::tunnel::{DialError, Stream, Tunnel};
use super::{AgentConfig, patience};

/// An open WebSocket.
pub(super) struct Socket {
    stream: WebSocketStream<Box<dyn Stream>>,
    /// For the ids of iqs.
    counter: u64,
    /// The Close that came before the end.
    close: Option<Death>,
}

/// Why there is no login.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoginError {
    /// No stream to the server.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// Another status than 101.
    #[error("the upgrade is answered {0}")]
    Refused(u16),
    /// The WebSocket broke.
    #[error("the socket broke: {0}")]
    Broken(#[source] Box<Error>),
    /// It ended in the middle of the login.
    #[error("the socket ended during the login")]
    Ended,
    /// Wrong credentials, or no resource.
    #[error("unauthorized")]
    Unauthorized,
}

impl Socket {
    /// Upgrades and logs in up to the own presence: the socket and the full JID.
    pub(super) async fn login(
        tunnel: &Tunnel,
        config: &AgentConfig,
        diary: &Diary,
    ) -> Result<(Self, String), LoginError> {
        let mut socket = Self::upgrade(tunnel).await?;
        match socket.introduce(config, diary).await {
            Ok(jid) => Ok((socket, jid)),
            Err(error) => {
                // A page that got no login closes what it has.
                let _ = timeout(patience(config.pace), socket.close_empty()).await;
                Err(error)
            }
        }
    }

    async fn introduce(
        &mut self,
        config: &AgentConfig,
        diary: &Diary,
    ) -> Result<String, LoginError> {
        let socket = self;
        let domain = &config.host;
        let open = format!("<open xmlns='{FRAMING}' to='{domain}' version='1.0'/>");
        socket.send(diary, "open", &open).await?;
        socket.expect(diary, "features").await?;
        let plain = format!("{0}@{domain}\0{0}\0{1}", config.user, config.password);
        let auth = format!(
            "<auth xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" mechanism=\"PLAIN\">{}</auth>",
            BASE64_STANDARD.encode(plain)
        );
        socket.send(diary, "auth", &auth).await?;
        socket.expect(diary, "success").await?;
        socket.send(diary, "open", &open).await?;
        socket.expect(diary, "features").await?;
        let bind =
            "<bind xmlns=\"urn:ietf:params:xml:ns:xmpp-bind\"><resource>desktop</resource></bind>";
        let bind =
            format!("<iq type=\"set\" id=\"_bind_auth_2\" xmlns=\"jabber:client\">{bind}</iq>");
        socket.send(diary, "iq bind", &bind).await?;
        let bound = socket.expect(diary, "iq").await?;
        let jid = bound
            .find("jid")
            .ok_or(LoginError::Unauthorized)?
            .text
            .clone();
        let session = "<iq type=\"set\" id=\"_session_auth_2\" xmlns=\"jabber:client\">\
                       <session xmlns=\"urn:ietf:params:xml:ns:xmpp-session\"/></iq>";
        socket.send(diary, "iq session", session).await?;
        socket.expect(diary, "iq").await?;
        let presence = match config.habits().presence {
            Presence::Available => "<presence xmlns=\"jabber:client\"/>",
            Presence::Negative => {
                "<presence xmlns=\"jabber:client\"><priority>-1</priority></presence>"
            }
            Presence::None => return Ok(jid),
        };
        socket.send(diary, "presence", presence).await?;
        Ok(jid)
    }

    async fn upgrade(tunnel: &Tunnel) -> Result<Self, LoginError> {
        let mut request = format!("ws://{}/ws/", tunnel.authority())
            .into_client_request()
            .map_err(broken)?;
        let headers = request.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("xmpp"));
        if let Ok(origin) = HeaderValue::from_str(&tunnel.origin()) {
            headers.insert(ORIGIN, origin);
        }
        let stream = tunnel.dial().await?;
        match client_async_with_config(request, stream, Some(limits())).await {
            Ok((stream, _)) => Ok(Self {
                stream,
                counter: 0,
                close: None,
            }),
            Err(Error::Http(response)) => Err(LoginError::Refused(response.status().as_u16())),
            Err(error) => Err(broken(error)),
        }
    }

    /// Subscribes the full JID to a node, or ends that.
    pub(super) async fn pubsub(
        &mut self,
        diary: &Diary,
        verb: &str,
        domain: &str,
        node: &str,
        jid: &str,
    ) -> Result<(), LoginError> {
        self.counter += 1;
        let iq = format!(
            "<iq type=\"set\" id=\"{}:{verb}\" to=\"pubsub.{domain}\" xmlns=\"jabber:client\">\
             <pubsub xmlns=\"http://jabber.org/protocol/pubsub\"><{verb} node=\"{node}\" jid=\"{}\"/></pubsub></iq>",
            self.counter,
            escape(jid)
        );
        self.send(diary, &format!("iq {verb}"), &iq).await
    }

    /// Sends a ping.
    pub(super) async fn ping(&mut self, diary: &Diary, domain: &str) -> Result<(), LoginError> {
        self.counter += 1;
        let ping = format!(
            "<iq type=\"get\" id=\"{}:ping\" to=\"{domain}\" xmlns=\"jabber:client\"><ping xmlns=\"urn:xmpp:ping\"/></iq>",
            self.counter
        );
        self.send(diary, "iq ping", &ping).await
    }

    /// The clean end: unavailable, `<close/>`, then the Close, and reading to the end.
    pub(super) async fn goodbye(mut self, diary: &Diary) -> Result<(), LoginError> {
        let unavailable = "<presence xmlns=\"jabber:client\" type=\"unavailable\"/>";
        self.send(diary, "presence unavailable", unavailable)
            .await?;
        let close = format!("<close xmlns=\"{FRAMING}\"/>");
        self.send(diary, "close", &close).await?;
        self.close_empty().await;
        Ok(())
    }

    /// An empty Close and nothing before it, then reading to the end.
    pub(super) async fn close_empty(mut self) {
        // A socket that is dead already has no end to wait for.
        if self.stream.close(None).await.is_ok() {
            while let Some(Ok(_)) = self.stream.next().await {}
        }
    }

    /// Close 1001 and nothing before it, as a browser sends for a page that is gone.
    pub(super) async fn close_gone(mut self) {
        let frame = CloseFrame {
            code: 1001_u16.into(),
            reason: "".into(),
        };
        if self.stream.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = self.stream.next().await {}
        }
    }

    /// Sends a message to nobody in particular that is `size` bytes long and a little more.
    pub(super) async fn send_text(&mut self, size: usize) -> Result<(), LoginError> {
        let body = "x".repeat(size);
        let message = format!("<message xmlns=\"jabber:client\"><body>{body}</body></message>");
        self.stream
            .send(Message::text(message))
            .await
            .map_err(broken)
    }

    /// The next stanza, or how the socket ended; may be dropped while it waits.
    pub(super) async fn next(&mut self, diary: &Diary) -> Result<Element, Death> {
        loop {
            let text = match self.stream.next().await {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(frame))) => {
                    self.close = Some(match frame {
                        Some(frame) => {
                            Death::Close(Some(frame.code.into()), frame.reason.to_string())
                        }
                        None => Death::Close(None, String::new()),
                    });
                    continue;
                }
                Some(Ok(_)) => continue,
                Some(Err(error)) => {
                    return Err(self
                        .close
                        .take()
                        .unwrap_or_else(|| Death::Bare(without_link(&error.to_string()))));
                }
                None => {
                    return Err(self
                        .close
                        .take()
                        .unwrap_or_else(|| Death::Bare("end of stream".to_owned())));
                }
            };
            // As with Strophe, what is no XML is nothing to the client.
            let Ok(stanza) = Element::parse(&text) else {
                continue;
            };
            diary.note(Experience::Received(short(&stanza)));
            return Ok(stanza);
        }
    }

    /// Reads until a stanza of that name.
    async fn expect(&mut self, diary: &Diary, name: &str) -> Result<Element, LoginError> {
        loop {
            let stanza = self.next(diary).await.map_err(|_| LoginError::Ended)?;
            if stanza.name == name {
                return Ok(stanza);
            }
            if stanza.name == "failure" || stanza.attribute("type") == Some("error") {
                return Err(LoginError::Unauthorized);
            }
        }
    }

    async fn send(&mut self, diary: &Diary, name: &str, stanza: &str) -> Result<(), LoginError> {
        diary.note(Experience::Sent(name.to_owned()));
        self.stream
            .send(Message::text(stanza))
            .await
            .map_err(broken)
    }
}

/// A stanza's name in a word or two.
fn short(stanza: &Element) -> String {
    let inside = stanza.children.first().map(|child| child.name.as_str());
    match (stanza.name.as_str(), inside, stanza.attribute("id")) {
        ("iq", Some(inside), _) => format!("iq {inside}"),
        // An empty result is known by the id of its request: `4:ping`, or Strophe's `_session_auth_2`.
        ("iq", None, Some(id)) => {
            let request = id.rsplit(':').next().unwrap_or(id);
            let word = request.trim_start_matches('_').split('_').next();
            format!("iq {}", word.unwrap_or(request))
        }
        ("error", Some(inside), _) => format!("stream error {inside}"),
        (name, ..) => name.to_owned(),
    }
}

fn broken(error: Error) -> LoginError {
    LoginError::Broken(Box::new(error))
}

const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";

/// An error without the web address that rustls puts at its end.
fn without_link(error: &str) -> String {
    let end = error.find(": https://").unwrap_or(error.len());
    error.get(..end).unwrap_or(error).to_owned()
}
