//! The notification service hangs while its machine lives: garbage collection, a deadlock, no processor time
//! (`finesse.md` 4.3, row 2).

use crate::diagnose::case::Case;
use crate::diagnose::path::Path;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::duration;
use crate::event::Leg;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "service-stalled",
    title: "The notification service hung while its machine was alive",
    severity: Severity::Trouble,
    explains: &[
        "zombie-conflict",
        "upgrade-refused",
        "late-logout",
        "finesse-absent",
    ],
    covers: &["no-answer"],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some((loss, sent)) = case.loss().and_then(|loss| Some((loss, loss.unanswered?))) else {
        return Opinion::Silent;
    };
    let waited = duration(loss.waited().unwrap_or_default());
    let says = format!(
        "The notification service hung: it left a ping without an answer for {waited} while its machine was alive"
    );
    let elsewhere = case.server_spoke_elsewhere(loss.connection, sent.time, loss.over.time);
    let verdict = match case.path(loss, Leg::Upstream) {
        Path::Silent(..) => {
            return Opinion::RuledOut(
                "the server's kernel acknowledged nothing: the path was dead, not the service"
                    .to_owned(),
            );
        }
        Path::Acked(at) => Verdict::new(Confidence::Likely, says)
            .because("the server's kernel went on acknowledging what was sent, and no answer came")
            .shown(at, "the server's kernel acknowledged everything"),
        Path::Unknown if elsewhere.is_some() => Verdict::new(Confidence::Likely, says),
        Path::Unknown => Verdict::new(Confidence::Possible, says)
            .lacking("no TCP readings of this leg tell a server that hangs from a dead path"),
    };
    let mut verdict = verdict.shown(sent, "the ping that was never answered in time");
    if let Some(at) = elsewhere {
        verdict = verdict
            .because("the same server went on answering on other connections")
            .shown(at, "the server answers on another connection");
    }
    if case.crowd.is_everybody() && verdict.confidence == Confidence::Likely {
        verdict.confidence = Confidence::Certain;
        verdict = verdict.because("it hit every agent at once");
    }
    verdict.matches()
}
