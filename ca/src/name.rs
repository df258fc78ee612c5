//! What a certificate can speak for: a DNS name or an address, and the sets of them that an authority is limited to.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// One host as a leaf names it in its subjectAltName (RFC 5280 section 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A DNS name: lower case, ASCII, without trailing dot, 1 to 253 bytes.
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

impl Name {
    /// Reads a host as it stands in a URL, a CONNECT target or an SNI; brackets and a trailing dot are taken off.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner
                .strip_suffix(']')
                .ok_or_else(|| NameError::Address(text.to_owned()))?;
            return inner
                .parse::<Ipv6Addr>()
                .map(|address| Self::Ip(address.into()))
                .map_err(|_| NameError::Address(text.to_owned()));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Ip(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        check_dns(&name)?;
        Ok(Self::Dns(name))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// What an authority may speak for, one entry of its name constraints (RFC 5280 section 4.2.1.10).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permitted {
    /// A DNS name and everything below it: X.509 can permit no narrower set.
    Subtree(String),
    /// Exactly this address.
    Ip(IpAddr),
}

impl Permitted {
    /// Reads what was typed as a host to intercept: `host`, `*.example.com`, `10.1.2.3`, `::1`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match Name::parse(text.strip_prefix("*.").unwrap_or(text))? {
            Name::Dns(name) => Ok(Self::Subtree(name)),
            Name::Ip(_) if text.starts_with('*') => Err(NameError::Address(text.to_owned())),
            Name::Ip(address) => Ok(Self::Ip(address)),
        }
    }

    /// Whether the name lies within this entry.
    #[must_use]
    pub fn permits(&self, name: &Name) -> bool {
        match (self, name) {
            (Self::Subtree(base), Name::Dns(name)) => name
                .strip_suffix(base.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            (Self::Ip(permitted), Name::Ip(address)) => permitted == address,
            _ => false,
        }
    }

    /// Whether all that the other entry permits lies within this one.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match other {
            Self::Subtree(base) => self.permits(&Name::Dns(base.clone())),
            Self::Ip(address) => self.permits(&Name::Ip(*address)),
        }
    }
}

impl From<Name> for Permitted {
    fn from(name: Name) -> Self {
        match name {
            Name::Dns(name) => Self::Subtree(name),
            Name::Ip(address) => Self::Ip(address),
        }
    }
}

impl fmt::Display for Permitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subtree(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// Why a text is not a host that a certificate can name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was there.
    #[error("a host name is empty")]
    Empty,
    /// A whole name over 253 bytes (RFC 1035 section 2.3.4).
    #[error("a host name has {0} bytes; at most {NAME_MAX} are allowed")]
    TooLong(usize),
    /// A label that is empty, over 63 bytes, or begins or ends with a hyphen.
    #[error(
        "`{0}` is not a host name: each part between dots has 1 to {LABEL_MAX} characters and no hyphen at its ends"
    )]
    Label(String),
    /// A character that no host name has.
    #[error("`{name}` is not a host name: it has the character {character:?}{}", ascii_hint(*.character))]
    Character {
        /// The text as it came.
        name: String,
        /// The first character that does not belong.
        character: char,
    },
    /// Something that looks like an address and is none.
    #[error("`{0}` is not an IP address, and a host name's last part is never a number")]
    Address(String),
}

/// The longest DNS name in its text form, in bytes.
const NAME_MAX: usize = 253;

/// The longest label of a DNS name, in bytes.
const LABEL_MAX: usize = 63;

fn check_dns(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > NAME_MAX {
        return Err(NameError::TooLong(name.len()));
    }
    // `_` is no host-name character of RFC 952, yet Windows machines carry it and every verifier accepts it.
    let strange = |c: &char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if let Some(character) = name.chars().find(strange) {
        return Err(NameError::Character {
            name: name.to_owned(),
            character,
        });
    }
    let bad = |label: &str| {
        label.is_empty()
            || label.len() > LABEL_MAX
            || label.starts_with('-')
            || label.ends_with('-')
    };
    if name.split('.').any(bad) {
        return Err(NameError::Label(name.to_owned()));
    }
    // Browsers read a host whose last label is a number as an IPv4 address (URL standard, "ends in a number").
    if name
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(NameError::Address(name.to_owned()));
    }
    Ok(())
}

const fn ascii_hint(character: char) -> &'static str {
    if character.is_ascii() {
        ""
    } else {
        "; write an international name in its xn-- form"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dns(text: &str) -> Name {
        Name::Dns(text.to_owned())
    }

    #[test]
    fn a_host_is_read_as_browsers_write_it() {
        assert_eq!(
            Name::parse("Finesse.Example.COM."),
            Ok(dns("finesse.example.com"))
        );
        assert_eq!(Name::parse("finesse_1"), Ok(dns("finesse_1")));
        assert_eq!(
            Name::parse("10.1.2.3"),
            Ok(Name::Ip("10.1.2.3".parse().unwrap()))
        );
        assert_eq!(Name::parse("[::1]"), Name::parse("::1"));
        assert_eq!(Name::parse("::1").unwrap().to_string(), "::1");
    }

    #[test]
    fn what_is_no_host_is_refused_with_its_reason() {
        assert_eq!(Name::parse(""), Err(NameError::Empty));
        assert_eq!(Name::parse("."), Err(NameError::Empty));
        assert!(matches!(
            Name::parse("*.example.com"),
            Err(NameError::Character { character: '*', .. })
        ));
        assert!(matches!(Name::parse("a..b"), Err(NameError::Label(_))));
        assert!(matches!(Name::parse("-a.b"), Err(NameError::Label(_))));
        assert!(matches!(Name::parse("10.1.2"), Err(NameError::Address(_))));
        assert!(matches!(
            Name::parse("[10.1.2.3]"),
            Err(NameError::Address(_))
        ));
        assert!(matches!(Name::parse("[::1"), Err(NameError::Address(_))));
        assert_eq!(Name::parse(&"a".repeat(254)), Err(NameError::TooLong(254)));
        assert!(matches!(
            Name::parse(&"a".repeat(64)),
            Err(NameError::Label(_))
        ));
        let foreign = Name::parse("bücher.example").unwrap_err();
        assert!(foreign.to_string().contains("xn--"), "{foreign}");
    }

    #[test]
    fn a_subtree_is_the_name_and_what_lies_below() {
        let subtree = Permitted::parse("*.Example.com").unwrap();
        assert_eq!(subtree, Permitted::parse("example.com.").unwrap());
        for inside in ["example.com", "finesse.example.com", "a.b.example.com"] {
            assert!(subtree.permits(&dns(inside)), "{inside}");
        }
        for outside in ["notexample.com", "example.com.evil.org", "com"] {
            assert!(!subtree.permits(&dns(outside)), "{outside}");
        }
        assert!(!subtree.permits(&Name::parse("10.1.2.3").unwrap()));
    }

    #[test]
    fn an_address_is_permitted_alone() {
        let one = Permitted::parse("10.1.2.3").unwrap();
        assert!(one.permits(&Name::parse("10.1.2.3").unwrap()));
        assert!(!one.permits(&Name::parse("10.1.2.4").unwrap()));
        assert!(Permitted::parse("*.10.1.2.3").is_err());
        assert!(Permitted::parse("*").is_err());
    }
}
