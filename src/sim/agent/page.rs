//! The page while it has a socket: it pings, listens, and does what is on the agenda.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::super::deed::{Deed, Presence};
use super::super::element::Element;
use super::agenda::Agenda;
use super::desktop::told_to_leave;
use super::diary::{Diary, Experience};
use super::pings::{HIDDEN_INTERVAL, INTERVAL, Patience, Pings};
use super::rest::Rest;
use super::socket::Socket;
use super::tunnel::Tunnel;
use super::{AgentConfig, patience, second_tab};

/// A page with a socket.
pub(super) struct Page<'a> {
    pub(super) config: &'a Arc<AgentConfig>,
    pub(super) tunnel: &'a Arc<Tunnel>,
    pub(super) diary: &'a Arc<Diary>,
    pub(super) rest: &'a Arc<Rest>,
    pub(super) leaving: watch::Receiver<bool>,
    /// Whether the tab is in the background.
    pub(super) hidden: &'a mut bool,
    /// Attempts since it was last connected.
    pub(super) attempts: &'a mut u32,
}

/// How a connection ended.
pub(super) enum End {
    Lost,
    GaveUp(Socket),
    Conflict,
    /// The agent is no longer signed in, by somebody else's doing.
    SignedOutBySystem(Socket),
    /// The agent was told to leave.
    Left(Socket),
    /// A deed that ends the page.
    Page(Socket, Deed),
}

impl Page<'_> {
    /// Pings, listens and does what is due until the connection ends.
    pub(super) async fn talk(&mut self, mut socket: Socket, jid: &str, agenda: &mut Agenda) -> End {
        let mut pings = Pings::new();
        let mut connected = false;
        let mut conflict = false;
        let mut ping_at = Instant::now() + self.interval();
        let mut leaving = self.leaving.clone();
        if self.config.habits().presence == Presence::None {
            connected = true;
            self.connected(&mut socket, jid).await;
        }
        loop {
            tokio::select! {
                stanza = socket.next(self.diary) => match stanza {
                    Ok(stanza) => {
                        conflict |= stanza.name == "error" && stanza.child("conflict").is_some();
                        match self.hear(&stanza, &mut pings) {
                            Heard::FinesseIsThere if !connected => {
                                connected = true;
                                self.connected(&mut socket, jid).await;
                            }
                            Heard::FinesseIsThere => self.finesse_is_back(),
                            Heard::SignedOut => return End::SignedOutBySystem(socket),
                            Heard::Other => {}
                        }
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
                    ping_at += self.interval();
                    // A ping that cannot be written shows as the socket's end in the reading.
                    let _ = socket.ping(self.diary, &self.config.host).await;
                    if pings.sent() == Patience::Over {
                        return End::GaveUp(socket);
                    }
                }
                () = agenda.due() => {
                    let Some(deed) = agenda.take() else { continue };
                    if ends_the_page(deed) {
                        self.diary.note(Experience::Did(deed));
                        return End::Page(socket, deed);
                    }
                    match self.act(deed, &mut socket, agenda).await {
                        Went::On => {}
                        Went::PingAt(next) => ping_at = next,
                        Went::Stuck => return End::GaveUp(socket),
                        Went::ToldToLeave => return End::Left(socket),
                    }
                }
                () = told_to_leave(&mut leaving) => return End::Left(socket),
            }
        }
    }

    /// The client counts itself connected: it reads the agent's data and subscribes to what is not its own.
    async fn connected(&mut self, socket: &mut Socket, jid: &str) {
        *self.attempts = 0;
        self.diary.note(Experience::Connected(jid.to_owned()));
        self.refresh();
        let queues = self.config.queues();
        // A socket that cannot be written shows its end in the reading.
        let _ = socket
            .pubsub(self.diary, "subscribe", &self.config.host, &queues, jid)
            .await;
    }

    fn finesse_is_back(&self) {
        self.diary.note(Experience::FinessePresent(true));
        self.refresh();
    }

    /// Takes a stanza in.
    fn hear(&self, stanza: &Element, pings: &mut Pings) -> Heard {
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
                if stanza.attribute("type") != Some("unavailable") {
                    return Heard::FinesseIsThere;
                }
                self.diary.note(Experience::FinessePresent(false));
            }
            "message" => return self.be_notified(stanza),
            _ => {}
        }
        Heard::Other
    }

    fn be_notified(&self, message: &Element) -> Heard {
        let Some(notification) = message.find("notification") else {
            return Heard::Other;
        };
        let Ok(update) = Element::parse(&notification.text) else {
            return Heard::Other;
        };
        let node = message
            .find("items")
            .and_then(|items| items.attribute("node"));
        let node = node.unwrap_or_default().to_owned();
        let own = node == format!("/finesse/api/User/{}", self.config.user);
        let state = update.find("state").filter(|_| own);
        let state = state.map(|state| state.text.clone());
        if node == "/finesse/api/SystemInfo" {
            let status = update.find("status").map(|status| status.text.as_str());
            self.diary
                .note(Experience::InService(status == Some("IN_SERVICE")));
        }
        let signed_out = state.as_deref() == Some("LOGOUT");
        self.diary.note(Experience::Notified {
            node,
            request_id: update
                .child_text("requestId")
                .unwrap_or_default()
                .to_owned(),
            state,
        });
        if signed_out {
            self.diary.note(Experience::SignedOutBySystem);
            return Heard::SignedOut;
        }
        Heard::Other
    }

    /// Does what leaves the page where it is.
    async fn act(&mut self, deed: Deed, socket: &mut Socket, agenda: &mut Agenda) -> Went {
        let pace = self.config.pace;
        if !matches!(deed, Deed::Ask(_) | Deed::Read | Deed::RenewToken) {
            self.diary.note(Experience::Did(deed));
        }
        match deed {
            Deed::Ask(state) => {
                let rest = Arc::clone(self.rest);
                tokio::spawn(async move { rest.set_state(state).await });
            }
            Deed::Read => self.refresh(),
            Deed::RenewToken => {
                let rest = Arc::clone(self.rest);
                tokio::spawn(async move { rest.obtain_token().await });
            }
            Deed::HideTab | Deed::ShowTab => {
                *self.hidden = deed == Deed::HideTab;
                return Went::PingAt(Instant::now() + self.interval());
            }
            Deed::Freeze => {
                let mut leaving = self.leaving.clone();
                tokio::select! {
                    deed = agenda.until(&[Deed::Thaw]) => self.diary.note(Experience::Did(deed)),
                    () = told_to_leave(&mut leaving) => return Went::ToldToLeave,
                }
                return Went::PingAt(Instant::now());
            }
            Deed::SecondTab => second_tab::open(self.tunnel, self.config, self.leaving.clone()),
            Deed::SendLarge => {
                let _ = timeout(patience(pace), socket.send_text(LARGE)).await;
            }
            Deed::Upload => {
                // Its pings wait behind it: after two of them the tunnel gives up.
                let upload = async {
                    for _ in 0..PIECES {
                        if socket.send_text(PIECE).await.is_err() {
                            return;
                        }
                    }
                };
                if timeout(pace.seconds(2 * INTERVAL), upload).await.is_err() {
                    return Went::Stuck;
                }
            }
            _ => {}
        }
        Went::On
    }

    /// Reads the agent's data anew, and signs in again if the server signed the agent out; the socket is read meanwhile.
    fn refresh(&self) {
        let (rest, diary) = (Arc::clone(self.rest), Arc::clone(self.diary));
        let user = self.config.user.clone();
        tokio::spawn(async move {
            let body = rest.fetch(&format!("User/{user}")).await;
            rest.fetch(&format!("User/{user}/Dialogs")).await;
            if body.is_some_and(|body| body.child_text("state") == Some("LOGOUT")) {
                diary.note(Experience::SignedOutMeanwhile);
                rest.set_state("LOGIN").await;
            }
        });
    }

    /// Between two pings.
    fn interval(&self) -> Duration {
        let seconds = if *self.hidden {
            HIDDEN_INTERVAL
        } else {
            INTERVAL
        };
        self.config.pace.seconds(seconds)
    }
}

/// What a stanza means to the page.
enum Heard {
    FinesseIsThere,
    SignedOut,
    Other,
}

/// What a deed does to the page's clockwork.
enum Went {
    On,
    PingAt(Instant),
    /// Nothing can be written any more.
    Stuck,
    ToldToLeave,
}

const fn ends_the_page(deed: Deed) -> bool {
    matches!(
        deed,
        Deed::ClosePage | Deed::LosePage | Deed::KillBrowser | Deed::SignOut | Deed::SessionEnds
    )
}

/// Bytes of the message that is too large.
const LARGE: usize = (1 << 20) + 1024;
/// Bytes of a message that is not.
const PIECE: usize = 128 * 1024;
/// How many of them make 16 MiB.
const PIECES: usize = 128;
