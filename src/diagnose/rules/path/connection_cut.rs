//! The connection was ended from the server's side in mid flow, without a word of XMPP or WebSocket (`finesse.md` 4.3,
//! rows 6 and 9; 8b).

use super::mid_flow;
use crate::diagnose::case::Case;
use crate::diagnose::loss::Loss;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words;
use crate::event::{Direction, Manner};
use crate::session::{At, End};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "connection-cut",
    title: "The connection was cut off from the server's side without a word",
    severity: Severity::Trouble,
    explains: &["late-logout", "zombie-conflict"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return Opinion::Silent;
    };
    let Some(end) = loss.broken_off(Direction::ToClient) else {
        return Opinion::Silent;
    };
    let Some(verdict) = verdict(end) else {
        return Opinion::Silent;
    };
    let mut verdict = verdict.shown(end.at, words::manner(&end.manner));
    if let Some(alert) = answer(loss, end) {
        verdict = verdict.shown(
            alert,
            "the browser's alert decode_error only answers the missing close_notify",
        );
    }
    if let Some(quiet) = end.quiet() {
        verdict = verdict.because(format!(
            "the last byte before it was {} old",
            words::duration(quiet)
        ));
    }
    mid_flow::weighed(case, loss, end, verdict).matches()
}

/// What the manner of the end tells.
fn verdict(end: &End) -> Option<Verdict> {
    match &end.manner {
        Manner::Fin | Manner::FinWithoutCloseNotify => Some(
            Verdict::new(
                Confidence::Likely,
                "The connection was cut off from the server's side in mid flow: something on the way ended it, or the process that held it crashed",
            )
            .because(format!(
                "it ended with {}, and neither XMPP nor WebSocket said a word before",
                words::manner(&end.manner)
            )),
        ),
        Manner::CloseNotify => Some(
            Verdict::new(
                Confidence::Likely,
                "Whatever ends TLS in front of Finesse closed the connection in mid flow, as a proxy or a load balancer does that is reloaded or has lost the server behind it",
            )
            .because("it ended with a close_notify, and neither XMPP nor WebSocket said a word before"),
        ),
        Manner::Alert(_) | Manner::TlsBroken(_) => Some(
            Verdict::new(
                Confidence::Possible,
                "TLS with the server broke in mid flow",
            )
            .because(format!("it ended with {}", words::manner(&end.manner)))
            .lacking("whether something on the way damaged it or the server failed is not told"),
        ),
        _ => None,
    }
}

/// The alert with which OpenSSL answers a stream that ends without a close_notify.
fn answer(loss: &Loss<'_>, end: &End) -> Option<At> {
    let mut ends = loss.connection.ends.iter();
    let alert = ends.find(|other| {
        other.direction != end.direction
            && other.at >= end.at
            && matches!(&other.manner, Manner::Alert(name) if name == "decode_error")
    })?;
    (end.manner == Manner::FinWithoutCloseNotify).then_some(alert.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;
    use Confidence::{Likely, Possible};
    use Direction::{ToClient, ToServer};

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(5).after(4.0)
    }

    #[test]
    fn a_bare_fin_between_two_answered_pings_is_a_cut() {
        for manner in [
            Manner::FinWithoutCloseNotify,
            Manner::Fin,
            Manner::CloseNotify,
        ] {
            let script = healthy().ends(ToClient, manner).gone();
            let script = script.after(3.0).logs_in("1001002").pings(3);
            assert_eq!(script.cause(), Some(("connection-cut", Likely)));
        }
    }

    #[test]
    fn without_a_login_right_after_it_the_service_may_have_crashed() {
        let script = healthy().ends(ToClient, Manner::Fin).gone().after(90.0);
        assert_eq!(script.cause(), Some(("connection-cut", Possible)));
    }

    #[test]
    fn the_alert_that_answers_a_bare_fin_is_one_cut_with_it() {
        let report = healthy()
            .ends(ToClient, Manner::FinWithoutCloseNotify)
            .ends(ToServer, Manner::Alert("decode_error".to_owned()))
            .gone()
            .diagnosed();
        let [incident] = &report.incidents[..] else {
            panic!("{report:#?}");
        };
        let cause = incident.cause.as_ref().unwrap();
        assert_eq!(cause.rule, "connection-cut");
        assert!(
            cause
                .evidence
                .iter()
                .any(|one| one.shows.contains("decode_error"))
        );
    }

    #[test]
    fn broken_tls_is_only_possibly_a_cut() {
        let script = healthy().ends(ToClient, Manner::TlsBroken("bad record".to_owned()));
        assert_eq!(script.gone().cause(), Some(("connection-cut", Possible)));
    }

    #[test]
    fn a_fin_after_a_goodbye_or_a_stream_error_is_none() {
        let left = healthy().says_goodbye().ends(ToClient, Manner::Fin).gone();
        assert_ne!(left.cause().unwrap().0, "connection-cut");
        let told = healthy()
            .stream_error("system-shutdown")
            .ends(ToClient, Manner::Fin);
        assert_eq!(told.gone().cause().unwrap().0, "service-restart");
    }
}
