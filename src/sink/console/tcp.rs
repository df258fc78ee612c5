//! Lines about what the kernel knows of the TCP connections.

use super::paint::Style;
use super::said::Said;
use super::time;
use crate::event::{Leg, Micros, TcpInfo, TcpOccasion, TcpSample};

/// Whether there is nothing wrong to tell: a reading that only keeps the record.
pub(super) fn is_calm(sample: &TcpSample) -> bool {
    let TcpSample {
        occasion,
        client,
        upstream,
    } = sample;
    match occasion {
        TcpOccasion::Interval => true,
        TcpOccasion::Ended => ![client, upstream].into_iter().flatten().any(is_waiting),
        TcpOccasion::Retransmitting(_)
        | TcpOccasion::Unacknowledged(_)
        | TcpOccasion::WindowFull(_)
        | TcpOccasion::Recovered(_) => false,
    }
}

pub(super) fn sample(sample: &TcpSample) -> Said {
    let TcpSample {
        occasion,
        client,
        upstream,
    } = sample;
    let (style, leg) = match *occasion {
        TcpOccasion::Retransmitting(leg)
        | TcpOccasion::Unacknowledged(leg)
        | TcpOccasion::WindowFull(leg) => (Style::Warning, leg),
        TcpOccasion::Recovered(leg) => (Style::Plain, leg),
        TcpOccasion::Interval | TcpOccasion::Ended => return both(sample),
    };
    let peer = name(leg);
    let info = match leg {
        Leg::Client => client,
        Leg::Upstream => upstream,
    };
    let Some(info) = info else {
        return Said::new(style, format!("TCP to {peer}: this system tells nothing"));
    };
    let silent = time::duration(info.last.ack_received);
    let what = match occasion {
        TcpOccasion::Retransmitting(_) => format!(
            "TCP to {peer}: sent again {}, no ACK for {silent}",
            times(info.retransmits)
        ),
        TcpOccasion::Unacknowledged(_) => format!("TCP to {peer}: no ACK for {silent}"),
        TcpOccasion::WindowFull(_) => {
            format!("TCP to {peer}: its window is full, the last ACK came {silent} ago")
        }
        TcpOccasion::Recovered(_) | TcpOccasion::Interval | TcpOccasion::Ended => {
            format!("TCP to {peer}: well again")
        }
    };
    facts(Said::new(style, what), info)
}

/// Both legs in one line.
fn both(sample: &TcpSample) -> Said {
    let when = match sample.occasion {
        TcpOccasion::Ended => "TCP at this end",
        _ => "TCP",
    };
    let legs = [
        (Leg::Client, &sample.client),
        (Leg::Upstream, &sample.upstream),
    ];
    let mut said = Said::new(
        if is_calm(sample) {
            Style::Dim
        } else {
            Style::Warning
        },
        when,
    );
    for (leg, info) in legs {
        said = match info {
            Some(info) => facts(said.fact(format!("to {}", name(leg))), info),
            None => said.fact(format!("to {}: this system tells nothing", name(leg))),
        };
    }
    said
}

fn facts(said: Said, info: &TcpInfo) -> Said {
    let unacked = (info.unacked > 0).then(|| {
        let silent = time::duration(info.last.ack_received);
        let plural = if info.unacked == 1 { "" } else { "s" };
        format!(
            "{} segment{plural} unacknowledged, last ACK {silent} ago",
            info.unacked
        )
    });
    let unsent = info.unsent.filter(|bytes| *bytes > 0);
    let retransmitted = (info.retransmitted > 0)
        .then(|| format!("{} segments sent again in all", info.retransmitted));
    said.fact(format!(
        "RTT {} ± {}",
        time::duration(info.rtt),
        time::duration(info.rtt_variance)
    ))
    .maybe(unacked)
    .maybe(unsent.map(|bytes| format!("{} not sent", time::bytes(bytes))))
    .maybe(retransmitted)
}

/// Whether this leg has waited for an ACK for a second.
fn is_waiting(info: &TcpInfo) -> bool {
    info.retransmits > 0 || info.unacked > 0 && info.last.ack_received >= LONG
}

const fn name(leg: Leg) -> &'static str {
    match leg {
        Leg::Client => "the browser",
        Leg::Upstream => "the server",
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

/// Longer without an ACK is worth a word.
const LONG: Micros = Micros(1_000_000);
