//! The agent signed out: nothing is wrong.

use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "signed-out",
    title: "The agent signed out",
    severity: Severity::Info,
    explains: &["page-closed"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.incident.losses().find(|loss| loss.is_voluntary()) else {
        return Opinion::Silent;
    };
    let Some(wish) = wish(case, loss.at) else {
        return Opinion::Silent;
    };
    Verdict::new(Confidence::Certain, "The agent signed out")
        .because("the desktop asked for LOGOUT, and then left in order")
        .shown(wish, "the desktop asks for LOGOUT")
        .shown(loss.at, "it says goodbye")
        .matches()
}

/// The desktop's own wish to log out, shortly before it left.
fn wish(case: &Case<'_>, left: At) -> Option<At> {
    let wishes = case.session.rest().wishes.iter();
    let mut recent = wishes
        .filter(|wish| wish.at <= left && left.time.since(wish.at.time) <= case.seconds(RECENT));
    let wish = recent.find(|wish| {
        let agent = case.incident.agent.as_ref();
        wish.state == "LOGOUT" && agent.is_none_or(|agent| *agent == wish.user)
    });
    wish.map(|wish| wish.at)
}

/// Seconds from the wish to the goodbye.
const RECENT: u64 = 30;
