//! What the scripted agent does: its login, its way out, and when it gives a socket up.

use tokio::sync::mpsc;

use super::*;

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
