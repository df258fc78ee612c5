//! The Finesse web application is not where the Notification Service looks for it.

use super::Fault;

/// No presence of `finesse@` after a login; once it is over, everybody gets one.
pub(super) const FAULT: Fault = Fault {
    name: "finesse-absent",
    about: "the Notification Service does not know of the Finesse web application",
    wire: "bind and presence as ever, but no presence from finesse@; REST works",
    begin: |node| node.health().finesse_absent = true,
    end: |node| {
        node.health().finesse_absent = false;
        node.pubsub.finesse_presence(true);
    },
};
