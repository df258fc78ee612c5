//! The ways in that change a message.

use super::*;
use crate::event::Manner;

#[tokio::test]
async fn a_plain_request_in_absolute_form_reaches_the_server_in_origin_form() {
    let (origin, port) = listener().await;
    let rig = Rig::new(Wish {
        resolve: vec![format!("{HOST}:{port}:127.0.0.1")],
        ..Wish::default()
    })
    .await;
    let mut client = rig.client().await;
    let request = format!(
        "GET http://{HOST}:{port}/a?b HTTP/1.1\r\nHost: {HOST}:{port}\r\nX-MiXed: 1\r\nProxy-Connection: keep-alive\r\nConnection: close\r\n\r\n"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let (mut server, _) = bounded(origin.accept()).await.unwrap();
    let seen = read_to(&mut server, "\r\n\r\n").await;
    assert!(seen.starts_with("GET /a?b HTTP/1.1\r\n"), "{seen}");
    assert!(
        seen.contains("X-MiXed: 1\r\n") && !seen.to_lowercase().contains("proxy-"),
        "{seen}"
    );
    server
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-AnSwer: 1\r\n\r\nok")
        .await
        .unwrap();
    let answer = read_all(&mut client).await;
    assert!(
        answer.contains("X-AnSwer: 1\r\n") && answer.ends_with("\r\n\r\nok"),
        "{answer}"
    );
    drop((client, server));
    let kinds = rig.end().await;
    let rewritten = |field: &str| {
        kinds
            .iter()
            .any(|kind| matches!(kind, EventKind::Rewritten(one) if one.field == field))
    };
    assert!(
        rewritten("request-target") && rewritten("proxy-connection"),
        "{kinds:?}"
    );
    assert!(
        kinds
            .iter()
            .any(|kind| matches!(kind, EventKind::HttpResponse(head) if head.status == 200))
    );
    let closed = kinds.iter().find_map(|kind| match kind {
        EventKind::Closed(closed) => Some(closed),
        _ => None,
    });
    assert!(
        closed.is_some_and(|closed| closed.to_server > 0 && closed.to_client > 0),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn an_upgrade_through_a_reverse_listener_loses_no_byte_around_the_101() {
    let (origin, port) = listener().await;
    let rig = Rig::new(Wish {
        resolve: vec![format!("{HOST}:{port}:127.0.0.1")],
        reverse: Some(format!("127.0.0.1:0=http://{HOST}:{port}")),
        ..Wish::default()
    })
    .await;
    let (address, _) = rig.proxy.reverse()[0].clone();
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /ws/ HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\nearly"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let (mut server, _) = bounded(origin.accept()).await.unwrap();
    let seen = read_to(&mut server, "\r\n\r\n").await;
    assert!(seen.contains(&format!("{HOST}:{port}\r\n")), "{seen}");
    assert!(
        seen.contains(&format!("http://{HOST}:{port}\r\n")),
        "{seen}"
    );
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi";
    server.write_all(answer).await.unwrap();
    read_to(&mut client, "\r\n\r\n").await;
    let mut frame = [0; 4];
    bounded(client.read_exact(&mut frame)).await.unwrap();
    assert_eq!(&frame, b"\x81\x02hi");
    assert_eq!(read_to(&mut server, "early").await, "early");
    client.set_zero_linger().unwrap();
    drop(client);
    let error = bounded(server.read(&mut [0])).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    let kinds = rig.end().await;
    let messages: Vec<_> = kinds
        .iter()
        .filter_map(|kind| match kind {
            EventKind::WebSocketMessage(message) => message.payload.text(),
            _ => None,
        })
        .collect();
    assert_eq!(messages, ["hi"], "{kinds:?}");
    assert!(
        kinds
            .iter()
            .any(|kind| matches!(kind, EventKind::Ended(one) if one.manner == Manner::Reset))
    );
}
