//! One incident in full: what it was, a picture, what happened, why, what to do, what it was not.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::text::{Source, clock, headline};
use crate::cli::page::Page;
use crate::diagnose::chart::Chart;
use crate::diagnose::report::{Finding, Incident, Moment, Report, Story, Who};
use crate::diagnose::rule::{Confidence, Severity};
use crate::diagnose::signals;
use crate::diagnose::words::duration;
use crate::sink::console::Style;

/// Writes an incident.
pub(super) fn write(
    page: &mut Page,
    report: &Report,
    incident: &Incident,
    source: &Source<'_>,
    zone: &TimeZone,
) {
    page.heading(0, Style::Subject, &headline(incident, zone));
    if report.recordings.len() > 1
        && let Some(recording) = report.recordings.get(incident.recording)
    {
        page.paragraph(2, &format!("in {}", recording.name));
    }
    for (lead, finding) in findings_of(incident) {
        let (style, words) = said(finding);
        page.item(2, lead, style, &words);
    }
    picture(page, incident, source, zone);
    page.heading(2, Style::Subject, "What happened");
    happened(page, incident, zone);
    if let Some(cause) = &incident.cause {
        why(page, cause);
    }
    evidence(page, incident, source, zone);
    remedy(page, incident);
    if !incident.alternatives.is_empty() {
        page.heading(2, Style::Subject, "What it was not");
    }
    for one in &incident.alternatives {
        page.item(4, &format!("{}: ", one.rule), Style::Plain, &one.why);
    }
}

fn findings_of(incident: &Incident) -> impl Iterator<Item = (&'static str, &Finding)> {
    let causes = incident.cause.iter().map(|one| ("", one));
    let consequences = incident.consequences.iter();
    let consequences = consequences.map(|one| ("it followed: ", one));
    let contributing = incident.contributing.iter();
    let contributing = contributing.map(|one| ("it was made worse: ", one));
    causes.chain(consequences).chain(contributing)
}

fn said(finding: &Finding) -> (Style, String) {
    let style = match finding.severity {
        Severity::Info => Style::Good,
        Severity::Notice => Style::Warning,
        Severity::Trouble => Style::Bad,
    };
    let sure = match finding.confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    (
        style,
        format!("{} ({sure}): {}", finding.rule, finding.says),
    )
}

fn picture(page: &mut Page, incident: &Incident, source: &Source<'_>, zone: &TimeZone) {
    let width = page.width().min(WIDEST).saturating_sub(INDENT);
    let chart = Chart::draw(source.session, incident, &source.clocks, width);
    if chart.legend.is_empty() {
        return;
    }
    let began = clock(incident.began, zone);
    let heading = format!(
        "The moment (0 is {began}, a column is {})",
        duration(chart.column)
    );
    page.heading(2, Style::Subject, &heading);
    for line in &chart.lines {
        page.line(INDENT, Style::Plain, line);
    }
    page.item(INDENT, "", Style::Dim, &chart.legend.join("; "));
}

fn happened(page: &mut Page, incident: &Incident, zone: &TimeZone) {
    let story = &incident.story;
    let mut told: Vec<(Moment, String)> = Vec::new();
    if let Some(first) = &incident.first {
        let who = match first.who {
            Who::Browser => "the browser moved first",
            Who::Server => "the server moved first",
            Who::Host => "this machine moved first",
            Who::Nobody => "nobody said a word",
        };
        let layer = match first.who {
            Who::Host => String::new(),
            _ => format!(" ({})", first.layer),
        };
        told.push((first.at, format!("{who}{layer}: {}", first.what)));
    }
    for one in &story.tried {
        let node = one.node.as_ref();
        let node = node.map_or_else(String::new, |node| format!(" to {node}"));
        told.push((
            one.at,
            format!("attempt {}{node}: {}", one.connection, one.outcome),
        ));
    }
    told.extend(states(story));
    for call in &story.calls {
        let state = call.state.as_deref().unwrap_or("in an unknown state");
        told.push((
            call.last,
            format!("the last that was heard of call {}: {state}", call.id),
        ));
    }
    if let Some(back) = incident.back.filter(|back| back.time > incident.began.time) {
        let after = duration(back.time.since(incident.began.time));
        let again = if story.served { " again" } else { "" };
        told.push((back, format!("in service{again}, after {after}")));
    }
    told.sort_by_key(|(at, _)| (at.time, at.number));
    for (at, text) in &told {
        page.item(4, &format!("{}  ", clock(*at, zone)), Style::Plain, text);
    }
    if let Some(signals) = signals::told(&story.signals) {
        page.paragraph(4, &signals);
    }
    if incident.back.is_none() {
        page.paragraph(
            4,
            if story.served {
                "the recording ends before the agent was in service again"
            } else {
                "the recording ends before the agent was in service"
            },
        );
    }
    if story.states.is_empty() && incident.back.is_some() {
        page.paragraph(
            4,
            "the agent's state did not change from then on, as far as the recording goes",
        );
    }
}

fn states(story: &Story) -> impl Iterator<Item = (Moment, String)> {
    story.states.iter().map(|one| {
        let code = one.reason_code.as_ref();
        let code = code.map_or_else(String::new, |code| format!(", reason {code}"));
        let label = one.reason.as_ref();
        let label = label.map_or_else(String::new, |label| format!(" ({label})"));
        (
            one.at,
            format!("Finesse says that the agent is {}{code}{label}", one.state),
        )
    })
}

fn why(page: &mut Page, cause: &Finding) {
    page.heading(2, Style::Subject, "Why");
    for reason in &cause.because {
        page.item(4, "- ", Style::Plain, reason);
    }
    for lacking in &cause.lacking {
        page.item(4, "- what is missing to be surer: ", Style::Plain, lacking);
    }
    if cause.because.is_empty() && cause.lacking.is_empty() {
        page.paragraph(4, cause.title);
    }
}

fn evidence(page: &mut Page, incident: &Incident, source: &Source<'_>, zone: &TimeZone) {
    if findings_of(incident).all(|(_, finding)| finding.evidence.is_empty()) {
        return;
    }
    page.heading(2, Style::Subject, "The events that show it");
    if source.once {
        page.paragraph(
            4,
            "(stdin cannot be read twice, so they are not printed; `finspect show` has them by their numbers)",
        );
    }
    for (at, shows) in events(incident) {
        let number = at.number;
        let lead = format!("{:>6}  {}  ", format!("#{number}"), clock(at, zone));
        let told = source.told.get(&number).map_or("", String::as_str);
        let shows = format!("({})", shows.join("; "));
        let words = [told, &shows].join("  ");
        page.item(4, &lead, Style::Plain, words.trim_start());
    }
}

/// The events of all findings in order, each once, with all that it shows.
fn events(incident: &Incident) -> Vec<(Moment, Vec<&str>)> {
    let mut events: BTreeMap<u64, (Moment, Vec<&str>)> = BTreeMap::new();
    for evidence in findings_of(incident).flat_map(|(_, finding)| &finding.evidence) {
        let event = events.entry(evidence.at.number);
        let (_, shows) = event.or_insert_with(|| (evidence.at, Vec::new()));
        if !shows.contains(&evidence.shows.as_str()) {
            shows.push(&evidence.shows);
        }
    }
    events.into_values().collect()
}

/// What to do.
fn remedy(page: &mut Page, incident: &Incident) {
    if let Some(cause) = &incident.cause {
        page.heading(2, Style::Subject, "What to do");
        page.paragraph(4, &cause.advice);
        page.item(
            4,
            "",
            Style::Dim,
            &format!("finspect explain {} tells more", cause.rule),
        );
    }
}

/// Columns before the picture.
const INDENT: usize = 2;
/// The widest picture.
const WIDEST: usize = 100;
