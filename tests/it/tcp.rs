//! What the kernel knows of both TCP connections is in the session: which side is silent, and in what manner.
#![cfg(target_os = "linux")]

use serde_json::{Value, json};

use crate::flow::{LIMIT, finish, open, reads};
use crate::support::{Lab, Layer, Mode};

#[test]
fn a_server_that_acknowledges_and_does_not_read_is_told_from_a_dead_path() {
    let loan = Lab::shared().lend();
    let (mut client, mut server) = open(&loan, Mode::Connect, Layer::Plain);
    let connection = loan.lab.events.connection(client.caller());
    let sample = |occasion: Value| {
        let what = format!("tcp-info: {occasion}");
        loan.lab.events.find(connection, &what, |event| {
            let sample = &event["kind"]["tcp-info"];
            (sample["occasion"] == occasion).then(|| sample.clone())
        })
    };
    client.pour(LIMIT);
    let full = sample(json!({"window-full": "upstream"}));
    let upstream = &full["upstream"];
    assert_eq!(upstream["state"], "established", "{full}");
    assert!(upstream["unsent"].as_u64() > Some(0), "{full}");
    assert_eq!(upstream["unacked"], Value::Null, "{full}");
    assert_eq!(upstream["retransmits"], Value::Null, "{full}");
    finish(client, reads(&mut server), "after the event");
    sample(json!({"recovered": "upstream"}));
}

#[test]
fn a_reset_is_followed_by_what_both_connections_were_like() {
    for layer in [Layer::Plain, Layer::Tls13] {
        let loan = Lab::shared().lend();
        let (mut client, mut server) = open(&loan, Mode::Connect, layer);
        let connection = loan.lab.events.connection(client.caller());
        server.reset();
        client.until_end();
        loan.lab.events.kind(connection, "closed");
        let ended = loan.lab.events.all(connection).into_iter().rev();
        let kinds: Vec<Value> = ended.take(3).map(|event| event["kind"].clone()).collect();
        let [closed, sample, ended] = kinds.as_slice() else {
            panic!("{kinds:?}");
        };
        assert!(closed["closed"].is_object(), "{kinds:?}");
        assert_eq!(ended["ended"]["manner"], "reset", "{kinds:?}");
        let sample = &sample["tcp-info"];
        assert_eq!(sample["occasion"], "ended", "{kinds:?}");
        assert_eq!(sample["client"]["state"], "established", "{kinds:?}");
        assert_eq!(sample["upstream"]["state"], "closed", "{kinds:?}");
        assert!(sample["upstream"]["rtt"].as_u64() > Some(0), "{kinds:?}");
    }
}

#[test]
fn a_connection_that_answered_and_ended_in_order_has_a_calm_sample() {
    let loan = Lab::shared().lend();
    let (mut client, mut server) = open(&loan, Mode::Connect, Layer::Plain);
    let connection = loan.lab.events.connection(client.caller());
    server.fin();
    client.until_end();
    client.fin();
    server.until_end();
    loan.lab.events.kind(connection, "closed");
    let sample = loan.lab.events.kind(connection, "tcp-info");
    assert_eq!(sample["occasion"], "ended");
    for leg in ["client", "upstream"] {
        assert!(sample[leg]["acked"].as_u64() > Some(0), "{sample}");
        assert_eq!(sample[leg]["retransmits"], Value::Null, "{sample}");
    }
}
