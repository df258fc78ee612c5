//! The root: a self-signed, name-constrained certificate and its key, in memory.

use std::fmt;
use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SerialNumber,
};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use x509_parser::parse_x509_certificate;

use crate::validity::{MARGIN, ROOT_LIFE, Validity, at_second, date_and_time};
use crate::{Damage, Error, Name, Permitted, constraints, encoding};

/// A certificate authority that may speak for the permitted hosts and for nothing else.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    pem: String,
    permitted: Vec<Permitted>,
    validity: Validity,
    subject: String,
    spki_sha256: Vec<u8>,
}

impl Authority {
    /// Makes a root with a fresh P-256 key, good for 90 days that began one hour before `now`.
    pub fn create(permitted: &[Permitted], now: SystemTime) -> Result<Self, Error> {
        let permitted = distinct(permitted);
        if permitted.is_empty() {
            return Err(Error::NothingPermitted);
        }
        if permitted.len() > PERMITTED_MAX {
            return Err(Error::TooManyPermitted {
                count: permitted.len(),
                most: PERMITTED_MAX,
            });
        }
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params(&permitted, now)?.self_signed(&key)?;
        Self::of(certificate.into(), key)
            .map_err(|_| Error::Mint(rcgen::Error::CouldNotParseCertificate))
    }

    /// Reads a certificate and its PKCS#8 key, and checks that they belong together.
    pub(crate) fn from_parts(
        der: CertificateDer<'static>,
        key: &PrivatePkcs8KeyDer<'_>,
    ) -> Result<Self, Damage> {
        let key = KeyPair::from_pkcs8_der_and_sign_algo(key, &PKCS_ECDSA_P256_SHA256)
            .map_err(|_| Damage::WrongKey)?;
        Self::of(der, key)
    }

    fn of(der: CertificateDer<'static>, key: KeyPair) -> Result<Self, Damage> {
        let (rest, certificate) = parse_x509_certificate(&der).map_err(|_| Damage::Unreadable)?;
        if !rest.is_empty() {
            return Err(Damage::Unreadable);
        }
        let spki = certificate.public_key().raw;
        if spki != key.subject_public_key_info() {
            return Err(Damage::KeyMismatch);
        }
        let permitted = constraints::read(&certificate)?;
        let validity = Validity {
            not_before: second(certificate.validity().not_before.timestamp()),
            not_after: second(certificate.validity().not_after.timestamp()),
        };
        let subject = certificate.subject().to_string();
        let spki_sha256 = digest(&SHA256, spki).as_ref().to_vec();
        let issuer = Issuer::from_ca_cert_der(&der, key).map_err(|_| Damage::Unreadable)?;
        Ok(Self {
            pem: encoding::pem("CERTIFICATE", &der),
            issuer,
            permitted,
            validity,
            subject,
            spki_sha256,
            der,
        })
    }

    /// Whether the name constraints let this authority speak for the host.
    #[must_use]
    pub fn permits(&self, name: &Name) -> bool {
        self.permitted.iter().any(|entry| entry.permits(name))
    }

    /// Whether the name constraints let this authority speak for all that the entry stands for.
    #[must_use]
    pub fn covers(&self, wanted: &Permitted) -> bool {
        self.permitted.iter().any(|entry| entry.covers(wanted))
    }

    /// What the authority may speak for, in the order of its certificate.
    #[must_use]
    pub fn permitted(&self) -> &[Permitted] {
        &self.permitted
    }

    /// The certificate as PEM, to be trusted by a browser profile.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.pem
    }

    /// The certificate as DER.
    #[must_use]
    pub fn certificate_der(&self) -> CertificateDer<'static> {
        self.der.clone()
    }

    /// SHA-256 of the certificate, lower-case hex without separators.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        encoding::hex(digest(&SHA256, &self.der).as_ref())
    }

    /// SHA-256 of the public key, as Chromium's `--ignore-certificate-errors-spki-list` takes it.
    #[must_use]
    pub fn spki_sha256_base64(&self) -> String {
        encoding::base64(&self.spki_sha256)
    }

    /// The first second at which the certificate is good.
    #[must_use]
    pub const fn not_before(&self) -> SystemTime {
        self.validity.not_before
    }

    /// The last second at which the certificate is good.
    #[must_use]
    pub const fn not_after(&self) -> SystemTime {
        self.validity.not_after
    }

    /// The subject as people read it: who made it, where and when.
    #[must_use]
    pub fn subject(&self) -> String {
        self.subject.clone()
    }

    /// Whether the authority can be used at that time: begun, and with more than 24 hours left.
    pub fn check_time(&self, now: SystemTime) -> Result<(), Error> {
        if now < self.validity.not_before {
            return Err(Error::NotYetValid {
                not_before: self.validity.not_before,
            });
        }
        if now + MARGIN > self.validity.not_after {
            return Err(Error::Expired {
                not_after: self.validity.not_after,
                permitted: self.permitted.clone(),
            });
        }
        Ok(())
    }

    pub(crate) const fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    pub(crate) const fn validity(&self) -> Validity {
        self.validity
    }

    /// Certificate and key as the store keeps them; this text is a secret.
    pub(crate) fn secret_pem(&self) -> String {
        let key = encoding::pem("PRIVATE KEY", self.issuer.key().serialized_der());
        format!("{}{key}", self.pem)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("subject", &self.subject)
            .field("permitted", &self.permitted)
            .field("validity", &self.validity)
            .field("key", &"[redacted]")
            .finish_non_exhaustive()
    }
}

/// A positive serial of 128 bits, all but the top one random (RFC 5280 section 4.1.2.2).
pub(crate) fn random_serial() -> Result<[u8; SERIAL_LENGTH], Error> {
    let mut serial = [0; SERIAL_LENGTH];
    SystemRandom::new()
        .fill(&mut serial)
        .map_err(|_| Error::Random)?;
    // 01xxxxxx keeps the number positive and its length, and so its text form, the same for all.
    serial[0] = serial[0] & 0x3f | 0x40;
    Ok(serial)
}

fn params(permitted: &[Permitted], now: SystemTime) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::default();
    Validity::starting(now, ROOT_LIFE)?.apply(&mut params);
    params.serial_number = Some(SerialNumber::from_slice(&random_serial()?));
    params.distinguished_name = subject(now);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(constraints::of(permitted));
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// Names finspect, who made the authority on which machine, and when; the time of day keeps two of one day apart.
fn subject(now: SystemTime) -> DistinguishedName {
    let user = whoami::username().unwrap_or_else(|_| "unknown user".to_owned());
    let host = whoami::hostname().unwrap_or_else(|_| "unknown host".to_owned());
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "finspect");
    name.push(
        DnType::OrganizationalUnitName,
        attribute(&format!("{user}@{host}")),
    );
    name.push(
        DnType::CommonName,
        format!("finspect authority {}", date_and_time(now)),
    );
    name
}

/// Fits a text into a subject attribute, whose bound is 64 characters (RFC 5280 appendix A.1).
fn attribute(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(ATTRIBUTE_MAX)
        .collect()
}

fn distinct(permitted: &[Permitted]) -> Vec<Permitted> {
    let mut kept: Vec<Permitted> = Vec::with_capacity(permitted.len());
    for entry in permitted {
        if !kept.contains(entry) {
            kept.push(entry.clone());
        }
    }
    kept
}

fn second(timestamp: i64) -> SystemTime {
    at_second(u64::try_from(timestamp).unwrap_or_default())
}

/// The longest CN, O or OU, in characters.
pub(crate) const ATTRIBUTE_MAX: usize = 64;

/// How many hosts one authority lists at most; each adds to every handshake.
const PERMITTED_MAX: usize = 256;

/// Bytes of a serial number; at most 20 are allowed.
pub(crate) const SERIAL_LENGTH: usize = 16;

#[cfg(test)]
mod tests {
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
        let serials: std::collections::HashSet<_> =
            (0..64).map(|_| random_serial().unwrap()).collect();
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
}
