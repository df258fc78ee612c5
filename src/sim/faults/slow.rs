//! The Notification Service takes in late what comes: a long queue, a long way. REST is not touched.

use std::time::Duration;

use super::{Fault, Shared};

/// Slow, and still in time for the desktop.
pub(super) const FAULT: Fault = Fault {
    name: "slow",
    about: "the Notification Service answers 5 s late",
    wire: "every ping is answered, 5 s late; REST is as fast as before",
    begin: |node| delay(node, 5),
    end: |node| delay(node, 0),
};

/// Slower than the desktop's patience and its pause before the next attempt together.
pub(super) const SPIKE: Fault = Fault {
    name: "latency-spike",
    about: "the Notification Service answers 18 s late",
    wire: "a ping is answered after the desktop has given up and closed the socket; REST is as fast as before",
    begin: |node| delay(node, 18),
    end: |node| delay(node, 0),
};

fn delay(node: &Shared, seconds: u64) {
    let by = node.pace.real(Duration::from_secs(seconds));
    node.health().latency = by;
    node.lines
        .websockets()
        .iter()
        .for_each(|line| line.delay(by));
}
