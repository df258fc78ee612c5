//! What a person, a page or a browser does in a scenario, and what they are like from its beginning.

use std::fmt;

/// What the agent's side does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// The person asks for a state, such as `READY`.
    Ask(&'static str),
    /// The page reads the agent's data over REST.
    Read,
    /// The page asks for a new access token.
    RenewToken,
    /// The tab goes to the background, where timers fire once a minute (finesse.md 4.3 row 10).
    HideTab,
    /// The tab comes to the front.
    ShowTab,
    /// Nothing on the agent's side runs any more: a blocked page, a machine that sleeps.
    Freeze,
    /// It runs again.
    Thaw,
    /// The page is closed or left; its handlers run.
    ClosePage,
    /// The page is gone before its handlers ran.
    LosePage,
    /// The browser dies.
    KillBrowser,
    /// The page is opened again by somebody who is still signed in.
    OpenPage,
    /// The person signs out.
    SignOut,
    /// The desktop signs out by itself: its session is over.
    SessionEnds,
    /// The person signs in again.
    SignIn,
    /// The same desktop is opened in a second tab.
    SecondTab,
    /// The page sends one message above the server's limit of 1 MiB.
    SendLarge,
    /// The page sends 16 MiB in messages that the server would take.
    Upload,
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ask(state) => return write!(f, "asks for {state}"),
            Self::Read => "reads the agent's data",
            Self::RenewToken => "asks for a new access token",
            Self::HideTab => "puts the tab into the background: a ping a minute",
            Self::ShowTab => "brings the tab to the front",
            Self::Freeze => "stands still: nothing is read, nothing sent",
            Self::Thaw => "goes on",
            Self::ClosePage => "closes the page",
            Self::LosePage => "loses the page before its handlers ran",
            Self::KillBrowser => "loses the browser",
            Self::OpenPage => "opens the page again",
            Self::SignOut => "signs out",
            Self::SessionEnds => "finds its session over and signs itself out",
            Self::SignIn => "signs in again",
            Self::SecondTab => "opens the desktop in a second tab",
            Self::SendLarge => "sends a message of more than 1 MiB",
            Self::Upload => "sends 16 MiB",
        })
    }
}

/// What the agent's side is like from the beginning; the default is a desktop as Cisco delivers it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Habits {
    /// How many sign-ins the person tries with a wrong password first.
    pub wrong_passwords: u32,
    /// How many TLS handshakes the browser breaks off because it does not know the certificate.
    pub distrust: u32,
    /// Whether REST goes by the tokens of single sign-on, and not by the password.
    pub single_sign_on: bool,
    /// What the client says about itself after the login.
    pub presence: Presence,
}

/// The presence that a client sends after its login.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Presence {
    /// Available, so that events come.
    #[default]
    Available,
    /// A priority below 0: no events.
    Negative,
    /// None: no events, and none of `finesse@` either.
    None,
}
