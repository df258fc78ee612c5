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
        let seen = if sockets == 1 {
            "One socket was".to_owned()
        } else {
            format!("{sockets} sockets were")
        };
        let opening = opening(report, pings, &span);
        vec![format!("{opening} {seen} seen, and {pinged}.")]
    };
    sentences.extend(wished(report));
    sentences.extend(incomplete(report));
    sentences.join(" ")
}

/// That it was healthy, where that can be known: without pings nobody was asked, and what is missing nobody can judge.
fn opening(report: &Report, pings: u64, span: &str) -> String {
    let missing = report.recordings.iter().any(|one| one.missing.events > 0);
    let interval = report.recordings.iter().map(|one| one.ping_interval).max();
    let longest = report.recordings.iter().map(self::span).max();
    let short = longest < interval.map(|interval| interval.0);
    match (pings, short, missing) {
        (0, true, _) => {
            format!("Nothing wrong was found in {span}, which is too short for a ping to judge by.")
        }
        (0, false, _) => {
            format!("Nothing wrong was found in {span}, which has no ping to judge by.")
        }
        (_, _, true) => format!("Nothing wrong was found in what there is of {span}."),
        (_, _, false) => {
            format!("Healthy: in {span} no desktop lost service against its user's wish.")
        }
    }
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
