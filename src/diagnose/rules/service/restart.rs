//! The notification service was stopped or restarted (`finesse.md` 4.3, row 6).

use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::{count, duration};
use crate::event::{DialFailure, Direction, Manner};
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "service-restart",
    title: "The notification service was stopped or restarted",
    severity: Severity::Trouble,
    explains: &[
        "upgrade-refused",
        "server-unreachable",
        "web-app-down",
        "cti-failover",
        "connection-reset",
        "connection-cut",
        "server-closed",
        "finesse-absent",
        "late-logout",
    ],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return Opinion::Silent;
    };
    let refused = refusals(case);
    if let Some(at) = loss.server_error("system-shutdown") {
        let says = "The notification service announced that it shuts down, and closed every stream";
        let verdict = Verdict::new(Confidence::Certain, says)
            .because("it said so itself: stream error system-shutdown")
            .shown(at, "system-shutdown");
        return with_refusals(verdict, &refused).matches();
    }
    if !crashed(loss) || refused.is_empty() {
        return Opinion::Silent;
    }
    let says = format!(
        "The notification service crashed or was killed: the connection broke off, and for {} no new one was accepted",
        duration(case.until().time.since(loss.over.time))
    );
    let verdict = Verdict::new(Confidence::Likely, says)
        .because("the connection broke off without a word, and the next attempts were refused")
        .shown(loss.over, "the connection breaks off");
    with_refusals(verdict, &refused).matches()
}

/// Whether the server's side broke off without a word of XMPP or WebSocket.
fn crashed(loss: &Loss<'_>) -> bool {
    let abrupt = |manner: &Manner| {
        matches!(
            manner,
            // A proxy in front ends its side in order when its own upstream is gone.
            Manner::Fin | Manner::FinWithoutCloseNotify | Manner::Reset | Manner::CloseNotify
        )
    };
    matches!(loss.word, Word::End(end) if end.direction == Direction::ToClient && abrupt(&end.manner))
        && loss.unanswered.is_none()
}

/// Attempts that a server in the middle of a restart refuses.
fn refusals(case: &Case<'_>) -> Vec<At> {
    let attempts = case.incident.attempts();
    let refused = attempts.filter(|attempt| {
        matches!(
            attempt.stage,
            Stage::Upgrade(502..=504) | Stage::Dial(DialFailure::ConnectionRefused)
        )
    });
    refused.map(|attempt| attempt.at).collect()
}

fn with_refusals(verdict: Verdict, refused: &[At]) -> Verdict {
    let Some(first) = refused.first() else {
        return verdict;
    };
    verdict
        .because(format!(
            "{} at a new socket failed until it was up again",
            count(refused.len() as u64, "attempt")
        ))
        .shown(*first, "a new socket is refused")
}
