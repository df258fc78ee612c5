//! What a root says about itself, and what it refuses to be.

use std::time::Duration;

use super::*;

fn permitted(hosts: &[&str]) -> Vec<Permitted> {
    hosts
        .iter()
        .map(|host| Permitted::parse(host).unwrap())
        .collect()
}

fn authority(hosts: &[&str]) -> Authority {
    Authority::create(&permitted(hosts), SystemTime::now()).unwrap()
}

#[test]
fn a_root_is_limited_in_length_time_and_use() {
    let root = authority(&["finesse.example.com"]);
    let der = root.certificate_der();
    let (_, certificate) = parse_x509_certificate(&der).unwrap();
    let basic = certificate.basic_constraints().unwrap().unwrap();
    assert!(basic.critical && basic.value.ca);
    assert_eq!(basic.value.path_len_constraint, Some(0));
    let usage = certificate.key_usage().unwrap().unwrap();
    assert!(usage.critical && usage.value.key_cert_sign() && usage.value.crl_sign());
    assert_eq!(usage.value.flags.count_ones(), 2);
    assert!(certificate.name_constraints().unwrap().unwrap().critical);
    let life = root.not_after().duration_since(root.not_before()).unwrap();
    assert_eq!(life, Duration::from_secs(90 * 24 * 60 * 60 - 1));
    certificate.verify_signature(None).unwrap();
}

#[test]
fn the_subject_tells_who_made_it_where_and_when() {
    let subject = authority(&["a.example"]).subject();
    let who = attribute(&format!(
        "{}@{}",
        whoami::username().unwrap(),
        whoami::hostname().unwrap()
    ));
    assert!(
        subject.contains("O=finspect") && subject.contains(&who),
        "{subject}"
    );
    let year = date_and_time(SystemTime::now())
        .split('-')
        .next()
        .unwrap()
        .to_owned();
    assert!(
        subject.contains(&format!("CN=finspect authority {year}-")),
        "{subject}"
    );
    assert_eq!(attribute(&"é\n".repeat(100)).chars().count(), 64);
}

#[test]
fn each_root_has_its_own_key_and_serial() {
    let roots = [authority(&["a.example"]), authority(&["a.example"])];
    assert_ne!(roots[0].spki_sha256_base64(), roots[1].spki_sha256_base64());
    assert_ne!(roots[0].fingerprint(), roots[1].fingerprint());
    let serials: std::collections::HashSet<_> = (0..64).map(|_| random_serial().unwrap()).collect();
    assert_eq!(serials.len(), 64);
    assert!(
        serials
            .iter()
            .all(|serial| (0x40..0x80).contains(&serial[0]))
    );
}

#[test]
fn what_was_permitted_is_read_back_from_the_certificate() {
    let root = authority(&[
        "finesse.example.com",
        "*.b.example",
        "10.1.2.3",
        "::1",
        "10.1.2.3",
    ]);
    let expected = permitted(&["finesse.example.com", "b.example", "10.1.2.3", "::1"]);
    assert_eq!(root.permitted(), expected);
    assert!(root.permits(&Name::parse("x.b.example").unwrap()));
    assert!(!root.permits(&Name::parse("::2").unwrap()));
    assert!(root.covers(&Permitted::parse("*.x.b.example").unwrap()));
    assert!(!root.covers(&Permitted::parse("example").unwrap()));
}

#[test]
fn a_kind_of_name_that_nothing_permits_is_excluded_whole() {
    for (hosts, dns, v4, v6) in [
        (&["a.example"][..], false, true, true),
        (&["10.1.2.3"], true, false, true),
        (&["::1", "a.example"], false, true, false),
    ] {
        let excluded = constraints::of(&permitted(hosts)).excluded_subtrees;
        let has = |subtree| excluded.contains(&subtree);
        let all = |text: &str| rcgen::GeneralSubtree::IpAddress(text.parse().unwrap());
        assert_eq!(
            has(rcgen::GeneralSubtree::DnsName(String::new())),
            dns,
            "{hosts:?}"
        );
        assert_eq!(has(all("0.0.0.0/0")), v4, "{hosts:?}");
        assert_eq!(has(all("::/0")), v6, "{hosts:?}");
    }
}

#[test]
fn an_authority_for_nothing_or_for_too_much_is_refused() {
    let now = SystemTime::now();
    assert!(matches!(
        Authority::create(&[], now),
        Err(Error::NothingPermitted)
    ));
    let many: Vec<_> = (0..257)
        .map(|n| Permitted::Subtree(format!("h{n}.example")))
        .collect();
    assert!(matches!(
        Authority::create(&many, now),
        Err(Error::TooManyPermitted {
            count: 257,
            most: 256
        })
    ));
    assert!(Authority::create(&many[1..], now).is_ok());
    for never_typed in ["", "ü.example", "a b", ".example"] {
        let entry = Permitted::Subtree(never_typed.to_owned());
        let refused = Authority::create(&[entry], now);
        assert!(matches!(refused, Err(Error::Name(_))), "{refused:?}");
    }
    let before_1970 = std::time::UNIX_EPOCH - Duration::from_secs(1);
    assert!(matches!(
        Authority::create(&many[..1], before_1970),
        Err(Error::Clock)
    ));
    let far = std::time::UNIX_EPOCH + Duration::from_secs(400_000_000_000);
    assert!(matches!(
        Authority::create(&many[..1], far),
        Err(Error::Clock)
    ));
}

#[test]
fn debug_output_holds_no_key_and_threads_may_share() {
    fn shared<T: Send + Sync>(_: &T) {}
    let root = authority(&["a.example"]);
    shared(&root);
    let text = format!("{root:?}");
    assert!(
        text.contains("[redacted]") && !text.contains("PRIVATE"),
        "{text}"
    );
}
