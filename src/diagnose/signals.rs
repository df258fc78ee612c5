//! Which of Finesse's three health signals failed in an incident, and which of them first.

use serde::Serialize;

use super::case::Case;
use super::moment;
use super::report::Moment;
use super::words::duration;
use crate::session::{At, Signal};

/// One of Finesse's health signals failed (`finesse.md` 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SignalFailed {
    /// When.
    pub at: Moment,
    /// Which.
    pub signal: HealthSignal,
}

/// One of the three signals by which a desktop tells whether Finesse is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HealthSignal {
    /// Finesse's word of itself: `SystemInfo` with `IN_SERVICE`.
    SystemInfo,
    /// The XMPP connection.
    Xmpp,
    /// The presence of the user `finesse`.
    FinessePresence,
}

/// The signals that failed while the incident went on, each by its first failure, in order.
pub(super) fn failed(case: &Case<'_>) -> Vec<SignalFailed> {
    let (began, until) = (case.began(), case.until());
    let changes = case.session.health(case.incident.agent.as_deref());
    let changes = changes.into_iter().filter(|one| !one.well);
    let within = changes.filter(|one| began <= one.at && one.at <= until);
    // A socket is of no use from the first ping on that stays without an answer.
    let silent = case.loss().map(|loss| (loss.at, Signal::Xmpp));
    let mut failures: Vec<(At, Signal)> = within.map(|one| (one.at, one.signal)).collect();
    failures.extend(silent);
    // Where the user leaves, the connection is not what fails.
    failures.retain(|(_, signal)| *signal != Signal::Xmpp || case.loss().is_some());
    failures.sort_unstable();
    let mut first: Vec<(At, Signal)> = Vec::new();
    for (at, signal) in failures {
        if !first.iter().any(|(_, known)| *known == signal) {
            first.push((at, signal));
        }
    }
    let first = first.into_iter().map(|(at, signal)| SignalFailed {
        at: moment(case.session, at),
        signal: name(signal),
    });
    first.collect()
}

const fn name(signal: Signal) -> HealthSignal {
    match signal {
        Signal::SystemInfo => HealthSignal::SystemInfo,
        Signal::Xmpp => HealthSignal::Xmpp,
        Signal::Finesse => HealthSignal::FinessePresence,
    }
}

/// Which signal failed first, and which ones followed.
#[must_use]
pub fn told(failed: &[SignalFailed]) -> Option<String> {
    let (first, later) = failed.split_first()?;
    let later = later.iter().map(|one| {
        let after = duration(one.at.time.since(first.at.time));
        format!("{} {after} later", words(one.signal))
    });
    let later: Vec<String> = later.collect();
    let first = words(first.signal);
    Some(if later.is_empty() {
        format!("of Finesse's three health signals {first} failed, and no other")
    } else {
        format!(
            "of Finesse's three health signals {first} failed first, then {}",
            later.join(" and ")
        )
    })
}

const fn words(signal: HealthSignal) -> &'static str {
    match signal {
        HealthSignal::SystemInfo => "SystemInfo",
        HealthSignal::Xmpp => "the XMPP connection",
        HealthSignal::FinessePresence => "the presence of the user finesse",
    }
}

#[cfg(test)]
mod tests {
    use super::{HealthSignal, told};
    use crate::diagnose::report::Story;
    use crate::diagnose::testing::Script;

    fn story(script: Script) -> Story {
        script.diagnosed().incidents.remove(0).story
    }

    fn names(story: &Story) -> Vec<HealthSignal> {
        story.signals.iter().map(|one| one.signal).collect()
    }

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(4)
    }

    #[test]
    fn the_signal_that_failed_first_is_told_first() {
        use HealthSignal::{FinessePresence, SystemInfo, Xmpp};
        let out = healthy().system_info("OUT_OF_SERVICE", "CTI", "");
        let out = story(out.after(2.0).finesse(false).pings(2));
        assert_eq!(names(&out), [SystemInfo, FinessePresence]);
        assert_eq!(
            told(&out.signals).unwrap(),
            "of Finesse's three health signals SystemInfo failed first, then the presence of the user finesse 2.0 s later"
        );
        let shut = healthy().finesse(false).after(0.5);
        let shut = story(shut.stream_error("system-shutdown"));
        assert_eq!(names(&shut), [FinessePresence, Xmpp]);
        let silent = story(healthy().after(9.0).ping().gives_up());
        assert_eq!(names(&silent), [Xmpp]);
        assert!(told(&silent.signals).unwrap().ends_with("and no other"));
    }

    #[test]
    fn what_another_agent_lost_and_what_the_user_left_are_no_failures() {
        let left = story(healthy().says_goodbye());
        assert_eq!(names(&left), []);
        let other = healthy().logs_in("1001003").pings(2);
        let other = other.on(1).system_info("OUT_OF_SERVICE", "CTI", "");
        let report = other.on(2).stream_error("conflict").diagnosed();
        let of_other = report.incidents.iter();
        let mut of_other = of_other.filter(|one| one.agent.as_deref() == Some("1001003"));
        let story = &of_other.next().unwrap().story;
        assert_eq!(names(story), [HealthSignal::Xmpp]);
    }
}
