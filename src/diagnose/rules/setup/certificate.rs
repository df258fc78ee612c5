//! TLS fails over a certificate: the browser does not accept finspect's, or finspect not the server's (`finesse.md` 4.3,
//! row 15).

use super::{lost_before, place};
use crate::diagnose::attempt::{Attempt, Stage};
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::words::count;
use crate::event::{CertificateFacts, Leg, TlsFailure};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "certificate-not-accepted",
    title: "A certificate was not accepted",
    severity: Severity::Trouble,
    explains: &[],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let about: Vec<_> = case.incident.attempts().filter_map(certificate).collect();
    let spoken = about.iter().find(|(.., failure)| !is_silent(failure));
    let Some((attempt, leg, failure)) = spoken.or_else(|| about.first()).copied() else {
        return Opinion::Silent;
    };
    let place = place(attempt.connection);
    let verdict = match leg {
        Leg::Client => by_browser(failure, &place, about.len()),
        Leg::Upstream => by_finspect(attempt, failure, &place),
    };
    let mut verdict = verdict.shown(attempt.at, "TLS fails");
    let mut accepting = case.session.accepting().keys();
    let other = accepting.find(|other| Some(*other) != attempt.connection.target.as_ref());
    if let Some(other) = other.filter(|_| leg == Leg::Client) {
        verdict = verdict.because(format!(
            "the browser does accept finspect's certificate for {other}: an exception that was clicked in it counts for one host and port alone"
        ));
    }
    if about.len() > 1 {
        verdict = verdict.because(format!(
            "{} failed in this way",
            count(about.len() as u64, "handshake")
        ));
    }
    if case.incident.is_beside() {
        verdict = verdict.because("the desktop's own socket served meanwhile: only what comes from this place is missing, such as a gadget's data, or the other node once it is needed");
        verdict.severity = Some(Severity::Notice);
    }
    if lost_before(case, attempt).is_some() {
        verdict = verdict
            .because("the desktop had lost its socket before, and this kept it from a new one")
            .only(Role::Contributing);
    }
    verdict.matches()
}

/// A handshake that failed over a certificate, or may have.
fn certificate<'a, 'b>(attempt: &'b Attempt<'a>) -> Option<(&'b Attempt<'a>, Leg, &'a TlsFailure)> {
    let Stage::Tls(leg, failure) = attempt.stage else {
        return None;
    };
    let about = match failure {
        TlsFailure::AuthorityUnknown(_)
        | TlsFailure::CertificateRejected(_)
        | TlsFailure::BadDate(_)
        | TlsFailure::UnknownIssuer
        | TlsFailure::Expired
        | TlsFailure::WrongName
        | TlsFailure::PinMismatch
        | TlsFailure::BadCertificate(_) => true,
        TlsFailure::ClosedSilently | TlsFailure::Reset => leg == Leg::Client,
        _ => false,
    };
    about.then_some((attempt, leg, failure))
}

const fn is_silent(failure: &TlsFailure) -> bool {
    matches!(failure, TlsFailure::ClosedSilently | TlsFailure::Reset)
}

/// The browser's word on finspect's certificate.
fn by_browser(failure: &TlsFailure, place: &str, times: usize) -> Verdict {
    let says = match failure {
        TlsFailure::CertificateRejected(_) => format!(
            "The browser refuses finspect's certificate for {place}, by a pin or a policy: leave that host out of the interception, or use a browser without the pin"
        ),
        TlsFailure::BadDate(_) => format!(
            "The browser holds finspect's certificate for {place} to be out of date: compare the clocks of the two machines"
        ),
        _ => format!(
            "The browser does not accept finspect's certificate for {place}: it does not trust finspect's authority, which `finspect ca export` writes out for it"
        ),
    };
    if let TlsFailure::AuthorityUnknown(alert)
    | TlsFailure::CertificateRejected(alert)
    | TlsFailure::BadDate(alert) = failure
    {
        return Verdict::new(Confidence::Certain, says)
            .because(format!("the browser said so itself: TLS alert {alert}"));
    }
    let confidence = if times > 1 {
        Confidence::Likely
    } else {
        Confidence::Possible
    };
    Verdict::new(confidence, says)
        .because("it left in the middle of the handshake, right after finspect's certificate")
        .lacking("it left without an alert, so why is not said")
}

/// finspect's own check of the server's certificate.
fn by_finspect(attempt: &Attempt<'_>, failure: &TlsFailure, place: &str) -> Verdict {
    let leaf = attempt.connection.handshakes.iter().find_map(|handshake| {
        let failed = handshake.leg == Leg::Upstream && handshake.failure.is_some();
        handshake.chain.first().filter(|_| failed)
    });
    let says = format!(
        "finspect does not accept the certificate of {place}: {}",
        wrong(failure, leaf)
    );
    let verdict = Verdict::new(Confidence::Certain, says).because(format!(
        "finspect's own check found it, and the desktop got finspect's page instead of the server ({failure})"
    ));
    match leaf {
        Some(leaf) => verdict.because(format!(
            "the server presented {} issued by {}",
            leaf.subject, leaf.issuer
        )),
        None => verdict,
    }
}

fn wrong(failure: &TlsFailure, leaf: Option<&CertificateFacts>) -> String {
    match failure {
        TlsFailure::UnknownIssuer => {
            "nobody that finspect trusts has signed it; `--upstream-ca` names an issuer to trust, `--upstream-pin` this one certificate".to_owned()
        }
        TlsFailure::Expired => "it is not valid today, or a clock is wrong".to_owned(),
        TlsFailure::WrongName => {
            let names = leaf.map(|leaf| leaf.names.join(", ")).unwrap_or_default();
            format!("it is for another name ({names}); the desktop should use that name")
        }
        TlsFailure::PinMismatch => {
            "it is not the one that `--upstream-pin` names: it was renewed, or somebody stands between".to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::report::Outcome;
    use crate::diagnose::testing::Script;
    use crate::event::Micros;

    fn refused_by_browser(script: Script, failure: TlsFailure) -> Script {
        let script = script.connects_to("finesse2.example.com").tls();
        script.tls_fails(Leg::Client, failure, &[])
    }

    const NAME: &str = "certificate-not-accepted";

    #[test]
    fn a_browser_that_says_so_is_believed() {
        let alert = TlsFailure::AuthorityUnknown("certificate_unknown".to_owned());
        let script = refused_by_browser(Script::new(), alert);
        assert_eq!(script.cause(), Some((NAME, Confidence::Certain)));
    }

    #[test]
    fn a_browser_that_leaves_without_a_word_once_is_a_guess_and_twice_is_more() {
        let once = refused_by_browser(Script::new(), TlsFailure::ClosedSilently);
        assert_eq!(once.cause(), Some((NAME, Confidence::Possible)));
        let once = refused_by_browser(Script::new(), TlsFailure::ClosedSilently);
        let twice = refused_by_browser(once.after(1.0), TlsFailure::Reset);
        assert_eq!(twice.cause(), Some((NAME, Confidence::Likely)));
    }

    #[test]
    fn a_spare_connection_that_a_browser_leaves_is_no_incident() {
        let accepted = Script::new().connects().browser_accepts();
        let spare = accepted.connects().after(1.0);
        let spare = spare.tls_fails(Leg::Client, TlsFailure::ClosedSilently, &[]);
        assert_eq!(spare.cause(), None);
    }

    #[test]
    fn beside_a_socket_that_serves_another_port_that_is_refused_is_a_notice() {
        let alert = || TlsFailure::AuthorityUnknown("unknown_ca".to_owned());
        let refused = |script: Script, failure| {
            let script = script.connects_to("finesse1.example.com:12015").tls();
            script.tls_fails(Leg::Client, failure, &[]).gone()
        };
        let script = || Script::new().logs_in("1001002").pings(2);
        let twice = refused(refused(script(), alert()).after(5.0), alert());
        let report = twice.on(1).pings(2).diagnosed();
        assert_eq!(
            (report.incidents.len(), report.outcome),
            (1, Outcome::Notice)
        );
        let incident = &report.incidents[0];
        let cause = incident.cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), (NAME, Confidence::Certain));
        assert_eq!(incident.story.out_of_service, Some(Micros(0)));
        assert!(report.answer.starts_with("This is about agent 1001002"));
        assert_eq!(
            refused(script(), TlsFailure::Reset).cause(),
            None,
            "no word"
        );
        let accepted = refused(script(), alert()).after(5.0);
        let accepted = accepted.connects_to("finesse1.example.com:12015").tls();
        assert_eq!(accepted.browser_accepts().cause(), None);
    }

    #[test]
    fn a_loss_after_a_certificate_that_was_refused_beside_it_has_its_own_cause() {
        let alert = TlsFailure::AuthorityUnknown("unknown_ca".to_owned());
        let script = Script::new().logs_in("1001002").pings(2);
        let script = script.connects_to("finesse1.example.com:12015").tls();
        let script = script.tls_fails(Leg::Client, alert, &[]).gone().on(1);
        let script = script.pings(2).stream_error("system-shutdown").after(90.0);
        let script = script.logs_in("1001002").state("1001002", "LOGOUT", "255");
        let report = script.pings(2).diagnosed();
        let causes = report.incidents.iter().map(|one| one.cause.as_ref());
        let causes: Vec<&str> = causes.map(|cause| cause.unwrap().rule).collect();
        assert_eq!(causes, [NAME, "service-restart"]);
        assert_eq!(report.outcome, Outcome::Trouble);
    }

    #[test]
    fn what_finspect_refuses_is_told_apart() {
        let chain = [("CN=finesse1.example.com", "CN=finesse1.example.com", 1)];
        let script = Script::new().connects_to("finesse1.example.com").tls_fails(
            Leg::Upstream,
            TlsFailure::UnknownIssuer,
            &chain,
        );
        let report = script.diagnosed();
        let cause = report.incidents[0].cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), (NAME, Confidence::Certain));
        assert!(cause.says.contains("--upstream-pin"), "{}", cause.says);
        assert!(cause.says.starts_with("finspect does not accept"));
    }

    #[test]
    fn after_a_loss_it_only_keeps_the_desktop_out() {
        let alert = TlsFailure::AuthorityUnknown("unknown_ca".to_owned());
        let script = Script::new()
            .logs_in("1001002")
            .pings(3)
            .stream_error("system-shutdown");
        let report = refused_by_browser(script.after(2.0), alert).diagnosed();
        let incident = &report.incidents[0];
        assert_eq!(incident.cause.as_ref().unwrap().rule, "service-restart");
        assert_eq!(incident.contributing[0].rule, NAME);
    }

    #[test]
    fn a_handshake_without_common_ground_is_not_about_a_certificate() {
        let script = refused_by_browser(Script::new(), TlsFailure::Incompatible("x".to_owned()));
        assert_eq!(script.cause(), Some(("unexplained", Confidence::Possible)));
    }
}
