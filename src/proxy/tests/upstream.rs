//! The ways out: by way of another proxy, and past an address that is dead.

use super::*;
use crate::event::{AttemptOutcome, DialFailure};

#[tokio::test]
async fn an_upstream_proxy_is_asked_with_its_credentials() {
    let (outer, port) = listener().await;
    let rig = Rig::new(Wish {
        upstream_proxy: Some(format!("http://ann:s%40cret@127.0.0.1:{port}")),
        ..Wish::default()
    })
    .await;
    let mut client = rig.asking("other.test:7").await;
    let (mut proxy, _) = bounded(outer.accept()).await.unwrap();
    let asked = read_to(&mut proxy, "\r\n\r\n").await;
    assert!(
        asked.starts_with("CONNECT other.test:7 HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(
        asked.contains("Proxy-Authorization: Basic YW5uOnNAY3JldA==\r\n"),
        "{asked}"
    );
    proxy
        .write_all(b"HTTP/1.1 200 fine\r\nX: y\r\n\r\nbanner")
        .await
        .unwrap();
    let answer = read_to(&mut client, "banner").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    drop((client, proxy));
    rig.end().await;
}

#[tokio::test]
async fn a_no_of_the_upstream_proxy_reaches_the_client_with_its_reason() {
    let (outer, port) = listener().await;
    let rig = Rig::new(Wish {
        upstream_proxy: Some(format!("http://127.0.0.1:{port}")),
        ..Wish::default()
    })
    .await;
    let mut client = rig.asking("other.test:7").await;
    let (mut proxy, _) = bounded(outer.accept()).await.unwrap();
    read_to(&mut proxy, "\r\n\r\n").await;
    proxy
        .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        .await
        .unwrap();
    let answer = read_all(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    assert!(
        answer.contains("407 Proxy Authentication Required"),
        "{answer}"
    );
    drop(proxy);
    rig.end().await;
}

#[tokio::test]
async fn socks5_is_spoken_with_user_and_password_and_leaves_names_to_the_proxy() {
    let (outer, port) = listener().await;
    let rig = Rig::new(Wish {
        upstream_proxy: Some(format!("socks5://ann:pw@127.0.0.1:{port}")),
        ..Wish::default()
    })
    .await;
    let mut client = rig.asking("other.test:7").await;
    let (mut proxy, _) = bounded(outer.accept()).await.unwrap();
    let mut greeting = [0; 4];
    bounded(proxy.read_exact(&mut greeting)).await.unwrap();
    assert_eq!(greeting, [5, 2, 0, 2]);
    proxy.write_all(&[5, 2]).await.unwrap();
    let mut login = [0; 8];
    bounded(proxy.read_exact(&mut login)).await.unwrap();
    assert_eq!(&login, b"\x01\x03ann\x02pw");
    proxy.write_all(&[1, 0]).await.unwrap();
    let mut request = [0; 17];
    bounded(proxy.read_exact(&mut request)).await.unwrap();
    assert_eq!(&request, b"\x05\x01\x00\x03\x0aother.test\x00\x07");
    proxy
        .write_all(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00banner")
        .await
        .unwrap();
    read_to(&mut client, "banner").await;
    drop((client, proxy));
    rig.end().await;
}

#[tokio::test]
async fn a_dead_address_is_an_event_and_the_next_one_is_tried() {
    let (origin, port) = listener().await;
    let (gone, dead) = listener().await;
    drop(gone);
    let rig = Rig::new(Wish {
        resolve: vec![
            format!("{HOST}:1:127.0.0.1:{dead}"),
            format!("{HOST}:1:127.0.0.1:{port}"),
        ],
        ..Wish::default()
    })
    .await;
    let mut client = rig.asking(&format!("{HOST}:1")).await;
    let (server, _) = bounded(origin.accept()).await.unwrap();
    read_to(&mut client, "\r\n\r\n").await;
    drop((client, server));
    let attempts: Vec<_> = rig
        .end()
        .await
        .into_iter()
        .filter_map(|kind| match kind {
            EventKind::Attempt(attempt) => Some((attempt.address.port(), attempt.outcome)),
            _ => None,
        })
        .collect();
    let refused = AttemptOutcome::Failed(DialFailure::ConnectionRefused);
    assert_eq!(
        attempts,
        [(dead, refused), (port, AttemptOutcome::Connected)]
    );
}
