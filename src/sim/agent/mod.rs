//! The scripted agent: a headless desktop that behaves as Cisco's event tunnel and Strophe do (finesse.md 4.2).
//!
//! It signs in over REST, logs in on `/ws/`, pings every 10 s, gives up by the tunnel's own rule, and comes back in the
//! documented order: three attempts, then a look at SystemInfo every 20 s. All of its time is divided by its pace.

mod agenda;
mod desktop;
mod diary;
mod distrust;
mod page;
mod pings;
mod rest;
mod second_tab;
mod socket;
mod tunnel;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Habits, Pace, Scenario};
use desktop::Desktop;
use diary::Diary;
use tunnel::Tunnel;

pub use diary::{AgentMoment, Death, Experience};

/// A running agent; dropping it ends it as a killed browser ends.
#[derive(Debug)]
pub struct Agent {
    moments: watch::Receiver<Vec<AgentMoment>>,
    leave: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Agent {
    /// Lets an agent begin its day.
    pub fn start(config: AgentConfig) -> Result<Self, AgentError> {
        let tunnel = Arc::new(Tunnel::new(&config)?);
        let config = Arc::new(config);
        let (diary, moments) = Diary::new();
        let diary = Arc::new(diary);
        let (leave, leaving) = watch::channel(false);
        let desktop = Desktop::new(config, tunnel, diary, leaving);
        Ok(Self {
            moments,
            leave,
            task: tokio::spawn(desktop.live()),
        })
    }

    /// What it experienced so far.
    #[must_use]
    pub fn moments(&self) -> Vec<AgentMoment> {
        self.moments.borrow().clone()
    }

    /// Waits until its moments satisfy `enough`; false when the agent ended before.
    pub async fn until(&mut self, mut enough: impl FnMut(&[AgentMoment]) -> bool) -> bool {
        self.moments
            .wait_for(|moments| enough(moments))
            .await
            .is_ok()
    }

    /// Signs out, closes what is open, and ends: all that it experienced.
    pub async fn sign_out(mut self) -> Vec<AgentMoment> {
        // An agent that has ended already hears nothing.
        let _ = self.leave.send(true);
        let _ = (&mut self.task).await;
        self.moments()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Who the agent is and how it reaches Finesse.
#[derive(Debug, Clone)]
pub struct AgentConfig {
    /// Straight, or through a proxy.
    pub via: Via,
    /// The Finesse server's name, which is the XMPP domain too.
    pub host: String,
    /// The Finesse server's port.
    pub port: u16,
    /// The root certificates to trust, as PEM; none for plain HTTP.
    pub root_pem: Option<String>,
    /// The agent's id.
    pub user: String,
    /// The agent's password.
    pub password: String,
    /// The extension to sign in with.
    pub extension: String,
    /// How fast its time runs.
    pub pace: Pace,
    /// What fixes its request ids.
    pub seed: u64,
    /// The scenario whose acts of the agent's side it does; none for an ordinary day.
    pub scenario: Option<&'static Scenario>,
}

impl AgentConfig {
    fn habits(&self) -> Habits {
        self.scenario
            .map_or_else(Habits::default, |scenario| scenario.habits)
    }

    /// A node that has to be subscribed explicitly.
    fn queues(&self) -> String {
        format!("/finesse/api/User/{}/Queues", self.user)
    }
}

/// The way to the server.
#[derive(Debug, Clone, Copy)]
pub enum Via {
    /// TCP to the server itself.
    Direct(SocketAddr),
    /// CONNECT to a proxy.
    Proxy(SocketAddr),
}

/// Why an agent does not start.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Not a name that TLS can verify.
    #[error("{0:?} is no host name")]
    Host(String),
    /// The PEM has no certificate, or a broken one.
    #[error("the root certificates cannot be read")]
    Roots,
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
}

/// How long a call or a login may take.
fn patience(pace: Pace) -> Duration {
    pace.seconds(20).max(Duration::from_secs(1))
}
