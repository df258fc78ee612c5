//! The network as Linux shows it in `/sys/class/net` and `/proc/net`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use super::Snapshot;
use crate::event::DefaultRoute;

/// Reads what can be read of it.
pub(super) fn network() -> Snapshot {
    Snapshot {
        interfaces: interfaces(Path::new("/sys/class/net")),
        ipv4: text("/proc/net/route", ROUTES).map(|table| ipv4(&table)),
        ipv6: text("/proc/net/ipv6_route", ROUTES).map(|table| ipv6(&table)),
    }
}

/// Each interface but the loopback, with the state in its file `operstate`.
fn interfaces(folder: &Path) -> Option<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for entry in folder.read_dir().ok()? {
        let entry = entry.ok()?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "lo" {
            continue;
        }
        // One that goes at this moment is gone, and `bonding_masters` is a file among the interfaces.
        if let Some(state) = text(entry.path().join("operstate"), STATE) {
            all.insert(name, state.trim_end().to_owned());
        }
        if all.len() > INTERFACES {
            return None;
        }
    }
    Some(all)
}

/// A file, if it is not longer than `most` bytes.
fn text(path: impl AsRef<Path>, most: u64) -> Option<String> {
    let mut text = Vec::new();
    let file = File::open(path).ok()?;
    let read = file.take(most + 1).read_to_end(&mut text).ok()?;
    (read as u64 <= most).then(|| String::from_utf8_lossy(&text).into_owned())
}

/// Default routes of `/proc/net/route`: name, destination, gateway, flags, three counters, mask; addresses in hex, in
/// the machine's byte order.
fn ipv4(table: &str) -> BTreeSet<DefaultRoute> {
    let route = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().take(8).collect();
        let &[interface, destination, gateway, flags, .., mask] = &fields[..] else {
            return None;
        };
        if fields.len() < 8 || destination != ALL_OF_IPV4 || mask != ALL_OF_IPV4 {
            return None;
        }
        let gateway = u32::from_str_radix(gateway, 16).ok()?;
        leads_out(flags)?;
        Some(DefaultRoute {
            interface: interface.to_owned(),
            gateway: IpAddr::V4(Ipv4Addr::from(gateway.to_ne_bytes())),
        })
    };
    table.lines().filter_map(route).collect()
}

/// Default routes of `/proc/net/ipv6_route`: destination and its length, source and its length, next hop, three
/// counters, flags, name; all in hex.
fn ipv6(table: &str) -> BTreeSet<DefaultRoute> {
    let route = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let &[_, length, _, _, gateway, _, _, _, flags, interface] = &fields[..] else {
            return None;
        };
        if length != "00" {
            return None;
        }
        let gateway = u128::from_str_radix(gateway, 16).ok()?;
        leads_out(flags)?;
        Some(DefaultRoute {
            interface: interface.to_owned(),
            gateway: IpAddr::V6(Ipv6Addr::from(gateway)),
        })
    };
    table.lines().filter_map(route).collect()
}

/// Whether the route is up (`RTF_UP`) and does not turn packets away (`RTF_REJECT`; see `route(8)`).
fn leads_out(flags: &str) -> Option<()> {
    let flags = u32::from_str_radix(flags, 16).ok()?;
    (flags & 0x1 != 0 && flags & 0x200 == 0).then_some(())
}

const ALL_OF_IPV4: &str = "00000000";
/// Interfaces that are watched; where there are more, none is.
const INTERFACES: usize = 256;
/// A routing table that is watched, in bytes; a larger one is not.
const ROUTES: u64 = 256 * 1024;
/// The name of a state, in bytes.
const STATE: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(found: &BTreeSet<DefaultRoute>) -> Vec<String> {
        let of = |route: &DefaultRoute| format!("{} {}", route.interface, route.gateway);
        found.iter().map(of).collect()
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn default_routes_of_ipv4_are_found_among_the_others() {
        let table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
            eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
            tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0\n\
            tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000080\t0\t0\t0\n\
            *\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n\
            eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";
        assert_eq!(routes(&ipv4(table)), ["eth0 192.0.2.1", "tun0 0.0.0.0"]);
    }

    #[test]
    fn default_routes_of_ipv6_are_found_among_the_others() {
        let (zero, router) = ("0".repeat(32), "fe80000000000000000000000000000a");
        let table = [
            format!("{zero} 00 {zero} 00 {router} 00000400 00000003 00000000 00000003     wlan0"),
            format!("{zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200       lo"),
            format!("{router} 80 {zero} 00 {zero} 00000100 00000001 00000000 00000001     wlan0"),
        ];
        assert_eq!(routes(&ipv6(&table.join("\n"))), ["wlan0 fe80::a"]);
    }

    #[test]
    fn tables_that_are_none_hold_no_routes() {
        for table in [
            "",
            "\n\n",
            "a b c",
            "eth0 00000000",
            "ä 00000000 x y 0 0 0 00000000 0",
        ] {
            assert!(ipv4(table).is_empty() && ipv6(table).is_empty());
        }
    }

    #[test]
    fn the_loopback_is_no_interface_and_neither_is_a_file_among_them() {
        let folder = tempfile::tempdir().unwrap();
        for (name, state) in [("lo", "unknown\n"), ("wlan0", "dormant\n")] {
            let folder = folder.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("operstate"), state).unwrap();
        }
        std::fs::write(folder.path().join("bonding_masters"), "bond0").unwrap();
        let expected = BTreeMap::from([("wlan0".to_owned(), "dormant".to_owned())]);
        assert_eq!(interfaces(folder.path()), Some(expected));
        assert_eq!(interfaces(&folder.path().join("nowhere")), None);
    }

    #[test]
    fn this_machine_can_be_looked_at() {
        let network = network();
        assert!(network.interfaces.is_some() && network.ipv4.is_some());
    }
}
