//! What was typed, what it means, which command runs.

mod exit;
mod paths;

pub use exit::{Exit, Failed};
