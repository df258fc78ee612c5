//! What the desktop does by itself: signing in, connecting, coming back; and how a page ends.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::super::deed::Deed;
use super::agenda::Agenda;
use super::diary::{Diary, Experience};
use super::page::{End, Page};
use super::rest::Rest;
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
    /// Whether the tab is in the background.
    hidden: bool,
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
            hidden: false,
            given_up: None,
        }
    }

    /// Signs in, connects, and comes back until it is told to leave.
    pub(super) async fn live(mut self) {
        let mut leaving = self.leaving.clone();
        if !self.sign_in_at_last(&mut leaving).await {
            return;
        }
        let mut attempts = 0;
        let mut agenda = Agenda::begin(self.config.pace, self.config.scenario);
        loop {
            match self.attempt(&mut agenda, &mut attempts).await {
                After::Leave => return,
                After::Retry => {}
                After::Away => {
                    let back = [Deed::OpenPage, Deed::SignIn];
                    let deed = tokio::select! {
                        deed = agenda.until(&back) => deed,
                        () = told_to_leave(&mut leaving) => return,
                    };
                    self.diary.note(Experience::Did(deed));
                    if !self.come_back(deed, &mut leaving).await {
                        return;
                    }
                    continue;
                }
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
    async fn attempt(&mut self, agenda: &mut Agenda, attempts: &mut u32) -> After {
        self.close_given_up();
        self.diary.note(Experience::Connecting);
        let login = Socket::login(&self.tunnel, &self.config, &self.diary);
        let (socket, jid) = match timeout(patience(self.config.pace), login).await {
            Ok(Ok(connected)) => connected,
            Ok(Err(error)) => {
                self.diary.note(Experience::NotConnected(error.to_string()));
                return match error {
                    LoginError::Unauthorized => After::Away,
                    _ => After::Retry,
                };
            }
            Err(_) => {
                let why = "no answer in time".to_owned();
                self.diary.note(Experience::NotConnected(why));
                return After::Retry;
            }
        };
        let mut page = Page {
            config: &self.config,
            tunnel: &self.tunnel,
            diary: &self.diary,
            rest: &self.rest,
            leaving: self.leaving.clone(),
            hidden: &mut self.hidden,
            attempts,
        };
        let end = page.talk(socket, &jid, agenda).await;
        self.end(end, &jid).await
    }

    /// What has to be done at the end of a connection, and what follows from it.
    async fn end(&mut self, end: End, jid: &str) -> After {
        match end {
            End::Lost => After::Retry,
            End::GaveUp(socket) => {
                self.diary.note(Experience::GaveUp);
                self.given_up = Some(socket);
                After::Retry
            }
            End::Conflict => After::SignInAgain,
            End::SignedOutBySystem(socket) => {
                self.unload(socket, jid).await;
                After::SignInAgain
            }
            End::Left(socket) => {
                self.diary.note(Experience::SignedOut);
                self.rest.set_state("LOGOUT").await;
                self.unload(socket, jid).await;
                After::Leave
            }
            End::Page(socket, deed) => {
                match deed {
                    Deed::KillBrowser => {
                        self.rest.cut().await;
                        drop((socket, self.given_up.take()));
                    }
                    Deed::LosePage => {
                        let _ = timeout(patience(self.config.pace), socket.close_gone()).await;
                    }
                    Deed::SignOut | Deed::SessionEnds => {
                        self.rest.set_state("LOGOUT").await;
                        self.unload(socket, jid).await;
                    }
                    _ => self.unload(socket, jid).await,
                }
                After::Away
            }
        }
    }

    /// What the handlers of a page do as it goes: unsubscribe, unavailable, `<close/>`, an empty Close.
    async fn unload(&self, mut socket: Socket, jid: &str) {
        let end = async {
            let queues = self.config.queues();
            socket
                .pubsub(&self.diary, "unsubscribe", &self.config.host, &queues, jid)
                .await?;
            socket.goodbye(&self.diary).await
        };
        // A socket that dies during the goodbye is gone as well.
        let _ = timeout(patience(self.config.pace), end).await;
    }

    /// Signs in as often as it takes; false when the agent is to leave.
    async fn sign_in_at_last(&self, leaving: &mut watch::Receiver<bool>) -> bool {
        while !self.sign_in().await {
            if self.pause(leaving, POLL).await {
                return false;
            }
        }
        true
    }

    /// A page is there again; false when the agent is to leave.
    async fn come_back(&self, deed: Deed, leaving: &mut watch::Receiver<bool>) -> bool {
        if deed == Deed::SignIn {
            return self.sign_in_at_last(leaving).await;
        }
        while !self.is_in_service().await {
            if self.pause(leaving, POLL).await {
                return false;
            }
        }
        true
    }

    async fn sign_in(&self) -> bool {
        if !self.is_in_service().await {
            return false;
        }
        if self.config.habits().single_sign_on {
            self.rest.obtain_token().await;
        }
        self.rest.set_state("LOGIN").await
    }

    async fn is_in_service(&self) -> bool {
        let Some(body) = self.rest.fetch("SystemInfo").await else {
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
}

/// Waits until the agent is to leave, or nobody is left to tell it to stay.
pub(super) async fn told_to_leave(leaving: &mut watch::Receiver<bool>) {
    let _ = leaving.wait_for(|leaving| *leaving).await;
}

/// What follows an attempt.
enum After {
    Retry,
    /// The person has to sign in again, and does so after a while.
    SignInAgain,
    /// There is no page, or none that tries, until the agenda opens one.
    Away,
    Leave,
}

/// Attempts to come back before SystemInfo is asked (finesse.md 4.1).
const ATTEMPTS: u32 = 3;
/// Seconds between those attempts; the documents give none for the desktop, and 5 for the phone's agent.
const RECONNECT: u64 = 5;
/// Seconds between two looks at SystemInfo.
const POLL: u64 = 20;
