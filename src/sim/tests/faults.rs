//! What each fault puts on the wire, seen by a client without manners.

use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::*;

const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='d' version='1.0'/>";
const PING: &str = "<iq type='get' id='1:ping'><ping xmlns='urn:xmpp:ping'/></iq>";

fn own() -> String {
    basic("1001002", "pass-1001002")
}

async fn paced(pace: f64) -> Simulator {
    let config = SimConfig {
        security: Security::Plain,
        pace: Pace::new(pace),
        ..SimConfig::default()
    };
    Simulator::start(config).await.unwrap()
}

async fn sign_in(simulator: &Simulator) {
    let login = "<User><state>LOGIN</state><extension>1002</extension></User>";
    let answer = http(simulator, "PUT /finesse/api/User/1001002", &own(), login).await;
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
}

/// The status of an upgrade that is refused.
async fn refusal(simulator: &Simulator) -> u16 {
    match Raw::upgrade(simulator).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("upgraded"),
    }
}

async fn status(simulator: &Simulator, object: &str) -> String {
    let request = format!("GET /finesse/api/{object}");
    let answer = http(simulator, &request, &own(), "").await;
    answer.split(' ').nth(1).unwrap().to_owned()
}

impl Raw {
    async fn close_frame(&mut self) -> (u16, String) {
        let message = timeout(BOUND, self.0.next()).await.unwrap();
        match message.unwrap().unwrap() {
            Message::Close(Some(CloseFrame { code, reason })) => (code.into(), reason.to_string()),
            other => panic!("{other:?} instead of a Close with a code"),
        }
    }
}

#[tokio::test]
async fn a_container_that_stops_sends_1001_and_nothing_before() {
    let simulator = plain().await;
    let mut raw = Raw::login(&simulator).await;
    simulator.inject(fault("server-closed"));
    assert_eq!(raw.close_frame().await, (1001, "Shutdown".to_owned()));
    simulator.stop().await;
}

#[tokio::test]
async fn a_crash_is_a_reset_or_an_end_in_order_without_a_close_and_then_a_gateway_status() {
    let simulator = plain().await;
    let reset = Some(std::io::ErrorKind::ConnectionReset);
    for (name, end, answer) in [("crash", reset, 502), ("crash-behind-proxy", None, 503)] {
        let raw = Raw::login(&simulator).await;
        simulator.inject(fault(name));
        assert_eq!(raw.rest().await, (vec![], end), "{name}");
        assert_eq!(refusal(&simulator).await, answer, "{name}");
        assert_eq!(status(&simulator, "SystemInfo").await, "503", "{name}");
        simulator.heal(fault(name));
        Raw::upgrade(&simulator).await.unwrap();
    }
    simulator.stop().await;
}

#[tokio::test]
async fn an_upgrade_is_refused_with_the_status_in_the_name_and_rest_lives_on() {
    let simulator = plain().await;
    for (name, expected) in [
        ("refuse-400", 400),
        ("refuse-401", 401),
        ("refuse-404", 404),
        ("refuse-429", 429),
        ("refuse-502", 502),
    ] {
        simulator.inject(fault(name));
        assert_eq!(refusal(&simulator).await, expected);
        assert_eq!(status(&simulator, "User/1001002").await, "200");
        simulator.heal(fault(name));
    }
    Raw::upgrade(&simulator).await.unwrap();
    simulator.stop().await;
}

#[tokio::test]
async fn a_stream_is_refused_or_ended_by_name() {
    let simulator = plain().await;
    for name in ["host-unknown", "not-authorized"] {
        simulator.inject(fault(name));
        let mut raw = Raw::upgrade(&simulator).await.unwrap();
        raw.send(OPEN).await;
        expect_stream_error(raw, name).await;
        simulator.heal(fault(name));
    }
    let raw = Raw::login(&simulator).await;
    simulator.inject(fault("internal-server-error"));
    expect_stream_error(raw, "internal-server-error").await;
    simulator.stop().await;
}

#[tokio::test]
async fn a_login_without_finesse_has_its_presence_once_finesse_is_known() {
    let simulator = plain().await;
    simulator.inject(fault("finesse-absent"));
    let mut raw = Raw::upgrade(&simulator).await.unwrap();
    raw.authenticate("1001002", "pass-1001002").await;
    raw.send(OPEN).await;
    raw.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        .await;
    raw.send("<presence/>").await;
    raw.send(PING).await;
    for expected in ["<open ", "<stream:features", "<jid>", "id=\"1:ping\""] {
        let stanza = raw.stanza().await;
        assert!(stanza.contains(expected), "{stanza} instead of {expected}");
    }
    simulator.heal(fault("finesse-absent"));
    assert!(raw.stanza().await.starts_with("<presence id='finesse'"));
    simulator.stop().await;
}

#[tokio::test]
async fn a_sign_in_is_refused_by_sasl_alone_or_for_its_token_alone() {
    let simulator = plain().await;
    simulator.inject(fault("sasl-failure"));
    let mut raw = Raw::upgrade(&simulator).await.unwrap();
    let failure = raw.authenticate("1001002", "pass-1001002").await;
    assert!(failure.contains("<not-authorized/>"), "{failure}");
    assert_eq!(status(&simulator, "User/1001002").await, "200");
    simulator.heal(fault("sasl-failure"));
    let mut raw = Raw::login(&simulator).await;
    sign_in(&simulator).await;
    simulator.inject(fault("token-expired"));
    assert_eq!(status(&simulator, "User/1001002").await, "401");
    let logout = "<User><state>LOGOUT</state></User>";
    let answer = http(&simulator, "PUT /finesse/api/User/1001002", &own(), logout).await;
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    raw.send(PING).await;
    while !raw.stanza().await.contains("id=\"1:ping\"") {}
    simulator.stop().await;
}

#[tokio::test]
async fn cti_is_missed_by_rest_before_system_info_says_so() {
    let simulator = plain().await;
    simulator.inject(fault("cti-unnoticed"));
    assert_eq!(status(&simulator, "User/1001002").await, "500");
    let info = http(&simulator, "GET /finesse/api/SystemInfo", "", "").await;
    assert!(info.contains("<status>IN_SERVICE<"), "{info}");
    simulator.stop().await;
}

#[tokio::test]
async fn maintenance_is_announced_and_new_sockets_are_refused() {
    let simulator = plain().await;
    let mut raw = Raw::login(&simulator).await;
    simulator.inject(fault("maintenance-mode"));
    let event = raw.stanza().await;
    assert!(event.contains("&lt;finesseMMode&gt;true&lt;"), "{event}");
    assert_eq!(refusal(&simulator).await, 503);
    simulator.heal(fault("maintenance-mode"));
    let event = raw.stanza().await;
    assert!(event.contains("&lt;finesseMMode&gt;false&lt;"), "{event}");
    Raw::upgrade(&simulator).await.unwrap();
    simulator.stop().await;
}

#[tokio::test]
async fn the_system_changes_the_state_and_says_why() {
    for (name, state, code) in [
        ("supervisor-logout", "LOGOUT", 999),
        ("supervisor-logout-ccx", "LOGOUT", 22),
        ("inactivity-logout", "LOGOUT", 50004),
        ("device-error", "LOGOUT", 50003),
        ("phone-down", "NOT_READY", 32759),
        ("call-not-answered", "NOT_READY", 32767),
        ("pg-reset", "LOGOUT", 65534),
        ("late-logout", "LOGOUT", 255),
        ("late-not-ready", "NOT_READY", 50002),
    ] {
        let simulator = plain().await;
        sign_in(&simulator).await;
        let mut raw = Raw::login(&simulator).await;
        simulator.inject(fault(name));
        // The event of the sign-in may come before it.
        let wanted = format!("&lt;code&gt;{code}&lt;");
        let mut event = raw.stanza().await;
        while !event.contains(&wanted) {
            event = raw.stanza().await;
        }
        for part in [
            format!("&lt;state&gt;{state}&lt;"),
            "&lt;requestId&gt;&lt;/requestId&gt;".to_owned(),
        ] {
            assert!(event.contains(&part), "{name}: {event}");
        }
        simulator.stop().await;
    }
}

#[tokio::test]
async fn a_drifting_clock_is_in_every_date() {
    let simulator = plain().await;
    simulator.inject(fault("clock-drift"));
    let before = jiff::Timestamp::now();
    let answer = http(&simulator, "GET /finesse/api/SystemInfo", "", "").await;
    let date = answer.lines().find_map(|line| line.strip_prefix("Date: "));
    let date = jiff::fmt::rfc2822::parse(date.unwrap())
        .unwrap()
        .timestamp();
    let ahead = date.duration_since(before).as_secs();
    assert!((418..600).contains(&ahead), "{ahead}");
    let stamp = answer.split("<currentTimestamp>").nth(1).unwrap();
    let stamp: jiff::Timestamp = stamp.split('<').next().unwrap().parse().unwrap();
    assert!(stamp.duration_since(before).as_secs() >= 419);
    simulator.stop().await;
}

#[tokio::test]
async fn an_unreachable_server_resets_and_refuses_and_is_there_again() {
    let simulator = plain().await;
    let raw = Raw::login(&simulator).await;
    simulator.inject(fault("unreachable"));
    let reset = Some(std::io::ErrorKind::ConnectionReset);
    assert_eq!(raw.rest().await, (vec![], reset));
    let refused = async { while TcpStream::connect(simulator.address()).await.is_ok() {} };
    timeout(BOUND, refused).await.unwrap();
    simulator.heal(fault("unreachable"));
    let back = async { while TcpStream::connect(simulator.address()).await.is_err() {} };
    timeout(BOUND, back).await.unwrap();
    simulator.stop().await;
}

#[tokio::test]
async fn a_bad_gateway_answers_for_everything() {
    let simulator = plain().await;
    let raw = Raw::login(&simulator).await;
    simulator.inject(fault("bad-gateway"));
    assert_eq!(raw.rest().await, (vec![], None));
    assert_eq!(refusal(&simulator).await, 502);
    assert_eq!(status(&simulator, "SystemInfo").await, "502");
    simulator.stop().await;
}

#[tokio::test]
async fn what_is_slow_is_answered_later_and_in_order_and_rest_is_not_slow() {
    let simulator = paced(10.0).await;
    let mut raw = Raw::login(&simulator).await;
    simulator.inject(fault("slow"));
    let asked = tokio::time::Instant::now();
    raw.send(PING).await;
    raw.send(&PING.replace("1:ping", "2:ping")).await;
    assert_eq!(status(&simulator, "SystemInfo").await, "200");
    assert!(raw.stanza().await.contains("1:ping"));
    assert!(asked.elapsed() >= Duration::from_millis(500));
    assert!(raw.stanza().await.contains("2:ping"));
    simulator.inject(fault("latency-spike"));
    let asked = tokio::time::Instant::now();
    raw.send(PING).await;
    assert!(raw.stanza().await.contains("1:ping"));
    assert!(asked.elapsed() >= Duration::from_millis(1800));
    simulator.heal(fault("latency-spike"));
    raw.send(PING).await;
    assert!(raw.stanza().await.contains("1:ping"));
    simulator.stop().await;
}

#[tokio::test]
async fn a_deaf_server_serves_the_new_socket_and_tells_the_old_one_of_the_conflict() {
    let simulator = plain().await;
    let mut old = Raw::login(&simulator).await;
    simulator.inject(fault("deaf"));
    old.send(PING).await;
    let _new = Raw::login(&simulator).await;
    expect_stream_error(old, "conflict").await;
    simulator.stop().await;
}

#[tokio::test]
async fn a_middlebox_cuts_after_30_s_of_silence_and_not_before() {
    let simulator = paced(50.0).await;
    simulator.inject(fault("idle-cut"));
    let mut raw = Raw::login(&simulator).await;
    for _ in 0..5 {
        raw.send(PING).await;
        raw.stanza().await;
    }
    let last = tokio::time::Instant::now();
    assert_eq!(raw.rest().await, (vec![], None));
    assert!(last.elapsed() >= Duration::from_millis(590));
    simulator.stop().await;
}

#[tokio::test]
async fn the_server_has_three_ways_to_end_a_quiet_session() {
    let simulator = paced(1000.0).await;
    let mut raw = Raw::login(&simulator).await;
    simulator.inject(fault("jetty-idle-timeout"));
    let error = stanza_of_the_end(&mut raw).await;
    assert!(error.contains("<internal-server-error "), "{error}");
    assert!(raw.stanza().await.starts_with("<close "));
    assert_eq!(raw.close_frame().await, (1001, "Idle Timeout".to_owned()));
    simulator.heal(fault("jetty-idle-timeout"));
    let mut raw = Raw::login(&simulator).await;
    simulator.inject(fault("openfire-idle-timeout"));
    let ping = stanza_of_the_end(&mut raw).await;
    assert!(ping.contains("<ping xmlns=\"urn:xmpp:ping\"/>"), "{ping}");
    expect_stream_error(raw, "connection-timeout").await;
    simulator.heal(fault("openfire-idle-timeout"));
    let mut raw = Raw::login(&simulator).await;
    simulator.inject(fault("quiet-close"));
    while let Some(Ok(message)) = timeout(BOUND, raw.0.next()).await.unwrap() {
        if let Message::Close(frame) = message {
            assert_eq!(frame.map(|frame| u16::from(frame.code)), Some(1000));
        }
    }
    simulator.stop().await;
}

/// The next text message; the PINGs of the time before the fault are none.
async fn stanza_of_the_end(raw: &mut Raw) -> String {
    loop {
        let message = timeout(BOUND, raw.0.next()).await.unwrap();
        if let Message::Text(text) = message.unwrap().unwrap() {
            return text.to_string();
        }
    }
}

#[tokio::test]
async fn a_message_of_more_than_a_mebibyte_is_answered_1009() {
    let simulator = plain().await;
    let mut raw = Raw::login(&simulator).await;
    let body = "x".repeat(1 << 20);
    raw.send(&format!("<message><body>{body}</body></message>"))
        .await;
    assert_eq!(raw.close_frame().await.0, 1009);
    simulator.stop().await;
}

#[tokio::test]
async fn a_busy_hour_and_a_flood_reach_whoever_subscribed() {
    let simulator = paced(10.0).await;
    let mut raw = Raw::login(&simulator).await;
    raw.send(
        "<iq type='set' id='s' to='pubsub.finesse.example.test'><pubsub xmlns='http://jabber.org/protocol/pubsub'>\
         <subscribe node='/finesse/api/User/1001002/Queues' jid='1001002@finesse.example.test/desktop'/></pubsub></iq>",
    )
    .await;
    assert!(raw.stanza().await.contains("subscription=\"subscribed\""));
    simulator.inject(fault("busy"));
    assert!(raw.stanza().await.contains("&lt;callsInQueue&gt;"));
    simulator.heal(fault("busy"));
    simulator.inject(fault("flood"));
    while raw.stanza().await.len() < 60 * 1024 {}
    simulator.stop().await;
}
