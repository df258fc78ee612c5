//! Every scenario with its agent: what the agent experiences is what the scenario promises.

use tokio::task::JoinSet;

use super::*;

/// What tells a scenario's story apart, seen by the agent, in order.
fn signs(scenario: &str) -> Vec<fn(&Experience) -> bool> {
    match scenario {
        "calm" | "clock-drift" => vec![pong],
        "slow" => vec![connected, pong],
        "stall" | "latency-spike" => vec![gave_up, closed_the_old, connected],
        "zombie-conflict" => vec![gave_up, closed_the_old, connected, pong],
        "upload-blocked" => vec![did, gave_up, closed_the_old, connected],
        "fin" | "reset" => vec![connected, bare_end, connected],
        "close" | "server-closed" => vec![end_1001, connected],
        "jetty-idle-timeout" => vec![did, did, end_1001, connected],
        "openfire-idle-timeout" => vec![did, server_ping, empty_end, connected],
        "shutdown" | "internal-server-error" => vec![connected, empty_end, connected],
        "crash" | "crash-behind-proxy" | "refuse" | "bad-gateway" => {
            vec![connected, bare_end, refused, connected]
        }
        "unreachable" | "tls-inspected" => vec![connected, bare_end, not_connected, connected],
        "host-unknown" | "not-authorized" => vec![not_connected, not_connected, connected],
        "out-of-service" => vec![out_of_service, in_service],
        "cti-failover" => vec![answered_500, out_of_service, answered_503, in_service],
        "finesse-presence-lost" => vec![finesse_left, finesse_back],
        "finesse-absent" => vec![pong, did, did, connected],
        "maintenance-mode" => vec![out_of_service, did, did, connected],
        "idle-timeout" => vec![did, bare_end, bare_end, bare_end, connected],
        "refuse-400" | "refuse-401" | "refuse-403" | "refuse-404" | "refuse-429" | "refuse-502" => {
            vec![refused, refused, connected]
        }
        "wrong-password" => vec![answered_401, answered_401, connected],
        "locked-out" => vec![answered_401, answered_401, answered_401, connected],
        "sasl-failure" => vec![not_connected, did, connected],
        "session-expired" => vec![answered_401, did, did, connected],
        "token-not-renewed" => vec![answered_401, answered_401, did, did, connected],
        "certificate-not-accepted" => vec![unanswered, unanswered, connected],
        "conflict" | "second-tab" => vec![conflict, connected],
        "tab-throttled" => vec![did, pong, pong, bare_end, connected],
        "host-suspended" => vec![did, did, end_1000, connected],
        "page-closed" | "sign-out" => vec![did],
        "page-left" => vec![did, did, connected, signed_out_meanwhile],
        "page-lost" | "reload" | "planned-restart" | "browser-died" => vec![did, did, connected],
        "page-not-reading" => vec![did, did, told_of_queues, pong],
        "no-presence" | "negative-priority" => vec![connected, pong, answered_202],
        "message-too-large" => vec![did, end_1009, connected],
        "supervisor-logout"
        | "supervisor-logout-ccx"
        | "inactivity-logout"
        | "device-error"
        | "pg-reset" => vec![signed_out_by_system, connected],
        "call-not-answered" => vec![not_ready, pong],
        "phone-down" => vec![not_ready, not_ready, not_ready],
        "late-logout" => vec![bare_end, connected, signed_out_by_system, connected],
        "late-not-ready" => vec![bare_end, connected, not_ready],
        "busy" => vec![told_of_queues, told_of_a_call, pong],
        _ => panic!("{scenario} has no sign"),
    }
}

fn connected(what: &Experience) -> bool {
    matches!(what, Experience::Connected(_))
}

fn not_connected(what: &Experience) -> bool {
    matches!(what, Experience::NotConnected(_))
}

fn refused(what: &Experience) -> bool {
    matches!(what, Experience::NotConnected(why) if why.contains("the upgrade is answered"))
}

fn pong(what: &Experience) -> bool {
    matches!(what, Experience::Received(stanza) if stanza == "iq ping")
}

/// Its own pings are answered by a result, whose word is taken from the id: this one has no such id.
fn server_ping(what: &Experience) -> bool {
    pong(what)
}

fn gave_up(what: &Experience) -> bool {
    *what == Experience::GaveUp
}

fn closed_the_old(what: &Experience) -> bool {
    *what == Experience::ClosedTheOld
}

fn did(what: &Experience) -> bool {
    matches!(what, Experience::Did(_))
}

fn bare_end(what: &Experience) -> bool {
    matches!(what, Experience::Ended(Death::Bare(_)))
}

fn empty_end(what: &Experience) -> bool {
    matches!(what, Experience::Ended(Death::Close(None, _)))
}

fn end_1000(what: &Experience) -> bool {
    matches!(what, Experience::Ended(Death::Close(Some(1000), _)))
}

fn end_1001(what: &Experience) -> bool {
    matches!(what, Experience::Ended(Death::Close(Some(1001), _)))
}

fn end_1009(what: &Experience) -> bool {
    matches!(what, Experience::Ended(Death::Close(Some(1009), _)))
}

fn conflict(what: &Experience) -> bool {
    *what == Experience::Conflict
}

fn signed_out_meanwhile(what: &Experience) -> bool {
    *what == Experience::SignedOutMeanwhile
}

fn signed_out_by_system(what: &Experience) -> bool {
    *what == Experience::SignedOutBySystem
}

fn out_of_service(what: &Experience) -> bool {
    *what == Experience::InService(false)
}

fn in_service(what: &Experience) -> bool {
    *what == Experience::InService(true)
}

fn finesse_left(what: &Experience) -> bool {
    *what == Experience::FinessePresent(false)
}

fn finesse_back(what: &Experience) -> bool {
    *what == Experience::FinessePresent(true)
}

fn not_ready(what: &Experience) -> bool {
    matches!(what, Experience::Notified { state: Some(state), .. } if state == "NOT_READY")
}

fn told_of_queues(what: &Experience) -> bool {
    matches!(what, Experience::Notified { node, .. } if node.ends_with("/Queues"))
}

fn told_of_a_call(what: &Experience) -> bool {
    matches!(what, Experience::Notified { node, .. } if node.ends_with("/Dialogs"))
}

fn unanswered(what: &Experience) -> bool {
    matches!(what, Experience::Unanswered { why, .. } if why.contains("no TLS"))
}

fn answered_202(what: &Experience) -> bool {
    matches!(what, Experience::Answered { status: 202, .. })
}

fn answered_401(what: &Experience) -> bool {
    matches!(what, Experience::Answered { status: 401, .. })
}

fn answered_500(what: &Experience) -> bool {
    matches!(what, Experience::Answered { status: 500, .. })
}

fn answered_503(what: &Experience) -> bool {
    matches!(what, Experience::Answered { status: 503, .. })
}

fn tells(moments: &[AgentMoment], story: &[fn(&Experience) -> bool]) -> bool {
    let mut moments = moments.iter();
    story
        .iter()
        .all(|sign| moments.any(|moment| sign(&moment.what)))
}

async fn play(scenario: &'static Scenario) {
    let config = SimConfig {
        scenario: Some(scenario),
        pace: Pace::new(scenario.pace),
        ..SimConfig::default()
    };
    let simulator = Simulator::start(config).await.unwrap();
    let mut agent = Agent::start(AgentConfig {
        scenario: Some(scenario),
        pace: Pace::new(scenario.pace),
        ..agent_config(Via::Direct(simulator.address()), &simulator)
    })
    .unwrap();
    let story = signs(scenario.name);
    let seen = timeout(BOUND, agent.until(|moments| tells(moments, &story))).await;
    let name = scenario.name;
    assert!(matches!(seen, Ok(true)), "{name}: {:#?}", agent.moments());
    agent.sign_out().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_tells_its_story() {
    let mut plays: JoinSet<()> = Scenario::all().map(play).collect();
    while let Some(played) = plays.join_next().await {
        played.unwrap();
    }
}
