//! Something before the Notification Service refuses new sockets, and says so with a status.

use http::StatusCode;

use super::{Fault, Shared};

/// 403: upgrades are refused; sockets that are up live on, and so does REST.
pub(super) const FAULT: Fault = Fault {
    name: "refuse",
    about: "new WebSockets are refused, as a rule in a proxy does",
    wire: "403 instead of 101 on /ws/",
    begin: refuse::<403>,
    end: admit,
};

/// 400: what is before the server strips the headers of the upgrade.
pub(super) const BAD_REQUEST: Fault = Fault {
    name: "refuse-400",
    about: "a proxy that knows no WebSocket strips the headers of the upgrade",
    wire: "400 instead of 101 on /ws/",
    begin: refuse::<400>,
    end: admit,
};

/// 401, as the VPN-less proxy answers before its own sign-in.
pub(super) const UNAUTHORIZED: Fault = Fault {
    name: "refuse-401",
    about: "a proxy before the server wants a sign-in of its own",
    wire: "401 instead of 101 on /ws/",
    begin: refuse::<401>,
    end: admit,
};

/// 404: the path leads nowhere.
pub(super) const NOT_FOUND: Fault = Fault {
    name: "refuse-404",
    about: "a proxy does not know the path of the Notification Service",
    wire: "404 instead of 101 on /ws/",
    begin: refuse::<404>,
    end: admit,
};

/// 429: too many connections behind one address.
pub(super) const TOO_MANY: Fault = Fault {
    name: "refuse-429",
    about: "a proxy limits the rate, and many agents are behind one address",
    wire: "429 instead of 101 on /ws/",
    begin: refuse::<429>,
    end: admit,
};

/// 502: the proxy lives, the Notification Service does not.
pub(super) const BAD_GATEWAY: Fault = Fault {
    name: "refuse-502",
    about: "the front proxy cannot reach the Notification Service",
    wire: "502 instead of 101 on /ws/",
    begin: refuse::<502>,
    end: admit,
};

fn refuse<const STATUS: u16>(node: &Shared) {
    node.health().refusal = StatusCode::from_u16(STATUS).ok();
}

fn admit(node: &Shared) {
    node.health().refusal = None;
}
