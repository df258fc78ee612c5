//! What stanzas and REST calls mean in Finesse. Pure; uses [`crate::event`] alone.

mod reason;
pub mod token;
mod update;

pub use reason::{Actor, Reason};
pub use update::{Update, unescape, warns_of_maintenance};
