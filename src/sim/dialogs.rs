//! The calls: offered by the script of a test, answered and dropped by the agent.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::element::element;

/// All calls.
#[derive(Debug)]
pub(super) struct Dialogs {
    next: AtomicU64,
    open: Mutex<BTreeMap<u64, Dialog>>,
}

impl Default for Dialogs {
    fn default() -> Self {
        Self {
            next: AtomicU64::new(16_804_377),
            open: Mutex::default(),
        }
    }
}

impl Dialogs {
    /// A call from `caller` rings at `agent`; its number.
    pub(super) fn offer(&self, agent: &str, caller: &str) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let dialog = Dialog {
            agent: agent.to_owned(),
            caller: caller.to_owned(),
            state: "ALERTING",
        };
        self.lock().insert(id, dialog);
        id
    }

    /// The call is answered; false when there is none of that number that rings at `agent`.
    pub(super) fn answer(&self, id: u64, agent: &str) -> bool {
        let mut open = self.lock();
        let dialog = open.get_mut(&id).filter(|dialog| dialog.agent == agent);
        dialog.is_some_and(|dialog| std::mem::replace(&mut dialog.state, "ACTIVE") == "ALERTING")
    }

    /// The call ends: what it was, as the last event shows it; none when there is no such call of `agent`.
    pub(super) fn drop_call(&self, id: u64, agent: &str) -> Option<String> {
        let mut open = self.lock();
        let dialog = open.get_mut(&id).filter(|dialog| dialog.agent == agent)?;
        dialog.state = "DROPPED";
        let last = dialog.xml(id);
        open.remove(&id);
        Some(last)
    }

    /// One call as XML.
    pub(super) fn xml(&self, id: u64) -> Option<String> {
        self.lock().get(&id).map(|dialog| dialog.xml(id))
    }

    /// The agent's calls as XML.
    pub(super) fn of(&self, agent: &str) -> String {
        let open = self.lock();
        let own = open.iter().filter(|(_, dialog)| dialog.agent == agent);
        let list: String = own.map(|(id, dialog)| dialog.xml(*id)).collect();
        format!("<Dialogs>{list}</Dialogs>")
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Dialog>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Dialog {
    agent: String,
    caller: String,
    state: &'static str,
}

impl Dialog {
    fn xml(&self, id: u64) -> String {
        let variable = format!(
            "<CallVariable>{}{}</CallVariable>",
            element("name", "callVariable1"),
            element("value", "account 4711")
        );
        let participants: String = [("1", self.caller.as_str()), ("2", self.agent.as_str())]
            .map(|(kind, address)| {
                format!(
                    "<Participant>{}{}{}</Participant>",
                    element("mediaAddress", address),
                    element(
                        "mediaAddressType",
                        if kind == "2" { "AGENT_DEVICE" } else { "" }
                    ),
                    element("state", self.state)
                )
            })
            .concat();
        format!(
            "<Dialog>{}<id>{id}</id><mediaProperties><DNIS>1000</DNIS><callType>ACD_IN</callType>\
             <callvariables>{variable}</callvariables></mediaProperties><mediaType>Voice</mediaType>\
             <participants>{participants}</participants>{}<toAddress>1000</toAddress>\
             <uri>/finesse/api/Dialog/{id}</uri></Dialog>",
            element("fromAddress", &self.caller),
            element("state", self.state),
        )
    }
}
