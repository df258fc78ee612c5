//! Network addresses of clients: pseudo-addresses of the same family that nobody has.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::redact::pseudonym::{Class, Pseudonyms, is_pseudonym};

/// What stands for the address: of IPv4 one in 240.0.0.0/4, of IPv6 one in 2001:db8::/32. `None` if it stays:
/// loopback, unspecified, multicast, and what is a pseudo-address already.
pub(in crate::redact) fn pseudo(pseudonyms: &Pseudonyms, address: IpAddr) -> Option<IpAddr> {
    let pseudo = match address {
        IpAddr::V4(address) => pseudo_v4(pseudonyms, address)?.into(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => pseudo_v4(pseudonyms, mapped)?.to_ipv6_mapped().into(),
            None => pseudo_v6(pseudonyms, address)?.into(),
        },
    };
    pseudonyms.count(Class::Address);
    Some(pseudo)
}

fn pseudo_v4(pseudonyms: &Pseudonyms, address: Ipv4Addr) -> Option<Ipv4Addr> {
    let [first, ..] = address.octets();
    if address.is_loopback() || address.is_unspecified() || first >= 224 {
        return None;
    }
    let tag = pseudonyms.personal_tag(&address.octets());
    let [first, rest @ ..] = first_bytes::<4>(tag.as_ref());
    let [second, third, fourth] = rest;
    Some(Ipv4Addr::new(240 | (first & 15), second, third, fourth))
}

fn pseudo_v6(pseudonyms: &Pseudonyms, address: Ipv6Addr) -> Option<Ipv6Addr> {
    let documentation = address.octets().starts_with(&DOCUMENTATION);
    if address.is_loopback() || address.is_unspecified() || address.is_multicast() || documentation
    {
        return None;
    }
    let tag = pseudonyms.personal_tag(&address.octets());
    let mut octets = first_bytes::<16>(tag.as_ref());
    for (octet, fixed) in octets.iter_mut().zip(DOCUMENTATION) {
        *octet = fixed;
    }
    Some(octets.into())
}

/// The first bytes of a hash, which has more.
fn first_bytes<const N: usize>(tag: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    for (byte, from) in bytes.iter_mut().zip(tag) {
        *byte = *from;
    }
    bytes
}

/// An address with or without a port, in the brackets that IPv6 may have; `None` if it is none.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse().ok();
    address.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

/// The value of `X-Forwarded-For` and its kin, or of `Forwarded` (RFC 7239); `None` if nothing in it has to go.
pub(in crate::redact) fn redact_list(pseudonyms: &Pseudonyms, value: &str) -> Option<String> {
    let mut changed = false;
    let mut result = String::with_capacity(value.len());
    for part in value.split_inclusive([',', ';']) {
        let (part, end) = match part.strip_suffix([',', ';']) {
            Some(bare) => (bare, part.get(bare.len()..).unwrap_or_default()),
            None => (part, ""),
        };
        let (name, node) = part.split_once('=').map_or(("", part), |(name, node)| {
            (part.get(..=name.len()).unwrap_or_default(), node)
        });
        let who = ["", "for=", "by="].contains(&name.trim().to_ascii_lowercase().as_str());
        let redacted = who.then(|| redact_node(pseudonyms, node)).flatten();
        changed |= redacted.is_some();
        result.push_str(name);
        result.push_str(redacted.as_deref().unwrap_or(node));
        result.push_str(end);
    }
    changed.then_some(result)
}

/// One node of such a list: an address, or a name that stands for one.
fn redact_node(pseudonyms: &Pseudonyms, node: &str) -> Option<String> {
    let inner = node.trim().trim_matches('"');
    let nobody = inner.is_empty() || inner.eq_ignore_ascii_case("unknown") || is_pseudonym(inner);
    if nobody {
        return None;
    }
    let redacted = match read(inner) {
        Some(address) => {
            let port = inner.parse::<SocketAddr>().ok().map(|socket| socket.port());
            let pseudo = pseudo(pseudonyms, address)?;
            match (port, pseudo, inner.starts_with('[')) {
                (Some(port), pseudo, _) => SocketAddr::new(pseudo, port).to_string(),
                (None, pseudo, true) => format!("[{pseudo}]"),
                (None, pseudo, false) => pseudo.to_string(),
            }
        }
        None => pseudonyms.of(Class::Address, inner.as_bytes()),
    };
    Some(node.replacen(inner, &redacted, 1))
}

/// 2001:db8::/32 (RFC 3849).
const DOCUMENTATION: [u8; 4] = [0x20, 0x01, 0x0d, 0xb8];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudo_address_is_of_the_same_family_and_stays_what_it_is() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        for (address, prefix) in [
            ("10.1.2.3", "24"),
            ("203.0.113.9", "2"),
            ("fd00::17", "2001:db8:"),
            ("fe80::1", "2001:db8:"),
            ("::ffff:10.1.2.3", "::ffff:2"),
        ] {
            let once = pseudo(&pseudonyms, address.parse().unwrap()).unwrap();
            assert!(once.to_string().starts_with(prefix), "{address}: {once}");
            assert_eq!(pseudo(&pseudonyms, once), None, "{address}: {once}");
        }
        for stays in [
            "127.0.0.1",
            "0.0.0.0",
            "::1",
            "::",
            "224.0.0.251",
            "255.255.255.255",
        ] {
            assert_eq!(pseudo(&pseudonyms, stays.parse().unwrap()), None, "{stays}");
        }
    }

    #[test]
    fn a_forwarded_client_is_hidden_and_a_protocol_is_not() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        for (value, stays) in [
            ("10.1.2.3, 10.9.9.9", ", "),
            (
                "for=10.1.2.3;proto=https;host=h.example",
                ";proto=https;host=h.example",
            ),
            (
                "For=\"[fd00::17]:4711\", for=unknown",
                "]:4711\", for=unknown",
            ),
            ("laptop-of-ada, unknown", ", unknown"),
        ] {
            let redacted = redact_list(&pseudonyms, value).unwrap();
            assert!(redacted.contains(stays), "{redacted}");
            for gone in ["10.1.2.3", "fd00::17", "laptop"] {
                assert!(!redacted.contains(gone), "{redacted}");
            }
            assert_eq!(redact_list(&pseudonyms, &redacted), None, "{redacted}");
        }
    }
}
