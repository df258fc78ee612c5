//! Why a desktop disconnected: rules over the projection of a session.
//!
//! [`incidents`](incident::incidents) finds the stretches of time in which an agent had no service, each rule of the
//! [table](rules::TABLE) judges each of them, [`compete`] chooses the cause, and [`report`] is what is said of it.
//! Nothing here reads events or a clock: a better rule improves every old recording.

mod answer;
pub mod attempt;
pub mod case;
pub mod chart;
mod clocks;
mod compete;
pub mod failing;
pub mod findings;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod incident;
pub mod index;
mod kin;
mod live;
pub mod loss;
#[cfg(test)]
mod matrix;
mod notes;
pub mod path;
pub mod pressure;
#[cfg(test)]
mod properties;
pub mod refusals;
pub mod report;
pub mod rule;
pub mod rules;
mod served;
pub mod signals;
mod story;
pub mod symptom;
#[cfg(test)]
mod testing;
mod together;
mod tunnels;
mod unanswered;
pub mod warnings;
pub mod words;

#[cfg(test)]
mod tests;

pub use clocks::{AllClocks, Clocks, GiveUp, Profile};
pub use live::{Live, News};
pub use report::{Outcome, Report};
pub use together::offsets;

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::session::{At, Session};
use case::Case;
use compete::{Judgement, Match};
use index::Index;
use report::{Alternative, Delay, Evidence, Finding, Incident, Moment, Recording, Warning};
use rule::Severity;
use together::{One, Window};
use warnings::{About, Sign};

/// What is diagnosed: a session, and what it is called.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its name, as the user gave it.
    pub name: &'a str,
    /// All that is known of it.
    pub session: &'a Session,
    /// What to add to its wall clock to compare it with the others', in microseconds.
    pub offset: i64,
}

/// Says of each incident in the sessions what caused it. Clock times in sentences are those of `zone`.
#[must_use]
pub fn diagnose(subjects: &[Subject<'_>], profile: &Profile, zone: &TimeZone) -> Report {
    let mut report = Report {
        format: "finspect-diagnosis",
        version: "1.0",
        outcome: Outcome::Healthy,
        answer: String::new(),
        recordings: Vec::new(),
        incidents: Vec::new(),
        together: Vec::new(),
        warnings: Vec::new(),
    };
    let clocks = subjects
        .iter()
        .map(|subject| AllClocks::of(subject.session, profile));
    let clocks: Vec<AllClocks> = clocks.collect();
    let mut all: Vec<One<'_>> = Vec::new();
    for ((place, subject), clocks) in subjects.iter().enumerate().zip(&clocks) {
        report
            .recordings
            .push(recording(subject, clocks.for_user(None)));
        for incident in incident::incidents(subject.session, clocks) {
            all.push(One {
                subject: place,
                window: Window::of(subject, &incident),
                incident,
            });
        }
    }
    let crowds = together::crowds(subjects, &all);
    let indexes: Vec<Index<'_>> = subjects.iter().map(|one| Index::of(one.session)).collect();
    for (one, crowd) in all.iter().zip(&crowds) {
        let place = one.subject;
        let (Some(subject), Some(index)) = (subjects.get(place), indexes.get(place)) else {
            continue;
        };
        let case = Case {
            session: subject.session,
            index,
            incident: &one.incident,
            clocks: one.incident.clocks,
            crowd: *crowd,
            zone,
        };
        let judgement = compete::judge(&case);
        let mut incident = explained(place, &case, judgement);
        incident.number = report.incidents.len() + 1;
        report.incidents.push(incident);
    }
    report.together = together::together(&all, &crowds, &report.incidents);
    report.warnings = subjects
        .iter()
        .enumerate()
        .flat_map(|(place, subject)| warned(place, subject.session, profile, &report.incidents))
        .collect();
    conclude(&mut report, zone);
    report
}

/// Warnings of a session; what has become an incident is told there.
fn warned(
    recording: usize,
    session: &Session,
    profile: &Profile,
    incidents: &[Incident],
) -> Vec<Warning> {
    let told = |about: &About| {
        let About::Connection(id) = about else {
            return false;
        };
        let of_it = |one: &&Incident| one.recording == recording && one.connections.contains(id);
        incidents.iter().any(|one| of_it(&one))
    };
    let signs = warnings::signs(session, &Clocks::of(session, profile)).into_iter();
    let standing = signs.filter(|sign| !told(&sign.about));
    standing
        .map(|sign| warning(recording, session, sign))
        .collect()
}

fn warning(recording: usize, session: &Session, sign: Sign) -> Warning {
    Warning {
        name: sign.name,
        recording,
        at: moment(session, sign.at),
        says: sign.says,
    }
}

/// Keeps the incidents that are wanted, as if there were no others.
pub fn narrow(report: &mut Report, wanted: impl Fn(&Incident) -> bool, zone: &TimeZone) {
    let all = report.incidents.iter().filter(|one| wanted(one));
    let kept: Vec<usize> = all.map(|one| one.number).collect();
    let numbers: Vec<usize> = report.incidents.iter().map(|one| one.number).collect();
    let others = outcome(
        report
            .incidents
            .iter()
            .filter(|one| !kept.contains(&one.number)),
    );
    report.incidents.retain(|one| kept.contains(&one.number));
    // Places in the report are other ones now; a crowd of which one is left out is none.
    report.together.retain_mut(|together| {
        let places = together.incidents.iter().map(|place| {
            let number = numbers.get(*place)?;
            kept.iter().position(|one| one == number)
        });
        let places: Option<Vec<usize>> = places.collect();
        let whole = places.is_some();
        together.incidents = places.unwrap_or_default();
        whole
    });
    conclude(report, zone);
    if report.outcome == Outcome::Healthy && others != Outcome::Healthy {
        report.answer = answer::chosen(report);
    }
}

fn conclude(report: &mut Report, zone: &TimeZone) {
    report.outcome = outcome(report.incidents.iter());
    report.answer = answer::answer(report, zone);
}

fn outcome<'a>(incidents: impl Iterator<Item = &'a Incident>) -> Outcome {
    let severities = incidents.map(|incident| {
        let cause = incident.cause.as_ref();
        match cause.map(|cause| cause.severity) {
            Some(Severity::Info) => Outcome::Healthy,
            Some(Severity::Notice) => Outcome::Notice,
            Some(Severity::Trouble) | None => Outcome::Trouble,
        }
    });
    severities.max().unwrap_or(Outcome::Healthy)
}

fn explained(recording: usize, case: &Case<'_>, judgement: Judgement) -> Incident {
    let session = case.session;
    let findings = |matches: Vec<Match>| {
        let findings = matches.into_iter().map(|one| finding(session, one));
        let mut findings: Vec<Finding> = findings.collect();
        findings.sort_by_key(|one| one.evidence.last().map(|last| last.at.number));
        findings
    };
    let cause = judgement.cause.map(|one| finding(session, one));
    let mut connections: Vec<_> = case
        .incident
        .losses()
        .map(|loss| loss.connection.id)
        .collect();
    connections.sort_unstable();
    Incident {
        number: 0,
        recording,
        agent: case.incident.agent.clone(),
        began: moment(session, case.began()),
        back: case.incident.back.map(|at| moment(session, at)),
        connections,
        first: cause
            .as_ref()
            .and_then(story::machine)
            .or_else(|| story::first(case)),
        cause,
        consequences: findings(judgement.consequences),
        contributing: findings(judgement.contributing),
        alternatives: judgement
            .alternatives
            .into_iter()
            .map(|(rule, why)| Alternative {
                rule: rule.name,
                why,
            })
            .collect(),
        story: story::story(case),
    }
}

fn finding(session: &Session, (rule, mut verdict): Match) -> Finding {
    verdict.evidence.sort_by_key(|(at, _)| *at);
    let evidence = verdict.evidence.into_iter().map(|(at, shows)| Evidence {
        at: moment(session, at),
        shows,
    });
    Finding {
        rule: rule.name,
        title: rule.title,
        severity: verdict
            .severity
            .map_or(rule.severity, |less| less.min(rule.severity)),
        confidence: verdict.confidence,
        says: verdict.says,
        because: verdict.because,
        lacking: verdict.lacking,
        evidence: evidence.collect(),
        advice: verdict.advice.map_or_else(
            || {
                let section = findings::section(rule.name);
                section.map_or_else(String::new, |section| section.remedy.clone())
            },
            Cow::into_owned,
        ),
    }
}

fn moment(session: &Session, at: At) -> Moment {
    Moment {
        number: at.number,
        time: at.time,
        wall: session.wall(at.time),
    }
}

fn recording(subject: &Subject<'_>, clocks: &Clocks) -> Recording {
    let session = subject.session;
    let sockets = session.connections().filter_map(|one| one.socket.as_ref());
    let desktops: Vec<_> = sockets.filter(|one| loss::is_desktop(one)).collect();
    let pings = desktops.iter().map(|one| &one.stream.pings.to_server);
    let span = session.span();
    let delay = session.delay();
    let mut missing = crate::event::Gap::default();
    for (_, gap) in session.gaps() {
        missing.add(gap);
    }
    Recording {
        name: subject.name.to_owned(),
        from: span.map(|(first, _)| moment(session, first)),
        to: span.map(|(_, last)| moment(session, last)),
        moved: (subject.offset != 0).then_some(subject.offset / 1_000),
        agents: session.agents().map(|agent| agent.user.clone()).collect(),
        sockets: desktops.len() as u64,
        pings: pings.clone().map(|pings| pings.sent).sum(),
        answered: pings.clone().map(|pings| pings.answered).sum(),
        worst_round_trip: pings.filter_map(|one| Some(one.worst?.0)).max(),
        ping_interval: clocks.interval,
        ping_interval_seen: clocks.seen,
        delay: Delay {
            units: delay.units,
            total: crate::event::Micros(delay.total),
            worst: delay.worst.map(|(worst, _)| worst).unwrap_or_default(),
            worst_at: delay.worst.map(|(_, at)| moment(session, at)),
        },
        notes: notes::notes(session, &missing),
        missing,
    }
}
