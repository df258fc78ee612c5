//! One Finesse server's state, which REST, the Notification Service and the faults share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::sync::watch;

use super::SimConfig;
use super::dialogs::Dialogs;
use super::element::element;
use super::health::Health;
use super::pace::Pace;
use super::pubsub::{PubSub, SYSTEM_INFO};
use super::seed::Seed;
use super::sso::Tokens;
use super::users::{AgentState, Users, timestamp};
use super::wire::Lines;

/// One Finesse server.
#[derive(Debug)]
pub(super) struct Node {
    /// The host's name, which is the XMPP domain too.
    pub(super) domain: String,
    /// How fast its time runs.
    pub(super) pace: Pace,
    /// The users.
    pub(super) users: Users,
    /// The calls.
    pub(super) dialogs: Dialogs,
    /// The Notification Service's memory.
    pub(super) pubsub: PubSub,
    /// The tokens of single sign-on.
    pub(super) tokens: Tokens,
    /// The TCP connections that are up.
    pub(super) lines: Lines,
    /// Between the 202 and the event: the way through CTI and back.
    cti_delay: Duration,
    port: u16,
    health: Mutex<Health>,
    /// Whether the port takes connections.
    door: watch::Sender<bool>,
    /// Whether somebody has asked for a socket yet.
    asked: watch::Sender<bool>,
    keys: AtomicU64,
}

impl Node {
    /// A server in service with everybody signed out.
    pub(super) fn new(config: &SimConfig, port: u16) -> Arc<Self> {
        Arc::new(Self {
            domain: config.hostname.clone(),
            pace: config.pace,
            users: Users::new(config.accounts.clone()),
            dialogs: Dialogs::default(),
            pubsub: PubSub::new(config.hostname.clone(), Seed::new(config.seed)),
            tokens: Tokens::default(),
            lines: Lines::default(),
            cti_delay: config.cti_delay,
            port,
            health: Mutex::default(),
            door: watch::Sender::new(true),
            asked: watch::Sender::new(false),
            keys: AtomicU64::new(1),
        })
    }

    /// What works and what does not.
    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the port to new connections, or shuts it: they are then refused by TCP.
    pub(super) fn open_door(&self, open: bool) {
        self.door.send_replace(open);
    }

    /// Waits until the port is to be open, or shut.
    pub(super) async fn door(&self, open: bool) {
        // It cannot close: the sender lives as long as this.
        let _ = self.door.subscribe().wait_for(|door| *door == open).await;
    }

    /// Somebody asks for a socket: with the first one the clock of a scenario starts.
    pub(super) fn socket_asked_for(&self) {
        self.asked.send_replace(true);
    }

    /// Waits for the first socket that is asked for.
    pub(super) async fn first_socket(&self) {
        let _ = self.asked.subscribe().wait_for(|asked| *asked).await;
    }

    /// The system puts a user into a state and says why, as Finesse does for a code of its own or of CTI.
    pub(super) fn force_all(&self, state: AgentState, code: i32) {
        for id in self.users.ids() {
            let signed_in = self.users.state(&id) != Some(AgentState::Logout);
            if signed_in && self.users.force(&id, state, Some(code)) {
                self.publish_user(&id, "");
            }
        }
    }

    /// A call from `caller` rings at `agent`: the dialog's number. The agent's state becomes RESERVED.
    pub(super) fn offer_call(&self, agent: &str, caller: &str) -> u64 {
        let id = self.dialogs.offer(agent, caller);
        let dialog = self.dialogs.xml(id).unwrap_or_default();
        self.publish_call(agent, "POST", &dialog);
        if self.users.force(agent, AgentState::Reserved, None) {
            self.publish_user(agent, "");
        }
        id
    }

    /// The caller of the call `id` hangs up before `agent` has answered.
    pub(super) fn lose_call(&self, id: u64, agent: &str) {
        let Some(dialog) = self.dialogs.drop_call(id, agent) else {
            return;
        };
        self.publish_call(agent, "DELETE", &dialog);
        if self.users.force(agent, AgentState::Ready, None) {
            self.publish_user(agent, "");
        }
    }

    fn publish_call(&self, agent: &str, event: &str, dialog: &str) {
        let list = format!("/finesse/api/User/{agent}/Dialogs");
        let data = format!("<dialogs>{dialog}</dialogs>");
        let update = update(&data, event, "", &list);
        self.pubsub.publish(&list, &update);
    }

    /// A number that no other session has.
    pub(super) fn key(&self) -> u64 {
        self.keys.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether these are the credentials of a user.
    pub(super) fn authenticate(&self, id: &str, password: &str) -> bool {
        self.users
            .authenticate(id, password, self.pace.real(LOCKED))
    }

    /// Publishes the user's present state, to the user and to whoever watches the team.
    pub(super) fn publish_user(&self, id: &str, request_id: &str) {
        if let Some(user) = self.users.xml(id, "user") {
            let node = format!("/finesse/api/User/{id}");
            self.pubsub
                .publish(&node, &update(&user, "PUT", request_id, &node));
        }
        if let (Some(team), Some(summary)) = (self.users.team(id), self.users.summary(id)) {
            let data = format!(
                "<team><id>{team}</id><name>Team {team}</name><uri>/finesse/api/Team/{team}</uri><users>{summary}</users></team>"
            );
            let node = format!("/finesse/api/Team/{team}/Users");
            self.pubsub
                .publish(&node, &update(&data, "PUT", request_id, &node));
        }
    }

    /// Does `then` after the time that CTI takes; not at all if the server is gone by then.
    pub(super) fn after_cti(self: &Arc<Self>, then: impl FnOnce(&Self) + Send + 'static) {
        let (node, delay) = (Arc::downgrade(self), self.cti_delay);
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            if let Some(node) = node.upgrade() {
                then(&node);
            }
        });
    }

    /// The last session of `user` is gone: without a new one within 60 s the agent is signed out with code 255.
    pub(super) fn presence_lost(self: &Arc<Self>, user: String) {
        let (node, grace) = (Arc::downgrade(self), self.pace.real(GRACE));
        tokio::spawn(async move {
            tokio::time::sleep(grace).await;
            if let Some(node) = node.upgrade()
                && !node.pubsub.is_bound(&user)
                && node
                    .users
                    .force(&user, AgentState::Logout, Some(CONNECTION_FAILURE))
            {
                node.publish_user(&user, "");
            }
        });
    }

    /// CTI comes or goes: SystemInfo says so, at once on its node as well.
    pub(super) fn set_in_service(&self, in_service: bool) {
        self.health().cti_lost = !in_service;
        self.publish_system_info();
    }

    /// Maintenance mode begins or ends: SystemInfo says so, at once on its node as well.
    pub(super) fn set_maintenance(&self, maintenance: bool) {
        let mut health = self.health();
        health.maintenance = maintenance;
        health.refusal = maintenance.then_some(StatusCode::SERVICE_UNAVAILABLE);
        drop(health);
        self.publish_system_info();
    }

    fn publish_system_info(&self) {
        let data = self.system_info("systemInfo");
        self.pubsub
            .publish(SYSTEM_INFO, &update(&data, "PUT", "", SYSTEM_INFO));
    }

    /// SystemInfo as XML: `SystemInfo` in an answer, `systemInfo` in an event.
    pub(super) fn system_info(&self, tag: &str) -> String {
        let health = self.health();
        let (lost, maintenance) = (health.cti_lost, health.maintenance);
        drop(health);
        let status = if lost || maintenance {
            "OUT_OF_SERVICE"
        } else {
            "IN_SERVICE"
        };
        let heartbeat = if lost { "failure" } else { "success" };
        let now = self.users.now();
        let (domain, port) = (self.domain.as_str(), self.port.to_string());
        let primary =
            [("host", domain), ("httpsPort", &port)].map(|(name, text)| element(name, text));
        let fields = [
            ("currentTimestamp", timestamp(now)),
            ("deploymentType", "UCCE".to_owned()),
            ("finesseMMode", maintenance.to_string()),
            ("lastCTIHeartbeatStatus", heartbeat.to_owned()),
            ("status", status.to_owned()),
            (
                "statusReason",
                if lost {
                    "CTI server connection lost"
                } else {
                    ""
                }
                .to_owned(),
            ),
            ("systemAuthMode", "NON_SSO".to_owned()),
            ("timezoneOffset", "0".to_owned()),
            ("uri", SYSTEM_INFO.to_owned()),
            ("xmppDomain", domain.to_owned()),
            ("xmppPubSubDomain", format!("pubsub.{domain}")),
        ]
        .map(|(name, text)| element(name, &text));
        format!(
            "<{tag}>{}<primaryNode>{}</primaryNode></{tag}>",
            fields.concat(),
            primary.concat()
        )
    }
}

/// An `Update` with its four children.
pub(super) fn update(data: &str, event: &str, request_id: &str, source: &str) -> String {
    format!(
        "<Update><data>{data}</data>{}{}{}</Update>",
        element("event", event),
        element("requestId", request_id),
        element("source", source)
    )
}

/// How long five wrong passwords lock an account.
const LOCKED: Duration = Duration::from_secs(5 * 60);
/// How long Finesse waits for a lost presence to come back.
const GRACE: Duration = Duration::from_secs(60);
/// Reason code "Logged Out - Connection Failure".
const CONNECTION_FAILURE: i32 = 255;
