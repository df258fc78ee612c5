//! The leaf: what a browser sees in place of the intercepted host's own certificate.

use std::sync::Arc;
use std::time::SystemTime;

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber,
};
use rustls::sign::{CertifiedKey, SigningKey};

use crate::authority::{ATTRIBUTE_MAX, random_serial};
use crate::validity::{LEAF_LIFE, MARGIN, Validity};
use crate::{Authority, Error, Name, encoding};

/// A certificate for one host, ready to be served.
#[derive(Debug)]
pub struct Leaf {
    certified: Arc<CertifiedKey>,
    serial: String,
    validity: Validity,
    /// Nothing is gained by minting anew: the authority itself ends with this leaf.
    last: bool,
}

impl Leaf {
    /// Signs a certificate for the host, or says that the authority may not.
    pub(crate) fn mint(
        authority: &Authority,
        key: &LeafKey,
        name: &Name,
        now: SystemTime,
    ) -> Result<Self, Error> {
        if !authority.permits(name) {
            return Err(Error::Outside {
                name: name.clone(),
                permitted: authority.permitted().to_vec(),
            });
        }
        let validity = Validity::starting(now, LEAF_LIFE)?.within(authority.validity());
        if !validity.covers(now) {
            authority.check_time(now)?;
        }
        let serial = random_serial()?;
        let mut params = params(name)?;
        validity.apply(&mut params);
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        let certificate = params.signed_by(&key.pair, authority.issuer())?;
        let chain = vec![certificate.into(), authority.certificate_der()];
        Ok(Self {
            certified: Arc::new(CertifiedKey::new(chain, Arc::clone(&key.signing))),
            serial: encoding::hex(&serial),
            validity,
            last: validity.not_after == authority.not_after(),
        })
    }

    /// Chain and key for rustls: the leaf, then the root.
    ///
    /// The root is sent because Chromium's `--ignore-certificate-errors-spki-list` looks for the key among the
    /// certificates that the server presents, and so that a browser which does not trust it can show what it is.
    #[must_use]
    pub fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }

    /// The chain as PEM, the leaf first; public data.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.certified
            .cert
            .iter()
            .map(|der| encoding::pem("CERTIFICATE", der))
            .collect()
    }

    /// The serial number, lower-case hex.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The first second at which the leaf is good.
    #[must_use]
    pub const fn not_before(&self) -> SystemTime {
        self.validity.not_before
    }

    /// The last second at which the leaf is good.
    #[must_use]
    pub const fn not_after(&self) -> SystemTime {
        self.validity.not_after
    }

    /// Whether the leaf may be given out at that time, with some life left for the connection.
    pub(crate) fn is_good(&self, now: SystemTime) -> bool {
        self.validity.covers(now) && (self.last || now + MARGIN <= self.validity.not_after)
    }
}

/// The one key of all leaves of a process; never the root's.
pub(crate) struct LeafKey {
    pair: KeyPair,
    signing: Arc<dyn SigningKey>,
}

impl LeafKey {
    pub(crate) fn generate() -> Result<Self, Error> {
        let pair = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let der = rustls_pki_types::PrivatePkcs8KeyDer::from(pair.serialize_der());
        let signing = rustls::crypto::ring::sign::any_ecdsa_type(&der.into())?;
        Ok(Self { pair, signing })
    }
}

fn params(name: &Name) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.subject_alt_names = vec![match name {
        Name::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
        Name::Ip(address) => SanType::IpAddress(*address),
    }];
    // With an empty subject rcgen marks the subjectAltName critical (RFC 5280 section 4.2.1.6). An address gets no CN:
    // verifiers that hold a CN against the DNS constraints would take `10.1.2.3` for a host name outside of them.
    if let Name::Dns(name) = name
        && name.len() <= ATTRIBUTE_MAX
    {
        params
            .distinguished_name
            .push(DnType::CommonName, name.as_str());
    }
    params.is_ca = IsCa::NoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use x509_parser::extensions::GeneralName;
    use x509_parser::parse_x509_certificate;
    use x509_parser::prelude::X509Certificate;

    use super::*;
    use crate::Permitted;

    fn minted(host: &str) -> (Authority, Leaf) {
        let now = SystemTime::now();
        let permitted = [Permitted::parse(host).unwrap()];
        let authority = Authority::create(&permitted, now).unwrap();
        let key = LeafKey::generate().unwrap();
        let leaf = Leaf::mint(&authority, &key, &Name::parse(host).unwrap(), now).unwrap();
        (authority, leaf)
    }

    /// Parses the leaf for a host and hands it over with its authority's certificate.
    fn inspect(host: &str, look: impl FnOnce(&X509Certificate<'_>, &X509Certificate<'_>)) {
        let (authority, leaf) = minted(host);
        let certified = leaf.certified();
        assert_eq!(certified.cert[1], authority.certificate_der());
        let (_, leaf) = parse_x509_certificate(&certified.cert[0]).unwrap();
        let (_, root) = parse_x509_certificate(&certified.cert[1]).unwrap();
        look(&leaf, &root);
    }

    fn assert_san(leaf: &X509Certificate<'_>, critical: bool, name: &GeneralName<'_>) {
        let san = leaf.subject_alternative_name().unwrap().unwrap();
        assert_eq!(san.critical, critical);
        assert_eq!(&san.value.general_names, std::slice::from_ref(name));
    }

    #[test]
    fn a_short_name_is_san_and_common_name() {
        inspect("my_finesse.example.com", |leaf, _| {
            assert_eq!(leaf.subject().to_string(), "CN=my_finesse.example.com");
            assert_san(leaf, false, &GeneralName::DNSName("my_finesse.example.com"));
        });
    }

    #[test]
    fn a_name_over_64_characters_is_in_a_critical_san_alone() {
        let label = "a".repeat(63);
        for (host, fits) in [
            (format!("{}.b", "a".repeat(62)), true),
            (format!("{label}.b"), false),
        ] {
            inspect(&host, |leaf, _| {
                assert_eq!(leaf.subject().iter_common_name().count(), usize::from(fits));
                assert_eq!(leaf.subject().as_raw() == [0x30, 0], !fits);
                assert_san(leaf, !fits, &GeneralName::DNSName(&host));
            });
        }
    }

    #[test]
    fn an_address_is_an_ip_address_in_a_critical_san() {
        inspect("10.1.2.3", |leaf, _| {
            assert_eq!(leaf.subject().as_raw(), [0x30, 0]);
            assert_san(leaf, true, &GeneralName::IPAddress(&[10, 1, 2, 3]));
        });
        let mut loopback = [0; 16];
        loopback[15] = 1;
        inspect("::1", |leaf, _| {
            assert_san(leaf, true, &GeneralName::IPAddress(&loopback))
        });
    }

    #[test]
    fn a_leaf_serves_tls_alone_with_another_key_than_its_root() {
        inspect("finesse.example.com", |leaf, root| {
            assert!(!leaf.is_ca());
            assert_ne!(leaf.public_key().raw, root.public_key().raw);
            assert_eq!(leaf.issuer().as_raw(), root.subject().as_raw());
            let usage = leaf.extended_key_usage().unwrap().unwrap().value;
            assert!(
                usage.server_auth && !usage.client_auth && !usage.any && usage.other.is_empty()
            );
            assert_eq!(
                leaf.key_usage().unwrap().unwrap().value.flags,
                1,
                "digitalSignature"
            );
            let life =
                leaf.validity().not_after.timestamp() - leaf.validity().not_before.timestamp();
            assert_eq!(life, 30 * 24 * 60 * 60 - 1);
            leaf.verify_signature(Some(root.public_key())).unwrap();
        });
    }

    #[test]
    fn a_leaf_points_at_the_key_of_its_root() {
        use x509_parser::extensions::ParsedExtension::{
            AuthorityKeyIdentifier, SubjectKeyIdentifier,
        };
        inspect("finesse.example.com", |leaf, root| {
            let subject = root
                .extensions()
                .iter()
                .find_map(|e| match e.parsed_extension() {
                    SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
                    _ => None,
                });
            let issuer = leaf
                .extensions()
                .iter()
                .find_map(|e| match e.parsed_extension() {
                    AuthorityKeyIdentifier(aki) => {
                        aki.key_identifier.as_ref().map(|id| id.0.to_vec())
                    }
                    _ => None,
                });
            assert!(subject.is_some());
            assert_eq!(subject, issuer);
            let own = |e: &x509_parser::extensions::X509Extension<'_>| {
                matches!(e.parsed_extension(), SubjectKeyIdentifier(_))
            };
            assert!(!leaf.extensions().iter().any(own));
        });
    }
}
