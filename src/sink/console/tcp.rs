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
        TcpOccasion::Interval | TcpOccasion::Unanswered(_) | TcpOccasion::Answered(_) => true,
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
        TcpOccasion::Recovered(leg) | TcpOccasion::Unanswered(leg) | TcpOccasion::Answered(leg) => {
            (Style::Plain, leg)
        }
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
        TcpOccasion::Unanswered(_) => format!(
            "TCP to {peer}: acknowledged, and no data for {}",
            time::duration(info.last.data_received)
        ),
        TcpOccasion::Answered(_) => format!("TCP to {peer}: data again"),
        TcpOccasion::Recovered(_) | TcpOccasion::Interval | TcpOccasion::Ended => {
            format!("TCP to {peer}: well again")
        }
    };
    facts(info)
        .into_iter()
        .fold(Said::new(style, what), Said::fact)
}

/// Both legs in one line.
fn both(sample: &TcpSample) -> Said {
    let (style, what) = match (sample.occasion, is_calm(sample)) {
        (TcpOccasion::Ended, true) => (Style::Dim, "TCP at this end"),
        (TcpOccasion::Ended, false) => (Style::Warning, "TCP at this end"),
        _ => (Style::Dim, "TCP"),
    };
    let legs = [
        (Leg::Client, &sample.client),
        (Leg::Upstream, &sample.upstream),
    ];
    legs.into_iter()
        .map(|(leg, info)| {
            let told = match info {
                Some(info) if is_waiting(info) => {
                    let silent = time::duration(info.last.ack_received);
                    format!("no ACK for {silent}, {}", facts(info).join(", "))
                }
                Some(info) => facts(info).join(", "),
                None => "this system tells nothing".to_owned(),
            };
            format!("to {}: {told}", name(leg))
        })
        .fold(Said::new(style, what), Said::fact)
}

fn facts(info: &TcpInfo) -> Vec<String> {
    let (rtt, variance) = (time::duration(info.rtt), time::duration(info.rtt_variance));
    let counted = |count: u64, what: &str| {
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} segment{plural} {what}"))
    };
    let unsent = info.unsent.filter(|bytes| *bytes > 0);
    let more = [
        counted(info.unacked, "unacknowledged"),
        unsent.map(|bytes| format!("{} not sent", time::bytes(bytes))),
        counted(info.retransmitted, "sent again in all"),
    ];
    let rtt = format!("RTT {rtt} ± {variance}");
    std::iter::once(rtt)
        .chain(more.into_iter().flatten())
        .collect()
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
