//! REST that fails again and again with a server's error, while nothing says so.

use std::collections::BTreeMap;

use crate::event::{ConnectionId, Micros};
use crate::session::{At, Failure, Session, Success, is_call};

use super::clocks::Clocks;
use super::refusals;

/// A run of the agents' calls to one server that were answered with 500 or above, and none of their kind better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failing<'a> {
    /// The first of them.
    pub first: &'a Failure,
    /// Its connection.
    pub connection: ConnectionId,
    /// The last.
    pub last: &'a Failure,
    /// How many there were.
    pub times: u64,
    /// The first that Finesse itself answered with `SERVER_OUT_OF_SERVICE` (`finesse.md` 3.1).
    pub out_of_service: Option<At>,
    /// The first success of the same kind afterwards.
    pub over: Option<At>,
}

impl<'a> Failing<'a> {
    /// The runs that are more than a call that fails, or a page that sends several at once.
    #[must_use]
    pub fn of(session: &'a Session, clocks: &Clocks) -> Vec<Self> {
        let host = |id| {
            let target = session.get(id).and_then(|one| one.target.as_ref());
            target.map(|target| target.host.as_str())
        };
        let mut by_host: BTreeMap<Option<&str>, Vec<(ConnectionId, &Failure)>> = BTreeMap::new();
        for (id, failure) in &session.rest().failures {
            if is_call(&failure.target) {
                by_host.entry(host(*id)).or_default().push((*id, failure));
            }
        }
        let mut runs = Vec::new();
        for (host, failures) in by_host {
            runs.append(&mut of_host(session, clocks, host, &failures));
        }
        runs.retain(|run| run.goes_on(clocks));
        runs
    }

    /// The user in the path, where it names one.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        refusals::user(&self.first.target)
    }

    /// From the first to the last of them.
    #[must_use]
    pub fn lasted(&self) -> Micros {
        self.last.at.time.since(self.first.at.time)
    }

    fn goes_on(&self, clocks: &Clocks) -> bool {
        self.times >= OFTEN && self.lasted() >= clocks.seconds(LONG)
    }

    fn begin(connection: ConnectionId, failure: &'a Failure) -> Self {
        Self {
            first: failure,
            connection,
            last: failure,
            times: 0,
            out_of_service: None,
            over: None,
        }
    }

    fn add(&mut self, failure: &'a Failure) {
        self.last = failure;
        self.times += 1;
        if failure.error.as_deref() == Some(OUT_OF_SERVICE) {
            self.out_of_service.get_or_insert(failure.at);
        }
    }
}

fn of_host<'a>(
    session: &'a Session,
    clocks: &Clocks,
    host: Option<&str>,
    failures: &[(ConnectionId, &'a Failure)],
) -> Vec<Failing<'a>> {
    let mut runs: Vec<Failing<'a>> = Vec::new();
    let mut methods: Vec<&str> = Vec::new();
    let succeeded = |methods: &[&str], after: At| {
        let is_kind = |one: &&Success| {
            host.is_none_or(|host| host == one.host) && methods.contains(&one.method.as_str())
        };
        let mut later = session.rest().successes.after(after);
        later.find(is_kind).map(|one| one.at)
    };
    for (id, failure) in failures {
        let kind = failure.method.as_str();
        if failure.status < 500 {
            // Whoever refuses a call is alive.
            let ended = runs.last_mut().filter(|_| methods.contains(&kind));
            if let Some(run) = ended {
                run.over = run.over.or(Some(failure.at));
            }
            continue;
        }
        if let Some(run) = runs.last_mut() {
            let over = succeeded(&methods, run.last.at).filter(|at| *at < failure.at);
            let over = earliest(run.over, over);
            let quiet = failure.at.time.since(run.last.at.time);
            if over.is_none() && quiet <= clocks.seconds(TOGETHER) {
                run.add(failure);
                methods.push(kind);
                continue;
            }
            run.over = over;
        }
        let mut run = Failing::begin(*id, failure);
        run.add(failure);
        methods = vec![kind];
        runs.push(run);
    }
    if let Some(run) = runs.last_mut() {
        run.over = earliest(run.over, succeeded(&methods, run.last.at));
    }
    runs
}

/// The earlier of two moments, where there is one.
pub(super) fn earliest(one: Option<At>, other: Option<At>) -> Option<At> {
    [one, other].into_iter().flatten().min()
}

/// What Finesse calls it when it runs and something that it needs does not.
const OUT_OF_SERVICE: &str = "SERVER_OUT_OF_SERVICE";
/// Failures from which on it is no accident.
const OFTEN: u64 = 3;
/// Seconds that they last at least; calls that a page sends at once do not.
const LONG: u64 = 5;
/// Seconds without one after which the next begins another run.
const TOGETHER: u64 = 120;
