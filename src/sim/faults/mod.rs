//! What can go wrong, one file a fault, one row a fault.

mod busy;
mod clock_drift;
mod close;
mod conflict;
mod crash;
mod cti_unnoticed;
mod deaf;
mod fin;
mod finesse_absent;
mod finesse_presence_lost;
mod forced;
mod idle;
mod idle_cut;
mod maintenance;
mod out_of_service;
mod refuse;
mod reset;
mod server_closed;
mod shutdown;
mod sign_in;
mod slow;
mod stall;
mod stream_error;
mod tls_inspected;
mod unreachable;

use std::sync::Arc;

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
    pub(super) begin: fn(&Shared),
    /// Ends it, where it lasts.
    pub(super) end: fn(&Shared),
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
    &slow::FAULT,
    &slow::SPIKE,
    &deaf::FAULT,
    &idle_cut::FAULT,
    &idle::JETTY,
    &idle::OPENFIRE,
    &idle::CLOSES,
    &server_closed::FAULT,
    &crash::FAULT,
    &crash::BEHIND_PROXY,
    &refuse::BAD_REQUEST,
    &refuse::UNAUTHORIZED,
    &refuse::NOT_FOUND,
    &refuse::TOO_MANY,
    &refuse::BAD_GATEWAY,
    &stream_error::HOST_UNKNOWN,
    &stream_error::NOT_AUTHORIZED,
    &stream_error::INTERNAL,
    &unreachable::FAULT,
    &unreachable::GATEWAY,
    &tls_inspected::FAULT,
    &maintenance::FAULT,
    &cti_unnoticed::FAULT,
    &finesse_absent::FAULT,
    &sign_in::SASL,
    &sign_in::TOKEN,
    &forced::SUPERVISOR,
    &forced::SUPERVISOR_CCX,
    &forced::INACTIVITY,
    &forced::DEVICE,
    &forced::PHONE,
    &forced::CALL,
    &forced::GATEWAY,
    &forced::LATE,
    &forced::LATE_NOT_READY,
    &clock_drift::FAULT,
    &busy::FAULT,
    &busy::FLOOD,
];

/// For faults that are over as soon as they happened.
const fn over(_: &Shared) {}

/// The server that a fault befalls.
type Shared = Arc<Node>;
