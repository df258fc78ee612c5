//! A network that comes and goes: real interfaces and routes, in a network namespace of finspect's own.

use std::process::Command;

use finspect::event::{DefaultRoute, Event, EventKind, Host, Interface};

use crate::support::{Subject, alone, recorded, wait_for};

/// finspect in a network that is changed from outside.
struct Rig {
    subject: Subject,
    _folder: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // What `/sys` shows is the network of whoever mounted it.
        let script = "mount -t sysfs none /sys && ip link set lo up && exec \"$@\"";
        let launcher = ["unshare", "-rnm", "sh", "-c", script, "sh"];
        let subject = Subject::start(&launcher, &folder.path().join("day.jsonl"), &[]);
        Self {
            subject,
            _folder: folder,
        }
    }

    /// Runs `ip` of iproute2 in the subject's network.
    fn ip(&self, arguments: &str) {
        let id = self.subject.id().to_string();
        let status = Command::new("nsenter")
            .args(["-t", &id, "-U", "-n", "--preserve-credentials", "ip"])
            .args(arguments.split(' '))
            .status()
            .expect("nsenter of util-linux");
        assert!(
            status.success(),
            "ip {arguments}: {status} (is iproute2 installed?)"
        );
    }

    /// Waits for a fact of the machine.
    fn told(&self, fact: &Host) {
        wait_for(&format!("{fact:?}"), || {
            let others = recorded(&self.subject.recording).others;
            let is = |event: &Event| event.kind == EventKind::Host(fact.clone());
            others.iter().any(is).then_some(())
        });
    }
}

fn cable(was: Option<&str>, is: Option<&str>) -> Host {
    Host::Interface(Interface {
        name: "cable".to_owned(),
        was: was.map(ToOwned::to_owned),
        is: is.map(ToOwned::to_owned),
    })
}

#[test]
fn an_interface_and_a_default_route_that_come_and_go_are_told() {
    let _turn = alone();
    let rig = Rig::new();
    let route = DefaultRoute {
        interface: "cable".to_owned(),
        gateway: [192, 0, 2, 1].into(),
    };
    rig.ip("link add cable type veth peer name wall");
    rig.told(&cable(None, Some("down")));
    rig.ip("link set wall up");
    rig.ip("link set cable up");
    rig.told(&cable(Some("down"), Some("up")));
    rig.ip("address add 192.0.2.9/24 dev cable");
    rig.ip("route add default via 192.0.2.1");
    rig.told(&Host::RouteCame(route.clone()));
    rig.ip("link del cable");
    rig.told(&Host::RouteGone(route));
    rig.told(&cable(Some("up"), None));
    let (status, talk) = rig.subject.end();
    assert_eq!(status.code(), Some(0), "{talk}");
}
