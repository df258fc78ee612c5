//! What gadgets lose is told apart from what a desktop loses.

use crate::diagnose::rule::Confidence::{Certain, Likely, Possible};
use crate::diagnose::rule::Severity;
use crate::diagnose::testing::Script;
use crate::diagnose::{Outcome, Report};
use crate::event::{Direction, Manner};

const USER: &str = "1001002";
const CUIC: &str = "cuic.example.com";

/// A desktop on connection 1, and a tunnel to CUIC on connection 2.
fn both() -> Script {
    let script = Script::new().logs_in(USER).opens_tunnel(CUIC, USER);
    script.presence("cuic.node1", true).on(1).pings(3)
}

fn reset(script: Script, connection: u64) -> Script {
    let script = script.on(connection);
    script.ends(Direction::ToClient, Manner::Reset).gone()
}

fn causes(report: &Report) -> Vec<&'static str> {
    let causes = report.incidents.iter().filter_map(|one| one.cause.as_ref());
    causes.map(|cause| cause.rule).collect()
}

#[test]
fn a_tunnel_that_is_lost_beside_a_desktop_that_lives_is_the_gadgets_loss() {
    let report = reset(both(), 2).on(1).pings(4).diagnosed();
    assert_eq!(report.outcome, Outcome::Notice);
    let [incident] = &report.incidents[..] else {
        panic!("{:?}", causes(&report));
    };
    let cause = incident.cause.as_ref().unwrap();
    assert_eq!((cause.rule, cause.confidence), ("gadget-tunnel", Certain));
    assert!(
        cause
            .says
            .contains("cuic.example.com:8445: the server's side reset it")
    );
    assert!(
        report
            .answer
            .starts_with("A gadget of agent 1001002 lost service")
    );
}

#[test]
fn a_second_socket_to_another_server_without_finesse_is_likely_a_gadgets() {
    let script = Script::new().logs_in(USER).pings(2);
    let script = script.opens_tunnel(CUIC, USER).after(2.0);
    let script = reset(script, 2).on(1).pings(4);
    assert_eq!(script.cause(), Some(("gadget-tunnel", Likely)));
}

#[test]
fn a_second_socket_to_another_server_on_which_nobody_appears_is_of_no_use_to_its_gadget() {
    let script = Script::new().logs_in(USER).pings(2);
    let script = script.opens_tunnel(CUIC, USER).on(1).pings(4);
    let report = script.diagnosed();
    assert_eq!(causes(&report), ["gadget-tunnel"]);
    let cause = report.incidents[0].cause.as_ref().unwrap();
    assert_eq!(
        cause.says,
        "A gadget's tunnel to cuic.example.com:8445 was never of use"
    );
}

#[test]
fn a_tunnel_that_the_page_leaves_is_nothing_wrong() {
    let report = both().on(2).says_goodbye().on(1).pings(2).diagnosed();
    assert_eq!(report.outcome, Outcome::Healthy);
    let cause = report.incidents[0].cause.as_ref().unwrap();
    assert_eq!(
        (cause.rule, cause.severity),
        ("gadget-tunnel", Severity::Info)
    );
}

#[test]
fn a_tunnel_that_is_lost_with_its_desktop_is_one_outage_that_the_tunnel_does_not_end() {
    let script = reset(reset(both(), 1), 2).after(5.0);
    let script = script.opens_tunnel(CUIC, USER).presence("cuic.node1", true);
    let report = script.after(10.0).logs_in(USER).pings(3).diagnosed();
    assert_eq!(report.outcome, Outcome::Trouble);
    let [incident] = &report.incidents[..] else {
        panic!("{:?}", causes(&report));
    };
    assert!(!causes(&report).contains(&"gadget-tunnel"));
    let back = incident.back.unwrap().time.since(incident.began.time);
    assert_eq!(back.0, 15_000_000);
}

#[test]
fn a_desktop_that_is_lost_beside_a_tunnel_that_lives_is_lost() {
    let script = reset(both(), 1).on(2).pings(4);
    let report = script.diagnosed();
    assert_eq!(report.outcome, Outcome::Trouble);
    assert_eq!(causes(&report), ["connection-reset"]);
    assert_eq!(report.incidents[0].back, None);
}

#[test]
fn a_desktop_that_goes_to_the_other_node_goes_on_to_be_one() {
    let script = reset(Script::new().logs_in(USER).pings(3), 1).after(3.0);
    let script = script.connects_to("finesse2.example.com").tls();
    let script = script.opens_socket().signs_in(USER).pings(3);
    let report = reset(script, 2).diagnosed();
    assert_eq!(report.incidents.len(), 2);
    assert_eq!(causes(&report), ["connection-reset", "connection-reset"]);
    assert!(report.incidents[0].back.is_some());
}

#[test]
fn two_desktops_of_one_agent_on_two_nodes_are_no_gadgets() {
    let script = Script::new().logs_in(USER);
    let script = script.connects_to("finesse2.example.com").tls();
    let script = script.opens_socket().signs_in(USER).on(1).pings(3);
    let report = reset(script, 2).on(1).pings(4).diagnosed();
    assert_eq!(report.outcome, Outcome::Trouble);
}

#[test]
fn without_a_desktop_in_the_recording_a_tunnel_is_judged_as_a_desktop_is() {
    let script = Script::new().opens_tunnel(CUIC, USER);
    let script = script.presence("cuic.node1", true).pings(3);
    assert_eq!(reset(script, 1).cause().unwrap().0, "connection-reset");
}

#[test]
fn cuic_that_goes_is_not_tomcat() {
    let script = Script::new().logs_in(USER).presence("cuic.node1", true);
    let script = script.pings(3).presence("cuic.node1", false).pings(3);
    let report = script.diagnosed();
    assert_eq!(report.outcome, Outcome::Notice);
    let cause = report.incidents[0].cause.as_ref().unwrap();
    assert_eq!(
        (cause.rule, cause.confidence),
        ("gadget-service-down", Certain)
    );
    assert!(
        cause
            .says
            .contains("Unified Intelligence Center (CUIC): its user cuic.node1")
    );
}

#[test]
fn each_user_comes_and_goes_for_itself() {
    let script = Script::new().logs_in(USER).presence("ccx.node1", true);
    let script = script.presence("cuic.node1", true).pings(3);
    let script = script.presence("ccx.node1", false).pings(2);
    let script = script
        .presence("cuic.node1", true)
        .presence("ccx.node1", true);
    let report = script.pings(2).diagnosed();
    let [incident] = &report.incidents[..] else {
        panic!("{:?}", causes(&report));
    };
    assert!(
        incident
            .cause
            .as_ref()
            .unwrap()
            .says
            .contains("Unified CCX")
    );
    let lasted = incident.back.unwrap().time.since(incident.began.time);
    assert_eq!(lasted.0, 20_000_000);
}

#[test]
fn cuic_that_goes_with_the_notification_service_proves_nothing() {
    let script = both().on(2).presence("cuic.node1", false).after(0.5);
    let report = reset(script, 2).on(1).pings(4).diagnosed();
    let incident = &report.incidents[0];
    let alternatives = incident.alternatives.iter().map(|one| one.rule);
    assert_eq!(causes(&report), ["gadget-tunnel"]);
    assert_eq!(alternatives.collect::<Vec<_>>(), ["gadget-service-down"]);
}

#[test]
fn cuic_that_goes_right_before_a_restart_is_no_trouble_of_its_own() {
    let script = Script::new().logs_in(USER).presence("cuic.node1", true);
    let script = script.pings(3).presence("cuic.node1", false).after(0.1);
    let ended = script.stream_error("system-shutdown");
    let report = ended.ends(Direction::ToClient, Manner::Fin).diagnosed();
    assert_eq!(causes(&report), ["gadget-service-down", "service-restart"]);
    let cause = report.incidents[0].cause.as_ref().unwrap();
    assert_eq!(
        (cause.severity, cause.confidence),
        (Severity::Info, Possible)
    );
}
