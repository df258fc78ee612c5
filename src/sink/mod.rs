//! Consumers of the session's events, each on a thread of its own behind a bounded queue.

pub mod console;
pub mod filter;
pub mod recorder;
