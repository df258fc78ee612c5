//! Somebody else signs in as the agent: a second tab, a third-party client with the resource `desktop`.

use super::{Fault, over};

/// Every session loses its resource to a newcomer that is not seen on these sockets.
pub(super) const FAULT: Fault = Fault {
    name: "conflict",
    about: "somebody else signs in as the same user and takes the resource",
    wire: "<stream:error><conflict/>, <close/>, an empty Close on the old socket",
    begin: |node| node.pubsub.conflict(),
    end: over,
};
