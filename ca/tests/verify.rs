//! An independent verifier, rustls-webpki, judges what the authority signs, and what a thief of its key could sign.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where its ground is missing"
)]

use std::fs;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use finspect_ca::{Authority, Leaves, Name, Permitted, Store};
use rcgen::{CertificateParams, DistinguishedName, Issuer, KeyPair, SanType};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::{CertificateError, Error, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Everything the happy cases speak for: names, a long name, a name with `_`, both kinds of address.
const HOSTS: [&str; 6] = [
    "finesse.example.com",
    "localhost",
    "finesse_a.example.net",
    "a123456789012345678901234567890123456789012345678901234567890.b.example.org",
    "10.1.2.3",
    "fd00::10",
];

fn authority(hosts: &[&str], now: SystemTime) -> Authority {
    let permitted: Vec<_> = hosts
        .iter()
        .map(|host| Permitted::parse(host).unwrap())
        .collect();
    Authority::create(&permitted, now).unwrap()
}

/// What the proxy would serve for the host, leaf first.
fn chain(leaves: &Leaves, host: &str, now: SystemTime) -> Vec<CertificateDer<'static>> {
    let (leaf, _) = leaves.leaf_at(&Name::parse(host).unwrap(), now).unwrap();
    leaf.certified().cert.clone()
}

/// A browser that trusts the authority alone connects to `host` at the time `now`.
fn judge(
    authority: &Authority,
    chain: &[CertificateDer<'_>],
    host: &str,
    now: SystemTime,
) -> Result<(), Error> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .unwrap();
    let name = ServerName::try_from(host).unwrap();
    let now = UnixTime::since_unix_epoch(now.duration_since(UNIX_EPOCH).unwrap());
    verifier
        .verify_server_cert(&chain[0], &chain[1..], &name, &[], now)
        .map(|_| ())
}

/// What someone who stole the stored key would sign for a host outside the constraints.
fn forge(hosts: &[&str], target: SanType) -> (Authority, Vec<CertificateDer<'static>>) {
    let folder = tempfile::TempDir::new().unwrap();
    let permitted: Vec<_> = hosts
        .iter()
        .map(|host| Permitted::parse(host).unwrap())
        .collect();
    let store = Store::at(&folder.path().join("ca"));
    let authority = store.create(&permitted, SystemTime::now()).unwrap();
    let secret = fs::read_dir(store.dir())
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .find(|text| text.contains("PRIVATE KEY"))
        .unwrap();
    let key = KeyPair::from_pem(secret.strip_prefix(authority.certificate_pem()).unwrap()).unwrap();
    let issuer = Issuer::from_ca_cert_pem(authority.certificate_pem(), key).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.subject_alt_names = vec![target];
    params.use_authority_key_identifier_extension = true;
    let leaf = params
        .signed_by(&KeyPair::generate().unwrap(), &issuer)
        .unwrap();
    (authority, vec![leaf.into()])
}

#[test]
fn the_right_host_passes_now_an_hour_behind_and_until_the_end() {
    let now = SystemTime::now();
    let authority = Arc::new(authority(&HOSTS, now));
    let leaves = Leaves::new(Arc::clone(&authority), 16);
    for host in HOSTS {
        let chain = chain(&leaves, host, now);
        for at in [now, now - HOUR + DAY / 1440, now + 29 * DAY] {
            assert_eq!(judge(&authority, &chain, host, at), Ok(()), "{host}");
        }
    }
    let below = chain(&leaves, "a.b.finesse.example.com", now);
    assert_eq!(
        judge(&authority, &below, "a.b.finesse.example.com", now),
        Ok(())
    );
}

#[test]
fn a_wrong_host_fails() {
    let now = SystemTime::now();
    let authority = Arc::new(authority(&HOSTS, now));
    let leaves = Leaves::new(Arc::clone(&authority), 16);
    for (minted, asked) in [
        ("finesse.example.com", "localhost"),
        ("finesse.example.com", "a.finesse.example.com"),
        ("10.1.2.3", "10.1.2.4"),
        ("fd00::10", "10.1.2.3"),
        ("10.1.2.3", "finesse.example.com"),
    ] {
        let verdict = judge(&authority, &chain(&leaves, minted, now), asked, now);
        let wrong = matches!(
            verdict,
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForNameContext { .. }
            ))
        );
        assert!(wrong, "{minted} as {asked}: {verdict:?}");
    }
}

#[test]
fn an_expired_leaf_fails_and_so_does_one_not_yet_valid() {
    let now = SystemTime::now();
    let authority = Arc::new(authority(&HOSTS, now));
    let leaves = Leaves::new(Arc::clone(&authority), 16);
    for host in ["finesse.example.com", "10.1.2.3"] {
        let chain = chain(&leaves, host, now);
        let late = judge(&authority, &chain, host, now + 30 * DAY);
        let expired = matches!(
            late,
            Err(Error::InvalidCertificate(
                CertificateError::ExpiredContext { .. }
            ))
        );
        assert!(expired, "{late:?}");
        let early = judge(&authority, &chain, host, now - HOUR - DAY);
        let not_yet = matches!(
            early,
            Err(Error::InvalidCertificate(
                CertificateError::NotValidYetContext { .. }
            ))
        );
        assert!(not_yet, "{early:?}");
    }
}

#[test]
fn another_authority_of_the_same_hosts_is_not_believed() {
    let now = SystemTime::now();
    let trusted = authority(&HOSTS, now);
    let leaves = Leaves::new(Arc::new(authority(&HOSTS, now - DAY)), 16);
    let verdict = judge(
        &trusted,
        &chain(&leaves, "localhost", now),
        "localhost",
        now,
    );
    assert_eq!(
        verdict,
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
    );
}

#[test]
fn a_stolen_key_is_worth_nothing_outside_the_constraints() {
    let name = |host: &str| SanType::DnsName(host.try_into().unwrap());
    let address = |host: &str| SanType::IpAddress(host.parse::<IpAddr>().unwrap());
    for (permitted, host, target) in [
        // A name beside the permitted one, with and without addresses permitted.
        (
            &["finesse.example.com"][..],
            "example.com",
            name("example.com"),
        ),
        (
            &["finesse.example.com", "10.1.2.3"],
            "bank.example",
            name("bank.example"),
        ),
        // Any name, where only addresses are permitted.
        (&["10.1.2.3"], "bank.example", name("bank.example")),
        (&["fd00::10"], "localhost", name("localhost")),
        // Any address, where only names are permitted.
        (&["finesse.example.com"], "10.1.2.3", address("10.1.2.3")),
        (&["finesse.example.com"], "fd00::10", address("fd00::10")),
        // Another address, of the same kind and of the other.
        (&["10.1.2.3"], "10.1.2.4", address("10.1.2.4")),
        (&["10.1.2.3"], "::1", address("::1")),
        (&["fd00::10"], "fd00::11", address("fd00::11")),
        (&["fd00::10"], "127.0.0.1", address("127.0.0.1")),
    ] {
        let (authority, chain) = forge(permitted, target);
        let verdict = judge(&authority, &chain, host, SystemTime::now());
        let refused = matches!(
            &verdict,
            Err(Error::InvalidCertificate(CertificateError::Other(other)))
                if format!("{other:?}").contains("NameConstraintViolation")
        );
        assert!(refused, "{permitted:?} forging {host}: {verdict:?}");
    }
}

#[test]
fn the_forgery_of_a_permitted_host_passes_so_that_the_refusals_mean_something() {
    for (host, target) in [
        (
            "finesse.example.com",
            SanType::DnsName("finesse.example.com".try_into().unwrap()),
        ),
        ("10.1.2.3", SanType::IpAddress("10.1.2.3".parse().unwrap())),
    ] {
        let (authority, chain) = forge(&["finesse.example.com", "10.1.2.3"], target);
        assert_eq!(
            judge(&authority, &chain, host, SystemTime::now()),
            Ok(()),
            "{host}"
        );
    }
}
