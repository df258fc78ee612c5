//! REST whose credentials the server refuses again and again: a wrong password, a locked account, an expired token.

use std::collections::BTreeMap;

use crate::session::{Failure, Session};

use super::clocks::Clocks;

/// A run of REST calls of one user that were answered with 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusals<'a> {
    /// The first of them.
    pub first: &'a Failure,
    /// The last.
    pub last: &'a Failure,
    /// How many there were.
    pub times: u64,
}

impl<'a> Refusals<'a> {
    /// The runs that are more than a browser's first call without credentials, or calls in flight while a token expires.
    #[must_use]
    pub fn of(session: &'a Session, clocks: &Clocks) -> Vec<Self> {
        let mut open: BTreeMap<Option<String>, Self> = BTreeMap::new();
        let mut runs = Vec::new();
        for (_, failure) in &session.rest().failures {
            if !is_refusal(failure) {
                continue;
            }
            let begun = Self {
                first: failure,
                last: failure,
                times: 0,
            };
            let run = open.entry(user(&failure.target)).or_insert(begun);
            if failure.at.time.since(run.last.at.time) > clocks.seconds(TOGETHER) {
                runs.push(std::mem::replace(run, begun));
            }
            run.last = failure;
            run.times += 1;
        }
        runs.extend(open.into_values());
        runs.retain(|run| run.goes_on(clocks));
        runs
    }

    /// The user in the path, where it names one.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        user(&self.first.target)
    }

    fn goes_on(&self, clocks: &Clocks) -> bool {
        let lasted = self.last.at.time.since(self.first.at.time);
        let often = if self.first.method == "PUT" {
            TWICE
        } else {
            OFTEN
        };
        self.times >= often && lasted >= clocks.seconds(LONG)
    }
}

/// Whether the API itself says that it does not know the caller; `SystemInfo` needs no sign-in on a LAN.
pub(super) fn is_refusal(failure: &Failure) -> bool {
    failure.status == 401
        && failure.target.contains("/finesse/api/")
        && !failure.target.contains("/SystemInfo")
}

/// The user of `…/finesse/api/User/ID` and of what is below it.
pub(super) fn user(target: &str) -> Option<String> {
    let (_, rest) = target.split_once("/finesse/api/User/")?;
    let user = rest.split(['/', '?']).next()?;
    (!user.is_empty()).then(|| user.to_lowercase())
}

/// Refusals from which on it is no accident.
const OFTEN: u64 = 3;
/// The same for a `PUT`, with which an agent signs in: a page does not send one for a start.
const TWICE: u64 = 2;
/// Seconds that they last at least; calls that a page sends at once do not.
const LONG: u64 = 5;
/// Seconds without one after which the next begins another run.
const TOGETHER: u64 = 120;

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::Script;

    fn refused(method: &str, target: &str, times: u64, every: f64) -> bool {
        let script = (0..times).fold(Script::new().logs_in("1001002"), |script, _| {
            script.after(every).rest(method, target, 401)
        });
        !script.diagnosed().incidents.is_empty()
    }

    #[test]
    fn refusals_that_go_on_are_an_incident_and_single_ones_are_not() {
        let user = "/finesse/api/User/1001002";
        assert!(refused("GET", user, 3, 4.0));
        assert!(!refused("GET", user, 2, 8.0));
        assert!(refused("PUT", user, 2, 8.0), "signing in");
        assert!(!refused("PUT", user, 1, 8.0));
    }

    #[test]
    fn a_token_that_expires_every_few_minutes_is_no_run() {
        assert!(!refused("PUT", "/finesse/api/User/1001002", 4, 300.0));
    }

    #[test]
    fn system_info_and_what_is_not_finesses_do_not_count() {
        assert!(!refused("GET", "/finesse/api/SystemInfo", 9, 5.0));
        assert!(!refused("GET", "/cuic/rest/about", 9, 5.0));
    }
}
