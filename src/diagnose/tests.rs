//! What the rules make of scripted sessions, and of golden recordings of the demo.

use std::path::Path;

use super::rule::Confidence::{Certain, Likely};
use super::testing::{Script, report};
use super::*;
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
    let gives_up = |script: Script| {
        script
            .after(2.0)
            .ping()
            .after(3.0)
            .closes(crate::event::Direction::ToServer, None, "")
            .cause()
    };
    assert_eq!(
        gives_up(silent().server_silent()),
        Some(("path-black-hole", Certain))
    );
    assert_eq!(
        gives_up(silent().server_acks()),
        Some(("service-stalled", Likely))
    );
    assert_eq!(gives_up(silent()), Some(("no-answer", Likely)));
}

#[test]
fn a_healthy_session_has_no_incident() {
    let report = Script::new().logs_in("1001002").pings(9).diagnosed();
    assert_eq!(report.incidents, []);
    assert_eq!(report.outcome, Outcome::Healthy);
}

/// Two agents at two machines, one of whose clocks is an hour behind; both talked to the same server.
fn two(fate: impl Fn(u64, Script) -> Script) -> Report {
    let day = |agent: u64| {
        let date = "Mon, 02 Mar 2026 12:00:00 GMT";
        let script = Script::with_clock(if agent == 1 { 0 } else { -3_600 });
        let user = format!("100100{agent}");
        let script = script
            .connects()
            .asks("GET", "/finesse/api/SystemInfo", &[])
            .answers_with(200, &[("Date", date)])
            .after(agent as f64)
            .logs_in(&user)
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
        script.closes(crate::event::Direction::ToClient, None, "")
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
            let script = script.stream_error("conflict");
            script.closes(crate::event::Direction::ToClient, None, "")
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
