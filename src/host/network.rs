//! What changed of the network, from one look at it to the next.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{DefaultRoute, Host, Interface};

/// What was seen of the network at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Interfaces by name, with their operational state; absent if they could not be seen.
    pub interfaces: Option<BTreeMap<String, String>>,
    /// Default routes of IPv4; absent if they could not be seen.
    pub ipv4: Option<BTreeSet<DefaultRoute>>,
    /// The same of IPv6.
    pub ipv6: Option<BTreeSet<DefaultRoute>>,
}

/// The network as it was seen last.
#[derive(Debug, Default)]
pub struct Network(Snapshot);

impl Network {
    /// Takes a look, and says what is no longer as it was. What was not seen before has not changed.
    pub fn take(&mut self, now: Snapshot) -> Vec<Host> {
        let mut facts = Vec::new();
        if let Some((before, now)) = renew(&mut self.0.interfaces, now.interfaces) {
            facts.extend(changed(&before, now));
        }
        if let Some((before, now)) = renew(&mut self.0.ipv4, now.ipv4) {
            facts.extend(rerouted(&before, now));
        }
        if let Some((before, now)) = renew(&mut self.0.ipv6, now.ipv6) {
            facts.extend(rerouted(&before, now));
        }
        facts
    }
}

/// Puts what is seen in the place of what was, and gives both where they can be compared.
fn renew<T>(known: &mut Option<T>, now: Option<T>) -> Option<(T, &T)> {
    let now = now?;
    let before = known.replace(now)?;
    Some((before, known.as_ref()?))
}

fn changed(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<Host> {
    let names: BTreeSet<_> = before.keys().chain(now.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != now.get(*name))
        .map(|name| {
            Host::Interface(Interface {
                name: name.clone(),
                was: before.get(name).cloned(),
                is: now.get(name).cloned(),
            })
        })
        .collect()
}

fn rerouted(before: &BTreeSet<DefaultRoute>, now: &BTreeSet<DefaultRoute>) -> Vec<Host> {
    let gone = before.difference(now).cloned().map(Host::RouteGone);
    let came = now.difference(before).cloned().map(Host::RouteCame);
    gone.chain(came).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interfaces(all: &[(&str, &str)]) -> Snapshot {
        let all = all
            .iter()
            .map(|(name, state)| ((*name).to_owned(), (*state).to_owned()));
        Snapshot {
            interfaces: Some(all.collect()),
            ..Snapshot::default()
        }
    }

    fn interface(name: &str, was: Option<&str>, is: Option<&str>) -> Host {
        Host::Interface(Interface {
            name: name.to_owned(),
            was: was.map(ToOwned::to_owned),
            is: is.map(ToOwned::to_owned),
        })
    }

    fn route(interface: &str, gateway: &str) -> DefaultRoute {
        DefaultRoute {
            interface: interface.to_owned(),
            gateway: gateway.parse().unwrap(),
        }
    }

    #[test]
    fn the_first_look_is_no_change() {
        let mut network = Network::default();
        assert_eq!(network.take(interfaces(&[("eth0", "up")])), []);
        assert_eq!(network.take(interfaces(&[("eth0", "up")])), []);
    }

    #[test]
    fn interfaces_come_and_go_and_change_their_state() {
        let mut network = Network::default();
        network.take(interfaces(&[("eth0", "up"), ("wlan0", "up")]));
        let changed = network.take(interfaces(&[("eth0", "down"), ("tun0", "unknown")]));
        assert_eq!(
            changed,
            [
                interface("eth0", Some("up"), Some("down")),
                interface("tun0", None, Some("unknown")),
                interface("wlan0", Some("up"), None),
            ]
        );
    }

    #[test]
    fn a_default_route_that_moves_is_gone_there_and_came_here() {
        let mut network = Network::default();
        let at = |routes: &[DefaultRoute]| Snapshot {
            ipv4: Some(routes.iter().cloned().collect()),
            ..Snapshot::default()
        };
        let (wlan, vpn) = (route("wlan0", "192.0.2.1"), route("tun0", "0.0.0.0"));
        network.take(at(std::slice::from_ref(&wlan)));
        let moved = network.take(at(std::slice::from_ref(&vpn)));
        assert_eq!(moved, [Host::RouteGone(wlan), Host::RouteCame(vpn)]);
    }

    #[test]
    fn what_could_not_be_seen_for_a_while_is_compared_with_what_was_seen_before() {
        let mut network = Network::default();
        network.take(interfaces(&[("eth0", "up")]));
        assert_eq!(network.take(Snapshot::default()), []);
        assert_eq!(
            network.take(interfaces(&[])),
            [interface("eth0", Some("up"), None)]
        );
    }
}
