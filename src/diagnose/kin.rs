//! Whose an attempt was that failed before it told what it was for: a browser's own file holds all that the browser did.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::attempt::Attempt;
use super::loss::is_desktop;
use crate::event::Source;
use crate::session::{Connection, Session};

/// The domains in which a session's Finesse servers are.
#[derive(Debug, Clone, Default)]
pub(super) struct Kin {
    /// `None` for a session of finspect's own, which looks into nothing but what the user named.
    domains: Option<BTreeSet<String>>,
}

impl Kin {
    /// What a session shows of them.
    pub(super) fn of(session: &Session) -> Self {
        if !is_imported(session) {
            return Self::default();
        }
        let sockets = session.connections().filter(|one| is_of_finesse(one));
        let targets = sockets.filter_map(|one| Some(one.target.as_ref()?.host.as_str()));
        let polled = session.rest().polls.iter().map(|poll| poll.host.as_str());
        let domains = targets.chain(polled).map(domain).collect();
        Self {
            domains: Some(domains),
        }
    }

    /// Whether an attempt has nothing to do with Finesse, as far as can be told.
    pub(super) fn is_foreign(&self, attempt: &Attempt<'_>) -> bool {
        let (Some(domains), true) = (&self.domains, attempt.is_before_http()) else {
            return false;
        };
        let Some(target) = &attempt.connection.target else {
            return true;
        };
        if domains.is_empty() {
            return !PORTS.contains(&target.port);
        }
        !domains.contains(&domain(&target.host))
    }
}

/// Whether a session was made from a browser's file, which knows one browser and nothing of TCP.
pub(super) fn is_imported(session: &Session) -> bool {
    let source = session.started().map(|started| &started.source);
    matches!(source, Some(Source::Har(_) | Source::Netlog(_)))
}

fn is_of_finesse(connection: &Connection) -> bool {
    let refused = &connection.exchanges.failures;
    connection.socket.as_ref().is_some_and(is_desktop) || refused.iter().any(|one| one.upgrade)
}

/// What two nodes of a cluster have in common: the name without its first label.
fn domain(host: &str) -> String {
    let host = host.to_lowercase();
    let parent = host.split_once('.').map(|(_, parent)| parent);
    let named = parent.filter(|parent| parent.contains('.') && host.parse::<IpAddr>().is_err());
    named.unwrap_or(&host).to_owned()
}

/// Ports on which Finesse serves its desktop and its sockets (`finesse.md` 1.1, 1.2).
const PORTS: [u16; 4] = [8445, 7443, 7071, 8082];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_a_cluster_share_a_domain_and_addresses_share_none() {
        assert_eq!(
            domain("Finesse1.cc.example.com"),
            domain("finesse2.cc.example.com")
        );
        assert_ne!(
            domain("finesse1.example.com"),
            domain("clients2.google.com")
        );
        assert_ne!(domain("example.com"), domain("google.com"));
        assert_ne!(domain("10.1.2.3"), domain("11.1.2.3"));
    }
}
