//! The network of a system on which finspect does not watch it.

use super::Snapshot;

/// Nothing: not available here.
pub(super) const fn network() -> Snapshot {
    Snapshot {
        interfaces: None,
        ipv4: None,
        ipv6: None,
    }
}
