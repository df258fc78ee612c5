//! The Notification Service's memory: who is bound to which full JID, who subscribed to which node, and publishing.
//!
//! The nodes of a user are subscribed by themselves, under the bare JID, so every session of the user gets their
//! events; explicit subscriptions belong to the full JID and outlive the session (finesse.md 1.5).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use quick_xml::escape::escape;
use tokio::sync::mpsc;

use super::seed::Seed;

/// What a session has to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outgoing {
    /// One stanza, one text message.
    Stanza(String),
    /// The end.
    Bye(Ending),
}

/// How the server ends a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// As Openfire 4.2 does: a stream error if there is a condition, `<close/>`, an empty Close frame.
    Stream(Option<&'static str>),
    /// As with Jetty's own limits: a stream error and `<close/>`, then a Close frame with code and reason.
    StreamThenFrame(&'static str, u16, &'static str),
    /// The end of TLS and TCP in order, with no WebSocket goodbye: a front proxy whose server has gone.
    Nothing,
    /// A Close frame out of nowhere, with its code and reason.
    Frame(u16, String),
}

/// One bound session.
#[derive(Debug)]
pub(super) struct Bound {
    /// Tells sessions apart that had the same JID one after the other.
    pub(super) key: u64,
    /// The user's id, which is the JID's local part.
    pub(super) user: String,
    /// `user@domain/resource`.
    pub(super) jid: String,
    /// Whether it sent a presence that lets it have events.
    pub(super) available: bool,
    /// Its way out.
    pub(super) outbox: mpsc::Sender<Outgoing>,
}

/// The Notification Service's memory.
#[derive(Debug)]
pub(super) struct PubSub {
    domain: String,
    seed: Seed,
    table: Mutex<Table>,
}

impl PubSub {
    /// Nobody is bound, nothing is subscribed.
    pub(super) fn new(domain: String, seed: Seed) -> Self {
        Self {
            domain,
            seed,
            table: Mutex::default(),
        }
    }

    /// The ids of streams and items.
    pub(super) const fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Takes the resource: whoever had the same full JID is told of the conflict and ended.
    pub(super) fn bind(&self, session: Bound) {
        let mut table = self.lock();
        table.oust(&session.jid);
        table.bound.push(session);
    }

    /// Ends whoever is bound, each as if somebody else had bound the same full JID.
    pub(super) fn conflict(&self) {
        let mut table = self.lock();
        let jids: Vec<String> = table.bound.iter().map(|bound| bound.jid.clone()).collect();
        jids.iter().for_each(|jid| table.oust(jid));
    }

    /// The session is gone; its user's id if that was the last one.
    pub(super) fn unbind(&self, key: u64) -> Option<String> {
        let mut table = self.lock();
        let index = table.bound.iter().position(|bound| bound.key == key)?;
        let gone = table.bound.swap_remove(index);
        let alone = !table.bound.iter().any(|bound| bound.user == gone.user);
        alone.then_some(gone.user)
    }

    /// Whether the user has a session.
    pub(super) fn is_bound(&self, user: &str) -> bool {
        self.lock().bound.iter().any(|bound| bound.user == user)
    }

    /// How many sessions there are.
    pub(super) fn sessions(&self) -> usize {
        self.lock().bound.len()
    }

    /// Whether the session may have events from now on.
    pub(super) fn available(&self, key: u64, available: bool) {
        let mut table = self.lock();
        if let Some(bound) = table.bound.iter_mut().find(|bound| bound.key == key) {
            bound.available = available;
        }
    }

    /// Subscribes a full JID; false when the table is full.
    pub(super) fn subscribe(&self, node: &str, jid: &str) -> bool {
        let mut table = self.lock();
        if table.explicit.values().map(BTreeSet::len).sum::<usize>() >= SUBSCRIPTIONS {
            return false;
        }
        let jids = table.explicit.entry(node.to_owned()).or_default();
        jids.insert(jid.to_owned());
        true
    }

    /// Ends a subscription; false when there was none.
    pub(super) fn unsubscribe(&self, node: &str, jid: &str) -> bool {
        let mut table = self.lock();
        let jids = table.explicit.get_mut(node);
        jids.is_some_and(|jids| jids.remove(jid))
    }

    /// Publishes an `Update`, escaped as text, to the node's subscribers.
    pub(super) fn publish(&self, node: &str, update: &str) {
        let item = self.seed.uuid();
        let table = self.lock();
        let explicit = table.explicit.get(node).cloned().unwrap_or_default();
        let domain = &self.domain;
        table.send(|bound| {
            let to = if is_automatic(node, &bound.user) {
                format!("{}@{domain}", bound.user)
            } else if explicit.contains(&bound.jid) {
                bound.jid.clone()
            } else {
                return None;
            };
            let id = self.seed.stream_id();
            Some(format!(
                "<message from='pubsub.{domain}' to='{to}' id='{id}'>\
                 <event xmlns='http://jabber.org/protocol/pubsub#event'><items node='{node}'><item id='{item}'>\
                 <notification xmlns='http://jabber.org/protocol/pubsub'>{}</notification></item></items></event></message>",
                escape(update)
            ))
        });
    }

    /// Tells everybody that the Finesse web application (`finesse@`) came or went.
    pub(super) fn finesse_presence(&self, available: bool) {
        self.lock()
            .send(|bound| Some(finesse_presence(&self.domain, &bound.jid, available)));
    }

    /// Ends every session in the same way; each unbinds itself.
    pub(super) fn end_all(&self, ending: &Ending) {
        for bound in &self.lock().bound {
            // A full outbox belongs to a session that is as good as gone.
            let _ = bound.outbox.try_send(Outgoing::Bye(ending.clone()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The presence of `finesse@domain`, without which a desktop never counts itself connected.
pub(super) fn finesse_presence(domain: &str, to: &str, available: bool) -> String {
    let from = format!("finesse@{domain}/Smack");
    if available {
        format!(
            "<presence id='finesse' from='{from}' to='{to}'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' \
             node='http://www.igniterealtime.org/projects/smack' ver='NfJ3flI83zSdUDzCEICtbypursw='/></presence>"
        )
    } else {
        format!("<presence type='unavailable' from='{from}' to='{to}'/>")
    }
}

#[derive(Debug, Default)]
struct Table {
    bound: Vec<Bound>,
    /// Node to full JIDs.
    explicit: BTreeMap<String, BTreeSet<String>>,
}

impl Table {
    fn oust(&mut self, jid: &str) {
        for old in self.bound.extract_if(.., |bound| bound.jid == jid) {
            // A full outbox belongs to a session that is as good as gone.
            let _ = old
                .outbox
                .try_send(Outgoing::Bye(Ending::Stream(Some("conflict"))));
        }
    }

    fn send(&self, stanza: impl Fn(&Bound) -> Option<String>) {
        for bound in self.bound.iter().filter(|bound| bound.available) {
            let Some(stanza) = stanza(bound) else {
                continue;
            };
            if bound.outbox.try_send(Outgoing::Stanza(stanza)).is_err() {
                tracing::warn!(
                    jid = bound.jid,
                    "the simulator dropped a notification: session does not read"
                );
            }
        }
    }
}

/// Whether `node` is one that Finesse subscribes for the user by itself.
fn is_automatic(node: &str, user: &str) -> bool {
    node == SYSTEM_INFO
        || node
            .strip_prefix("/finesse/api/User/")
            .and_then(|rest| rest.strip_prefix(user))
            .is_some_and(|rest| rest.is_empty() || rest == "/Dialogs" || rest.starts_with("/Media"))
}

/// The node of the system's health.
pub(super) const SYSTEM_INFO: &str = "/finesse/api/SystemInfo";
/// Most explicit subscriptions that are kept.
const SUBSCRIPTIONS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_gets_own_nodes_and_no_other_users() {
        assert!(is_automatic("/finesse/api/User/1001002", "1001002"));
        assert!(is_automatic("/finesse/api/User/1001002/Dialogs", "1001002"));
        assert!(is_automatic(SYSTEM_INFO, "1001002"));
        assert!(!is_automatic("/finesse/api/User/10010021", "1001002"));
        assert!(!is_automatic("/finesse/api/Team/1/Users", "1001002"));
    }
}
