//! How sockets end, on the wire and for an agent, and which faults leave them alone.

use super::*;

#[tokio::test]
async fn a_second_login_takes_the_resource_and_the_first_socket_learns_of_the_conflict() {
    let simulator = plain().await;
    let first = Raw::login(&simulator).await;
    let _second = Raw::login(&simulator).await;
    expect_stream_error(first, "conflict").await;
    simulator.stop().await;
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
