//! The scripted agent: a headless desktop that behaves as Cisco's event tunnel and Strophe do (finesse.md 4.2).
//!
//! It signs in over REST, logs in on `/ws/`, pings every 10 s, gives up by the tunnel's own rule, and comes back in the
//! documented order: three attempts, then a look at SystemInfo every 20 s. All of its time is divided by its pace.

mod diary;
mod pings;
mod rest;
mod socket;
mod tunnel;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::Pace;
use super::element::Element;
use pings::{INTERVAL, Patience, Pings};
use rest::Rest;
use socket::{LoginError, Socket};
use tunnel::Tunnel;

use diary::Diary;
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
        let rest = Rest::new(Arc::clone(&config), Arc::clone(&tunnel), Arc::clone(&diary));
        let desktop = Desktop {
            config,
            tunnel,
            diary,
            rest: Arc::new(rest),
            leaving,
            given_up: None,
        };
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

/// The desktop that the agent sits before.
struct Desktop {
    config: Arc<AgentConfig>,
    tunnel: Arc<Tunnel>,
    diary: Arc<Diary>,
    rest: Arc<Rest>,
    leaving: watch::Receiver<bool>,
    /// The socket that was given up: `reset()` leaves it open until the next attempt.
    given_up: Option<Socket>,
}

impl Desktop {
    async fn live(mut self) {
        let mut leaving = self.leaving.clone();
        while !self.sign_in().await {
            if self.pause(&mut leaving, POLL).await {
                return;
            }
        }
        let mut attempts = 0;
        let mut script = Script::begin();
        loop {
            match self.attempt(&mut script, &mut attempts).await {
                After::Leave => return,
                After::Retry => {}
                After::SignInAgain => {
                    if self.pause(&mut leaving, POLL).await {
                        return;
                    }
                    self.sign_in().await;
                    continue;
                }
            }
            loop {
                let wait = if attempts < ATTEMPTS { RECONNECT } else { POLL };
                if self.pause(&mut leaving, wait).await {
                    return;
                }
                attempts += 1;
                if attempts <= ATTEMPTS || self.is_in_service().await {
                    break;
                }
            }
        }
    }

    /// One connection from its attempt to its end.
    async fn attempt(&mut self, script: &mut Script, attempts: &mut u32) -> After {
        self.close_given_up();
        self.diary.note(Experience::Connecting);
        let login = Socket::login(&self.tunnel, &self.config, &self.diary);
        let (socket, jid) = match timeout(patience(self.config.pace), login).await {
            Ok(Ok(connected)) => connected,
            Ok(Err(error)) => {
                self.diary.note(Experience::NotConnected(error.to_string()));
                return match error {
                    LoginError::Unauthorized => After::Leave,
                    _ => After::Retry,
                };
            }
            Err(_) => {
                let why = "no answer in time".to_owned();
                self.diary.note(Experience::NotConnected(why));
                return After::Retry;
            }
        };
        *attempts = 0;
        self.diary.note(Experience::Connected(jid.clone()));
        self.refresh();
        match self.talk(socket, &jid, script).await {
            End::Lost => After::Retry,
            End::GaveUp(socket) => {
                self.diary.note(Experience::GaveUp);
                self.given_up = Some(socket);
                After::Retry
            }
            End::Conflict => After::SignInAgain,
            End::Left(socket) => {
                self.sign_out(socket, &jid).await;
                After::Leave
            }
        }
    }

    /// Pings, listens and plays the script until the connection ends.
    async fn talk(&mut self, mut socket: Socket, jid: &str, script: &mut Script) -> End {
        let pace = self.config.pace;
        let domain = self.config.host.clone();
        let queues = self.queues();
        if socket.pubsub(&self.diary, "subscribe", &domain, &queues, jid).await.is_err() {
            return End::Lost;
        }
        let mut pings = Pings::new();
        let mut conflict = false;
        let mut ping_at = Instant::now() + pace.seconds(INTERVAL);
        let mut leaving = self.leaving.clone();
        loop {
            tokio::select! {
                stanza = socket.next(&self.diary) => match stanza {
                    Ok(stanza) => {
                        conflict |= stanza.name == "error" && stanza.child("conflict").is_some();
                        self.hear(&stanza, &mut pings);
                    }
                    Err(death) => {
                        self.diary.note(Experience::Ended(death));
                        if conflict {
                            self.diary.note(Experience::Conflict);
                            return End::Conflict;
                        }
                        return End::Lost;
                    }
                },
                () = sleep_until(ping_at) => {
                    ping_at += pace.seconds(INTERVAL);
                    // A ping that cannot be written shows as the socket's end in the reading.
                    let _ = socket.ping(&self.diary, &domain).await;
                    if pings.sent() == Patience::Over {
                        return End::GaveUp(socket);
                    }
                }
                () = script.due(pace) => self.play(script),
                () = told_to_leave(&mut leaving) => return End::Left(socket),
            }
        }
    }

    /// Takes a stanza in.
    fn hear(&self, stanza: &Element, pings: &mut Pings) {
        match stanza.name.as_str() {
            "iq" if stanza.attribute("id").is_some_and(|id| id.ends_with(":ping")) => {
                pings.answered();
            }
            "presence" if stanza.attribute("from").is_some_and(|from| from.starts_with("finesse@")) => {
                let present = stanza.attribute("type") != Some("unavailable");
                self.diary.note(Experience::FinessePresent(present));
                if present {
                    self.refresh();
                }
            }
            "message" => self.be_notified(stanza),
            _ => {}
        }
    }

    fn be_notified(&self, message: &Element) {
        let Some(notification) = message.find("notification") else { return };
        let Ok(update) = Element::parse(&notification.text) else { return };
        let node = message.find("items").and_then(|items| items.attribute("node"));
        let node = node.unwrap_or_default().to_owned();
        let own = node == format!("/finesse/api/User/{}", self.config.user);
        let state = update.find("state").filter(|_| own);
        if node == "/finesse/api/SystemInfo" {
            let status = update.find("status").map(|status| status.text.as_str());
            self.diary.note(Experience::InService(status == Some("IN_SERVICE")));
        }
        self.diary.note(Experience::Notified {
            node,
            request_id: update.child_text("requestId").unwrap_or_default().to_owned(),
            state: state.map(|state| state.text.clone()),
        });
    }

    /// The person asks for the next state; the socket is read meanwhile.
    fn play(&self, script: &mut Script) {
        if let Some(state) = script.take() {
            let rest = Arc::clone(&self.rest);
            tokio::spawn(async move { rest.set_state(state).await });
        }
    }

    /// Reads the agent's data anew, and signs in again if the server signed the agent out; the socket is read meanwhile.
    fn refresh(&self) {
        let (rest, diary) = (Arc::clone(&self.rest), Arc::clone(&self.diary));
        let user = self.config.user.clone();
        tokio::spawn(async move {
            let answer = rest.fetch(&format!("User/{user}")).await;
            let body = answer.and_then(|answer| answer.body);
            rest.fetch(&format!("User/{user}/Dialogs")).await;
            if body.is_some_and(|body| body.child_text("state") == Some("LOGOUT")) {
                diary.note(Experience::SignedOutMeanwhile);
                rest.set_state("LOGIN").await;
            }
        });
    }

    async fn sign_in(&self) -> bool {
        self.is_in_service().await && self.rest.set_state("LOGIN").await
    }

    async fn sign_out(&self, mut socket: Socket, jid: &str) {
        self.diary.note(Experience::SignedOut);
        self.rest.set_state("LOGOUT").await;
        let end = async {
            let queues = self.queues();
            socket.pubsub(&self.diary, "unsubscribe", &self.config.host, &queues, jid).await?;
            socket.goodbye(&self.diary).await
        };
        // A socket that dies during the goodbye is gone as well.
        let _ = timeout(patience(self.config.pace), end).await;
    }

    async fn is_in_service(&self) -> bool {
        let Some(body) = self.rest.fetch("SystemInfo").await.and_then(|answer| answer.body) else {
            return false;
        };
        body.child_text("status") == Some("IN_SERVICE")
            && body.child_text("lastCTIHeartbeatStatus") == Some("success")
    }

    fn close_given_up(&mut self) {
        if let Some(old) = self.given_up.take() {
            self.diary.note(Experience::ClosedTheOld);
            let linger = patience(self.config.pace);
            tokio::spawn(async move { timeout(linger, old.close_empty()).await });
        }
    }

    /// Waits; true when the agent is to leave.
    async fn pause(&self, leaving: &mut watch::Receiver<bool>, seconds: u64) -> bool {
        tokio::select! {
            () = sleep(self.config.pace.seconds(seconds)) => false,
            () = told_to_leave(leaving) => true,
        }
    }

    /// A node that has to be subscribed explicitly.
    fn queues(&self) -> String {
        format!("/finesse/api/User/{}/Queues", self.config.user)
    }
}

/// Waits until the agent is to leave, or nobody is left to tell it to stay.
async fn told_to_leave(leaving: &mut watch::Receiver<bool>) {
    let _ = leaving.wait_for(|leaving| *leaving).await;
}

/// What the person does while the desktop runs.
struct Script {
    started: Instant,
    next: usize,
}

impl Script {
    fn begin() -> Self {
        Self {
            started: Instant::now(),
            next: 0,
        }
    }

    /// Waits for the next step; for ever after the last.
    async fn due(&self, pace: Pace) {
        match SCRIPT.get(self.next) {
            Some((at, _)) => sleep_until(self.started + pace.seconds(*at)).await,
            None => std::future::pending().await,
        }
    }

    fn take(&mut self) -> Option<&'static str> {
        let (_, state) = SCRIPT.get(self.next)?;
        self.next += 1;
        Some(state)
    }
}

/// How a connection ended.
enum End {
    Lost,
    GaveUp(Socket),
    Conflict,
    Left(Socket),
}

/// What follows an attempt.
enum After {
    Retry,
    SignInAgain,
    Leave,
}

/// Seconds after the sign-in, and the state that the person then asks for.
const SCRIPT: &[(u64, &str)] = &[(3, "READY"), (23, "NOT_READY"), (26, "READY")];
/// Attempts to come back before SystemInfo is asked (finesse.md 4.1).
const ATTEMPTS: u32 = 3;
/// Seconds between those attempts; the documents give none for the desktop, and 5 for the phone's agent.
const RECONNECT: u64 = 5;
/// Seconds between two looks at SystemInfo.
const POLL: u64 = 20;
