//! From a name to addresses: `--resolve`, else the system.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use thiserror::Error;
use tokio::net::lookup_host;

use crate::event::{Authority, DialFailure, EventKind, Micros, Resolved};
use crate::proxy::intercept::parse_authority;
use crate::proxy::observer::Observer;

/// One `--resolve HOST:PORT:ADDR`, as curl's option of that name; ADDR may carry a port of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    target: Authority,
    address: SocketAddr,
}

/// A `--resolve` that means nothing.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` is not HOST:PORT:ADDR, such as finesse.example.com:8445:10.1.2.3 or …:10.1.2.3:9445"
)]
pub struct BadOverride(String);

impl FromStr for Override {
    type Err = BadOverride;

    fn from_str(text: &str) -> Result<Self, BadOverride> {
        let bad = || BadOverride(text.to_owned());
        let host_end = if text.starts_with('[') {
            text.find(']').ok_or_else(bad)? + 1
        } else {
            text.find(':').ok_or_else(bad)?
        };
        let (host, rest) = text.split_at_checked(host_end).ok_or_else(bad)?;
        let rest = rest.strip_prefix(':').ok_or_else(bad)?;
        let (port, address) = rest.split_once(':').ok_or_else(bad)?;
        let target = parse_authority(&format!("{host}:{port}"), None).ok_or_else(bad)?;
        let port = target.port;
        let bare = address.trim_start_matches('[').trim_end_matches(']');
        let address = bare
            .parse::<IpAddr>()
            .map(|ip| SocketAddr::new(ip, port))
            .or_else(|_| address.parse::<SocketAddr>())
            .map_err(|_| bad())?;
        Ok(Self { target, address })
    }
}

/// The addresses of `target` in the order in which to try them (RFC 8305 section 4).
pub(super) async fn resolve(
    target: &Authority,
    overrides: &[Override],
    observer: &Observer,
) -> Result<Vec<SocketAddr>, DialFailure> {
    let named: Vec<SocketAddr> = overrides
        .iter()
        .filter(|one| one.target == *target)
        .map(|one| one.address)
        .collect();
    if !named.is_empty() {
        say(&target.host, &named, Micros(0), true, observer);
        return Ok(named);
    }
    if let Ok(ip) = target.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, target.port)]);
    }
    let started = observer.now();
    let found = lookup_host((target.host.as_str(), target.port)).await;
    let took = observer.now().since(started);
    let addresses = match found {
        Ok(addresses) => interleave(addresses.collect()),
        Err(error) => return Err(DialFailure::Unresolved(error.to_string())),
    };
    if addresses.is_empty() {
        return Err(DialFailure::Unresolved("no address".to_owned()));
    }
    say(&target.host, &addresses, took, false, observer);
    Ok(addresses)
}

fn say(host: &str, addresses: &[SocketAddr], took: Micros, by_option: bool, observer: &Observer) {
    observer.fact(EventKind::Resolved(Resolved {
        host: host.to_owned(),
        addresses: addresses.iter().map(SocketAddr::ip).collect(),
        took,
        by_option,
    }));
}

/// Alternates the families, beginning with that of the system's first choice; doubles fall out.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut preferred, mut other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    preferred.reverse();
    other.reverse();
    let mut order = Vec::new();
    while let Some(next) = preferred.pop() {
        order.push(next);
        order.extend(other.pop());
    }
    order.extend(other.into_iter().rev());
    let mut seen = Vec::new();
    order.retain(|address| {
        let new = !seen.contains(address);
        seen.push(*address);
        new
    });
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_read_as_curl_reads_them() {
        let parse = |text: &str| text.parse::<Override>().unwrap();
        let one = parse("Finesse.test:8445:127.0.0.1");
        assert_eq!(one.target.to_string(), "finesse.test:8445");
        assert_eq!(one.address, "127.0.0.1:8445".parse().unwrap());
        assert_eq!(
            parse("finesse.test:8445:127.0.0.1:9").address,
            "127.0.0.1:9".parse().unwrap()
        );
        assert_eq!(parse("a:1:[::1]").address, "[::1]:1".parse().unwrap());
        assert_eq!(parse("a:1:::1").address, "[::1]:1".parse().unwrap());
        assert_eq!(parse("[::2]:1:[::1]:5").address, "[::1]:5".parse().unwrap());
        for bad in ["", "a", "a:1", "a:x:1.2.3.4", "a:1:host", "a:1:", "[::1"] {
            assert!(bad.parse::<Override>().is_err(), "{bad}");
        }
    }

    #[test]
    fn families_alternate_in_the_order_of_the_system() {
        let order = |texts: &[&str]| {
            let addresses = texts.iter().map(|text| text.parse().unwrap()).collect();
            let order = interleave(addresses);
            order.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            order(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.1:1"]),
            ["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]
        );
    }
}
