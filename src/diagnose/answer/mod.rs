//! The answer in one paragraph, for somebody who runs a contact centre and reads no stanzas.

mod healthy;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::findings::{self, first_sentence};
use super::report::{Finding, Incident, Outcome, Report, State, Try, causes};
use super::rule::{Confidence, Severity};
use super::rules::is_of_gadgets;
use super::words::{count, duration, wall_clock};
use crate::event::Micros;
use crate::finesse::{Actor, Reason};

pub(super) use healthy::chosen;

/// The answer to the question why the desktop disconnected.
pub(super) fn answer(report: &Report, zone: &TimeZone) -> String {
    let serious = report.incidents.iter().filter(|one| is_serious(one));
    let mut serious: Vec<&Incident> = serious.collect();
    serious.sort_by_key(|incident| (incident.began.wall, incident.began.time));
    let Some(first) = serious.iter().find(|one| severity(one) == worst(report)) else {
        return healthy::healthy(report);
    };
    let mut sentences = told(first, zone);
    sentences.extend(others(report, &serious));
    sentences.extend(together(report));
    sentences.extend(incomplete(report));
    sentences.join(" ")
}

fn severity(incident: &Incident) -> Severity {
    let cause = incident.cause.as_ref();
    cause.map_or(Severity::Trouble, |cause| cause.severity)
}

fn is_serious(incident: &Incident) -> bool {
    severity(incident) != Severity::Info
}

fn worst(report: &Report) -> Severity {
    match report.outcome {
        Outcome::Healthy => Severity::Info,
        Outcome::Notice => Severity::Notice,
        Outcome::Trouble => Severity::Trouble,
    }
}

/// One incident: who, when, how long, why, how sure, what was seen, what came of it, what to do.
fn told(incident: &Incident, zone: &TimeZone) -> Vec<String> {
    let mut sentences = vec![opening(incident, zone)];
    let Some(cause) = &incident.cause else {
        let first = incident.first.as_ref();
        let first = first.map_or_else(String::new, |first| format!(": {}", first.what));
        sentences.push(format!(
            "No rule of finspect's explains it; what is known is how it began{first}."
        ));
        return sentences;
    };
    let section = findings::section(cause.rule).cloned().unwrap_or_default();
    sentences.push(format!("{}.", bare(&cause.says)));
    sentences.push(sureness(cause));
    let mut add = |paragraph: &str| {
        if !paragraph.is_empty() {
            sentences.push(first_sentence(paragraph).to_owned());
        }
    };
    if !section.sees.is_empty() {
        let sees = uncapitalised(first_sentence(&section.sees));
        add(&format!("What the agent sees: {sees}"));
    }
    add(&tries(incident));
    add(&finesse(incident));
    add(&calls(incident));
    if let Some(worse) = incident.contributing.first() {
        add(&format!(
            "What made it worse: {}.",
            bare(&uncapitalised(&worse.says))
        ));
    }
    let first = first_sentence(&cause.advice);
    sentences.push(format!("The first thing to do: {}", uncapitalised(first)));
    sentences
}

fn opening(incident: &Incident, zone: &TimeZone) -> String {
    let who = incident
        .agent
        .as_ref()
        .map_or_else(|| "A desktop".to_owned(), |agent| format!("Agent {agent}"));
    let cause = incident.cause.as_ref();
    let who = if cause.is_some_and(|cause| is_of_gadgets(cause.rule)) {
        format!("A gadget of {}", uncapitalised(&who))
    } else {
        who
    };
    let at = incident.began.wall.map_or_else(
        || {
            format!(
                "{} after the recording began",
                duration(incident.began.time)
            )
        },
        |wall| format!("at {}", wall_clock(wall, zone)),
    );
    let story = &incident.story;
    match story
        .out_of_service
        .map(|lasted| (lasted, duration(lasted)))
    {
        // Nothing was out of service: the system took a state, or a connection was left.
        Some((Micros(0), _)) => format!("This is about {}, {at}.", uncapitalised(&who)),
        Some((_, lasted)) if !story.served => {
            format!("{who} tried to get service {at} and got it {lasted} later.")
        }
        Some((_, lasted)) if is_replaced(incident) => {
            format!("{who} lost a socket {at}; another one had service {lasted} later.")
        }
        Some((_, lasted)) => format!("{who} lost service {at} for {lasted}."),
        None if !story.served => {
            format!("{who} tried to get service {at}, and had none when the recording ends.")
        }
        None => {
            format!("{who} lost service {at}, and had not got it back when the recording ends.")
        }
    }
}

/// Whether the socket that had service afterwards was there already when it began.
fn is_replaced(incident: &Incident) -> bool {
    let mut tried = incident.story.tried.iter();
    !incident.connections.is_empty() && !tried.any(|one| one.success)
}

/// How sure the cause is, and why.
fn sureness(cause: &Finding) -> String {
    let reasons: Vec<&str> = cause.because.iter().take(2).map(|one| bare(one)).collect();
    let reasons = reasons.join(", and ");
    let lacking = cause.lacking.first().map(|one| bare(one));
    match (cause.confidence, reasons.is_empty(), lacking) {
        (Confidence::Certain, true, _) => "This is certain.".to_owned(),
        (Confidence::Certain, false, _) => format!("This is certain: {reasons}."),
        (Confidence::Likely, true, None) => "This is likely, not proven.".to_owned(),
        (Confidence::Likely, false, None) => format!("This is likely, not proven: {reasons}."),
        (Confidence::Likely, true, Some(lacking)) => format!("This is likely, but {lacking}."),
        (Confidence::Likely, false, Some(lacking)) => {
            format!("This is likely: {reasons}; but {lacking}.")
        }
        (Confidence::Possible, true, None) => {
            "This is possible, and so are other causes.".to_owned()
        }
        (Confidence::Possible, false, None) => {
            format!("This is possible, and so are other causes: {reasons}.")
        }
        (Confidence::Possible, true, Some(lacking)) => {
            format!("This is no more than possible: {lacking}.")
        }
        (Confidence::Possible, false, Some(lacking)) => {
            format!("This is no more than possible: {reasons}; but {lacking}.")
        }
    }
}

/// How the desktop came back.
fn tries(incident: &Incident) -> String {
    if incident.story.out_of_service == Some(Micros(0)) {
        return String::new();
    }
    let tried = &incident.story.tried;
    let failed = tried.iter().filter(|one| !one.success).count();
    let back = tried.iter().find(|one| one.success);
    let vain = match failed {
        0 => String::new(),
        1 => "tried once in vain to get service".to_owned(),
        2 => "tried twice in vain to get service".to_owned(),
        failed => format!("tried {failed} times in vain to get service"),
    };
    let node = |one: &Try| {
        let node = one.node.as_ref();
        node.map_or_else(String::new, |node| format!(" on {node}"))
    };
    let again = if incident.story.served { " again" } else { "" };
    match (back, vain.is_empty()) {
        (None, true) => String::new(),
        (None, false) => format!("The desktop {vain}."),
        (Some(back), true) => {
            let node = node(back);
            format!("The first attempt to sign in{again}{node} succeeded.")
        }
        (Some(back), false) => {
            format!("The desktop {vain}, then signed in{again}{}.", node(back))
        }
    }
}

/// What Finesse did about it.
fn finesse(incident: &Incident) -> String {
    let states = &incident.story.states;
    let forced = |state: &&State| {
        let code = state.reason_code.as_deref();
        let reason = code.and_then(Reason::of);
        reason.is_some_and(|reason| reason.by == Actor::LostDesktop)
    };
    let state = states
        .iter()
        .find(|state| state.state == "LOGOUT")
        .or_else(|| states.iter().find(forced));
    let Some(state) = state else {
        let served = incident.story.served;
        return match (incident.story.out_of_service, states.is_empty() && served) {
            (Some(Micros(0)), _) | (_, false) => String::new(),
            (Some(_), true) => {
                "Finesse left the agent's state as it was, as far as the recording goes.".to_owned()
            }
            // Nobody was there to be told.
            (None, true) => {
                "What Finesse did with the agent's state is not in the recording.".to_owned()
            }
        };
    };
    let later = duration(state.at.time.since(incident.began.time));
    let reason = match (&state.reason_code, &state.reason) {
        (Some(code), Some(label)) => format!(", with reason {code} ({label})"),
        (Some(code), None) => format!(", with reason {code}"),
        (None, _) => String::new(),
    };
    if state.state == "LOGOUT" {
        format!("Finesse logged the agent out {later} after it began{reason}.")
    } else {
        format!(
            "Finesse set the agent to {} {later} after it began{reason}.",
            state.state
        )
    }
}

fn calls(incident: &Incident) -> String {
    match incident.story.calls.len() {
        0 => String::new(),
        1 => "A call was up when it began.".to_owned(),
        more => format!("{more} calls were up when it began."),
    }
}

/// What else there is besides the incident that is told.
fn others(report: &Report, serious: &[&Incident]) -> Option<String> {
    if serious.len() < 2 {
        return None;
    }
    let agents: BTreeSet<_> = serious
        .iter()
        .filter_map(|one| one.agent.as_ref())
        .collect();
    let of = match agents.len() {
        0 | 1 => String::new(),
        more => format!(" of {more} agents"),
    };
    let causes = causes(report).into_iter();
    let mut causes: Vec<(usize, &str)> = causes.map(|(rule, times)| (times, rule)).collect();
    causes.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    causes.retain(|(_, rule)| serious.iter().any(|one| rule_of(one) == Some(*rule)));
    if let [(times, rule)] = causes.as_slice()
        && *times == serious.len()
    {
        return Some(format!(
            "It is one of {times} incidents{of}, each of them {rule}."
        ));
    }
    let causes: Vec<String> = causes
        .into_iter()
        .map(|(times, rule)| format!("{times} {rule}"))
        .collect();
    Some(format!(
        "It is one of {} incidents{of} ({}).",
        serious.len(),
        causes.join(", ")
    ))
}

fn rule_of(incident: &Incident) -> Option<&'static str> {
    incident.cause.as_ref().map(|cause| cause.rule)
}

fn together(report: &Report) -> Option<String> {
    let together = report.together.first()?;
    Some(format!("{}.", bare(&together.says)))
}

fn incomplete(report: &Report) -> Option<String> {
    let missing = report.recordings.iter().map(|one| one.missing.events);
    let missing = missing.fold(0, u64::saturating_add);
    (missing > 0).then(|| {
        let missing = count(missing, "event");
        format!("Beware: {missing} of the recording are missing.")
    })
}

/// A sentence without its full stop.
fn bare(sentence: &str) -> &str {
    sentence.trim_end_matches('.')
}

/// A sentence in the middle of another one. A name in capitals keeps them.
fn uncapitalised(sentence: &str) -> String {
    let mut characters = sentence.chars();
    let first = characters.next();
    let second = characters.clone().next();
    match first {
        Some(first) if second.is_none_or(|second| !second.is_uppercase()) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => sentence.to_owned(),
    }
}
