//! Incidents as pictures.

use super::*;
use crate::diagnose::testing::{Script, report};
use crate::diagnose::{Clocks, Profile};
use crate::event::Direction::ToServer;

fn session(script: Script) -> Session {
    let mut session = Session::default();
    for event in &script.events() {
        session.take(event);
    }
    session
}

fn drawn(script: Script, width: usize) -> Chart {
    let session = session(script);
    let report = report(&session);
    let clocks = Clocks::of(&session, &Profile::default());
    Chart::draw(&session, report.incidents.first().unwrap(), &clocks, width)
}

fn stalled() -> Script {
    Script::new()
        .logs_in("1001002")
        .pings(5)
        .after(10.0)
        .ping()
        .after(8.0)
        .server_silent()
        .after(2.0)
        .ping()
        .after(3.0)
        .closes(ToServer, None, "")
        .after(1.0)
        .gone()
        .logs_in("1001002")
        .pings(2)
}

#[test]
fn a_ping_without_an_answer_is_drawn() {
    let chart = drawn(stalled(), 80);
    let text = chart.lines.join("\n");
    insta::assert_snapshot!(text, @r"
                           -20 s        -10 s        0            +10 s       +20 s
                     ------|------------|------------|------------|-----------|-----
    #1 browser             p            p            P            P  C
       browser's TCP                                           o
       finspect      ---------------------------------------------------
       Finesse's TCP                                           x
       Finesse             a            a            ...................
    #2 browser                                                         +           p
       finspect                                                        -------------
       Finesse                                                         B           a
                                                     |it begins
                                                      back after 14.0 s|
    ");
    insta::assert_snapshot!(chart.legend.join(", "), @"- connected, . a ping waits, o TCP: all acknowledged, p ping, a its answer, x TCP: sent, not acknowledged, + TCP open, B signed in, P ping, answered late or never, C Close frame");
}

#[test]
fn a_chart_is_ascii_and_as_wide_as_was_asked() {
    let script = Script::new()
        .logs_in("1001002")
        .pings(3)
        .state("1001002", "NICHT_BEREIT_\u{fc}\u{202e}", "255")
        .after(10.0)
        .closes(ToServer, Some(1001), "");
    for width in [0, 80, 100, 140] {
        let chart = drawn(stalled(), width);
        let widest = chart.lines.iter().map(String::len).max();
        assert!(widest <= Some(width.max(58)), "{chart:#?}");
    }
    let chart = drawn(script, 100);
    assert!(chart.lines.iter().all(|line| line.is_ascii()), "{chart:#?}");
    assert!(
        chart
            .lines
            .iter()
            .any(|line| line.contains("NICHT_BEREIT_?? (255)")),
        "{chart:#?}"
    );
}
