//! What the desktop does by itself: connecting, pinging, giving up, coming back.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::super::element::Element;
use super::diary::{Diary, Experience};
use super::pings::{INTERVAL, Patience, Pings};
use super::rest::Rest;
use super::script::Script;
use super::socket::{LoginError, Socket};
use super::tunnel::Tunnel;
use super::{AgentConfig, patience};

/// The desktop that the agent sits before.
pub(super) struct Desktop {
    config: Arc<AgentConfig>,
    tunnel: Arc<Tunnel>,
    diary: Arc<Diary>,
    rest: Arc<Rest>,
    leaving: watch::Receiver<bool>,
    /// The socket that was given up: `reset()` leaves it open until the next attempt.
    given_up: Option<Socket>,
}

impl Desktop {
    /// A desktop that is not signed in yet.
    pub(super) fn new(
        config: Arc<AgentConfig>,
        tunnel: Arc<Tunnel>,
        diary: Arc<Diary>,
        leaving: watch::Receiver<bool>,
    ) -> Self {
        let rest = Rest::new(Arc::clone(&config), Arc::clone(&tunnel), Arc::clone(&diary));
        Self {
            config,
            tunnel,
            diary,
            rest: Arc::new(rest),
            leaving,
            given_up: None,
        }
    }

    /// Signs in, connects, and comes back until it is told to leave.
    pub(super) async fn live(mut self) {
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
    async fn talk(&self, mut socket: Socket, jid: &str, script: &mut Script) -> End {
        let pace = self.config.pace;
        let domain = self.config.host.clone();
        let queues = self.queues();
        if socket
            .pubsub(&self.diary, "subscribe", &domain, &queues, jid)
            .await
            .is_err()
        {
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
            "iq" if stanza
                .attribute("id")
                .is_some_and(|id| id.ends_with(":ping")) =>
            {
                pings.answered();
            }
            "presence"
                if stanza
                    .attribute("from")
                    .is_some_and(|from| from.starts_with("finesse@")) =>
            {
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
        let Some(notification) = message.find("notification") else {
            return;
        };
        let Ok(update) = Element::parse(&notification.text) else {
            return;
        };
        let node = message
            .find("items")
            .and_then(|items| items.attribute("node"));
        let node = node.unwrap_or_default().to_owned();
        let own = node == format!("/finesse/api/User/{}", self.config.user);
        let state = update.find("state").filter(|_| own);
        if node == "/finesse/api/SystemInfo" {
            let status = update.find("status").map(|status| status.text.as_str());
            self.diary
                .note(Experience::InService(status == Some("IN_SERVICE")));
        }
        self.diary.note(Experience::Notified {
            node,
            request_id: update
                .child_text("requestId")
                .unwrap_or_default()
                .to_owned(),
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
            socket
                .pubsub(&self.diary, "unsubscribe", &self.config.host, &queues, jid)
                .await?;
            socket.goodbye(&self.diary).await
        };
        // A socket that dies during the goodbye is gone as well.
        let _ = timeout(patience(self.config.pace), end).await;
    }

    async fn is_in_service(&self) -> bool {
        let Some(body) = self
            .rest
            .fetch("SystemInfo")
            .await
            .and_then(|answer| answer.body)
        else {
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

/// Attempts to come back before SystemInfo is asked (finesse.md 4.1).
const ATTEMPTS: u32 = 3;
/// Seconds between those attempts; the documents give none for the desktop, and 5 for the phone's agent.
const RECONNECT: u64 = 5;
/// Seconds between two looks at SystemInfo.
const POLL: u64 = 20;
