//! What was typed, what it means, which command runs.

pub mod ca;
mod exit;
mod paths;

pub use exit::{Exit, Failed};
