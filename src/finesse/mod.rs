//! What stanzas and REST calls mean in Finesse. Pure; uses [`crate::event`] alone.

mod update;

pub use update::{Update, unescape};
