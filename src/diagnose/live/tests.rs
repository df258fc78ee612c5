//! What is told of a session that goes on, look by look.

use super::*;
use crate::diagnose::testing::Script;
use crate::event::Direction::{ToClient, ToServer};
use crate::event::Manner;

/// What is told of a session, look by look: after each event, and each second without one.
fn told(script: Script) -> Vec<String> {
    let mut live = Live::new(Profile::default(), TimeZone::UTC);
    let mut news = Vec::new();
    let mut now = Micros(0);
    for event in script.events() {
        while event.time.arrived.since(now) > LONGEST {
            now = Micros(now.0 + LONGEST.0);
            news.extend(live.look(now));
        }
        now = event.time.arrived;
        live.take(&event);
        news.extend(live.look(now));
    }
    now = Micros(now.0 + LONGEST.0);
    news.extend(live.look(now));
    let rule = |incident: &Incident| incident.cause.as_ref().unwrap().rule;
    let name = |one: &News| match one {
        News::Found(incident) => rule(incident).to_owned(),
        News::Changed(incident, before) => format!("{} (was {before})", rule(incident)),
        News::Warned(warning) => format!("! {}", warning.name),
    };
    news.iter().map(name).collect()
}

#[test]
fn a_healthy_day_is_silent_until_the_agent_signs_out() {
    let script = Script::new().logs_in("1001002").pings(30);
    let script = script.connects().wishes("1001002", "LOGOUT").on(1);
    assert_eq!(told(script.says_goodbye()), ["signed-out"]);
}

#[test]
fn a_warning_comes_before_its_finding_and_each_comes_once() {
    let script = Script::new().logs_in("1001002").pings(5).after(10.0).ping();
    let script = script.after(10.0).ping().server_acks().after(6.0);
    let script = script.closes(ToServer, None, "").after(60.0);
    let script = script.logs_in("1001002").pings(9);
    assert_eq!(told(script), ["! ping-outstanding", "service-stalled"]);
}

#[test]
fn a_warning_comes_again_once_it_was_over() {
    let slow = |script: Script| script.after(10.0).ping().after(7.0).pong().pings(2);
    let script = slow(slow(Script::new().logs_in("1001002").pings(5)));
    assert_eq!(told(script), ["! ping-outstanding", "! ping-outstanding"]);
}

#[test]
fn a_cause_that_turns_out_to_be_another_is_told_once_more() {
    let script = Script::new().logs_in("1001002").pings(5).after(3.0);
    let script = script
        .ends(ToClient, Manner::Reset)
        .gone()
        .after(2.0)
        .connects();
    let script = script.asks("GET", "/ws/", &[("Upgrade", "websocket")]);
    let script = script
        .answers(403)
        .after(5.0)
        .connects_to("finesse1.example.com");
    let refused = crate::event::DialFailure::ConnectionRefused;
    let script = script.fails(refused).after(9.0).logs_in("1001002").pings(4);
    assert_eq!(
        told(script),
        ["upgrade-refused", "service-restart (was upgrade-refused)"]
    );
}

#[test]
fn a_mistyped_password_is_not_told_and_one_that_stays_wrong_is() {
    let user = "/finesse/api/User/1001002";
    let wrong = || Script::new().rest("PUT", user, 401);
    let right = wrong().after(20.0).rest("PUT", user, 202).after(90.0);
    assert_eq!(told(right.logs_in("1001002").pings(2)), [] as [&str; 0]);
    // Nothing else happens but that time passes.
    let elsewhere = wrong().connects().after(70.0);
    let told = told(elsewhere.rest("GET", "/finesse/api/SystemInfo", 200));
    assert_eq!(told, ["sign-in-refused"]);
}

#[test]
fn requests_for_a_websocket_that_nobody_answers_are_told_while_they_wait() {
    let asks = |script: Script| {
        let script = script.connects();
        let script = script.asks("GET", "/ws/", &[("Upgrade", "websocket")]);
        let script = script.after(12.0);
        script.rest("GET", "/finesse/api/SystemInfo", 200)
    };
    assert_eq!(told(asks(asks(Script::new()))), ["upgrade-refused"]);
}
