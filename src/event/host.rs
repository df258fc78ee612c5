//! Facts of the machine that the desktop runs on.

use serde::{Deserialize, Serialize};

/// What happened to the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// It goes to sleep.
    Suspended,
    /// It woke up.
    Resumed,
    /// Its network changed: interfaces, addresses or routes; what is known of it, in the system's words.
    NetworkChanged(String),
    /// Its proxy settings changed; to what, in the browser's words.
    ProxyChanged(String),
}
