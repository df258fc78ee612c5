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
