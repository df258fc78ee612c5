//! Facts of the machine that the desktop runs on.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Micros;

/// What happened to the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// It goes to sleep.
    Suspended,
    /// It woke up.
    Resumed,
    /// It slept, which is noticed once it is awake.
    Slept(Slept),
    /// Its wall clock was set, or ran away from the session's clock by more than a second.
    ClockJumped(ClockJumped),
    /// finspect itself got no processor time, or was stopped, while the machine was awake.
    Starved(Starved),
    /// A network interface came, went, or changed its state.
    Interface(Interface),
    /// A default route came.
    RouteCame(DefaultRoute),
    /// A default route is gone.
    RouteGone(DefaultRoute),
    /// Its network changed: interfaces, addresses or routes; what is known of it, in the system's words.
    NetworkChanged(String),
    /// Its proxy settings changed; to what, in the browser's words.
    ProxyChanged(String),
}

impl Host {
    /// The wall clock at the time of the event, where it is no longer the wall clock at 0 plus the session's time.
    #[must_use]
    pub const fn wall_clock(&self) -> Option<i64> {
        match self {
            Self::Slept(slept) => Some(slept.to),
            Self::ClockJumped(jump) => Some(jump.wall_clock),
            _ => None,
        }
    }
}

/// The machine slept somewhere between two looks at its clocks, which are a second apart while it is awake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Slept {
    /// The look before it, on the session's clock.
    pub since: Micros,
    /// The wall clock then, in microseconds since the Unix epoch.
    pub from: i64,
    /// The wall clock at the time of the event.
    pub to: i64,
    /// How long it slept.
    pub asleep: Micros,
    /// Whether the system itself counts how long it slept. If not, nothing of finspect ran for so long that sleep is
    /// likely; it may have been stopped instead.
    pub counted: bool,
}

/// The wall clock is not where it should be by the session's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClockJumped {
    /// By how many microseconds it is ahead; negative where it is behind.
    pub by: i64,
    /// What it says at the time of the event, in microseconds since the Unix epoch.
    pub wall_clock: i64,
}

/// A look at the clocks, due each second, came late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Starved {
    /// The look before it, on the session's clock: what finspect says of times from here to the event may be wrong.
    pub since: Micros,
    /// How late it came.
    pub late: Micros,
}

/// A network interface, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its operational state before (RFC 2863, `ifOperStatus`), in the system's words; absent if it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Its operational state now; absent if it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
}

/// Where packets go for which there is no other route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DefaultRoute {
    /// The interface that they leave by.
    pub interface: String,
    /// The router; `0.0.0.0` or `::` where there is none.
    pub gateway: IpAddr,
}
