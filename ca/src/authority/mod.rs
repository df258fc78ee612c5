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
    /// Makes a root with a fresh P-256 key, good for 90 days that began one hour before `now`; its subject says who
    /// made it on which machine.
    pub fn create(permitted: &[Permitted], now: SystemTime) -> Result<Self, Error> {
        let user = whoami::username().unwrap_or_else(|_| "unknown user".to_owned());
        let host = whoami::hostname().unwrap_or_else(|_| "unknown host".to_owned());
        Self::create_for(&format!("{user}@{host}"), permitted, now)
    }

    /// The same, with `owner` in its subject in place of user and machine.
    pub fn create_for(
        owner: &str,
        permitted: &[Permitted],
        now: SystemTime,
    ) -> Result<Self, Error> {
        let permitted = distinct(permitted)?;
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
        let certificate = params(owner, &permitted, now)?.self_signed(&key)?;
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

fn params(
    owner: &str,
    permitted: &[Permitted],
    now: SystemTime,
) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::default();
    Validity::starting(now, ROOT_LIFE)?.apply(&mut params);
    params.serial_number = Some(SerialNumber::from_slice(&random_serial()?));
    params.distinguished_name = subject(owner, now);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(constraints::of(permitted));
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// Names finspect, the owner, and when it was made; the time of day keeps two of one day apart.
fn subject(owner: &str, now: SystemTime) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "finspect");
    name.push(DnType::OrganizationalUnitName, attribute(owner));
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

/// Each entry once, in the given order, and nothing that could not have been typed.
fn distinct(permitted: &[Permitted]) -> Result<Vec<Permitted>, Error> {
    let mut kept: Vec<Permitted> = Vec::with_capacity(permitted.len());
    for entry in permitted {
        let entry = Permitted::parse(&entry.to_string())?;
        if !kept.contains(&entry) {
            kept.push(entry);
        }
    }
    Ok(kept)
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
mod tests;
