//! finspect: a debugging proxy for the Cisco Finesse agent desktop.
//!
//! The walk of a byte: [`proxy`] relays it, [`tap`] reads a copy, [`redact`] takes out what must not be kept,
//! [`bus`] numbers the event and hands it to the sinks.

pub mod bus;
pub mod cli;
pub mod diagnose;
pub mod event;
pub mod export;
pub mod finesse;
pub mod host;
pub mod import;
pub mod proxy;
pub mod recording;
pub mod redact;
pub mod session;
pub mod sim;
pub mod sink;
pub mod tap;
