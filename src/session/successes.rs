//! Calls of REST that succeeded after others had failed: what says that a failure was over.

use std::collections::BTreeMap;

use super::kept::{Kept, clip};
use super::rest::{is_call, user_in};
use super::{At, Connection, Exchange};
use crate::event::ConnectionId;

/// A call of Finesse's API that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    /// The answer.
    pub at: At,
    /// On which connection.
    pub connection: ConnectionId,
    /// Whose; empty where that was not seen.
    pub host: String,
    /// The method of the request.
    pub method: String,
    /// The user in the path, in lower case.
    pub user: Option<String>,
}

/// Of each kind of call the first that succeeded after a failure of any, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Successes {
    kept: Kept<Success>,
    failed: Option<At>,
    /// The latest that is kept of each kind: by host, method and user.
    latest: BTreeMap<(String, String, Option<String>), At>,
}

impl Successes {
    /// Those after that moment, in order.
    pub fn after(&self, at: At) -> impl Iterator<Item = &Success> {
        self.kept.iter().filter(move |one| one.at > at)
    }

    pub(super) fn take(&mut self, from: &Connection, exchange: &Exchange, status: u16, at: At) {
        if !is_call(&exchange.target) {
            return;
        }
        if status >= 400 {
            self.failed = Some(at);
            return;
        }
        let Some(failed) = self.failed.filter(|_| status < 300) else {
            return;
        };
        let host = from.target.as_ref().map(|target| target.host.clone());
        let success = Success {
            at,
            connection: from.id,
            host: host.unwrap_or_default(),
            method: exchange.method.clone(),
            user: user_in(&exchange.target).map(|user| clip(user).to_lowercase()),
        };
        let kind = (
            success.host.clone(),
            success.method.clone(),
            success.user.clone(),
        );
        if self.latest.get(&kind).is_some_and(|kept| *kept > failed) {
            return;
        }
        if self.latest.len() >= KINDS {
            self.latest.pop_first();
        }
        self.latest.insert(kind, at);
        self.kept.keep(success);
    }
}

/// Kinds of calls remembered.
const KINDS: usize = 256;
