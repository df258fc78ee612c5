//! What is asked of the server: REST, its events, and requests that no client should make.

use super::*;

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
