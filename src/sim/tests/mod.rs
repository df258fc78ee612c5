//! The simulator over real sockets: what a client sees of it, and what its own agent makes of it.

mod faults;
mod scenarios;

use std::time::Duration;

use base64::Engine as _;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
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

#[tokio::test]
async fn a_login_is_the_documented_sequence_of_stanzas_over_tls() {
    let simulator = Simulator::start(SimConfig::default()).await.unwrap();
    let mut agent = agent(&simulator, 10.0);
    until(&mut agent, |moments| {
        let pong = Experience::Received("iq ping".to_owned());
        count(moments, |what| *what == pong) > 0
    })
    .await;
    assert_eq!(simulator.state("1001002"), Some(AgentState::Ready));
    let moments = agent.sign_out().await;
    let stanzas: Vec<String> = moments
        .iter()
        .filter_map(|moment| match &moment.what {
            Experience::Sent(stanza) => Some(format!("> {stanza}")),
            Experience::Received(stanza) if stanza != "message" => Some(format!("< {stanza}")),
            _ => None,
        })
        .collect();
    let login = [
        "> open",
        "< open",
        "< features",
        "> auth",
        "< success",
        "> open",
        "< open",
        "< features",
        "> iq bind",
        "< iq bind",
        "> iq session",
        "< iq session",
        "> presence",
        "< presence",
        "> iq subscribe",
        "< iq pubsub",
        "> iq ping",
        "< iq ping",
    ];
    assert_eq!(stanzas[..login.len()], login);
    let goodbye = ["> iq unsubscribe", "> presence unavailable", "> close"];
    assert_eq!(stanzas[stanzas.len() - 3..], goodbye);
    assert_eq!(simulator.state("1001002"), Some(AgentState::Logout));
    simulator.stop().await;
}

/// Answers each CONNECT and relays to `server`; what was asked for goes to `asked`.
async fn relay(listener: TcpListener, server: SocketAddr, asked: mpsc::Sender<String>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let asked = asked.clone();
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            asked
                .send(head.lines().next().unwrap().to_owned())
                .await
                .unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let mut server = TcpStream::connect(server).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        });
    }
}

#[tokio::test]
async fn an_agent_with_a_proxy_reaches_the_server_by_connect_alone() {
    let simulator = Simulator::start(SimConfig::default()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let (asked, mut requests) = mpsc::channel(16);
    let relay = tokio::spawn(relay(listener, simulator.address(), asked));
    let mut agent = agent_via(Via::Proxy(proxy), &simulator, 10.0);
    until(&mut agent, |moments| connections(moments) == 1).await;
    agent.sign_out().await;
    let port = simulator.address().port();
    let connect = format!("CONNECT finesse.example.test:{port} HTTP/1.1");
    // One connection for REST, one for the socket.
    assert_eq!(requests.recv().await.unwrap(), connect);
    assert_eq!(requests.recv().await.unwrap(), connect);
    relay.abort();
    simulator.stop().await;
}

#[tokio::test]
async fn a_change_is_answered_202_and_comes_back_as_an_event_with_the_same_request_id() {
    let simulator = plain().await;
    let mut raw = Raw::login(&simulator).await;
    let headers = format!("requestId: r-1\r\n{}", basic("1001002", "pass-1001002"));
    let login = "<User><state>LOGIN</state><extension>1002</extension></User>";
    let answer = http(&simulator, "PUT /finesse/api/User/1001002", &headers, login).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 202 ") && head.to_lowercase().contains("requestid: r-1"),
        "{head}"
    );
    assert_eq!(body, "");
    let event = raw.stanza().await;
    assert!(event.starts_with(
        "<message from='pubsub.finesse.example.test' to='1001002@finesse.example.test' "
    ));
    assert!(
        event.contains("&lt;requestId&gt;r-1&lt;/requestId&gt;"),
        "{event}"
    );
    assert!(
        event.contains("&lt;state&gt;NOT_READY&lt;/state&gt;"),
        "{event}"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn wrong_requests_get_the_status_and_the_error_body_of_finesse() {
    let simulator = plain().await;
    let own = basic("1001002", "pass-1001002");
    for (request, headers, body, status, kind) in [
        (
            "GET /finesse/api/User/1001002",
            "",
            "",
            401,
            "Invalid Authorization",
        ),
        ("GET /finesse/api/User/nobody", &*own, "", 404, "Not Found"),
        ("GET /finesse/api/Team/1/Users", &own, "", 403, "Forbidden"),
        (
            "DELETE /finesse/api/SystemInfo",
            "",
            "",
            405,
            "Method Not Allowed",
        ),
        (
            "PUT /finesse/api/User/1001002",
            &own,
            "<User/>",
            400,
            "Parameter Missing",
        ),
        (
            "PUT /finesse/api/User/1001002",
            &own,
            "<User>",
            400,
            "Invalid Input",
        ),
        (
            "PUT /finesse/api/User/1001003",
            &own,
            "<User/>",
            403,
            "Forbidden",
        ),
        (
            "PUT /finesse/api/User/1001002",
            &own,
            "<User><state>READY</state></User>",
            400,
            "Invalid State",
        ),
    ] {
        let answer = http(&simulator, request, headers, body).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {answer}"
        );
        assert!(
            answer.contains(&format!("<ApiErrors><ApiError><ErrorType>{kind}")),
            "{request}: {answer}"
        );
    }
    let mut raw = Raw::upgrade(&simulator).await.unwrap();
    let failure = raw.authenticate("1001002", "wrong").await;
    assert!(failure.contains("<not-authorized/>"), "{failure}");
    simulator.stop().await;
}

#[tokio::test]
async fn a_second_login_takes_the_resource_and_the_first_socket_learns_of_the_conflict() {
    let simulator = plain().await;
    let first = Raw::login(&simulator).await;
    let _second = Raw::login(&simulator).await;
    expect_stream_error(first, "conflict").await;
    simulator.stop().await;
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

#[tokio::test]
async fn fin_reset_and_close_look_on_the_wire_as_their_names_say() {
    let simulator = plain().await;
    let raw = Raw::login(&simulator).await;
    simulator.inject(fault("fin"));
    assert_eq!(raw.rest().await, (vec![], None));
    let raw = Raw::login(&simulator).await;
    simulator.inject(fault("reset"));
    let reset = Some(std::io::ErrorKind::ConnectionReset);
    assert_eq!(raw.rest().await, (vec![], reset));
    let mut raw = Raw::login(&simulator).await;
    simulator.inject(fault("close"));
    let mut frame = [0; 16];
    timeout(BOUND, raw.0.get_mut().read_exact(&mut frame))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&frame, b"\x88\x0e\x03\xe9Idle Timeout");
    simulator.stop().await;
}

#[tokio::test]
async fn a_fin_under_tls_comes_without_close_notify_and_an_orderly_end_with_it() {
    let simulator = Simulator::start(SimConfig::default()).await.unwrap();
    for (name, notified) in [("fin", false), ("shutdown", true)] {
        let mut agent = agent(&simulator, 1.0);
        until(&mut agent, |moments| connections(moments) == 1).await;
        simulator.inject(fault(name));
        let ended =
            |moments: &[AgentMoment]| count(moments, |what| matches!(what, Experience::Ended(_)));
        until(&mut agent, |moments| ended(moments) == 1).await;
        let bare = |what: &Experience| matches!(what, Experience::Ended(Death::Bare(how)) if how.contains("close_notify"));
        assert_eq!(
            count(&agent.moments(), bare),
            usize::from(!notified),
            "{name}"
        );
        simulator.heal(fault(name));
    }
    simulator.stop().await;
}

#[tokio::test]
async fn hostile_clients_cost_their_own_connection_and_no_more() {
    let simulator = plain().await;
    let doctype = "<!DOCTYPE a [<!ENTITY b 'bbbb'>]><a>&b;</a>";
    let deep = "<a>".repeat(100_000);
    let mut raw = Raw::login(&simulator).await;
    for message in [
        "",
        " ",
        "no XML",
        "<iq/>",
        doctype,
        &deep,
        "<iq type='get' id='&#0;'/>",
    ] {
        raw.send(message).await;
    }
    raw.send("<iq type='get' id='after'><ping xmlns='urn:xmpp:ping'/></iq>")
        .await;
    while !raw.stanza().await.contains("id=\"after\"") {}
    let garbage: [&[u8]; 4] = [
        b"\0\0\0\0\r\n\r\n",
        b"GET",
        b"PUT /finesse/api/User/1 HTTP/1.1\r\n",
        b"",
    ];
    for bytes in garbage {
        let mut tcp = TcpStream::connect(simulator.address()).await.unwrap();
        tcp.write_all(bytes).await.unwrap();
    }
    let huge = "x".repeat(100_000);
    let own = basic("1001002", "pass-1001002");
    let answer = http(&simulator, "PUT /finesse/api/User/1001002", &own, &huge).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let info = http(&simulator, "GET /finesse/api/SystemInfo", "", "").await;
    assert!(info.starts_with("HTTP/1.1 200 "), "{info}");
    simulator.stop().await;
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

#[tokio::test]
async fn shutdown_conflict_and_refuse_end_sockets_and_answer_upgrades_as_documented() {
    let simulator = plain().await;
    let raw = Raw::login(&simulator).await;
    simulator.inject(fault("conflict"));
    expect_stream_error(raw, "conflict").await;
    for (name, status) in [("refuse", 403), ("shutdown", 503)] {
        let raw = Raw::login(&simulator).await;
        simulator.inject(fault(name));
        let Err(Error::Http(refused)) = Raw::upgrade(&simulator).await else {
            panic!("{name}: upgraded");
        };
        assert_eq!(refused.status().as_u16(), status, "{name}");
        simulator.heal(fault(name));
        Raw::upgrade(&simulator).await.unwrap();
        if name == "shutdown" {
            expect_stream_error(raw, "system-shutdown").await;
        }
    }
    simulator.stop().await;
}

#[tokio::test]
async fn a_stalled_server_keeps_tcp_and_rest_and_answers_the_old_ping_when_it_wakes() {
    let simulator = plain().await;
    let mut raw = Raw::login(&simulator).await;
    simulator.inject(fault("stall"));
    raw.send("<iq type='get' id='1:ping'><ping xmlns='urn:xmpp:ping'/></iq>")
        .await;
    let info = http(&simulator, "GET /finesse/api/SystemInfo", "", "").await;
    assert!(info.starts_with("HTTP/1.1 200 "), "{info}");
    let silence = Duration::from_millis(200);
    assert!(timeout(silence, raw.0.next()).await.is_err());
    assert!(timeout(silence, Raw::upgrade(&simulator)).await.is_err());
    simulator.heal(fault("stall"));
    assert!(raw.stanza().await.contains("id=\"1:ping\""));
    simulator.stop().await;
}

#[tokio::test]
async fn health_faults_leave_the_socket_alone_and_say_so_on_it() {
    let simulator = plain().await;
    let mut raw = Raw::login(&simulator).await;
    let own = basic("1001002", "pass-1001002");
    for (name, begins, ends) in [
        (
            "out-of-service",
            "&lt;status&gt;OUT_OF_SERVICE&lt;",
            "&lt;status&gt;IN_SERVICE&lt;",
        ),
        (
            "finesse-presence-lost",
            "<presence type='unavailable' from='finesse@",
            "<presence id=",
        ),
    ] {
        simulator.inject(fault(name));
        let stanza = raw.stanza().await;
        assert!(stanza.contains(begins), "{stanza}");
        let answer = http(&simulator, "GET /finesse/api/User/1001002", &own, "").await;
        assert!(
            answer.starts_with("HTTP/1.1 503 ") && answer.contains("SERVER_OUT_OF_SERVICE"),
            "{answer}"
        );
        simulator.heal(fault(name));
        let stanza = raw.stanza().await;
        assert!(stanza.contains(ends), "{stanza}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn a_call_rings_is_answered_and_dropped_with_its_events() {
    let simulator = plain().await;
    let mut raw = Raw::login(&simulator).await;
    let call = simulator.offer_call("1001002", "+15550100");
    let offered = raw.stanza().await;
    assert!(
        offered.contains("/Dialogs'") && offered.contains("&lt;event&gt;POST&lt;"),
        "{offered}"
    );
    assert!(raw.stanza().await.contains("&lt;state&gt;RESERVED&lt;"));
    let own = basic("1001002", "pass-1001002");
    let path = format!("PUT /finesse/api/Dialog/{call}");
    for (action, event, state) in [("ANSWER", "PUT", "TALKING"), ("DROP", "DELETE", "READY")] {
        let body = format!("<Dialog><requestedAction>{action}</requestedAction></Dialog>");
        let answer = http(&simulator, &path, &own, &body).await;
        assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
        assert!(
            raw.stanza()
                .await
                .contains(&format!("&lt;event&gt;{event}&lt;"))
        );
        assert!(
            raw.stanza()
                .await
                .contains(&format!("&lt;state&gt;{state}&lt;"))
        );
    }
    let gone = http(
        &simulator,
        &path,
        &own,
        "<Dialog><requestedAction>DROP</requestedAction></Dialog>",
    )
    .await;
    assert!(gone.starts_with("HTTP/1.1 404 "), "{gone}");
    simulator.stop().await;
}

#[tokio::test]
async fn a_team_is_watched_by_its_subscribers_alone() {
    let simulator = plain().await;
    let mut raw = Raw::login(&simulator).await;
    let pubsub = |verb: &str| {
        format!(
            "<iq type='set' id='s' to='pubsub.finesse.example.test'><pubsub xmlns='http://jabber.org/protocol/pubsub'>\
             <{verb} node='/finesse/api/Team/1/Users' jid='1001002@finesse.example.test/desktop'/></pubsub></iq>"
        )
    };
    simulator.publish("/finesse/api/Team/1/Users", "PUT", "<before/>");
    raw.send(&pubsub("subscribe")).await;
    assert!(raw.stanza().await.contains("subscription=\"subscribed\""));
    simulator.publish("/finesse/api/Team/1/Users", "PUT", "<during/>");
    let event = raw.stanza().await;
    assert!(
        event.contains("to='1001002@finesse.example.test/desktop'")
            && event.contains("&lt;during/&gt;"),
        "{event}"
    );
    raw.send(&pubsub("unsubscribe")).await;
    assert!(
        raw.stanza()
            .await
            .starts_with("<iq type=\"result\" id=\"s\"")
    );
    raw.send(&pubsub("unsubscribe")).await;
    assert!(raw.stanza().await.contains("<unexpected-request "));
    simulator.stop().await;
}

#[tokio::test]
async fn the_agent_gives_up_at_the_second_unanswered_ping_and_closes_the_old_socket_at_the_next_attempt()
 {
    let simulator = plain().await;
    let mut agent = agent(&simulator, 40.0);
    until(&mut agent, |moments| connections(moments) == 1).await;
    simulator.inject(fault("stall"));
    until(&mut agent, |moments| {
        count(moments, |what| *what == Experience::ClosedTheOld) == 1
    })
    .await;
    simulator.heal(fault("stall"));
    until(&mut agent, |moments| connections(moments) == 2).await;
    let moments = agent.moments();
    let gave_up = moments
        .iter()
        .position(|moment| moment.what == Experience::GaveUp)
        .unwrap();
    let ping = Experience::Sent("iq ping".to_owned());
    let pong = Experience::Received("iq ping".to_owned());
    let answered = moments[..gave_up]
        .iter()
        .rposition(|moment| moment.what == pong)
        .unwrap_or(0);
    assert_eq!(count(&moments[answered..gave_up], |what| *what == ping), 2);
    let after = &moments[gave_up..];
    assert_eq!(after[1].what, Experience::ClosedTheOld);
    assert_eq!(after[2].what, Experience::Connecting);
    let unavailable = Experience::Sent("presence unavailable".to_owned());
    assert_eq!(count(&moments, |what| *what == unavailable), 0);
    simulator.stop().await;
}

#[tokio::test]
async fn an_agent_that_stays_away_is_signed_out_with_code_255() {
    let config = SimConfig {
        security: Security::Plain,
        pace: Pace::new(200.0),
        ..SimConfig::default()
    };
    let simulator = Simulator::start(config).await.unwrap();
    let headers = basic("1001002", "pass-1001002");
    let login = "<User><state>LOGIN</state><extension>1002</extension></User>";
    http(&simulator, "PUT /finesse/api/User/1001002", &headers, login).await;
    drop(Raw::login(&simulator).await);
    timeout(BOUND, async {
        while simulator.state("1001002") != Some(AgentState::Logout) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    let user = http(&simulator, "GET /finesse/api/User/1001002", &headers, "").await;
    assert!(user.contains("<reasonCodeId>255</reasonCodeId>"), "{user}");
    simulator.stop().await;
}
