//! That nothing is wrong, and why that can be believed.

use std::collections::BTreeSet;

use super::{bare, incomplete, uncapitalised};
use crate::diagnose::report::{Recording, Report};
use crate::diagnose::rule::Confidence;
use crate::diagnose::words::{count, duration};
use crate::event::Micros;

/// The answer where no desktop lost service against its user's wish.
pub(super) fn healthy(report: &Report) -> String {
    let sum = |of: fn(&Recording) -> u64| report.recordings.iter().map(of).sum::<u64>();
    let (pings, answered, sockets) = (
        sum(|one| one.pings),
        sum(|one| one.answered),
        sum(|one| one.sockets),
    );
    let span = duration(Micros(
        report.recordings.iter().map(span).max().unwrap_or(0),
    ));
    let mut sentences = if sockets == 0 {
        vec![format!(
            "Nothing wrong was found, but there is nothing to judge either: no desktop's socket is in these {span}."
        )]
    } else {
        let worst = report
            .recordings
            .iter()
            .filter_map(|one| one.worst_round_trip)
            .max();
        let worst = worst.map_or_else(String::new, |worst| {
            format!(", the slowest after {}", duration(worst))
        });
        let pinged = match (answered, pings) {
            (_, 0) => "no ping was sent on it".to_owned(),
            (answered, pings) if answered == pings => {
                format!("every one of {} was answered{worst}", count(pings, "ping"))
            }
            _ => format!(
                "{answered} of {} were answered{worst}",
                count(pings, "ping")
            ),
        };
        vec![format!(
            "Healthy: in {span} no desktop lost service against its user's wish. {} seen, and {pinged}.",
            if sockets == 1 {
                "One socket was".to_owned()
            } else {
                format!("{sockets} sockets were")
            }
        )]
    };
    sentences.extend(wished(report));
    sentences.extend(incomplete(report));
    sentences.join(" ")
}

/// The answer where what is wrong is in what was not asked for.
pub(in crate::diagnose) fn chosen(report: &Report) -> String {
    let nothing = "Nothing is wrong with what was chosen; what is wrong is in what was left out.";
    let sentences = std::iter::once(nothing.to_owned()).chain(wished(report));
    let sentences: Vec<String> = sentences.chain(incomplete(report)).collect();
    sentences.join(" ")
}

/// What happened by the user's wish, each kind once.
fn wished(report: &Report) -> BTreeSet<String> {
    let left = report.incidents.iter().filter_map(|one| one.cause.as_ref());
    left.map(|cause| match cause.confidence {
        Confidence::Possible => {
            format!("Possible: {}.", bare(&uncapitalised(&cause.says)))
        }
        Confidence::Likely | Confidence::Certain => format!("{}.", bare(&cause.says)),
    })
    .collect()
}

fn span(recording: &Recording) -> u64 {
    match (recording.from, recording.to) {
        (Some(from), Some(to)) => to.time.since(from.time).0,
        _ => 0,
    }
}
