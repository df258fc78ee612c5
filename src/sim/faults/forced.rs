//! The system changes the agent's state by itself and says why; the socket stays healthy (finesse.md 4.3 rows 25, 26).

use super::super::users::AgentState;
use super::{Fault, Shared, over};

/// The supervisor signs the agent out.
pub(super) const SUPERVISOR: Fault = Fault {
    name: "supervisor-logout",
    about: "a supervisor signs the agent out",
    wire: "an Update of the user with LOGOUT and code 999 that nobody here asked for",
    begin: log_out::<999>,
    end: over,
};

/// The same on CCX.
pub(super) const SUPERVISOR_CCX: Fault = Fault {
    name: "supervisor-logout-ccx",
    about: "a supervisor signs the agent out, on CCX",
    wire: "an Update of the user with LOGOUT and code 22 that nobody here asked for",
    begin: log_out::<22>,
    end: over,
};

/// Not ready for too long.
pub(super) const INACTIVITY: Fault = Fault {
    name: "inactivity-logout",
    about: "the agent was not ready for longer than CCE allows",
    wire: "an Update of the user with LOGOUT and code 50004 that nobody here asked for",
    begin: log_out::<50004>,
    end: over,
};

/// The phone's device fails, on CCE.
pub(super) const DEVICE: Fault = Fault {
    name: "device-error",
    about: "the agent's phone is lost to CCE",
    wire: "an Update of the user with LOGOUT and code 50003 that nobody here asked for",
    begin: log_out::<50003>,
    end: over,
};

/// The phone's device fails, on CCX, and comes back.
pub(super) const PHONE: Fault = Fault {
    name: "phone-down",
    about: "the agent's phone is down and comes back, on CCX",
    wire: "an Update of the user with NOT_READY and code 32759 that nobody here asked for; another with 32756 when the phone is back",
    begin: make_not_ready::<32759>,
    end: make_not_ready::<32756>,
};

/// A call rings out.
pub(super) const CALL: Fault = Fault {
    name: "call-not-answered",
    about: "a call was not answered, and the agent is made not ready",
    wire: "an Update of the user with NOT_READY and code 32767 that nobody here asked for",
    begin: make_not_ready::<32767>,
    end: over,
};

/// The peripheral gateway starts anew.
pub(super) const GATEWAY: Fault = Fault {
    name: "pg-reset",
    about: "the peripheral gateway starts anew",
    wire: "an Update of the user with LOGOUT and code 65534 that nobody here asked for",
    begin: log_out::<65534>,
    end: over,
};

/// What the other node does about a presence that it lost.
pub(super) const LATE: Fault = Fault {
    name: "late-logout",
    about: "the other node signs the agent out for a presence that it lost a while ago",
    wire: "an Update of the user with LOGOUT and code 255 on a healthy socket",
    begin: log_out::<255>,
    end: over,
};

/// The same on a CCE that does not log out on a disconnect.
pub(super) const LATE_NOT_READY: Fault = Fault {
    name: "late-not-ready",
    about: "the other node makes the agent not ready for a presence that it lost a while ago",
    wire: "an Update of the user with NOT_READY and code 50002 on a healthy socket",
    begin: make_not_ready::<50002>,
    end: over,
};

fn log_out<const CODE: i32>(node: &Shared) {
    node.force_all(AgentState::Logout, CODE);
}

fn make_not_ready<const CODE: i32>(node: &Shared) {
    node.force_all(AgentState::NotReady, CODE);
}
