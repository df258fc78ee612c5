//! What the rules make of scripted sessions, and of golden recordings of the demo.

use std::path::Path;

use super::rule::Confidence::{Certain, Likely};
use super::testing::{Script, report};
use super::*;
use crate::event::{DialFailure, Direction, Manner};
use crate::recording::{Item, Source};

fn golden(name: &str) -> Report {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/1.0");
    let mut source = Source::open(&folder.join(name)).unwrap();
    let mut session = Session::default();
    while let Some(item) = source.advance() {
        if let Item::Event(event) = item {
            session.take(&event);
        }
    }
    report(&session)
}

#[test]
fn the_golden_demos_are_explained() {
    for (name, cause) in [
        ("stall.jsonl", "no-answer"),
        ("shutdown.jsonl", "service-restart"),
    ] {
        let report = golden(name);
        let first = report.incidents.first().expect(name);
        assert_eq!(first.cause.as_ref().expect(name).rule, cause, "{report:#?}");
        assert!(first.back.is_some());
    }
}

#[test]
fn a_dead_path_and_a_hanging_server_differ_in_their_acks() {
    let silent = || {
        Script::new()
            .logs_in("1001002")
            .pings(5)
            .after(10.0)
            .ping()
            .after(8.0)
    };
    assert_eq!(
        silent().server_silent().gives_up().cause(),
        Some(("path-black-hole", Certain))
    );
    assert_eq!(
        silent().server_acks().gives_up().cause(),
        Some(("service-stalled", Likely))
    );
    assert_eq!(silent().gives_up().cause(), Some(("no-answer", Likely)));
}

#[test]
fn a_healthy_session_has_no_incident() {
    let report = Script::new().logs_in("1001002").pings(9).diagnosed();
    assert_eq!(report.incidents, []);
    assert_eq!(report.outcome, Outcome::Healthy);
}

/// Two agents at two machines, one of whose clocks is an hour behind; both talked to the same server.
fn two(fate: impl Fn(u64, Script) -> Script) -> Report {
    two_on(["finesse1.example.com"; 2], fate)
}

/// The same, with the node of each.
fn two_on(nodes: [&str; 2], fate: impl Fn(u64, Script) -> Script) -> Report {
    let day = |agent: u64| {
        let date = "Mon, 02 Mar 2026 12:00:00 GMT";
        let script = Script::with_clock(if agent == 1 { 0 } else { -3_600 });
        let user = format!("100100{agent}");
        let script = script
            .connects()
            .asks("GET", "/finesse/api/SystemInfo", &[])
            .answers_with(200, &[("Date", date)])
            .after(agent as f64)
            .connects_to(nodes[agent as usize - 1])
            .tls()
            .opens_socket()
            .signs_in(&user)
            .pings(5);
        fate(agent, script).session()
    };
    let sessions = [day(1), day(2)];
    let offsets = offsets(&[&sessions[0], &sessions[1]]);
    let subjects = [0, 1].map(|place| Subject {
        name: "script",
        session: &sessions[place],
        offset: offsets[place],
    });
    diagnose(&subjects, &Profile::default(), &TimeZone::UTC)
}

#[test]
fn all_at_the_same_moment_points_at_the_server_although_their_clocks_differ() {
    let report = two(|_, script| {
        let script = script.at(58.0).stream_error("system-shutdown");
        script.closes(Direction::ToClient, None, "")
    });
    assert_eq!(report.incidents.len(), 2);
    let [together] = &report.together[..] else {
        panic!("{:?}", report.together);
    };
    assert_eq!(
        (&together.incidents[..], together.connected),
        (&[0, 1][..], 2)
    );
    assert!(
        together.says.starts_with("All 2 agents"),
        "{}",
        together.says
    );
}

#[test]
fn one_of_two_points_at_the_client() {
    let report = two(|agent, script| {
        if agent == 1 {
            script.ends(Direction::ToClient, Manner::Reset)
        } else {
            script.pings(3)
        }
    });
    let [together] = &report.together[..] else {
        panic!("{:?}", report.together);
    };
    assert_eq!((&together.incidents[..], together.connected), (&[0][..], 2));
    assert!(
        together.says.starts_with("One of 2 agents"),
        "{}",
        together.says
    );
}

#[test]
fn an_agent_on_the_other_node_says_nothing_of_this_one() {
    let nodes = ["finesse1.example.com", "finesse2.example.com"];
    let report = two_on(nodes, |agent, script| {
        if agent == 1 {
            script.ends(Direction::ToClient, Manner::Reset)
        } else {
            script.pings(3)
        }
    });
    assert_eq!(report.incidents.len(), 1);
    assert_eq!(report.together, []);
}

#[test]
fn agents_of_two_nodes_that_are_lost_at_once_are_told_together() {
    let nodes = ["finesse1.example.com", "finesse2.example.com"];
    let report = two_on(nodes, |_, script| {
        script.at(58.0).ends(Direction::ToClient, Manner::Reset)
    });
    let says = report.together.iter().map(|one| one.says.as_str());
    let says: Vec<&str> = says.collect();
    assert!(says[0].starts_with("All 2 agents"), "{says:?}");
}

#[test]
fn where_the_server_named_the_cause_nobody_is_sent_to_the_desktop() {
    let report = two(|agent, script| {
        if agent == 1 {
            script.stream_error("system-shutdown")
        } else {
            script.pings(3)
        }
    });
    assert_eq!(report.incidents.len(), 1);
    assert_eq!(report.together, []);
}

#[test]
fn a_narrowed_report_is_as_if_there_were_nothing_else() {
    let reset = |script: Script| {
        let lost = script.ends(Direction::ToClient, Manner::Reset);
        lost.gone().after(2.0)
    };
    let script = reset(Script::new().logs_in("1001002").pings(4));
    let script = reset(script.logs_in("1001002").pings(4))
        .logs_in("1001002")
        .pings(2);
    let mut report = script.diagnosed();
    let numbers =
        |report: &Report| -> Vec<usize> { report.incidents.iter().map(|one| one.number).collect() };
    assert_eq!(numbers(&report), [1, 2]);
    assert!(
        report.answer.contains("one of 2 incidents"),
        "{}",
        report.answer
    );
    report.together.push(report::Together {
        incidents: vec![0, 1],
        connected: 2,
        says: "both".to_owned(),
    });
    report.together.push(report::Together {
        incidents: vec![1],
        connected: 2,
        says: "the second".to_owned(),
    });
    narrow(&mut report, |one| one.number == 2, &TimeZone::UTC);
    assert_eq!(numbers(&report), [2]);
    assert!(!report.answer.contains("one of 2"), "{}", report.answer);
    let together: Vec<_> = report
        .together
        .iter()
        .map(|one| &one.incidents[..])
        .collect();
    assert_eq!(together, [[0]]);
    narrow(&mut report, |_| false, &TimeZone::UTC);
    assert_eq!(report.outcome, Outcome::Healthy);
}

#[test]
fn an_upgrade_without_an_answer_is_an_attempt_too() {
    let lost = Script::new().logs_in("1001002").pings(4);
    let lost = lost.ends(Direction::ToClient, Manner::Reset);
    let silent = lost
        .gone()
        .after(5.0)
        .connects()
        .asks("GET", "/ws/", &[("Upgrade", "websocket")])
        .after(20.0)
        .ends(Direction::ToServer, Manner::Fin)
        .gone()
        .logs_in("1001002")
        .diagnosed();
    let tried = &silent.incidents.first().unwrap().story.tried;
    let outcomes: Vec<&str> = tried.iter().map(|one| one.outcome.as_str()).collect();
    assert_eq!(
        outcomes,
        [
            "no answer came to the request for a WebSocket",
            "signed in again"
        ]
    );
    assert!(
        silent.answer.contains("tried once in vain"),
        "{}",
        silent.answer
    );
}

/// Two agents behind one client, of whom so many lose their socket; then a dial is refused.
fn behind_one_client(lost: u64) -> Report {
    let script = Script::new().logs_in("1001002").logs_in("1001003");
    let script = (0..4).fold(script, |script, _| {
        script.on(1).pings(1).on(2).ping().pong()
    });
    let script = (1..=lost).fold(script.after(3.0), |script, one| {
        script
            .on(one)
            .ends(Direction::ToClient, Manner::Reset)
            .gone()
    });
    let script = script.after(2.0);
    let script = script.cannot_dial("finesse1.example.com", DialFailure::ConnectionRefused);
    script
        .after(30.0)
        .logs_in("1001002")
        .logs_in("1001003")
        .diagnosed()
}

#[test]
fn where_everybody_behind_a_client_is_out_a_refused_attempt_is_evidence_for_each() {
    let both = behind_one_client(2);
    let causes: Vec<_> = both
        .incidents
        .iter()
        .map(|one| (one.agent.as_deref(), one.cause.as_ref().unwrap().rule))
        .collect();
    let expected = ["1001002", "1001003"].map(|agent| (Some(agent), "service-restart"));
    assert_eq!(causes, expected);
    let one = behind_one_client(1);
    assert_eq!(one.incidents.len(), 1);
    assert_eq!(
        one.incidents[0].cause.as_ref().unwrap().rule,
        "connection-reset"
    );
}

#[test]
fn a_dial_that_nobody_answers_is_an_attempt_too() {
    let lost = Script::new().logs_in("1001002").pings(4);
    let lost = lost.ends(Direction::ToClient, Manner::Reset);
    let silent = lost.gone().after(5.0).connects_to("finesse1.example.com");
    let silent = silent.after(20.0).gone().logs_in("1001002").diagnosed();
    let tried = &silent.incidents.first().unwrap().story.tried;
    let outcomes: Vec<&str> = tried.iter().map(|one| one.outcome.as_str()).collect();
    let wanted = ["the server never answered the dial", "signed in again"];
    assert_eq!(outcomes, wanted);
    assert!(silent.answer.contains("tried once in vain"));
}
