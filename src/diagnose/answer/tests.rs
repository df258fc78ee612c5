//! Answers as they are read.

use super::*;
use crate::diagnose::testing::Script;
use crate::event::Direction::ToServer;
use crate::event::{EventKind, Gap};

fn restarted() -> Script {
    Script::new()
        .logs_in("1001002")
        .pings(5)
        .stream_error("system-shutdown")
        .closes(ToServer, None, "")
        .gone()
        .after(5.0)
        .connects()
        .asks("GET", "/ws/", &[("Upgrade", "websocket")])
        .answers(503)
        .gone()
        .after(30.0)
}

#[test]
fn an_incident_is_told_from_who_to_what_to_do() {
    let script = restarted()
        .logs_in("1001002")
        .state("1001002", "LOGOUT", "255")
        .pings(2);
    insta::assert_snapshot!(script.diagnosed().answer, @"Agent 1001002 lost service at 12:00:50 for 35.0 s. The notification service announced that it shuts down, and closed every stream. This is certain: it said so itself, with stream error system-shutdown, and 1 attempt at a new socket failed until it was up again. What the agent sees: the desktop says that it lost the connection, and connects again by itself, to this node or to the other one. The desktop tried once in vain to get service, then signed in again on finesse1.example.com:8445. Finesse logged the agent out 35.0 s after it began, with reason 255 (x). The first thing to do: ask who restarted the Cisco Finesse Notification Service on this node at that time, and look into its log (`file get activelog desktop recurs compress` on the Finesse console) if nobody did.");
}

#[test]
fn an_end_without_a_return_is_told_as_such() {
    let answer = restarted().diagnosed().answer;
    assert!(
        answer.contains("had not got it back when the recording ends"),
        "{answer}"
    );
    assert!(answer.contains("tried once in vain"), "{answer}");
}

#[test]
fn who_had_no_service_did_not_lose_it() {
    let refused = || {
        let script = Script::new().connects().after(0.1);
        let script = script.asks("GET", "/ws/", &[("Upgrade", "websocket")]);
        script.answers(503).gone().after(30.0)
    };
    let answer = refused().diagnosed().answer;
    assert!(
        answer.starts_with("A desktop tried to get service at 12:00:00, and had none"),
        "{answer}"
    );
    assert!(!answer.contains("agent's state"), "{answer}");
    let answer = refused().logs_in("1001002").pings(2).diagnosed().answer;
    assert!(answer.contains("got it 30.0 s later"), "{answer}");
    assert!(
        answer.contains("tried once in vain to get service, then signed in on"),
        "{answer}"
    );
}

#[test]
fn health_comes_with_its_reasons() {
    let healthy = Script::new().logs_in("1001002").pings(9).diagnosed().answer;
    insta::assert_snapshot!(healthy, @"Healthy: in 1 min 30 s no desktop lost service against its user's wish. One socket was seen, and every one of 9 pings was answered, the slowest after 20 ms.");
    let nothing = Script::new().connects().after(3.0).diagnosed().answer;
    insta::assert_snapshot!(nothing, @"Nothing wrong was found, but there is nothing to judge either: no desktop's socket is in these 3.0 s.");
}

#[test]
fn the_first_thing_to_do_is_about_what_was_seen() {
    let refused = |condition: &str| {
        let script = Script::new().logs_in("1001002").pings(3).after(1.0);
        script.stream_error(condition).diagnosed().answer
    };
    let unknown = refused("host-unknown");
    let first = "The first thing to do: open the desktop under the server's fully qualified name";
    assert!(unknown.contains(first), "{unknown}");
    let broken = refused("not-well-formed");
    let first = "The first thing to do: look at the last stanza of the client before the error";
    assert!(broken.contains(first), "{broken}");
}

#[test]
fn what_cannot_be_known_is_not_called_healthy() {
    let short = Script::new().logs_in("1001002").after(2.0).diagnosed();
    insta::assert_snapshot!(short.answer, @"Nothing wrong was found in 2.0 s, which is too short for a ping to judge by. One socket was seen, and no ping was sent on it.");
    let still = Script::new().logs_in("1001002").after(60.0).diagnosed();
    assert!(
        still.answer.contains("has no ping to judge by"),
        "{still:?}"
    );
    let gap = Gap {
        events: 5,
        ..Gap::default()
    };
    let script = Script::new().logs_in("1001002").pings(3);
    let holes = script.event(EventKind::Gap(gap)).pings(3).diagnosed();
    let opening = "Nothing wrong was found in what there is of 1 min 00 s.";
    assert!(holes.answer.starts_with(opening), "{}", holes.answer);
}

#[test]
fn how_sure_it_is_is_said_in_words() {
    let mut finding = Finding {
        rule: "no-answer",
        title: "",
        severity: Severity::Trouble,
        confidence: Confidence::Certain,
        says: String::new(),
        because: vec!["it said so".to_owned()],
        lacking: Vec::new(),
        evidence: Vec::new(),
        advice: String::new(),
    };
    assert_eq!(sureness(&finding), "This is certain: it said so.");
    finding.confidence = Confidence::Likely;
    assert_eq!(
        sureness(&finding),
        "This is likely, not proven: it said so."
    );
    finding.confidence = Confidence::Possible;
    finding.lacking.push("a reading is missing".to_owned());
    let possible = "This is no more than possible: it said so; but a reading is missing.";
    assert_eq!(sureness(&finding), possible);
}
