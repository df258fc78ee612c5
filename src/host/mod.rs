//! Facts of the machine: sleep, the wall clock, finspect's own starvation, network interfaces and default routes.
//!
//! [`Watch`] looks once a second, on a thread of its own. What a look means is told by [`Ticks`] and [`Network`], which
//! are pure: readings in, facts out.

mod clock;
mod network;
#[cfg_attr(
    any(target_os = "linux", target_os = "android"),
    path = "network_linux.rs"
)]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    path = "network_other.rs"
)]
mod system;
mod ticks;
mod watch;

pub use clock::Reading;
pub use network::{Network, Snapshot};
pub use ticks::Ticks;
pub use watch::Watch;

use std::time::Duration;

/// From one look to the next.
pub const TICK: Duration = Duration::from_secs(1);
