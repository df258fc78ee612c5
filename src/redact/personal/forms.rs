//! What tells by its form that it is about a person: mailboxes and JIDs, numbers in E.164, addresses, userinfo.

use std::net::IpAddr;
use std::ops::Range;

use super::{Search, address, fields, jid};
use crate::redact::marks;
use crate::redact::pseudonym::Class;
use crate::redact::words::class_of;

impl Search<'_> {
    /// `local@domain`, whose `@` was found: a JID keeps its domain, an email address goes as a whole.
    pub(super) fn mailbox(&mut self, sign: Range<usize>) {
        let bytes = self.scan.lower;
        let run = self.local_start(sign.start, is_delimiter);
        let (start, joined) = self.after_underscores(run..sign.start);
        let local = self.scan.slice(start..sign.start);
        let domain_end = domain_end(bytes, sign.end);
        if jid::stays(local) || domain_end == sign.end {
            return;
        }
        let domain = self.scan.slice(sign.end..domain_end);
        let resource = marks::slash_at(bytes, domain_end).map(|slash| domain_end + slash.len());
        if !joined && resource.is_none() && !self.is_jid_at(start) && is_mail_domain(domain) {
            self.take(start..domain_end, Class::Email);
            return;
        }
        if !is_host(domain) {
            return;
        }
        self.take(start..sign.start, Class::User);
        if let Some(from) = resource {
            let end = marks::name_end(bytes, from);
            if jid::is_number(self.scan.slice(from..end)) {
                self.take(from..end, Class::Extension);
            }
        }
    }

    /// Behind a node and two underscores, as in the ids that Openfire gives to notifications: `NODE__JID__RANDOM`.
    fn after_underscores(&self, run: Range<usize>) -> (usize, bool) {
        let bytes = self.scan.lower.get(run.clone()).unwrap_or_default();
        let in_path = marks::slash_before(self.scan.lower, run.start).is_some();
        match memchr::memmem::rfind(bytes, b"__") {
            Some(at) if at == 0 || in_path => (run.start + at + 2, true),
            _ => (run.start, false),
        }
    }

    /// Whether what stands before a mailbox says that it is a JID or a URL's userinfo.
    fn is_jid_at(&self, start: usize) -> bool {
        let before = self.scan.lower.get(..start).unwrap_or_default();
        SCHEMES
            .iter()
            .any(|scheme| before.ends_with(scheme.as_bytes()))
            || JID_FIELDS.contains(&marks::announced_by(self.scan.lower, start))
    }

    /// A user before `:` and the pseudonym of a password at `at`: Basic credentials, or userinfo.
    pub(super) fn owner(&mut self, at: usize) {
        let before = self.scan.lower.get(..at).unwrap_or_default();
        let colons: [&[u8]; 3] = [b"%253a", b"%3a", b":"];
        let Some(colon) = colons.iter().find(|colon| before.ends_with(colon)) else {
            return;
        };
        let end = at - colon.len();
        let start = self.local_start(end, is_userinfo_delimiter);
        let user = self.scan.slice(start..end);
        if !jid::stays(user) && class_of(&user.to_ascii_lowercase()).is_none() {
            self.take(start..end, Class::User);
        }
    }

    /// `+` and the digits of a number in E.164, with what people put between them.
    pub(super) fn phone(&mut self, plus: Range<usize>) {
        let bytes = self.scan.lower;
        let before = plus.start.checked_sub(1).and_then(|at| bytes.get(at));
        let glued =
            before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"/+_".contains(byte));
        if glued && !marks::escape_before(bytes, plus.start) {
            return;
        }
        let (mut at, mut digits, mut end) = (plus.end, 0, plus.end);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'1'..=b'9' => digits += 1,
                b'0' if digits > 0 => digits += 1,
                b' ' | b'-' | b'.' | b'(' | b')' if at < end + 2 => {}
                _ => break,
            }
            at += 1;
            if byte.is_ascii_digit() {
                end = at;
            }
        }
        let followed = bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
        if (7..=15).contains(&digits) && !followed {
            self.take(plus.start..end, Class::Phone);
        }
    }

    /// A run of digits and dots.
    pub(super) fn ipv4(&mut self, start: usize, run: &str) {
        let run = run.trim_end_matches('.');
        if let Ok(address) = run.parse::<std::net::Ipv4Addr>() {
            self.address(start..start + run.len(), address.into());
        }
    }

    /// What stands around a colon may be IPv6.
    pub(super) fn ipv6(&mut self, colon: usize) {
        let bytes = self.scan.lower;
        let part = |byte: &&u8| byte.is_ascii_hexdigit() || **byte == b':';
        let floor = colon.saturating_sub(IPV6_LONGEST).max(self.scan.looked);
        let before = bytes.get(floor..colon).unwrap_or_default();
        let start = colon - before.iter().rev().take_while(part).count();
        let rest = bytes.get(colon..).unwrap_or_default();
        let part = |byte: &&u8| byte.is_ascii_hexdigit() || b":.".contains(byte);
        let end = colon + rest.iter().take(IPV6_LONGEST).take_while(part).count();
        let glued = |at: Option<&u8>| at.is_some_and(|byte| marks::is_name(*byte));
        if glued(start.checked_sub(1).and_then(|at| bytes.get(at))) || glued(bytes.get(end)) {
            return;
        }
        let run = self.scan.slice(start..end).trim_end_matches('.');
        let first = run.split(':').next().unwrap_or_default();
        let likely = first.len() >= 3 || run.starts_with("::ffff:");
        if let (true, Ok(address)) = (likely, run.parse::<std::net::Ipv6Addr>()) {
            self.address(start..start + run.len(), address.into());
        }
    }

    /// Takes the address, unless it is that of a server, or the version of a product.
    fn address(&mut self, range: Range<usize>, address: IpAddr) {
        let bytes = self.scan.lower;
        if range.start < self.addresses_from {
            return;
        }
        let bracket = bytes.get(..range.start).unwrap_or_default().ends_with(b"[");
        let start = range.start - usize::from(bracket);
        let before = bytes.get(..start).unwrap_or_default();
        let after_mailbox = ["@", "%40", "%2540"]
            .iter()
            .any(|sign| before.ends_with(sign.as_bytes()));
        let after_slash = marks::slash_before(bytes, start).is_some_and(|slash| {
            marks::slash_before(bytes, slash).is_some()
                || before
                    .get(..slash)
                    .and_then(<[u8]>::last)
                    .is_some_and(u8::is_ascii_alphanumeric)
        });
        let name = marks::announced_by(bytes, start);
        let name = std::str::from_utf8(name).unwrap_or_default();
        if after_mailbox || after_slash || fields::is_technical(name) {
            return;
        }
        if let Some(pseudo) = address::pseudo(self.scan.pseudonyms, address) {
            self.scan.replace(range, pseudo.to_string());
        }
    }

    /// Where the word begins that reaches to `end`: a user's name, however it is escaped.
    fn local_start(&self, end: usize, is_delimiter: fn(u8) -> bool) -> usize {
        let bytes = self.scan.lower;
        let floor = self.scan.looked.max(end.saturating_sub(LOCAL_LONGEST));
        let mut at = end;
        while at > floor {
            let before = bytes.get(floor..at).unwrap_or_default();
            at -= match before {
                [.., b'%', a, b] if is_hexadecimal(&[*a, *b]) => {
                    if is_delimiter(decoded(*a, *b)) {
                        break;
                    }
                    3
                }
                _ if marks::escape_before(bytes, at) => break,
                // XEP-0106.
                [.., b'\\'] if bytes.get(at..at + 2).is_some_and(is_hexadecimal) => 1,
                [.., byte] if marks::is_name(*byte) || *byte == b'+' || *byte >= 0x80 => 1,
                _ => break,
            };
        }
        at
    }

    pub(super) fn take(&mut self, range: Range<usize>, class: Class) {
        let text = self.scan.slice(range.clone());
        let pseudonym = self.scan.pseudonyms.of(class, text.as_bytes());
        self.scan.replace(range, pseudonym);
    }
}

pub(super) fn is_hexadecimal(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_hexdigit)
}

/// What two hexadecimal digits stand for.
pub(super) fn decoded(high: u8, low: u8) -> u8 {
    let digit = |digit: u8| char::from(digit).to_digit(16).unwrap_or_default();
    u8::try_from(digit(high) * 16 + digit(low)).unwrap_or_default()
}

/// Whether an escaped character ends a user's name in running text.
pub(super) const fn is_delimiter(character: u8) -> bool {
    !matches!(character, b'+' | b'\\' | 0x80..)
}

/// Whether an escaped character ends a user's name before a colon and a password.
const fn is_userinfo_delimiter(character: u8) -> bool {
    matches!(
        character,
        b'/' | b':' | b'@' | b'=' | b'&' | b'?' | b'#' | b'"' | b'%' | b'<' | b'>'
    )
}

fn domain_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let run = rest.get(..rest.iter().take(DOMAIN_LONGEST).take_while(part).count());
    let run = run.unwrap_or_default();
    let kept = run.iter().rposition(u8::is_ascii_alphanumeric);
    start + kept.map_or(0, |last| last + 1)
}

/// Whether mail is delivered there: two labels at least, the last of letters alone.
fn is_mail_domain(domain: &str) -> bool {
    domain.rsplit_once('.').is_some_and(|(_, last)| {
        last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_alphabetic())
    })
}

/// Whether it is a host and not a version.
fn is_host(domain: &str) -> bool {
    let versioned = domain
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_digit());
    !versioned || domain.parse::<IpAddr>().is_ok() || is_mail_domain(domain)
}

/// What stands before a JID, or before a user in a URL.
const SCHEMES: &[&str] = &[
    "//",
    "\\/\\/",
    "%2f%2f",
    "%252f%252f",
    "sip:",
    "sips:",
    "sip%3a",
    "xmpp:",
    "im:",
];
/// The fields that hold JIDs.
const JID_FIELDS: &[&[u8]] = &[b"to", b"from", b"jid", b"by", b"fulljid", b"barejid"];
/// Characters of the longest IPv6 address.
const IPV6_LONGEST: usize = 45;
/// A longer user name is none, in bytes.
const LOCAL_LONGEST: usize = 256;
/// A longer domain is none (RFC 1035 section 2.3.4).
const DOMAIN_LONGEST: usize = 255;
