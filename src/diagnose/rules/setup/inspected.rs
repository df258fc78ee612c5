//! Something on the way ends TLS and speaks in the server's name: its certificates are not those of Finesse.

use super::{is_spoken, lost_before};
use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::event::{CertificateFacts, Leg, Micros, TlsFailure, Verified};
use crate::session::{Connection, Handshake};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "tls-inspected",
    title: "Something on the way looks into TLS",
    severity: Severity::Notice,
    explains: &[
        "certificate-not-accepted",
        "connection-reset",
        "connection-cut",
    ],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    if case.loss().is_none() && case.incident.attempts().next().is_none() {
        return Opinion::Silent;
    }
    if let Some(verdict) = stranger(case) {
        return verdict.matches();
    }
    let losses = case.incident.losses().map(|loss| loss.connection);
    let attempts = case.incident.attempts().map(|attempt| attempt.connection);
    let mut of_incident = losses.chain(attempts).flat_map(handshakes);
    let hints = of_incident.find_map(|handshake| Some((handshake, by_words(handshake)?)));
    if let Some((handshake, (product, confidence))) = hints {
        let says = format!(
            "What answers in the server's name is not the server: its certificate comes from {product}, which ends TLS on the way and looks into it"
        );
        let verdict = Verdict::new(confidence, says)
            .because("products of this kind cut or hold up long-lived WebSockets more often than they tell")
            .shown(handshake.at, "the certificates that were presented");
        let verdict = match confidence {
            Confidence::Possible => {
                verdict.lacking("only the name of the issuer looks like one; a company's own authority can be called so")
            }
            _ => verdict,
        };
        return verdict.only(Role::Contributing).matches();
    }
    issuers(case).unwrap_or(Opinion::Silent)
}

/// A certificate that finspect refuses, of another issuer than those that it accepts from the same host and port.
fn stranger(case: &Case<'_>) -> Option<Verdict> {
    let refused = case.incident.attempts().find(|attempt| {
        matches!(
            attempt.stage,
            Stage::Tls(
                Leg::Upstream,
                TlsFailure::UnknownIssuer | TlsFailure::PinMismatch | TlsFailure::BadCertificate(_)
            )
        )
    })?;
    let handshake = handshakes(refused.connection).find(|one| one.failure.is_some())?;
    let issuer = &handshake.chain.first()?.issuer;
    let target = refused.connection.target.as_ref()?;
    let others = case.session.issuers(target).iter();
    let others: Vec<_> = others.filter(|one| one.name != *issuer).collect();
    let own = others.iter().find(|one| one.first < refused.at)?;
    let (before, own) = (&own.first, &own.name);
    let mut again = others.iter().map(|one| one.last);
    let again = again.find(|at| *at > refused.at);
    let says = format!(
        "Something came between this machine and {target} that answers in its name: its certificate is issued by {issuer}, not by {own}"
    );
    let verdict = Verdict::new(Confidence::Likely, says)
        .because("finspect, which accepted the server's certificate before, refused this one, so no desktop got through")
        .shown(*before, "the server's own certificate")
        .shown(refused.at, "a certificate of another issuer");
    Some(match again {
        Some(at) => verdict
            .because("later the server's own certificate was back: it was not renewed, another one stood in its place")
            .shown(at, "the server's own certificate again"),
        None if by_words(handshake).is_some() => verdict
            .because("that issuer is called like one that looks into TLS"),
        None => Verdict {
            confidence: Confidence::Possible,
            ..verdict
                .lacking("a certificate that was renewed under another authority looks the same")
                .only(Role::Contributing)
        },
    })
    .map(|verdict| match lost_before(case, refused) {
        Some(loss) if is_spoken(loss) || loss.unanswered.is_some() => verdict.only(Role::Contributing),
        _ => verdict,
    })
}

fn handshakes(connection: &Connection) -> impl Iterator<Item = &Handshake> {
    let all = connection.handshakes.iter();
    all.filter(|one| one.leg == Leg::Upstream && !one.chain.is_empty())
}

/// What the names in a chain tell, and how sure that is.
fn by_words(handshake: &Handshake) -> Option<(String, Confidence)> {
    let issuers = handshake.chain.iter().map(|one| one.issuer.to_lowercase());
    let issuers: Vec<String> = issuers.collect();
    let named = |word: &&&str| issuers.iter().any(|issuer| issuer.contains(**word));
    if let Some(product) = PRODUCTS.iter().find(named) {
        return Some(((*product).to_owned(), Confidence::Likely));
    }
    // What a pin or nobody vouches for is the server's own, as far as anybody can tell.
    if handshake.verified.is_some_and(|by| by != Verified::Roots) {
        return None;
    }
    let like = WORDS.iter().find(named)?;
    Some((
        format!("an issuer with {like:?} in its name"),
        Confidence::Possible,
    ))
}

/// The same host and port under different issuers, within an hour.
fn issuers(case: &Case<'_>) -> Option<Opinion> {
    let lost = case.loss().map(|loss| loss.connection);
    let first = lost.or_else(|| case.incident.attempts().next().map(|one| one.connection))?;
    let target = first.target.as_ref()?;
    handshakes(first).next()?;
    let (from, until) = (case.began().time.0.saturating_sub(HOUR), case.until());
    let recent = case.index.opened(Micros(from), until.time);
    let same = recent.filter(|one| {
        one.id != first.id && one.opened <= until && one.target.as_ref() == Some(target)
    });
    let leaves = same
        .chain([first])
        .flat_map(handshakes)
        .filter_map(|one| Some((one.at, one.chain.first()?)));
    let mut leaves: Vec<(_, &CertificateFacts)> = leaves.collect();
    leaves.sort_by_key(|(at, _)| *at);
    let changes = leaves.windows(2).filter_map(|pair| match pair {
        [(_, one), (at, next)] if one.issuer != next.issuer => Some((*at, one, next)),
        _ => None,
    });
    let changes: Vec<_> = changes.collect();
    let (at, one, next) = changes.first()?;
    let says = format!(
        "{target} presented certificates of different issuers within this session: {}, then {}",
        one.issuer, next.issuer
    );
    let verdict = Verdict::new(Confidence::Possible, says).shown(*at, "another issuer than before");
    let verdict = if changes.len() > 1 {
        let reason =
            "they took turns, so some connections went through something that the others did not";
        Verdict {
            confidence: Confidence::Likely,
            ..verdict.because(reason)
        }
    } else {
        verdict.lacking("a certificate that was renewed under another authority looks the same")
    };
    Some(verdict.only(Role::Contributing).matches())
}

/// How long before an incident another issuer is of interest, in microseconds.
const HOUR: u64 = 3_600_000_000;
/// Products that end TLS on the way, as their authorities are called, in lower case.
const PRODUCTS: [&str; 33] = [
    "zscaler",
    "netskope",
    "palo alto networks",
    "forcepoint",
    "websense",
    "blue coat",
    "bluecoat",
    "fortinet",
    "fortigate",
    "cisco umbrella",
    "cisco secure access",
    "ironport",
    "sophos",
    "barracuda",
    "check point",
    "sonicwall",
    "watchguard",
    "skyhigh",
    "mcafee web gateway",
    "iboss",
    "menlo security",
    "smoothwall",
    "lightspeed rocket",
    "contentkeeper",
    "gateway ca - cloudflare",
    "kaspersky",
    "eset ssl filter",
    "avast! web",
    "bitdefender",
    "mitmproxy",
    "do_not_trust_fiddler",
    "charles proxy",
    "portswigger",
];

/// Words in the names of authorities that look into TLS, in lower case.
const WORDS: [&str; 9] = [
    "proxy",
    "inspection",
    "ssl-inspect",
    "tls-inspect",
    "web gateway",
    "firewall",
    "decrypt",
    "interception",
    "squid",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::report::Finding;
    use crate::diagnose::testing::Script;
    use crate::event::Direction::ToClient;
    use crate::event::Manner;

    const LATER: i64 = 4_000_000_000;
    const OWN: (&str, &str, i64) = ("CN=finesse1.example.com", "CN=Example Root", LATER);

    fn on(script: Script, leaf: (&str, &str, i64)) -> Script {
        let script = script.connects_to("finesse1.example.com");
        script.tls_with(&[leaf])
    }

    fn contributing(script: Script) -> Vec<Finding> {
        let script = script
            .opens_socket()
            .signs_in("1001002")
            .pings(3)
            .after(3.0);
        let report = script.ends(ToClient, Manner::Reset).gone().diagnosed();
        report.incidents[0].contributing.clone()
    }

    #[test]
    fn a_known_products_issuer_is_likely_and_a_word_in_a_name_possible() {
        for (issuer, confidence) in [
            (
                "CN=Zscaler Intermediate Root CA, O=Zscaler Inc.",
                Confidence::Likely,
            ),
            ("CN=Example Corp Web Proxy CA", Confidence::Possible),
        ] {
            let leaf = ("CN=finesse1.example.com", issuer, LATER);
            let found = contributing(on(Script::new(), leaf));
            assert_eq!(
                (found[0].rule, found[0].confidence),
                ("tls-inspected", confidence)
            );
        }
    }

    #[test]
    fn a_companys_own_authority_is_none() {
        assert_eq!(contributing(on(Script::new(), OWN)), []);
    }

    fn refused(script: Script) -> Script {
        let other = ("CN=finesse1.example.com", "CN=Other Root", LATER);
        let script = script.after(2.0).connects_to("finesse1.example.com");
        script.tls_fails(Leg::Upstream, TlsFailure::UnknownIssuer, &[other])
    }

    #[test]
    fn a_stranger_that_comes_and_goes_is_likely_the_cause_and_one_that_stays_may_be_a_renewal() {
        let lost = || {
            let script = on(Script::new(), OWN).opens_socket().signs_in("1001002");
            let script = script.pings(3).after(3.0);
            refused(script.ends(ToClient, Manner::Reset).gone())
        };
        let back = on(lost().after(5.0), OWN)
            .opens_socket()
            .signs_in("1001002");
        assert_eq!(back.cause(), Some(("tls-inspected", Confidence::Likely)));
        let report = lost().after(5.0).diagnosed();
        let incident = &report.incidents[0];
        assert_ne!(incident.cause.as_ref().unwrap().rule, "tls-inspected");
        let contributing = incident.contributing.iter();
        assert!(contributing.clone().any(|one| one.rule == "tls-inspected"));
    }

    #[test]
    fn issuers_that_take_turns_are_likely_and_one_change_may_be_a_renewal() {
        let other = ("CN=finesse1.example.com", "CN=Other Root", LATER);
        let once = on(on(Script::new(), OWN).after(1.0), other);
        assert_eq!(contributing(once)[0].confidence, Confidence::Possible);
        let turns = on(on(on(Script::new(), OWN).after(1.0), other).after(1.0), OWN);
        assert_eq!(contributing(turns)[0].confidence, Confidence::Likely);
    }
}
