//! Somebody signed in as the same agent with the same resource: a second tab, another machine, a third-party client
//! (`finesse.md` 4.3, row 4).

use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::session::{At, Connection};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "second-login",
    title: "Somebody signed in as the same agent elsewhere",
    severity: Severity::Trouble,
    explains: &["late-logout"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    if let Some(refused) = case
        .incident
        .attempts()
        .find(|attempt| attempt.stage == Stage::Bind("conflict"))
    {
        let says =
            "The server does not let a second desktop sign in as an agent who is signed in already";
        return Verdict::new(Confidence::Certain, says)
            .because("it said so itself: the binding of the resource was refused with conflict")
            .shown(refused.at, "conflict in answer to the bind")
            .matches();
    }
    let Some((loss, at)) = case
        .incident
        .losses()
        .find_map(|loss| Some((loss, loss.server_error("conflict")?)))
    else {
        return Opinion::Silent;
    };
    if loss.unanswered.is_some() {
        return Opinion::RuledOut(
            "the socket that got the conflict had been given up before: the desktop's own new login evicted it".to_owned(),
        );
    }
    let says = "Somebody signed in as the same agent with the same resource, which evicts the first desktop";
    let verdict = Verdict::new(Confidence::Certain, says)
        .because("the server said so itself: stream error conflict on a healthy socket")
        .shown(at, "conflict");
    match successor(case, loss.connection, at) {
        Some((other, bound)) => verdict
            .because(format!(
                "the new login is in this recording too: connection {}",
                other.id
            ))
            .shown(bound, "the login that took its place"),
        None => verdict.because(
            "the new login does not come through this finspect: it is another machine or browser",
        ),
    }
    .matches()
}

/// The login that took a socket's place, if it came this way: bound shortly before the conflict.
fn successor<'a>(case: &Case<'a>, lost: &Connection, conflict: At) -> Option<(&'a Connection, At)> {
    let user = lost.socket.as_ref()?.stream.user()?;
    let others = case.session.connections().filter(|one| one.id != lost.id);
    let mut bound = others.filter_map(|one| {
        let stream = &one.socket.as_ref()?.stream;
        let (bound, _) = stream.bound.as_ref()?;
        (stream.user() == Some(user)).then_some((one, *bound))
    });
    bound.find(|(_, bound)| {
        let apart = bound.time.0.abs_diff(conflict.time.0);
        apart <= case.seconds(5).0
    })
}
