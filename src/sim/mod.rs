//! A Finesse to test against: REST, XMPP over WebSocket, a desktop page, a scripted agent, faults.
//!
//! It speaks as `docs/simulator.md` says, and shares no decoder with the tap: what one misreads the other must not
//! confirm. Of finspect it uses the certificate authority alone.

pub mod agent;
mod answer;
mod deed;
mod dialogs;
mod element;
mod faults;
mod health;
mod late;
mod node;
mod pace;
mod pubsub;
mod quiet;
mod reason;
mod rest;
mod scenario;
mod seed;
mod server;
mod sso;
#[cfg(test)]
mod tests;
mod tls;
mod users;
mod wire;
mod ws;
mod xmpp;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::sign::CertifiedKey;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use node::{Node, update};
use pubsub::Ending;

pub use deed::{Deed, Habits, Presence};
pub use faults::{FAULTS, Fault};
pub use pace::Pace;
pub use scenario::{Act, Scenario, Step};
pub use users::{Account, AgentState};

/// A running Finesse; dropping it ends it at once.
#[derive(Debug)]
pub struct Simulator {
    node: Arc<Node>,
    address: SocketAddr,
    ca_pem: Option<String>,
    tasks: JoinSet<()>,
}

impl Simulator {
    /// Binds the port and serves.
    pub async fn start(config: SimConfig) -> Result<Self, SimError> {
        let (tls, ca_pem) = match &config.security {
            Security::Plain => (None, None),
            Security::Certificate(certificate) => (
                Some(tls::with_certificate(
                    Arc::clone(certificate),
                    &config.hostname,
                )?),
                None,
            ),
            Security::OwnAuthority => {
                let (acceptor, pem) = tls::with_own_authority(&config.hostname)?;
                (Some(acceptor), Some(pem))
            }
        };
        let bind = |source| SimError::Bind {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let node = Node::new(&config, address.port());
        let mut tasks = JoinSet::new();
        tasks.spawn(server::accept(Arc::clone(&node), listener, tls));
        if let Some(scenario) = config.scenario {
            tasks.spawn(scenario::play(Arc::clone(&node), scenario));
        }
        Ok(Self {
            node,
            address,
            ca_pem,
            tasks,
        })
    }

    /// Ends everything and waits until it has ended.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The host's name, which is the XMPP domain too.
    #[must_use]
    pub fn hostname(&self) -> &str {
        &self.node.domain
    }

    /// The certificate of its own authority as PEM; none with `Plain` or a certificate from outside.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Lets a fault happen.
    pub fn inject(&self, fault: &Fault) {
        (fault.begin)(&self.node);
    }

    /// Ends a fault that lasts; nothing for one that does not.
    pub fn heal(&self, fault: &Fault) {
        (fault.end)(&self.node);
    }

    /// Ends every WebSocket with a Close frame of that code and reason (at most 123 bytes).
    pub fn close_sockets(&self, code: u16, reason: &str) {
        self.node
            .pubsub
            .end_all(&Ending::Frame(code, reason.to_owned()));
    }

    /// Publishes an `Update` to whoever is subscribed to `node`; `data` is XML.
    pub fn publish(&self, node: &str, event: &str, data: &str) {
        self.node
            .pubsub
            .publish(node, &update(data, event, "", node));
    }

    /// A call from `caller` rings at `agent`: the dialog's number. The agent's state becomes RESERVED.
    pub fn offer_call(&self, agent: &str, caller: &str) -> u64 {
        self.node.offer_call(agent, caller)
    }

    /// The state of a user.
    #[must_use]
    pub fn state(&self, user: &str) -> Option<AgentState> {
        self.node.users.state(user)
    }

    /// The ids of the users.
    #[must_use]
    pub fn users(&self) -> Vec<String> {
        self.node.users.ids()
    }

    /// How many XMPP sessions are bound.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.node.pubsub.sessions()
    }
}

/// What a simulator is to be.
#[derive(Debug, Clone)]
pub struct SimConfig {
    /// The address; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The host's name, which is the XMPP domain too.
    pub hostname: String,
    /// How its port is secured.
    pub security: Security,
    /// Who may sign in.
    pub accounts: Vec<Account>,
    /// What is to happen by itself.
    pub scenario: Option<&'static Scenario>,
    /// How fast its time runs.
    pub pace: Pace,
    /// What fixes its ids.
    pub seed: u64,
    /// Between a 202 and its event; not divided by the pace.
    pub cti_delay: Duration,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            hostname: HOSTNAME.to_owned(),
            security: Security::OwnAuthority,
            accounts: Account::examples(),
            scenario: None,
            pace: Pace::REAL,
            seed: 1,
            cti_delay: Duration::from_millis(20),
        }
    }
}

/// How the port is secured.
#[derive(Debug, Clone)]
pub enum Security {
    /// Not at all: plain HTTP.
    Plain,
    /// TLS with leaves of an authority that is made at the start and lives in memory.
    OwnAuthority,
    /// TLS with a certificate from outside.
    Certificate(Arc<CertifiedKey>),
}

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The port cannot be had.
    #[error("cannot listen on {address}")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// Not a name that a certificate can have.
    #[error("{0:?} is no host name")]
    Hostname(String),
    /// The authority in memory failed.
    #[error("cannot make a certificate")]
    Authority(#[from] finspect_ca::Error),
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
}

/// The name that the simulator has unless told otherwise (RFC 2606).
pub const HOSTNAME: &str = "finesse.example.test";
