//! The page was closed, loaded again, or left for another one (`finesse.md` 4.3, row 12; 8b).

use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::symptom::{Symptom, is_connection_failure};
use crate::diagnose::words::duration;
use crate::event::{Direction, Manner, Micros};
use crate::session::{At, Close, StateChange};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "page-closed",
    title: "The desktop's page was closed, loaded again or left",
    severity: Severity::Notice,
    explains: &["late-logout"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let mut losses = case.incident.losses();
    let left = losses.find_map(|loss| Some((loss, how(loss)?)));
    let Some((loss, how)) = left else {
        return mute(case);
    };
    // After trouble an empty Close is how a desktop gives a socket up.
    let trouble = had_trouble(case, loss);
    if wished(case, loss) || (trouble && how == How::Close) {
        return Opinion::Silent;
    }
    let verdict = match how {
        How::Goodbye => Verdict::new(Confidence::Certain, "")
            .because("the page itself said goodbye (unavailable, close) while nothing was wrong, and did not ask for LOGOUT")
            .shown(loss.over, "it says goodbye"),
        How::GoingAway => Verdict::new(Confidence::Certain, "")
            .because("the browser itself said so: Close 1001, going away, on a healthy socket")
            .shown(loss.over, "Close 1001 from the browser"),
        How::Close => Verdict::new(Confidence::Possible, "")
            .because("the browser closed a healthy socket itself")
            .lacking("the page said no goodbye: a client that gives up for a reason of its own closes like that too")
            .shown(loss.over, "a Close from the browser"),
    };
    let mut verdict = unseen_wishes(case, loss, verdict);
    let back = case.bound_after(loss);
    let within = back.map(|at| at.time.since(loss.over.time));
    verdict = match (logged_out(case, loss), within) {
        (Some(change), _) => {
            verdict.says = "The page was left after the agent had been logged out".to_owned();
            verdict.confidence = Confidence::Possible;
            let verdict = verdict
                .lacking("who logged the agent out is another question")
                .shown(change.at, "Finesse says that the agent is logged out")
                .no_worse_than(Severity::Info);
            // The system's own word comes first: that the page goes then is no cause.
            if case.incident.forced().any(|forced| forced.at == change.at) {
                verdict.only(Role::Consequence)
            } else {
                verdict
            }
        }
        (None, Some(within)) if within <= case.seconds(GRACE) => {
            let left = if trouble {
                "The desktop said goodbye and began anew"
            } else {
                "The page was loaded again"
            };
            verdict.says = format!(
                "{left}: the agent was back {} later, within the {} that Finesse waits",
                duration(within),
                duration(case.seconds(GRACE))
            );
            verdict.no_worse_than(Severity::Info)
        }
        (None, within) => {
            verdict.says = away(case, loss, within);
            verdict
        }
    };
    if let Some(back) = back {
        verdict = verdict.shown(back, "the next login");
    }
    if trouble {
        verdict = verdict.only(Role::Consequence);
    }
    verdict.matches()
}

/// The browser's side ended it, and not as a browser does for a page.
fn mute(case: &Case<'_>) -> Opinion {
    let mute = case
        .loss()
        .and_then(|loss| loss.broken_off(Direction::ToServer));
    match mute.map(|end| &end.manner) {
        Some(Manner::Fin | Manner::FinWithoutCloseNotify | Manner::Reset) => Opinion::RuledOut(
            "a page that is closed or loaded again says goodbye, or its browser sends a Close: neither came".to_owned(),
        ),
        _ => Opinion::Silent,
    }
}

/// In what words a page left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// Of XMPP: its handlers ran.
    Goodbye,
    /// Close 1001: the browser spoke for a page that could not.
    GoingAway,
    /// Another Close.
    Close,
}

fn how(loss: &Loss<'_>) -> Option<How> {
    if loss.unanswered.is_some() {
        return None;
    }
    match loss.word {
        Word::Goodbye => Some(How::Goodbye),
        Word::Close(Close {
            direction: Direction::ToServer,
            code,
            ..
        }) => match code {
            Some(1001) => Some(How::GoingAway),
            Some(1000) | None => Some(How::Close),
            Some(_) => None,
        },
        _ => None,
    }
}

/// What comes of a page that is not back in time.
fn away(case: &Case<'_>, loss: &Loss<'_>, within: Option<Micros>) -> String {
    let back = within.map_or_else(
        || "was not opened again in this recording".to_owned(),
        |within| format!("was opened again only after {}", duration(within)),
    );
    let forced = case.incident.forced();
    let forced = forced
        .into_iter()
        .find(|change| change.at > loss.over && is_connection_failure(change));
    let then = match forced {
        Some(change) => format!(
            "Finesse answered with {} (reason {}) {} later",
            change.state,
            change.reason_code.as_deref().unwrap_or("none"),
            duration(change.at.time.since(loss.over.time))
        ),
        None => format!(
            "Finesse waits {} and then logs the agent out or makes them not ready (reason 255 or 50002)",
            duration(case.seconds(GRACE))
        ),
    };
    format!("The page was closed or left without signing out, and {back}: {then}")
}

/// Whether the desktop asked for LOGOUT shortly before.
fn wished(case: &Case<'_>, loss: &Loss<'_>) -> bool {
    let mut wishes = case.session.rest().wishes.iter();
    let agent = case.incident.agent.as_ref();
    wishes.any(|wish| {
        wish.state == "LOGOUT"
            && agent.is_none_or(|agent| *agent == wish.user)
            && wish.at <= loss.over
            && loss.over.time.since(wish.at.time) <= case.seconds(RECENT)
    })
}

/// Finesse's word that the agent is logged out, shortly before the page was left.
fn logged_out<'a>(case: &Case<'a>, loss: &Loss<'_>) -> Option<&'a StateChange> {
    let agent = case.incident.agent.as_deref()?;
    let mut agents = case.session.agents();
    let agent = agents.find(|one| one.user == agent)?;
    let mut before = agent
        .states
        .iter()
        .rev()
        .filter(|change| change.at <= loss.over);
    before.next().filter(|change| {
        change.state == "LOGOUT" && loss.over.time.since(change.at.time) <= case.seconds(RECENT)
    })
}

/// A recording without the desktop's REST, or with gaps, does not show whether it asked for LOGOUT.
fn unseen_wishes(case: &Case<'_>, loss: &Loss<'_>, mut verdict: Verdict) -> Verdict {
    let recent = Micros(loss.over.time.0.saturating_sub(case.seconds(RECENT).0));
    let rest = case.session.rest();
    let stream = &loss.socket.stream;
    if stream.finesse.is_empty() && stream.gadgets.is_empty() {
        verdict.confidence = Confidence::Possible;
        verdict = verdict.lacking(
            "the user finesse was never seen on this socket, so the desktop may have given it up",
        );
    } else if case.misses(recent, loss.over.time) {
        verdict.confidence = Confidence::Possible;
        verdict = verdict.lacking("events are missing just before it, a sign-out perhaps");
    } else if rest.wishes.is_empty() && rest.polls.is_empty() {
        verdict.confidence = Confidence::Possible;
        verdict = verdict
            .lacking("no REST of this desktop is in the recording, so a sign-out would not show")
            .no_worse_than(Severity::Info);
    }
    verdict
}

/// Whether service was lost before the page was left, so that leaving it was the answer.
fn had_trouble(case: &Case<'_>, loss: &Loss<'_>) -> bool {
    let before = case
        .incident
        .symptoms
        .iter()
        .filter(|one| one.at() < loss.at);
    let mut trouble = before.filter(|symptom| match symptom {
        Symptom::Lost(other) => how(other).is_none(),
        Symptom::Forced(_) => false,
        _ => true,
    });
    trouble
        .next()
        .map(Symptom::at)
        .is_some_and(|at: At| at < loss.at)
}

/// Seconds that Finesse waits for a page to come back (`finesse.md` 4.1).
const GRACE: u64 = 60;
/// Seconds from a LOGOUT to the goodbye.
const RECENT: u64 = 30;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::report::{Finding, Outcome};
    use crate::diagnose::testing::Script;
    use Confidence::{Certain, Possible};
    use Direction::ToServer;

    fn healthy() -> Script {
        let script = Script::new().connects().wishes("1001002", "READY");
        script.logs_in("1001002").pings(5).after(4.0)
    }

    fn cause(script: Script) -> (Finding, Outcome) {
        let report = script.diagnosed();
        let cause = report.incidents.first().unwrap().cause.clone();
        (cause.unwrap(), report.outcome)
    }

    #[test]
    fn a_goodbye_without_a_logout_is_a_closed_page() {
        let (cause, outcome) = cause(healthy().says_goodbye().gone().after(90.0));
        assert_eq!((cause.rule, cause.confidence), (RULE.name, Certain));
        assert_eq!(
            (cause.severity, outcome),
            (Severity::Notice, Outcome::Notice)
        );
    }

    #[test]
    fn one_that_is_back_in_time_was_loaded_again_and_nothing_is_wrong() {
        let script = healthy()
            .says_goodbye()
            .gone()
            .after(3.0)
            .logs_in("1001002")
            .pings(3);
        let (cause, outcome) = cause(script);
        assert_eq!((cause.rule, cause.severity), (RULE.name, Severity::Info));
        assert_eq!(outcome, Outcome::Healthy);
    }

    #[test]
    fn one_that_is_back_too_late_is_worth_a_notice() {
        let script = healthy()
            .says_goodbye()
            .gone()
            .after(75.0)
            .logs_in("1001002");
        let (cause, _) = cause(script.state("1001002", "LOGOUT", "255"));
        assert_eq!((cause.rule, cause.severity), (RULE.name, Severity::Notice));
        assert!(cause.says.contains("reason 255"), "{}", cause.says);
    }

    #[test]
    fn a_goodbye_is_less_certain_where_a_sign_out_would_not_show() {
        let script = Script::new()
            .logs_in("1001002")
            .pings(5)
            .says_goodbye()
            .gone();
        assert_eq!(script.cause(), Some((RULE.name, Possible)));
    }

    #[test]
    fn close_1001_without_a_goodbye_is_one_too() {
        let script = healthy().closes(ToServer, Some(1001), "").gone();
        assert_eq!(script.cause(), Some((RULE.name, Certain)));
    }

    #[test]
    fn an_empty_close_without_a_goodbye_may_be_anything() {
        let script = healthy().closes(ToServer, None, "").gone();
        assert_eq!(script.cause(), Some((RULE.name, Possible)));
    }

    #[test]
    fn a_goodbye_after_a_wish_to_log_out_is_a_sign_out() {
        let script = healthy()
            .connects()
            .wishes("1001002", "LOGOUT")
            .after(0.5)
            .on(2);
        assert_eq!(
            script.says_goodbye().gone().cause(),
            Some(("signed-out", Certain))
        );
    }

    #[test]
    fn a_close_of_a_socket_that_was_given_up_is_none() {
        let script = healthy().after(6.0).ping().after(10.0).ping().after(3.0);
        let script = script.closes(ToServer, None, "").gone();
        assert_eq!(script.cause().unwrap().0, "no-answer");
    }

    #[test]
    fn a_browser_that_says_nothing_at_all_closed_no_page() {
        let ruled_out = |script: Script| script.ruled_out().iter().any(|one| one.0 == RULE.name);
        let mute = Manner::FinWithoutCloseNotify;
        assert!(ruled_out(healthy().ends(ToServer, mute.clone()).gone()));
        assert!(!ruled_out(healthy().ends(Direction::ToClient, mute).gone()));
    }
}
