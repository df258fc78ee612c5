//! A client that sends no presence, or one of a negative priority, gets no events (`finesse.md` 4.3, row 19).

use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::duration;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "no-presence",
    title: "The client signed in without a presence that events go to",
    severity: Severity::Trouble,
    explains: &["finesse-absent", "late-logout"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let found = case
        .incident
        .attempts()
        .find_map(|attempt| match attempt.stage {
            Stage::NoPresence(priority) => Some((attempt, priority)),
            _ => None,
        });
    let Some((attempt, priority)) = found else {
        return Opinion::Silent;
    };
    let last = case.session.span().map_or(attempt.at, |(_, last)| last);
    let until = attempt.connection.first_end().map_or(last, |end| end.at);
    let waited = until.time.since(attempt.at.time);
    let missing = case.misses(attempt.at.time, until.time);
    let sure = match priority {
        _ if missing => Confidence::Possible,
        None if waited < case.seconds(LONG) => Confidence::Likely,
        _ => Confidence::Certain,
    };
    let what = match priority {
        Some(priority) => format!("a presence of priority {priority}"),
        None => "no presence".to_owned(),
    };
    let says = format!(
        "The client signed in and sent {what}, and so no event reached it in {}",
        duration(waited)
    );
    let mut verdict = Verdict::new(sure, says)
        .because("a server delivers events only to a presence of priority 0 or more, and none came")
        .shown(attempt.at, "the resource is bound");
    if let Some((at, _)) = attempt
        .connection
        .socket
        .as_ref()
        .and_then(|one| one.stream.available.as_ref())
    {
        verdict = verdict.shown(*at, "the client's presence");
    }
    if missing {
        verdict =
            verdict.lacking("events are missing in that time: the presence may be among them");
    }
    verdict.only(case.role(attempt.at)).matches()
}

/// Seconds after which a presence does not come any more.
const LONG: u64 = 30;

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::{Certain, Likely};
    use crate::diagnose::testing::Script;

    fn bound() -> Script {
        Script::new().connects().opens_socket().binds("1001002")
    }

    fn presence(priority: &str) -> String {
        format!("<presence xmlns='jabber:client'><priority>{priority}</priority></presence>")
    }

    #[test]
    fn no_presence_for_long_is_certain_and_for_a_while_likely() {
        assert_eq!(bound().pings(6).cause(), Some(("no-presence", Certain)));
        assert_eq!(bound().pings(2).cause(), Some(("no-presence", Likely)));
    }

    #[test]
    fn a_negative_priority_is_certain() {
        let script = bound().says(&presence("-1")).finesse(true).pings(2);
        assert_eq!(script.cause(), Some(("no-presence", Certain)));
    }

    #[test]
    fn a_priority_of_zero_or_more_is_no_incident() {
        for priority in ["0", "127"] {
            let script = bound().says(&presence(priority)).finesse(true).pings(3);
            assert_eq!(script.cause(), None, "{priority}");
        }
    }

    #[test]
    fn a_client_that_gets_events_all_the_same_is_no_incident() {
        let script = bound().says(&presence("-1")).finesse(true).pings(2);
        let script = script.state("1001002", "READY", "").pings(2);
        assert_eq!(script.cause(), None);
    }
}
