//! A middlebox ends what is idle for too long, as a load balancer does.

use std::sync::Weak;
use std::time::Duration;

use super::super::node::Node;
use super::{Fault, Shared};

/// FIN after 30 s without a byte in either direction, with a clock for each connection.
pub(super) const FAULT: Fault = Fault {
    name: "idle-cut",
    about: "a middlebox ends sockets that were idle for 30 s",
    wire: "FIN from the server without Close and close_notify, 30 s after the last byte",
    begin: |node| {
        node.health().idle_cut = true;
        tokio::spawn(watch(Shared::downgrade(node)));
    },
    end: |node| node.health().idle_cut = false,
};

async fn watch(node: Weak<Node>) {
    while let Some(node) = node.upgrade().filter(|node| node.health().idle_cut) {
        let limit = node.pace.seconds(LIMIT);
        for line in node.lines.websockets() {
            if line.idle() >= limit {
                line.fin();
            }
        }
        drop(node);
        tokio::time::sleep(LOOK).await;
    }
}

/// Seconds without a byte.
const LIMIT: u64 = 30;
/// Between two looks; real time, for a middlebox is exact.
const LOOK: Duration = Duration::from_millis(5);
