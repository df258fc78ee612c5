//! The agent's machine lost an interface or its default route, and the path with it (`finesse.md` 4.3, row 1).

use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::path::Path;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::event::{DialFailure, Host, Leg, Manner, Micros};
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "network-changed",
    title: "The network of the agent's machine changed, and the connection died with it",
    severity: Severity::Trouble,
    explains: &[
        "path-black-hole",
        "connection-reset",
        "connection-cut",
        "idle-timeout",
        "server-unreachable",
        "name-not-resolved",
        "zombie-conflict",
        "late-logout",
    ],
    covers: &["no-answer", "service-stalled"],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return Opinion::Silent;
    };
    let from = Micros(loss.at.time.0.saturating_sub(case.seconds(JUST_BEFORE).0));
    let changes: Vec<_> = case.host(from, loss.over.time).filter_map(change).collect();
    let Some((_, _, weight)) = changes.iter().max_by_key(|(.., weight)| *weight) else {
        return unchanged(case, loss);
    };
    let weight = *weight;
    let first = changes.iter().find(|(.., other)| *other == weight);
    let Some((at, what, _)) = first else {
        return Opinion::Silent;
    };
    let unreachable = unreachable(case);
    let dead = matches!(case.path(loss, Leg::Upstream), Path::Silent(..)) || broken(loss);
    let mut verdict = Verdict::new(
        Confidence::Possible,
        format!("The network of this machine changed: {what}, and the connection died with it"),
    );
    verdict = verdict
        .because(format!("{what} at {}", case.clock(at.time)))
        .shown(*at, what.as_str());
    for (at, what, _) in changes.iter().filter(|(other, ..)| other != at).take(SHOWN) {
        verdict = verdict.shown(*at, what.as_str());
    }
    if let Some(at) = unreachable {
        verdict = verdict
            .because("the system then had no route to the server")
            .shown(at, "no route to the server");
    }
    if dead {
        verdict = verdict.because("from then on nothing that was sent arrived");
    }
    verdict.confidence = match (weight, unreachable.is_some(), dead) {
        (Weight::Route, true, _) | (Weight::Link, true, true) => Confidence::Certain,
        (_, true, _) | (Weight::Route | Weight::Link, _, true) => Confidence::Likely,
        _ => {
            return verdict
                .lacking("whether the connection went that way is not told")
                .only(Role::Contributing)
                .matches();
        }
    };
    verdict.matches()
}

/// A dead path, and a machine that kept its network: it broke further away.
fn unchanged(case: &Case<'_>, loss: &Loss<'_>) -> Opinion {
    let silent = matches!(case.path(loss, Leg::Upstream), Path::Silent(..));
    let missing = case.misses(loss.at.time, loss.over.time);
    if !silent || missing || !case.is_local(loss.connection) {
        return Opinion::Silent;
    }
    Opinion::RuledOut(
        "this machine kept its interfaces and its default route all the while".to_owned(),
    )
}

/// What a change of the network can do to a connection, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Something changed.
    Some,
    /// An interface went.
    Link,
    /// A default route went.
    Route,
}

/// A fact that takes a way from the machine, in words.
fn change((at, host): &(At, Host)) -> Option<(At, String, Weight)> {
    match host {
        Host::RouteGone(route) => Some((
            *at,
            format!("the default route by {} went", route.interface),
            Weight::Route,
        )),
        Host::Interface(change) => {
            let (was, is) = (change.was.as_deref(), change.is.as_deref());
            let went = was.is_some_and(|was| was != "down")
                && is.is_none_or(|is| is != "up" && is != "unknown");
            let weight = if is_of_containers(&change.name) {
                Weight::Some
            } else {
                Weight::Link
            };
            went.then(|| {
                let went = match is {
                    None => "went away".to_owned(),
                    Some(now) => format!("went {now}"),
                };
                (*at, format!("the interface {} {went}", change.name), weight)
            })
        }
        Host::NetworkChanged(what) => Some((
            *at,
            format!("the browser says that the network changed ({what})"),
            Weight::Some,
        )),
        _ => None,
    }
}

/// Interfaces that come and go with containers and virtual machines, by the names that their software gives them.
fn is_of_containers(name: &str) -> bool {
    const PREFIXES: [&str; 6] = ["veth", "docker", "br-", "virbr", "vnet", "cali"];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// An attempt for which the system had no route.
fn unreachable(case: &Case<'_>) -> Option<At> {
    let mut attempts = case.incident.attempts();
    let without = attempts
        .find(|attempt| matches!(attempt.stage, Stage::Dial(DialFailure::NetworkUnreachable)))?;
    Some(without.at)
}

/// Whether the system itself ended the connection.
fn broken(loss: &Loss<'_>) -> bool {
    let system = |manner: &Manner| matches!(manner, Manner::TimedOut | Manner::Error(_));
    matches!(loss.word, Word::End(end) if system(&end.manner))
}

/// Seconds before the first sign of trouble within which a change belongs to it.
const JUST_BEFORE: u64 = 15;
/// Further changes that are shown.
const SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::diagnose::testing::Script;
    use crate::event::{DefaultRoute, Direction::ToServer, Interface};
    use Confidence::{Certain, Likely};

    fn route_gone() -> Host {
        Host::RouteGone(DefaultRoute {
            interface: "wlan0".to_owned(),
            gateway: IpAddr::V4(Ipv4Addr::new(192, 168, 1, 1)),
        })
    }

    fn down(name: &str) -> Host {
        Host::Interface(Interface {
            name: name.to_owned(),
            was: Some("up".to_owned()),
            is: Some("down".to_owned()),
        })
    }

    /// A ping without an answer after this fact, whose path is dead or whose server is deaf.
    fn silence(fact: Host, dead: bool) -> Script {
        let script = Script::new()
            .logs_in("1001002")
            .pings(5)
            .after(6.0)
            .host(fact);
        let script = script.on(1).after(4.0).ping().after(8.0);
        let script = if dead {
            script.server_silent()
        } else {
            script.server_acks()
        };
        script
            .after(2.0)
            .ping()
            .after(3.0)
            .closes(ToServer, None, "")
    }

    #[test]
    fn a_route_that_goes_before_the_path_is_dead_is_likely_the_cause() {
        assert_eq!(
            silence(route_gone(), true).cause(),
            Some(("network-changed", Likely))
        );
        assert_eq!(
            silence(down("eth0"), true).cause(),
            Some(("network-changed", Likely))
        );
    }

    #[test]
    fn it_is_certain_where_the_system_then_has_no_route() {
        let script = silence(route_gone(), true).after(1.0);
        let script = script
            .connects_to("finesse1.example.com")
            .undialled(DialFailure::NetworkUnreachable);
        assert_eq!(script.cause(), Some(("network-changed", Certain)));
    }

    #[test]
    fn a_change_while_the_server_acknowledges_only_contributes() {
        let report = silence(route_gone(), false).diagnosed();
        let incident = report.incidents.first().unwrap();
        assert_eq!(incident.cause.as_ref().unwrap().rule, "service-stalled");
        assert_eq!(incident.contributing.first().unwrap().rule, RULE.name);
    }

    #[test]
    fn an_interface_of_a_container_is_no_cause() {
        assert_eq!(
            silence(down("veth12ab34c"), true).cause(),
            Some(("path-black-hole", Certain))
        );
    }

    #[test]
    fn a_change_long_before_is_no_cause() {
        let script = Script::new()
            .logs_in("1001002")
            .host(route_gone())
            .on(1)
            .pings(9);
        let script = script
            .after(10.0)
            .ping()
            .after(8.0)
            .server_silent()
            .after(4.0);
        assert_eq!(
            script.closes(ToServer, None, "").cause(),
            Some(("path-black-hole", Certain))
        );
    }

    #[test]
    fn a_change_that_the_connection_survives_is_healthy() {
        let script = Script::new()
            .logs_in("1001002")
            .pings(3)
            .host(route_gone())
            .on(1)
            .pings(9);
        assert_eq!(script.cause(), None);
    }

    #[test]
    fn a_dead_path_on_a_machine_that_kept_its_network_broke_further_away() {
        let silent = || Script::new().logs_in("1001002").pings(5).after(10.0).ping();
        let dead = silent().after(8.0).server_silent().gives_up();
        let out = dead.ruled_out();
        assert!(out.iter().any(|one| one.0 == RULE.name), "{out:?}");
        let deaf = silent().after(8.0).server_acks().gives_up().ruled_out();
        assert!(!deaf.iter().any(|one| one.0 == RULE.name));
    }
}
