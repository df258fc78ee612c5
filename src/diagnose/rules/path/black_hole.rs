//! The path to the server swallows everything: a roam, a VPN that dropped, a cable (`finesse.md` 4.3, row 1).

use crate::diagnose::case::Case;
use crate::diagnose::path::Path;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::{count, duration};
use crate::event::Leg;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "path-black-hole",
    title: "The path between this machine and Finesse went dead",
    severity: Severity::Trouble,
    explains: &[
        "zombie-conflict",
        "server-unreachable",
        "late-logout",
        "connection-reset",
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
        "The path between this machine and Finesse went dead: what was sent arrived nowhere, and a ping stayed without an answer for {waited}"
    );
    let verdict = match case.path(loss, Leg::Upstream) {
        Path::Silent(at, times) => Verdict::new(Confidence::Certain, says)
            .because(format!(
                "the server's kernel acknowledged nothing, and {} under way was sent again or stayed open",
                count(times, "segment")
            ))
            .shown(at, "segments to the server stay unacknowledged"),
        Path::Acked(_) => {
            return Opinion::RuledOut(
                "the server's kernel acknowledged what was sent meanwhile: the path was alive".to_owned(),
            );
        }
        Path::Unknown => Verdict::new(Confidence::Possible, says)
            .lacking("no TCP readings of this leg tell a dead path from a server that hangs"),
    };
    let mut verdict = verdict.shown(sent, "the ping that was never answered in time");
    if let Some(at) = case.server_spoke_elsewhere(loss.connection, sent.time, loss.over.time) {
        if verdict.confidence < Confidence::Certain {
            return Opinion::RuledOut(
                "the server went on answering on other connections".to_owned(),
            );
        }
        verdict = verdict.shown(at, "yet the server was heard on another connection");
    }
    verdict.matches()
}
