//! Causes in Finesse: its notification service, its web application, what stands behind them.

pub(super) mod restart;
pub(super) mod stalled;
