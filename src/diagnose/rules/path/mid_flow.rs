//! How sure an end in mid flow can be: the service was up, the connection was busy, and nothing is missing before it.

use crate::diagnose::case::Case;
use crate::diagnose::loss::Loss;
use crate::diagnose::rule::{Confidence, Verdict};
use crate::diagnose::words::duration;
use crate::event::Micros;
use crate::session::{At, End};

/// The verdict with what speaks for it and against it around the end.
pub(super) fn weighed(
    case: &Case<'_>,
    loss: &Loss<'_>,
    end: &End,
    mut verdict: Verdict,
) -> Verdict {
    if let Some(bound) = let_in_again(case, loss) {
        verdict = verdict
            .because(format!(
                "a new login went through {} later, so the service itself was up",
                duration(bound.time.since(end.at.time))
            ))
            .shown(bound, "the next login");
    } else {
        verdict.confidence = Confidence::Possible;
        verdict = verdict.lacking("no login right after it shows that the service itself was up");
    }
    let busy = end.quiet().is_some_and(|quiet| quiet < case.seconds(IDLE));
    if !(busy && case.clocks.seen) {
        verdict.confidence = Confidence::Possible;
        verdict = verdict.lacking(
            "nothing shows that it was busy: a limit for idle connections may have ended it",
        );
    }
    let before = Micros(end.at.time.0.saturating_sub(case.seconds(BEFORE).0));
    if case.misses(before, end.at.time) {
        verdict.confidence = Confidence::Possible;
        verdict = verdict.lacking("events before it are missing, and what they would say of it");
    }
    verdict
}

/// The login right after an end, where nothing was refused before it: who is let in at once meets a service that is up.
pub(in crate::diagnose::rules) fn let_in_again(case: &Case<'_>, loss: &Loss<'_>) -> Option<At> {
    let back = case.bound_after(loss)?;
    let refused = case.incident.attempts().next().is_some();
    (!refused && back.time.since(loss.over.time) <= case.seconds(SOON)).then_some(back)
}

/// Seconds without a byte that a healthy desktop never leaves.
const IDLE: u64 = 25;
/// Seconds before it in which another cause would have shown.
const BEFORE: u64 = 300;
/// Seconds within which a new login shows that the service never was down.
const SOON: u64 = 15;
