//! One Finesse server's state, which REST, the Notification Service and the faults share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;

use super::SimConfig;
use super::dialogs::Dialogs;
use super::element::element;
use super::pace::Pace;
use super::pubsub::{PubSub, SYSTEM_INFO};
use super::seed::Seed;
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
    /// The TCP connections that are up.
    pub(super) lines: Lines,
    /// Between the 202 and the event: the way through CTI and back.
    cti_delay: Duration,
    port: u16,
    health: Mutex<Health>,
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
            lines: Lines::default(),
            cti_delay: config.cti_delay,
            port,
            health: Mutex::default(),
            keys: AtomicU64::new(1),
        })
    }

    /// What works and what does not.
    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
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
        let data = self.system_info("systemInfo");
        self.pubsub
            .publish(SYSTEM_INFO, &update(&data, "PUT", "", SYSTEM_INFO));
    }

    /// SystemInfo as XML: `SystemInfo` in an answer, `systemInfo` in an event.
    pub(super) fn system_info(&self, tag: &str) -> String {
        let lost = self.health().cti_lost;
        let (status, heartbeat) = if lost {
            ("OUT_OF_SERVICE", "failure")
        } else {
            ("IN_SERVICE", "success")
        };
        let (domain, port) = (self.domain.as_str(), self.port.to_string());
        let primary =
            [("host", domain), ("httpsPort", &port)].map(|(name, text)| element(name, text));
        let fields = [
            ("currentTimestamp", timestamp(jiff::Timestamp::now())),
            ("deploymentType", "UCCE".to_owned()),
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

/// What works and what does not; all false is a healthy server.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// The CTI server is lost: OUT_OF_SERVICE, REST answers 503.
    pub(super) cti_lost: bool,
    /// The Notification Service is down: REST and SystemInfo answer 503.
    pub(super) notifications_down: bool,
    /// The web application is down: `finesse@` is away, REST answers 503.
    pub(super) webapp_down: bool,
    /// The Notification Service hangs: new sockets hang too.
    pub(super) stalled: bool,
    /// What an upgrade to `/ws/` is answered instead of 101.
    pub(super) refusal: Option<StatusCode>,
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
