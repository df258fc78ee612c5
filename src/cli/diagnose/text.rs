//! The report as a person reads it: the answer first, then all that it rests on.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::evidence::Told;
use super::incident;
use crate::cli::page::Page;
use crate::diagnose::Clocks;
use crate::diagnose::report::{Incident, Moment, Outcome, Recording, Report};
use crate::diagnose::rule::Severity;
use crate::diagnose::words::{count, duration};
use crate::event::Micros;
use crate::session::Session;
use crate::sink::console::Style;

/// What is told of a recording, beyond the report.
pub(super) struct Source<'a> {
    pub(super) session: &'a Session,
    pub(super) clocks: Clocks,
    /// The events that show something, in words.
    pub(super) told: Told,
    /// Whether it can be read only once.
    pub(super) once: bool,
}

/// Writes all of it; a single incident that was chosen in full, whatever it is.
pub(super) fn write(
    page: &mut Page,
    report: &Report,
    sources: &[Source<'_>],
    chosen: bool,
    zone: &TimeZone,
) {
    page.item(0, "", style(report.outcome), &report.answer);
    for together in &report.together {
        let numbers = together.incidents.iter();
        let numbers = numbers.filter_map(|place| report.incidents.get(*place));
        let numbers: Vec<String> = numbers.map(|one| one.number.to_string()).collect();
        let heading = match numbers.as_slice() {
            [alone] => format!("Alone: incident {alone}"),
            _ => format!("Together: incidents {}", numbers.join(", ")),
        };
        page.heading(0, Style::Subject, &heading);
        page.paragraph(2, &together.says);
    }
    let (whole, brief) = parted(report, chosen);
    for incident in whole {
        if let Some(source) = sources.get(incident.recording) {
            incident::write(page, report, incident, source, zone);
        }
    }
    if !brief.is_empty() {
        let heading = if report.incidents.len() == brief.len() {
            "For the record (--incident N tells one in full)"
        } else {
            "In short (--incident N tells one in full)"
        };
        page.heading(0, Style::Subject, heading);
    }
    for incident in brief {
        page.paragraph(2, &headline(incident, zone));
    }
    warnings(page, report, zone);
    for recording in &report.recordings {
        page.heading(0, Style::Subject, &format!("Recording {}", recording.name));
        read(page, recording, zone);
    }
}

/// The incidents to tell in full, and those to name: what the user wished, and what is too much for one page.
fn parted(report: &Report, chosen: bool) -> (Vec<&Incident>, Vec<&Incident>) {
    let mut whole = Vec::new();
    let mut brief = Vec::new();
    for incident in &report.incidents {
        let severity = incident.cause.as_ref().map(|cause| cause.severity);
        let wished = severity == Some(Severity::Info) && !chosen;
        if wished || whole.len() >= WHOLE {
            brief.push(incident);
        } else {
            whole.push(incident);
        }
    }
    (whole, brief)
}

fn style(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Healthy => Style::Good,
        Outcome::Notice => Style::Warning,
        Outcome::Trouble => Style::Bad,
    }
}

/// An incident on one line: number, agent, when, how long, what.
pub(super) fn headline(incident: &Incident, zone: &TimeZone) -> String {
    let agent = incident.agent.as_deref().unwrap_or("an unknown agent");
    let cause = incident.cause.as_ref();
    let cause = cause.map_or("no rule explains it", |cause| cause.title);
    let lasted = match incident.story.out_of_service {
        Some(Micros(0)) => String::new(),
        Some(lasted) => format!(" for {}", duration(lasted)),
        None => " until the end".to_owned(),
    };
    let at = clock(incident.began, zone);
    format!(
        "Incident {}: {agent} at {at}{lasted}: {cause}",
        incident.number
    )
}

fn warnings(page: &mut Page, report: &Report, zone: &TimeZone) {
    if !report.warnings.is_empty() {
        page.heading(
            0,
            Style::Subject,
            "Worth a look, although nothing came of it so far",
        );
    }
    for warning in report.warnings.iter().take(WARNINGS) {
        let lead = format!("{}  ", clock(warning.at, zone));
        page.item(
            2,
            &lead,
            Style::Plain,
            &format!("{}: {}", warning.name, warning.says),
        );
    }
    let more = report.warnings.len().saturating_sub(WARNINGS);
    if more > 0 {
        page.paragraph(2, &format!("... and {more} more; --json has them all"));
    }
}

/// What was read, what it cannot tell, and that finspect was not the cause.
fn read(page: &mut Page, recording: &Recording, zone: &TimeZone) {
    if let (Some(from), Some(to)) = (recording.from, recording.to) {
        let span = duration(to.time.since(from.time));
        let (from, to) = (date(from, zone), clock(to, zone));
        let name = zone.iana_name().unwrap_or("local time");
        page.paragraph(2, &format!("{from} to {to} ({name}), {span}"));
    }
    let agents: Vec<&str> = recording
        .agents
        .iter()
        .map(String::as_str)
        .take(AGENTS)
        .collect();
    let more = recording.agents.len().saturating_sub(AGENTS);
    let of = match (agents.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!(" of {}", agents.join(", ")),
        (false, more) => format!(" of {} and {more} more", agents.join(", ")),
    };
    let worst = recording
        .worst_round_trip
        .map_or_else(String::new, |worst| {
            format!(", the slowest after {}", duration(worst))
        });
    page.paragraph(
        2,
        &format!(
            "{}{of}; {} of {} answered{worst}",
            count(recording.sockets, "desktop socket"),
            recording.answered,
            count(recording.pings, "ping"),
        ),
    );
    let seen = if recording.ping_interval_seen {
        "as seen"
    } else {
        "assumed: --client-profile can say otherwise"
    };
    let interval = duration(recording.ping_interval);
    page.paragraph(2, &format!("one ping every {interval}, {seen}"));
    if let Some(moved) = recording.moved {
        let way = if moved < 0 { "back" } else { "forward" };
        let by = duration(Micros(moved.unsigned_abs().saturating_mul(1_000)));
        page.paragraph(
            2,
            &format!("its clock was moved {way} by {by} to compare it with the others"),
        );
    }
    page.paragraph(2, &delay(recording));
    for note in &recording.notes {
        page.item(2, "Note: ", Style::Warning, &note.says);
    }
}

/// finspect's own delay.
fn delay(recording: &Recording) -> String {
    let delay = recording.delay;
    let Some(worst_at) = delay.worst_at else {
        return "finspect's own delay: nothing in it was measured".to_owned();
    };
    format!(
        "finspect's own delay: {} at worst (event {}), {} in all over {}",
        exact(delay.worst),
        worst_at.number,
        exact(delay.total),
        count(delay.units, "message"),
    )
}

/// A short time, to the microsecond.
fn exact(Micros(micros): Micros) -> String {
    match micros {
        0..10_000 => format!("{}.{:03} ms", micros / 1_000, micros % 1_000),
        _ => duration(Micros(micros)),
    }
}

/// The time of day of a moment, or since the start.
pub(super) fn clock(moment: Moment, zone: &TimeZone) -> String {
    shown(moment, zone, "%H:%M:%S%.3f")
}

fn date(moment: Moment, zone: &TimeZone) -> String {
    shown(moment, zone, "%Y-%m-%d %H:%M:%S%.3f")
}

fn shown(moment: Moment, zone: &TimeZone, form: &str) -> String {
    let wall = moment
        .wall
        .and_then(|wall| Timestamp::from_microsecond(wall).ok());
    wall.map_or_else(
        || format!("+{}", duration(moment.time)),
        |wall| wall.to_zoned(zone.clone()).strftime(form).to_string(),
    )
}

/// Incidents that are told in full where none is chosen.
const WHOLE: usize = 20;
/// Warnings told.
const WARNINGS: usize = 20;
/// Agents named.
const AGENTS: usize = 5;
