//! Much happens: calls, queues.

use std::sync::Weak;

use super::super::node::{Node, update};
use super::super::users::AgentState;
use super::{Fault, Shared, over};

/// A call and its end every 10 s, queue statistics each second.
pub(super) const FAULT: Fault = Fault {
    name: "busy",
    about: "many notifications, as in a busy hour",
    wire: "queue statistics every second, a call every 10 s; pings are answered",
    begin: |node| {
        node.health().busy = true;
        tokio::spawn(be_busy(Shared::downgrade(node)));
    },
    end: |node| node.health().busy = false,
};

/// Notifications faster than the page can read them.
pub(super) const FLOOD: Fault = Fault {
    name: "flood",
    about: "the server publishes 16 MiB at once",
    wire: "notifications of 64 KiB, one after the other, as fast as they are read",
    begin: |node| {
        let page = "queue statistics ".repeat(64 * 1024 / 17);
        for _ in 0..256 {
            publish_queues(node, &format!("<comment>{page}</comment>"));
        }
    },
    end: over,
};

async fn be_busy(node: Weak<Node>) {
    let mut ringing: Vec<(u64, String)> = Vec::new();
    for second in 0_u64.. {
        let Some(node) = node.upgrade().filter(|node| node.health().busy) else {
            return;
        };
        publish_queues(&node, &format!("<callsInQueue>{second}</callsInQueue>"));
        for (call, agent) in ringing.extract_if(.., |_| second % 10 == 8) {
            node.lose_call(call, &agent);
        }
        let mut ready = node.users.ids();
        ready.retain(|id| second % 10 == 4 && node.users.state(id) == Some(AgentState::Ready));
        for agent in ready {
            ringing.push((node.offer_call(&agent, "+15550100"), agent));
        }
        let pause = node.pace.seconds(1);
        drop(node);
        tokio::time::sleep(pause).await;
    }
}

fn publish_queues(node: &Shared, statistics: &str) {
    for agent in node.users.ids() {
        let topic = format!("/finesse/api/User/{agent}/Queues");
        let data = format!(
            "<Queue><uri>/finesse/api/Queue/7</uri><name>Sales</name><statistics>{statistics}</statistics></Queue>"
        );
        node.pubsub
            .publish(&topic, &update(&data, "PUT", "", &topic));
    }
}
