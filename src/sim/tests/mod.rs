//! The simulator over real sockets: what a client sees of it, and what its own agent makes of it.

mod desktop;
mod ends;
mod faults;
mod requests;
mod scenarios;

use std::time::Duration;

use base64::Engine as _;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::agent::{Agent, AgentConfig, AgentMoment, Death, Experience, Via};
use super::*;

const BOUND: Duration = Duration::from_secs(30);

async fn plain() -> Simulator {
    let config = SimConfig {
        security: Security::Plain,
        ..SimConfig::default()
    };
    Simulator::start(config).await.unwrap()
}

fn fault(name: &str) -> &'static Fault {
    Fault::named(name).unwrap()
}

fn agent(simulator: &Simulator, pace: f64) -> Agent {
    agent_via(Via::Direct(simulator.address()), simulator, pace)
}

fn agent_via(via: Via, simulator: &Simulator, pace: f64) -> Agent {
    let config = AgentConfig {
        pace: Pace::new(pace),
        ..agent_config(via, simulator)
    };
    Agent::start(config).unwrap()
}

fn agent_config(via: Via, simulator: &Simulator) -> AgentConfig {
    AgentConfig {
        via,
        host: simulator.hostname().to_owned(),
        port: simulator.address().port(),
        root_pem: simulator.ca_pem().map(str::to_owned),
        user: "1001002".to_owned(),
        password: "pass-1001002".to_owned(),
        extension: "1002".to_owned(),
        pace: Pace::REAL,
        seed: 7,
        scenario: None,
    }
}

async fn until(agent: &mut Agent, enough: impl FnMut(&[AgentMoment]) -> bool) {
    let seen = timeout(BOUND, agent.until(enough)).await;
    assert!(matches!(seen, Ok(true)), "not seen: {:#?}", agent.moments());
}

fn count(moments: &[AgentMoment], wanted: impl Fn(&Experience) -> bool) -> usize {
    moments.iter().filter(|moment| wanted(&moment.what)).count()
}

fn connections(moments: &[AgentMoment]) -> usize {
    count(moments, |what| matches!(what, Experience::Connected(_)))
}

/// A request over a connection of its own: the whole answer as text.
async fn http(simulator: &Simulator, request: &str, headers: &str, body: &str) -> String {
    let mut tcp = TcpStream::connect(simulator.address()).await.unwrap();
    let length = body.len();
    let request = format!(
        "{request} HTTP/1.1\r\nHost: finesse\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(BOUND, tcp.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    answer
}

fn basic(user: &str, password: &str) -> String {
    let credentials = base64::prelude::BASE64_STANDARD.encode(format!("{user}:{password}"));
    format!("Authorization: Basic {credentials}\r\n")
}

/// A client without manners: it sends what it is told and reads what comes.
struct Raw(WebSocketStream<TcpStream>);

impl Raw {
    async fn upgrade(simulator: &Simulator) -> Result<Self, Error> {
        let tcp = TcpStream::connect(simulator.address()).await.unwrap();
        let mut request = format!("ws://{}/ws/", simulator.address())
            .into_client_request()
            .unwrap();
        let protocol = http::HeaderValue::from_static("xmpp");
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", protocol);
        Ok(Self(client_async(request, tcp).await?.0))
    }

    async fn login(simulator: &Simulator) -> Self {
        let mut raw = Self::upgrade(simulator).await.unwrap();
        let auth = raw.authenticate("1001002", "pass-1001002").await;
        assert_eq!(auth, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        raw.send("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='d' version='1.0'/>")
            .await;
        raw.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desktop</resource></bind></iq>").await;
        raw.send("<presence/>").await;
        for expected in [
            "<open ",
            "<bind",
            "1001002@finesse.example.test/desktop",
            "<presence ",
        ] {
            let stanza = raw.stanza().await;
            assert!(stanza.contains(expected), "{stanza} instead of {expected}");
        }
        raw
    }

    async fn authenticate(&mut self, user: &str, password: &str) -> String {
        self.send("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='d' version='1.0'/>")
            .await;
        assert!(
            self.stanza()
                .await
                .starts_with("<open from='finesse.example.test'")
        );
        assert!(self.stanza().await.starts_with("<stream:features "));
        let plain = base64::prelude::BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
        self.send(&format!("<auth mechanism='PLAIN'>{plain}</auth>"))
            .await;
        self.stanza().await
    }

    async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn stanza(&mut self) -> String {
        let message = timeout(BOUND, self.0.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        message.to_text().unwrap().to_owned()
    }

    /// The bytes from here to the end, and the error that ended them, if any.
    async fn rest(self) -> (Vec<u8>, Option<std::io::ErrorKind>) {
        let mut bytes = Vec::new();
        let end = timeout(BOUND, self.0.into_inner().read_to_end(&mut bytes))
            .await
            .unwrap();
        (bytes, end.err().map(|error| error.kind()))
    }
}

/// Reads the frames of an orderly end: the stream error, `<close/>`, an empty Close.
async fn expect_stream_error(mut raw: Raw, condition: &str) {
    let error = raw.stanza().await;
    assert!(
        error.contains(&format!(
            "<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
        )),
        "{error}"
    );
    assert_eq!(
        raw.stanza().await,
        "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"
    );
    let close = timeout(BOUND, raw.0.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(close, Message::Close(None));
}

#[test]
fn the_documentation_names_every_fault_and_scenario() {
    let page = include_str!("../../../docs/simulator.md");
    for Fault {
        name, about, wire, ..
    } in FAULTS
    {
        assert!(
            page.contains(&format!("| `{name}` | {about} | {wire} |")),
            "{name}: {about}: {wire}"
        );
    }
    for Scenario {
        name, about, signs, ..
    } in Scenario::all()
    {
        assert!(
            page.contains(&format!("| `{name}` | {about} | {signs} |")),
            "{name}: {about}: {signs}"
        );
    }
}
