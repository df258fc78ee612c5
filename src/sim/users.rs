//! The agents and supervisors: who they are, how they sign in, which state they are in.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::element::element;
use super::reason::reason_xml;

/// A user that the simulator knows from its start.
#[derive(Debug, Clone)]
pub struct Account {
    /// The login id and name, such as `1001002`.
    pub id: String,
    /// The password in clear: there is nothing behind it.
    pub password: String,
    /// First and last name.
    pub name: (String, String),
    /// The team's number.
    pub team: u32,
    /// Whether the role Supervisor comes on top of Agent.
    pub supervisor: bool,
}

impl Account {
    /// Two agents and their supervisor, whose passwords are `pass-` and their id.
    #[must_use]
    pub fn examples() -> Vec<Self> {
        [
            ("1001001", "Grace", "Okafor", true),
            ("1001002", "Ada", "Reyes", false),
            ("1001003", "Emil", "Novak", false),
        ]
        .map(|(id, first, last, supervisor)| Self {
            id: id.to_owned(),
            password: format!("pass-{id}"),
            name: (first.to_owned(), last.to_owned()),
            team: 1,
            supervisor,
        })
        .into()
    }
}

/// An agent's state (finesse.md 3.4); LOGIN is a request and never a state that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentState {
    /// Signed out.
    Logout,
    /// Signed in, takes no calls.
    NotReady,
    /// Signed in, waits for a call.
    Ready,
    /// A call is offered; set by the system alone.
    Reserved,
    /// On a call; set by the system alone.
    Talking,
}

impl AgentState {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logout => "LOGOUT",
            Self::NotReady => "NOT_READY",
            Self::Ready => "READY",
            Self::Reserved => "RESERVED",
            Self::Talking => "TALKING",
        }
    }
}

/// What a `PUT User` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Sign in.
    Login,
    /// Go to one of the states that a user may set.
    State(AgentState),
}

impl Wanted {
    /// From the text of `<state>`.
    pub(super) fn parse(state: &str) -> Option<Self> {
        Some(match state {
            "LOGIN" => Self::Login,
            "READY" => Self::State(AgentState::Ready),
            "NOT_READY" => Self::State(AgentState::NotReady),
            "LOGOUT" => Self::State(AgentState::Logout),
            _ => return None,
        })
    }
}

/// Why a state change is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Untaken {
    /// Nobody of that id.
    #[error("no such user")]
    Unknown,
    /// LOGIN without an extension.
    #[error("extension missing")]
    NoExtension,
    /// A state for somebody who is signed out.
    #[error("not signed in")]
    SignedOut,
}

/// All users.
#[derive(Debug)]
pub(super) struct Users {
    table: Mutex<BTreeMap<String, User>>,
    /// Seconds by which the server's clock is ahead.
    ahead: AtomicI64,
}

impl Users {
    /// Everybody signed out.
    pub(super) fn new(accounts: Vec<Account>) -> Self {
        let users = accounts.into_iter().map(|account| {
            let user = User {
                state: AgentState::Logout,
                reason: None,
                extension: String::new(),
                changed: jiff::Timestamp::now(),
                failures: 0,
                locked_until: None,
                account,
            };
            (user.account.id.clone(), user)
        });
        Self {
            table: Mutex::new(users.collect()),
            ahead: AtomicI64::new(0),
        }
    }

    /// Whether this is the password; the fifth wrong one in a row locks the account for `lock`, even for the right one.
    pub(super) fn authenticate(&self, id: &str, password: &str, lock: Duration) -> bool {
        let mut users = self.lock();
        let Some(user) = users.get_mut(id) else {
            return false;
        };
        let now = Instant::now();
        if user.locked_until.is_some_and(|until| now < until) {
            return false;
        }
        if user.account.password == password {
            user.failures = 0;
            return true;
        }
        user.failures += 1;
        if user.failures >= FAILURES {
            user.failures = 0;
            user.locked_until = Some(now + lock);
        }
        false
    }

    /// Sets the server's clock that many seconds ahead of the true time.
    pub(super) fn set_clock(&self, ahead: i64) {
        self.ahead.store(ahead, Ordering::Relaxed);
    }

    /// How many seconds the server's clock is ahead.
    pub(super) fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    /// The time as the server has it.
    pub(super) fn now(&self) -> jiff::Timestamp {
        let now = jiff::Timestamp::now();
        now.checked_add(jiff::SignedDuration::from_secs(self.ahead()))
            .unwrap_or(now)
    }

    /// Whether there is such a user.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// Whether `id` supervises `team`.
    pub(super) fn supervises(&self, id: &str, team: u32) -> bool {
        self.lock()
            .get(id)
            .is_some_and(|user| user.account.supervisor && user.account.team == team)
    }

    /// The user's team.
    pub(super) fn team(&self, id: &str) -> Option<u32> {
        self.lock().get(id).map(|user| user.account.team)
    }

    /// The user's state.
    pub(super) fn state(&self, id: &str) -> Option<AgentState> {
        self.lock().get(id).map(|user| user.state)
    }

    /// The ids of everybody.
    pub(super) fn ids(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Does what a `PUT User` asks for; signing in twice keeps the current state.
    pub(super) fn change(
        &self,
        id: &str,
        wanted: Wanted,
        extension: Option<&str>,
        reason: Option<i32>,
    ) -> Result<(), Untaken> {
        let now = self.now();
        let mut users = self.lock();
        let user = users.get_mut(id).ok_or(Untaken::Unknown)?;
        match (wanted, user.state) {
            (Wanted::Login, current) => {
                extension
                    .ok_or(Untaken::NoExtension)?
                    .clone_into(&mut user.extension);
                if current == AgentState::Logout {
                    user.enter(AgentState::NotReady, None, now);
                }
            }
            (Wanted::State(_), AgentState::Logout) => return Err(Untaken::SignedOut),
            (Wanted::State(state), _) => user.enter(state, reason, now),
        }
        Ok(())
    }

    /// The system sets a state, whatever the user wants; whether that changed anything.
    pub(super) fn force(&self, id: &str, state: AgentState, reason: Option<i32>) -> bool {
        let now = self.now();
        let mut users = self.lock();
        // Not ready for another reason is a change; signed out is signed out.
        let is_new = |user: &&mut User| {
            user.state != state
                || (state != AgentState::Logout && reason.is_some() && user.reason != reason)
        };
        let Some(user) = users.get_mut(id).filter(is_new) else {
            return false;
        };
        user.enter(state, reason, now);
        true
    }

    /// The user as XML: `User` in an answer, `user` in an event.
    pub(super) fn xml(&self, id: &str, tag: &str) -> Option<String> {
        self.lock().get(id).map(|user| user.xml(tag))
    }

    /// The team with a summary of its users as XML.
    pub(super) fn team_xml(&self, team: u32) -> Option<String> {
        let users = self.lock();
        let mut list = String::new();
        for user in users.values().filter(|user| user.account.team == team) {
            list.push_str(&user.summary("User"));
        }
        (!list.is_empty()).then(|| {
            format!(
                "<Team><uri>/finesse/api/Team/{team}</uri><id>{team}</id><name>Team {team}</name><users>{list}</users></Team>"
            )
        })
    }

    /// The short form of a user that team notifications carry.
    pub(super) fn summary(&self, id: &str) -> Option<String> {
        self.lock().get(id).map(|user| user.summary("user"))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, User>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct User {
    account: Account,
    state: AgentState,
    /// Why the state was entered, as Finesse's code; none is `-1` on the wire.
    reason: Option<i32>,
    extension: String,
    changed: jiff::Timestamp,
    /// Wrong passwords in a row.
    failures: u32,
    locked_until: Option<Instant>,
}

impl User {
    fn enter(&mut self, state: AgentState, reason: Option<i32>, now: jiff::Timestamp) {
        self.state = state;
        self.reason = reason;
        self.changed = now;
        if state == AgentState::Logout {
            self.extension.clear();
        }
    }

    fn xml(&self, tag: &str) -> String {
        let Account { id, name, team, .. } = &self.account;
        let mut roles = element("role", "Agent");
        if self.account.supervisor {
            roles.push_str(&element("role", "Supervisor"));
        }
        let mut xml = format!("<{tag}>");
        for (child, text) in [
            (
                "dialogs",
                format!("/finesse/api/User/{id}/Dialogs").as_str(),
            ),
            ("extension", &self.extension),
            ("firstName", &name.0),
            ("lastName", &name.1),
            ("loginId", id),
            ("loginName", id),
            ("mediaType", "1"),
            ("pendingState", ""),
            ("reasonCodeId", &self.reason.unwrap_or(-1).to_string()),
        ] {
            xml.push_str(&element(child, text));
        }
        xml.push_str(
            &self
                .reason
                .map_or_else(String::new, |code| reason_xml(code, self.state)),
        );
        // Writing to a string cannot fail.
        let _ = write!(
            xml,
            "<roles>{roles}</roles><settings><wrapUpOnIncoming>NOT_ALLOWED</wrapUpOnIncoming></settings>\
             <state>{}</state><stateChangeTime>{}</stateChangeTime><teamId>{team}</teamId>\
             <teamName>Team {team}</teamName><uri>/finesse/api/User/{id}</uri></{tag}>",
            self.state.name(),
            timestamp(self.changed),
        );
        xml
    }

    fn summary(&self, tag: &str) -> String {
        let Account { id, name, .. } = &self.account;
        let mut xml = format!("<{tag}>");
        for (child, text) in [
            ("extension", self.extension.as_str()),
            ("firstName", &name.0),
            ("lastName", &name.1),
            ("loginId", id),
            ("state", self.state.name()),
            ("stateChangeTime", &timestamp(self.changed)),
            ("uri", &format!("/finesse/api/User/{id}")),
        ] {
            xml.push_str(&element(child, text));
        }
        // Writing to a string cannot fail.
        let _ = write!(xml, "</{tag}>");
        xml
    }
}

/// A time as Finesse writes it: UTC with milliseconds.
pub(super) fn timestamp(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Wrong passwords in a row that lock an account (finesse.md 3.1).
const FAILURES: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: Duration = Duration::from_secs(300);

    #[test]
    fn the_fifth_wrong_password_locks_the_account_until_its_time_is_over() {
        let users = Users::new(Account::examples());
        for (id, lock, opens) in [("1001002", LOCK, false), ("1001003", Duration::ZERO, true)] {
            let password = format!("pass-{id}");
            for _ in 0..4 {
                assert!(!users.authenticate(id, "wrong", lock));
            }
            assert!(users.authenticate(id, &password, lock));
            for _ in 0..5 {
                assert!(!users.authenticate(id, "wrong", lock));
            }
            assert_eq!(users.authenticate(id, &password, lock), opens);
        }
    }

    #[test]
    fn signing_in_twice_keeps_the_state_and_a_state_needs_a_sign_in() {
        let users = Users::new(Account::examples());
        let ready = Wanted::State(AgentState::Ready);
        assert_eq!(
            users.change("1001002", ready, None, None),
            Err(Untaken::SignedOut)
        );
        assert_eq!(
            users.change("1001002", Wanted::Login, None, None),
            Err(Untaken::NoExtension)
        );
        users
            .change("1001002", Wanted::Login, Some("1002"), None)
            .unwrap();
        users.change("1001002", ready, None, None).unwrap();
        users
            .change("1001002", Wanted::Login, Some("1002"), None)
            .unwrap();
        assert_eq!(users.state("1001002"), Some(AgentState::Ready));
        let xml = users.xml("1001002", "user").unwrap();
        assert!(
            xml.contains("<state>READY</state>") && xml.contains("<extension>1002</extension>")
        );
    }
}
