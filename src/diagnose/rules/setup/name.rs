//! The server's name has no address.

use super::upstream_proxy::fault;
use super::{lost_before, place};
use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::words::count;
use crate::event::DialFailure;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "name-not-resolved",
    title: "The server's name was not resolved",
    severity: Severity::Trouble,
    explains: &[],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let attempts = case.incident.attempts();
    let unresolved: Vec<_> = attempts
        .filter_map(|attempt| match attempt.stage {
            Stage::Dial(failure @ DialFailure::Unresolved(why)) => {
                let own = fault(case.session, attempt.connection, failure).is_none();
                own.then_some((attempt, why))
            }
            _ => None,
        })
        .collect();
    let Some((first, why)) = unresolved.first().copied() else {
        return Opinion::Silent;
    };
    let says = format!(
        "The name of {} has no address on this machine: the resolver said {why:?}",
        place(first.connection)
    );
    let verdict = Verdict::new(Confidence::Certain, says)
        .because(format!(
            "{} failed at the look-up, before anything was sent to the server",
            count(unresolved.len() as u64, "attempt")
        ))
        .shown(first.at, "the look-up fails");
    match lost_before(case, first) {
        Some(_) => verdict
            .because("the socket was lost before that: whatever took it took the resolver as well")
            .only(Role::Consequence),
        None => verdict,
    }
    .matches()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;

    fn unresolved() -> DialFailure {
        DialFailure::Unresolved("Name or service not known".to_owned())
    }

    #[test]
    fn a_name_without_an_address_at_sign_in_is_certain() {
        let script = Script::new().connects_to("finesse1.example.com");
        assert_eq!(
            script.fails(unresolved()).cause(),
            Some(("name-not-resolved", Confidence::Certain))
        );
    }

    #[test]
    fn after_a_dead_path_it_is_a_consequence_and_not_the_cause() {
        let silent = Script::new().logs_in("1001002").pings(3).after(10.0).ping();
        let silent = silent.after(10.0).server_silent().after(3.0);
        let report = silent
            .connects_to("finesse2.example.com")
            .fails(unresolved())
            .diagnosed();
        let incident = &report.incidents[0];
        assert_eq!(incident.cause.as_ref().unwrap().rule, "path-black-hole");
        assert_eq!(incident.consequences[0].rule, "name-not-resolved");
    }
}
