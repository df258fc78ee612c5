//! The certificate authority of finspect: a root that may speak for the intercepted hosts alone, and the leaves it signs.
//!
//! [`Store`] keeps one [`Authority`] in an owner-only folder; [`Leaves`] mints and remembers what the proxy shows to
//! browsers. Invariant: nothing here signs a name outside the root's own constraints, and the root's key leaves this
//! crate for no purpose but the one file of the store.

mod authority;
mod constraints;
mod encoding;
mod error;
mod leaf;
mod leaves;
mod name;
mod store;
mod validity;

pub use authority::Authority;
pub use error::{Damage, Error};
pub use leaf::Leaf;
pub use leaves::{Leaves, Minted};
pub use name::{Name, NameError, Permitted};
pub use store::{Removed, Store};
