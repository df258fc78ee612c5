//! Lines about TLS.

use super::body::{Line, remarks};
use super::paint::Style;
use super::said::Said;
use super::time;
use crate::event::{
    CertificateFacts, ClientHello, Leg, Minted, TlsEstablished, TlsFailed, Verified,
};

pub(super) fn client_hello(hello: &ClientHello) -> Said {
    let name = hello.server_name.as_ref().map_or_else(
        || "the browser opens TLS without naming a server".to_owned(),
        |name| format!("the browser opens TLS for {name}"),
    );
    let other = hello.connect_name.as_ref();
    let offers = if hello.alpn.is_empty() {
        String::new()
    } else {
        format!("offers {}", hello.alpn.join(", "))
    };
    Said::new(Style::Plain, name)
        .maybe(other.map(|name| format!("but its CONNECT said {name}")))
        .fact(offers)
}

pub(super) fn minted(minted: &Minted) -> Said {
    Said::new(
        Style::Dim,
        format!("made a certificate for {}", minted.host),
    )
    .fact(format!("good until {}", time::date(minted.not_after)))
}

pub(super) fn established(established: &TlsEstablished) -> Said {
    let TlsEstablished {
        leg,
        version,
        cipher_suite,
        alpn,
        chain,
        verified,
        took,
    } = established;
    let style = match verified {
        Some(Verified::Nobody) => Style::Warning,
        Some(Verified::Roots | Verified::Pin) | None => Style::Plain,
    };
    let trust = verified.map(|verified| {
        match verified {
            Verified::Roots => "certificate vouched for",
            Verified::Pin => "certificate is the pinned one",
            Verified::Nobody => "NOBODY VOUCHES FOR ITS CERTIFICATE (--upstream-insecure)",
        }
        .to_owned()
    });
    let subject = chain.first().map(|leaf| leaf.subject.clone());
    Said::new(style, format!("TLS with {} stands", peer(*leg)))
        .fact(format!("{version}, {cipher_suite}"))
        .maybe(alpn.clone())
        .maybe(trust)
        .maybe(subject)
        .fact(time::duration(*took))
}

pub(super) fn failed(failed: &TlsFailed) -> Said {
    let TlsFailed {
        leg,
        reason,
        chain,
        advice,
        took,
    } = failed;
    let mut below = certificates(chain);
    below.extend(remarks(
        advice.iter().map(|advice| format!("what to do: {advice}")),
    ));
    Said::new(
        Style::Bad,
        format!("TLS with {} failed: {reason}", peer(*leg)),
    )
    .fact(time::duration(*took))
    .below(below)
}

fn certificates(chain: &[CertificateFacts]) -> Vec<Line> {
    remarks(chain.iter().enumerate().map(|(index, facts)| {
        let role = if index == 0 {
            "certificate"
        } else {
            "vouched by"
        };
        let CertificateFacts {
            subject,
            issuer,
            names,
            not_before,
            not_after,
            sha256,
        } = facts;
        let names = if names.is_empty() {
            "no names".to_owned()
        } else {
            names.join(", ")
        };
        let (from, until) = (time::date(*not_before), time::date(*not_after));
        format!("{role}: {subject} (for {names}; by {issuer}; {from} to {until}; sha256:{sha256})")
    }))
}

const fn peer(leg: Leg) -> &'static str {
    match leg {
        Leg::Client => "the browser",
        Leg::Upstream => "the server",
    }
}
