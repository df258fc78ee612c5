//! What the agent, a supervisor or a device wished: look-alikes of a connection fault.

pub(super) mod signed_out;
