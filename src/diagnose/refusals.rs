//! REST whose credentials the server refuses again and again: a wrong password, a locked account, an expired token.

use std::collections::BTreeMap;

use crate::session::{At, Failure, Session, is_call};

use super::clocks::Clocks;

/// A run of REST calls of one user that were answered with 401, none with success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusals<'a> {
    /// The first of them.
    pub first: &'a Failure,
    /// The last.
    pub last: &'a Failure,
    /// How many there were.
    pub times: u64,
    /// The first call of this user that succeeded afterwards.
    pub over: Option<At>,
    /// Whether one of them signs an agent in.
    signs_in: bool,
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
                over: None,
                signs_in: false,
            };
            let user = user(&failure.target);
            let succeeded = |after| success(session, user.as_deref(), after);
            let run = open.entry(user.clone()).or_insert(begun);
            run.over = succeeded(run.last.at).filter(|at| *at < failure.at);
            let quiet = failure.at.time.since(run.last.at.time);
            if run.over.is_some() || quiet > clocks.seconds(TOGETHER) {
                runs.push(std::mem::replace(run, begun));
            }
            run.last = failure;
            run.times += 1;
            run.signs_in |= is_sign_in(failure);
        }
        runs.extend(open.into_values());
        for run in &mut runs {
            run.over = run
                .over
                .or_else(|| success(session, run.user().as_deref(), run.last.at));
        }
        runs.retain(|run| run.goes_on(clocks) || run.keeps_out(session));
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

    /// Whether somebody who was not signed in was refused, and nothing of him succeeded afterwards.
    fn keeps_out(&self, session: &Session) -> bool {
        let user = self.user();
        let own = session
            .agents()
            .filter(|one| user.as_ref().is_none_or(|user| *user == one.user));
        let mut sockets = own.flat_map(|one| &one.sockets);
        let serves = sockets.any(|(bound, id)| {
            let closed = session.get(*id).and_then(|one| one.closed.as_ref());
            *bound > self.last.at || closed.is_none_or(|(at, _)| *at > self.first.at)
        });
        self.signs_in && self.over.is_none() && !serves
    }
}

/// The first call of this user, or of anybody, that succeeded after that moment.
fn success(session: &Session, user: Option<&str>, after: At) -> Option<At> {
    let mut later = session.rest().successes.after(after);
    let found = later.find(|one| user.is_none() || one.user.as_deref() == user)?;
    Some(found.at)
}

/// Whether the API itself says that it does not know the caller; `SystemInfo` needs no sign-in on a LAN.
pub(super) fn is_refusal(failure: &Failure) -> bool {
    failure.status == 401 && is_call(&failure.target)
}

/// Whether it is a call by which an agent signs in, and no browser's that asks first whether it needs credentials.
fn is_sign_in(failure: &Failure) -> bool {
    let path = failure.target.split(['?', '#']).next().unwrap_or_default();
    let below = path.split_once("/finesse/api/User/").map(|(_, id)| id);
    let page = match below {
        Some(user) => !user.trim_end_matches('/').contains('/'),
        None => path.trim_end_matches('/').ends_with("/auth"),
    };
    page && (failure.method == "PUT" || failure.credentials)
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
