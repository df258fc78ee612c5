//! What can go wrong, one file a fault, one row a fault.

mod close;
mod conflict;
mod fin;
mod finesse_presence_lost;
mod out_of_service;
mod refuse;
mod reset;
mod shutdown;
mod stall;

use super::node::Node;

/// One way to fail.
#[derive(Debug)]
pub struct Fault {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it stands for in one line.
    pub about: &'static str,
    /// What it looks like on the wire.
    pub wire: &'static str,
    /// Lets it happen.
    pub(super) begin: fn(&Node),
    /// Ends it, where it lasts.
    pub(super) end: fn(&Node),
}

impl Fault {
    /// The fault of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FAULTS.iter().copied().find(|fault| fault.name == name)
    }
}

/// All faults, in the order of the documentation.
pub const FAULTS: &[&Fault] = &[
    &stall::FAULT,
    &fin::FAULT,
    &reset::FAULT,
    &close::FAULT,
    &shutdown::FAULT,
    &conflict::FAULT,
    &refuse::FAULT,
    &out_of_service::FAULT,
    &finesse_presence_lost::FAULT,
];

/// For faults that are over as soon as they happened.
const fn over(_: &Node) {}
