//! The answer in one paragraph.

use jiff::tz::TimeZone;

use super::report::{Finding, Incident, Recording, Report};
use super::rule::{Confidence, Severity};
use super::words;
use crate::event::Micros;

/// The answer to the question why the desktop disconnected.
pub(super) fn answer(report: &Report, zone: &TimeZone) -> String {
    let serious = report.incidents.iter().filter(|one| is_serious(one));
    let mut serious: Vec<&Incident> = serious.collect();
    serious.sort_by_key(|incident| incident.began.wall);
    let Some(first) = serious.first() else {
        return healthy(report);
    };
    let mut text = told(first, zone);
    let more = serious.len() - 1;
    if more > 0 {
        text.push_str(&format!(
            " {} more followed; each is told below.",
            words::count(more as u64, "incident")
        ));
    }
    text
}

fn is_serious(incident: &Incident) -> bool {
    let severity = incident.cause.as_ref().map(|cause| cause.severity);
    severity != Some(Severity::Info)
}

/// One incident in some sentences.
pub(super) fn told(incident: &Incident, zone: &TimeZone) -> String {
    let who = incident
        .agent
        .as_ref()
        .map_or_else(|| "A desktop".to_owned(), |agent| format!("Agent {agent}"));
    let when = incident.began.wall.map_or_else(
        || format!("{} after the start", words::duration(incident.began.time)),
        |wall| words::wall_clock(wall, zone),
    );
    let lasted = match incident.story.out_of_service {
        Some(Micros(0)) => String::new(),
        Some(lasted) => format!(" for {}", words::duration(lasted)),
        None => ", and had none again until the recording ends".to_owned(),
    };
    let mut text = match &incident.cause {
        None => format!("{who} lost service at {when}{lasted}. No rule explains it."),
        Some(cause) if lasted.is_empty() => format!("{who} at {when}: {}", sentence(cause)),
        Some(cause) => format!("{who} lost service at {when}{lasted}. {}", sentence(cause)),
    };
    if let Some(state) = incident
        .story
        .states
        .iter()
        .find(|state| state.state == "LOGOUT")
    {
        let code = state.reason_code.as_deref().unwrap_or("none");
        text.push_str(&format!(
            " Finesse then logged the agent out (reason {code})."
        ));
    }
    let lost = incident.story.calls.iter().filter(|call| call.lost).count();
    if lost > 0 {
        text.push_str(&format!(
            " {} up when it began.",
            if lost == 1 {
                "One call was".to_owned()
            } else {
                format!("{lost} calls were")
            }
        ));
    }
    text
}

fn sentence(cause: &Finding) -> String {
    let sure = match cause.confidence {
        Confidence::Certain => "This is certain",
        Confidence::Likely => "This is likely",
        Confidence::Possible => "This is possible, not proven",
    };
    let reason = cause.because.first();
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    format!("{}. {sure}{reason}.", cause.says.trim_end_matches('.'))
}

fn healthy(report: &Report) -> String {
    let pings: u64 = report.recordings.iter().map(|one| one.pings).sum();
    let answered: u64 = report.recordings.iter().map(|one| one.answered).sum();
    let worst = report
        .recordings
        .iter()
        .filter_map(|one| one.worst_round_trip)
        .max();
    let span: u64 = report.recordings.iter().map(span).sum();
    let sockets: u64 = report.recordings.iter().map(|one| one.sockets).sum();
    if sockets == 0 {
        return format!(
            "Nothing wrong was found, but no desktop socket is in these {} either: there is nothing to judge.",
            words::duration(Micros(span))
        );
    }
    let worst = worst.map_or_else(String::new, |worst| {
        format!(", the slowest after {}", words::duration(worst))
    });
    let left = report.incidents.iter().filter_map(|one| one.cause.as_ref());
    let left: Vec<String> = left
        .map(|cause| format!(" {}.", cause.says.trim_end_matches('.')))
        .collect();
    format!(
        "Healthy: in {} no desktop lost service against its user's wish; {answered} of {} answered{worst}.{}",
        words::duration(Micros(span)),
        words::count(pings, "ping"),
        left.concat()
    )
}

fn span(recording: &Recording) -> u64 {
    match (recording.from, recording.to) {
        (Some(from), Some(to)) => to.time.since(from.time).0,
        _ => 0,
    }
}
