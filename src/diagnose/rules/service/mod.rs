//! Causes in Finesse: its notification service, its web application, what stands behind them.

pub(super) mod closed;
pub(super) mod cti;
pub(super) mod finesse_absent;
pub(super) mod idle;
pub(super) mod maintenance;
mod rest;
pub(super) mod restart;
pub(super) mod stalled;
pub(super) mod stream_error;
pub(super) mod too_large;
pub(super) mod web_app;
