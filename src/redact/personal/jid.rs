//! JIDs (RFC 6122) that stand alone: the local part is a person, the rest is where the session is.

use crate::redact::pseudonym::{Class, Pseudonyms, ends_with_pseudonym};

/// The JID without the person; `None` if it shows none.
pub(in crate::redact) fn redact(pseudonyms: &Pseudonyms, jid: &str) -> Option<String> {
    let (bare, resource) = match jid.split_once('/') {
        Some((bare, resource)) => (bare, Some(resource)),
        None => (jid, None),
    };
    let (local, domain) = bare.rsplit_once('@')?;
    let user = (!stays(local)).then(|| pseudonyms.of(Class::User, local.as_bytes()));
    let station = resource
        .filter(|resource| is_number(resource))
        .map(|resource| pseudonyms.of(Class::Extension, resource.as_bytes()));
    if user.is_none() && station.is_none() {
        return None;
    }
    let mut redacted = format!("{}@{domain}", user.as_deref().unwrap_or(local));
    if let Some(resource) = resource {
        redacted.push('/');
        redacted.push_str(station.as_deref().unwrap_or(resource));
    }
    Some(redacted)
}

/// Whether a local part stays: nobody's, a pseudonym's, or that of Finesse itself, whose presence says that it serves.
pub(super) fn stays(local: &str) -> bool {
    local.is_empty() || local.eq_ignore_ascii_case("finesse") || ends_with_pseudonym(local)
}

/// Whether a resource is an extension: some clients bind it, others a word or a random text.
pub(in crate::redact) fn is_number(resource: &str) -> bool {
    (3..=15).contains(&resource.len()) && resource.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_person_goes_and_the_place_stays() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        let user = pseudonyms.of(Class::User, b"1001002");
        let desk = pseudonyms.of(Class::Extension, b"2002");
        for (jid, want) in [
            (
                "1001002@h.example/desktop",
                format!("{user}@h.example/desktop"),
            ),
            ("1001002@h.example", format!("{user}@h.example")),
            ("1001002@h.example/2002", format!("{user}@h.example/{desk}")),
        ] {
            assert_eq!(redact(&pseudonyms, jid), Some(want.clone()));
            assert_eq!(redact(&pseudonyms, &want), None);
        }
        for stays in [
            "pubsub.h.example",
            "finesse@h.example/x",
            "h.example",
            "@h",
            "",
        ] {
            assert_eq!(redact(&pseudonyms, stays), None, "{stays}");
        }
    }
}
