//! Every rule over every golden recording of a cause, as a table that stands in the repository: what a change of a rule
//! does to any of them shows in its review.
//!
//! `FINSPECT_GOLDEN=write cargo test --lib diagnose::matrix` writes the table anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::report::{Finding, Incident};
use super::rule::Severity;
use super::rules::TABLE;
use super::testing::report;
use super::{Outcome, Report};
use crate::recording::{Item, Source, Trouble};
use crate::session::Session;

/// A recording, and what its file's name says of it: `CAUSE[.VARIANT].jsonl.zst`, `real.CAUSE…`, `healthy.NAME…`.
struct Golden {
    name: String,
    expected: String,
    report: Report,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/causes")
}

fn all() -> Vec<Golden> {
    files().iter().map(|path| golden(path)).collect()
}

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|is| is == "zst"));
    files.sort();
    files
}

/// What a recording is called, without what its format is called.
fn name(path: &Path) -> String {
    let name = path.file_name().unwrap().to_string_lossy();
    name.strip_suffix(".jsonl.zst").unwrap().to_owned()
}

/// The rule that its name says has to be the cause, or `healthy`.
fn expected(name: &str) -> String {
    let mut parts = name.split('.').filter(|part| *part != "real");
    parts.next().unwrap().to_owned()
}

fn golden(path: &Path) -> Golden {
    let name = name(path);
    let mut source = Source::open(path).unwrap();
    let mut session = Session::default();
    while let Some(item) = source.advance() {
        match item {
            Item::Event(event) => session.take(&event),
            // Of a finspect that was killed.
            Item::Trouble(Trouble::Unfinished) if name.ends_with("finspect-killed") => {}
            Item::Trouble(trouble) => panic!("{name}: {trouble}"),
        }
    }
    Golden {
        expected: expected(&name),
        name,
        report: report(&session),
    }
}

/// The cause of the first incident that was against the user's wish, or at all.
fn first_cause(report: &Report) -> Option<&Finding> {
    let causes = report.incidents.iter().filter_map(|one| one.cause.as_ref());
    let serious = causes.clone().find(|cause| cause.severity > Severity::Info);
    serious.or_else(|| causes.clone().next())
}

#[test]
fn the_cause_is_named_first_and_nothing_healthy_has_one() {
    let mut wrong = String::new();
    for Golden {
        name,
        expected,
        report,
    } in all()
    {
        let cause = first_cause(&report).map(|cause| cause.rule);
        let right = if expected == "healthy" {
            report.outcome == Outcome::Healthy
        } else {
            cause == Some(expected.as_str())
        };
        if !right {
            writeln!(wrong, "{name}: {cause:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn there_are_no_fewer_healthy_recordings_than_of_causes() {
    let names = files().into_iter();
    let (healthy, causes): (Vec<_>, Vec<_>) =
        names.partition(|path| expected(&name(path)) == "healthy");
    let (healthy, causes) = (healthy.len(), causes.len());
    assert!(causes > 0 && healthy >= causes, "{healthy} of {causes}");
}

#[test]
fn every_rule_is_the_first_cause_of_a_recording_but_those_that_cannot() {
    let causes: BTreeSet<&str> = all()
        .iter()
        .filter_map(|golden| Some(first_cause(&golden.report)?.rule))
        .collect();
    let without = TABLE.iter().map(|rule| rule.name);
    let without: Vec<&str> = without.filter(|rule| !causes.contains(rule)).collect();
    assert_eq!(without, WITHOUT_RECORDING);
}

/// Rules that are the first cause of no recording: a clock that is wrong takes no service by itself and is a warning,
/// `healthy.clock-drift`, until a token or a certificate fails for it, of which there is no recording; and the simulator has
/// no gadgets.
const WITHOUT_RECORDING: [&str; 3] = ["clock-drift", "gadget-service-down", "gadget-tunnel"];

#[test]
fn no_incident_is_told_apart_from_more_than_a_few_others() {
    for golden in all() {
        for incident in &golden.report.incidents {
            let told: Vec<&str> = incident.alternatives.iter().map(|one| one.rule).collect();
            assert!(told.len() <= 4, "{}: {told:?}", golden.name);
        }
    }
}

#[test]
fn every_rule_over_every_recording_is_as_the_table_says() {
    let mut table = String::from(INTRODUCTION);
    for golden in all() {
        writeln!(table, "\n{}", golden.name).unwrap();
        for incident in &golden.report.incidents {
            row(&mut table, incident);
        }
        if golden.report.incidents.is_empty() {
            table.push_str("  no incident\n");
        }
        for warning in &golden.report.warnings {
            writeln!(table, "  ! {}", warning.name).unwrap();
        }
    }
    let path = folder().join("MATRIX.txt");
    if std::env::var_os("FINSPECT_GOLDEN").is_some_and(|mode| mode == "write") {
        fs::write(&path, &table).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    let mut lines = stored.lines().zip(table.lines());
    let differs = lines.find(|(stored, now)| stored != now);
    assert!(stored == table, "first difference: {differs:?}");
}

const INTRODUCTION: &str = "\
What each rule says of each golden recording; src/diagnose/matrix.rs writes it.
= cause   > consequence   + contributing   - an alternative that lost, or was ruled out   ! warning
";

fn row(table: &mut String, incident: &Incident) {
    let agent = incident.agent.as_deref().unwrap_or("somebody");
    let back = if incident.back.is_some() {
        "back"
    } else {
        "not back"
    };
    writeln!(table, "  {agent}, {back}").unwrap();
    let mut line = |sign: char, finding: &Finding| {
        let (rule, sure) = (finding.rule, format!("{:?}", finding.confidence));
        writeln!(table, "    {sign} {rule:<26} {}", sure.to_lowercase()).unwrap();
    };
    if let Some(cause) = &incident.cause {
        line('=', cause);
    }
    for consequence in &incident.consequences {
        line('>', consequence);
    }
    for contributing in &incident.contributing {
        line('+', contributing);
    }
    for alternative in &incident.alternatives {
        writeln!(table, "    - {}", alternative.rule).unwrap();
    }
}
