//! The name constraints of a root (RFC 5280 section 4.2.1.10), written and read back.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{CidrSubnet, GeneralSubtree, NameConstraints};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

use crate::{Damage, Permitted};

/// The constraints that permit these hosts and no other DNS name or address.
///
/// A kind of name without any permitted entry is unconstrained in X.509, so it is excluded whole.
pub(crate) fn of(permitted: &[Permitted]) -> NameConstraints {
    let has_dns = permitted.iter().any(|p| matches!(p, Permitted::Subtree(_)));
    let has = |v4: bool| {
        permitted
            .iter()
            .any(|p| matches!(p, Permitted::Ip(ip) if ip.is_ipv4() == v4))
    };
    let mut excluded = Vec::new();
    if !has_dns {
        excluded.push(GeneralSubtree::DnsName(String::new()));
    }
    if !has(true) {
        let all = CidrSubnet::from_addr_prefix(Ipv4Addr::UNSPECIFIED.into(), 0);
        excluded.push(GeneralSubtree::IpAddress(all));
    }
    if !has(false) {
        let all = CidrSubnet::from_addr_prefix(Ipv6Addr::UNSPECIFIED.into(), 0);
        excluded.push(GeneralSubtree::IpAddress(all));
    }
    NameConstraints {
        permitted_subtrees: permitted.iter().map(subtree).collect(),
        excluded_subtrees: excluded,
    }
}

/// What a root's certificate permits, or that it is not limited the way ours are.
pub(crate) fn read(certificate: &X509Certificate<'_>) -> Result<Vec<Permitted>, Damage> {
    if !certificate.is_ca() {
        return Err(Damage::Unconstrained);
    }
    let constraints = certificate
        .name_constraints()
        .map_err(|_| Damage::Unreadable)?
        .ok_or(Damage::Unconstrained)?;
    constraints
        .value
        .permitted_subtrees
        .as_ref()
        .filter(|subtrees| !subtrees.is_empty())
        .ok_or(Damage::Unconstrained)?
        .iter()
        .map(|subtree| permitted(&subtree.base))
        .collect()
}

fn subtree(permitted: &Permitted) -> GeneralSubtree {
    match permitted {
        Permitted::Subtree(name) => GeneralSubtree::DnsName(name.clone()),
        Permitted::Ip(address) => {
            let whole = if address.is_ipv4() { 32 } else { 128 };
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(*address, whole))
        }
    }
}

fn permitted(base: &GeneralName<'_>) -> Result<Permitted, Damage> {
    match base {
        GeneralName::DNSName(name) => Permitted::parse(name).map_err(|_| Damage::Unconstrained),
        GeneralName::IPAddress(bytes) => {
            exact(bytes).map(Permitted::Ip).ok_or(Damage::Unconstrained)
        }
        _ => Err(Damage::Unconstrained),
    }
}

/// The address of a subtree whose mask is all ones; a wider one is none of ours.
fn exact(address_and_mask: &[u8]) -> Option<IpAddr> {
    let (address, mask) = address_and_mask.split_at(address_and_mask.len() / 2);
    if mask.iter().any(|byte| *byte != 0xff) {
        return None;
    }
    if let Ok(octets) = <[u8; 4]>::try_from(address) {
        return Some(octets.into());
    }
    <[u8; 16]>::try_from(address).ok().map(IpAddr::from)
}
