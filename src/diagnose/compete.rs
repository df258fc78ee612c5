//! Rules compete: of several that match one incident, one is the cause.

use super::case::Case;
use super::rule::{Confidence, Opinion, Role, Rule, Verdict};
use super::rules::{TABLE, is_of_gadgets, unexplained};

/// What all rules together say of an incident.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// The cause; absent where no rule matches.
    pub(super) cause: Option<Match>,
    /// What followed from it.
    pub(super) consequences: Vec<Match>,
    /// What made it worse or likelier.
    pub(super) contributing: Vec<Match>,
    /// What it might have been as well, or seemed to be at first, and why it is not held to be.
    pub(super) alternatives: Vec<(&'static Rule, String)>,
}

/// A rule, and what it says.
pub(super) type Match = (&'static Rule, Verdict);

/// Lets every rule judge, and chooses.
#[must_use]
pub(super) fn judge(case: &Case<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let mut candidates: Vec<Match> = Vec::new();
    let blind_spot = case.blind_spot();
    let of_gadgets = case.incident.of_gadgets;
    let apt = |rule: &&&Rule| is_of_gadgets(rule.name) == of_gadgets;
    for rule in TABLE.iter().filter(apt) {
        match (rule.judge)(case) {
            Opinion::Silent => {}
            Opinion::RuledOut(why) => judgement.alternatives.push((rule, why)),
            Opinion::Matches(verdict) => match verdict.role {
                Role::Cause => candidates.push((rule, verdict.weakened(blind_spot.as_deref()))),
                Role::Contributing => judgement.contributing.push((rule, verdict)),
                Role::Consequence => judgement.consequences.push((rule, verdict)),
            },
        }
    }
    let covered = |(rule, verdict): &Match| {
        candidates.iter().any(|(other, sure)| {
            other.covers.contains(&rule.name) && sure.confidence >= verdict.confidence
        })
    };
    let place = best(&candidates, covered);
    let covered: Vec<&str> = candidates
        .iter()
        .filter(|one| covered(one))
        .map(|(rule, _)| rule.name)
        .collect();
    let Some(place) = place else {
        return judgement;
    };
    let (cause, verdict) = candidates.remove(place);
    for (rule, other) in candidates {
        if rule.name == unexplained::RULE.name {
            // It says that nothing else fits.
        } else if cause.explains.contains(&rule.name) {
            judgement.consequences.push((rule, other));
        } else if !covered.contains(&rule.name) && rule.name != UNEXPLAINED {
            let why = less(cause, &verdict, rule, &other);
            judgement.alternatives.push((rule, why));
        }
    }
    // What came after the cause, and follows from it, did not make it worse.
    let contributing = std::mem::take(&mut judgement.contributing).into_iter();
    let (mut follows, worse): (Vec<Match>, Vec<Match>) =
        contributing.partition(|(rule, _)| cause.explains.contains(&rule.name));
    judgement.contributing = worse;
    judgement.consequences.append(&mut follows);
    judgement.cause = Some((cause, verdict));
    judgement
}

/// The surest of those that no other explains; of equals the first of the table.
fn best(candidates: &[Match], covered: impl Fn(&Match) -> bool) -> Option<usize> {
    let explained = |one: &Match| {
        let (rule, sure) = (one.0, one.1.confidence);
        candidates.iter().any(|other| {
            other.0.name != rule.name
                && other.0.explains.contains(&rule.name)
                && other.1.confidence >= sure.min(Confidence::Likely)
                && !(rule.explains.contains(&other.0.name) && leads(one, other))
        })
    };
    let all = candidates.iter().enumerate();
    let free = all.filter(|(_, one)| !covered(one) && !explained(one));
    let free: Vec<(usize, Confidence)> = free
        .map(|(place, (_, verdict))| (place, verdict.confidence))
        .collect();
    let surest = free.iter().map(|(_, sure)| *sure).max()?;
    free.iter()
        .find(|(_, sure)| *sure == surest)
        .map(|(place, _)| *place)
}

/// Of two that explain each other the surer one does, and of equals that which happened first; of those of one moment
/// the table decides.
fn leads((_, one): &Match, (_, other): &Match) -> bool {
    let first = |verdict: &Verdict| verdict.evidence.iter().map(|(at, _)| *at).min();
    let sure = one.confidence.cmp(&other.confidence);
    sure.then(first(other).cmp(&first(one))).is_ge()
}

/// Why a rule that matches lost.
fn less(cause: &Rule, verdict: &Verdict, rule: &Rule, other: &Verdict) -> String {
    let missing = other.lacking.first();
    match missing {
        Some(missing) => missing.clone(),
        None if other.confidence < verdict.confidence => format!(
            "it fits what was seen, but {} is better supported",
            cause.name
        ),
        None => format!("{} alone explains all that {} would", cause.name, rule.name),
    }
}

/// The rule that is no cause but the want of one, so it is nothing that another cause has to be told from.
const UNEXPLAINED: &str = "unexplained";
