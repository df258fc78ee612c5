//! The Finesse web application goes down while the Notification Service lives.

use super::Fault;

/// `finesse@` leaves, REST answers 503, the sockets stay.
pub(super) const FAULT: Fault = Fault {
    name: "finesse-presence-lost",
    about: "the Finesse web application (Tomcat) goes down and comes back",
    wire: "<presence type='unavailable'> from finesse@, REST 503; pings are answered",
    begin: |node| {
        node.health().webapp_down = true;
        node.pubsub.finesse_presence(false);
    },
    end: |node| {
        node.health().webapp_down = false;
        node.pubsub.finesse_presence(true);
    },
};
