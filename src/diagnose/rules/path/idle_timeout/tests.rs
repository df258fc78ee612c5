//! Cuts after equal and unequal silences.

use super::*;
use crate::diagnose::testing::Script;
use Confidence::{Certain, Likely, Possible};
use Direction::ToClient;

/// A desktop that stops to ping, and is cut so many seconds later.
fn cut(script: Script, after: f64) -> Script {
    let script = script.logs_in("1001002").pings(5).after(after);
    script
        .ends(ToClient, Manner::FinWithoutCloseNotify)
        .gone()
        .after(2.0)
}

#[test]
fn equal_silences_before_several_cuts_are_a_timeout() {
    let script = cut(cut(cut(Script::new(), 37.0), 37.05), 36.98);
    assert_eq!(script.cause(), Some(("idle-timeout", Likely)));
}

#[test]
fn three_equal_silences_are_a_timeout_where_no_cadence_of_pings_is_seen() {
    let cut = |script: Script| {
        let script = script.logs_in("1001002").after(2.0);
        script.ends(ToClient, Manner::Fin).gone().after(0.5)
    };
    let script = cut(cut(cut(Script::new())));
    assert_eq!(script.cause(), Some(("idle-timeout", Likely)));
    let script = cut(cut(Script::new()));
    assert_eq!(script.cause(), Some(("connection-cut", Possible)));
}

#[test]
fn one_cut_after_the_limit_of_nginx_is_one() {
    let report = cut(Script::new(), 60.004).diagnosed();
    let cause = report.incidents.first().unwrap().cause.as_ref().unwrap();
    assert_eq!((cause.rule, cause.confidence), ("idle-timeout", Likely));
    assert!(cause.because.iter().any(|reason| reason.contains("nginx")));
}

#[test]
fn a_close_notify_is_of_whatever_ends_tls() {
    let script = Script::new().logs_in("1001002").pings(5).after(60.004);
    let report = script
        .ends(ToClient, Manner::CloseNotify)
        .gone()
        .diagnosed();
    let cause = report.incidents.first().unwrap().cause.as_ref().unwrap();
    assert_eq!((cause.rule, cause.confidence), ("idle-timeout", Likely));
    assert!(cause.says.starts_with("The server, or what ends TLS"));
}

#[test]
fn one_cut_after_a_round_number_of_seconds_is_one() {
    assert_eq!(
        cut(Script::new(), 90.003).cause(),
        Some(("idle-timeout", Likely))
    );
}

#[test]
fn one_cut_after_another_silence_may_be_anything() {
    let report = cut(Script::new(), 37.0).logs_in("1001002").diagnosed();
    let cause = report.incidents.first().unwrap().cause.as_ref().unwrap();
    assert_eq!((cause.rule, cause.confidence), (RULE.name, Possible));
    assert!(cause.lacking.iter().any(|one| one.contains("no constant")));
}

#[test]
fn cuts_after_unequal_silences_are_none() {
    let script = cut(cut(cut(Script::new(), 31.0), 47.0), 28.0);
    assert_eq!(script.cause(), Some(("connection-cut", Possible)));
}

#[test]
fn a_longer_silence_that_was_survived_rules_it_out() {
    let script = Script::new()
        .logs_in("1001002")
        .pings(5)
        .after(90.0)
        .ping()
        .pong();
    let script = script
        .pings(3)
        .after(60.0)
        .ends(ToClient, Manner::Fin)
        .gone();
    let report = script.diagnosed();
    let incident = report.incidents.first().unwrap();
    assert_eq!(incident.cause.as_ref().unwrap().rule, "connection-cut");
    let other = incident
        .alternatives
        .iter()
        .find(|one| one.rule == RULE.name);
    assert!(other.unwrap().why.contains("survived"));
}

#[test]
fn an_rst_in_answer_to_the_first_word_after_a_silence_is_one() {
    let script = Script::new()
        .logs_in("1001002")
        .pings(5)
        .after(400.0)
        .ping();
    let script = script.after(0.02).ends(ToClient, Manner::Reset).gone();
    assert_eq!(script.cause(), Some(("idle-timeout", Likely)));
}

#[test]
fn a_path_found_dead_after_a_silence_stays_a_dead_path() {
    let script = Script::new()
        .logs_in("1001002")
        .pings(5)
        .after(400.0)
        .ping();
    let script = script
        .after(8.0)
        .server_silent()
        .after(2.0)
        .ping()
        .after(3.0);
    let script = script.closes(Direction::ToServer, None, "");
    let report = script.diagnosed();
    let incident = report.incidents.first().unwrap();
    let cause = incident.cause.as_ref().unwrap();
    assert_eq!((cause.rule, cause.confidence), ("path-black-hole", Certain));
    assert!(
        incident
            .alternatives
            .iter()
            .any(|one| one.rule == RULE.name)
    );
}

#[test]
fn a_cut_between_two_pings_is_none() {
    let script = Script::new().logs_in("1001002").pings(5).after(4.0);
    let script = script.ends(ToClient, Manner::FinWithoutCloseNotify).gone();
    assert_eq!(script.cause().unwrap().0, "connection-cut");
}

#[test]
fn a_cut_between_two_pings_was_not_for_idleness_and_one_after_a_pause_may_have_been() {
    let ruled_out = |after| {
        let script = cut(Script::new(), after).logs_in("1001002").pings(1);
        script.ruled_out().iter().any(|one| one.0 == RULE.name)
    };
    assert!(ruled_out(4.0));
    assert!(!ruled_out(15.0));
}
