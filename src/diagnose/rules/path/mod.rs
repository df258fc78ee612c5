//! Causes on the way between the two ends.

pub(super) mod black_hole;
pub(super) mod client_dead;
pub(super) mod connection_cut;
pub(super) mod connection_reset;
pub(super) mod idle_timeout;
pub(super) mod latency_spike;
pub(super) mod lossy;
pub(super) mod mid_flow;
pub(super) mod network_changed;
pub(super) mod upload_blocked;
