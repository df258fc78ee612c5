//! `finspect diagnose`: why it disconnected.

mod evidence;
mod incident;
mod profile;
mod text;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

use super::page::{self, Page};
use super::reading::Reading;
use super::session::{colour, say};
use super::{Exit, Failed, write_out};
use crate::diagnose::report::Note;
use crate::diagnose::{Clocks, Outcome, Profile, Report, Subject, diagnose, narrow, offsets};
use crate::session::Session;
use crate::sink::console::Colour;

/// The arguments of `finspect diagnose`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DiagnoseArgs {
    /// Recordings: a file, a folder with the parts of one, or - for stdin; several are compared
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// As JSON, described by docs/diagnosis.schema.json
    #[arg(long)]
    json: bool,
    /// Only what happened to this agent
    #[arg(long, value_name = "USER")]
    agent: Option<String>,
    /// Only this incident, by its number in the report
    #[arg(long, value_name = "N")]
    incident: Option<usize>,
    /// The desktop's clocks where the recording does not show them: ping-interval=10s, max-retry=2,
    /// or a TOML file with these keys
    #[arg(long, value_name = "KEY=VALUE[,...]")]
    client_profile: Option<String>,
    /// Times in UTC; otherwise in this machine's time zone
    #[arg(long)]
    utc: bool,
    /// Colour: auto is where a person looks and NO_COLOR is not set
    #[arg(long, value_name = "WHEN", default_value = "auto", num_args = 0..=1, require_equals = true, default_missing_value = "always")]
    color: When,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum When {
    /// Where a person looks
    Auto,
    /// In any case
    Always,
    /// In no case
    Never,
}

const EXAMPLES: &str = "\
Examples:
  finspect diagnose morning.jsonl
      The answer in a paragraph, then each incident with its picture, its evidence and what to do.
  finspect diagnose morning.jsonl --incident 2
      One of them.
  finspect diagnose agent1.jsonl agent2.jsonl agent3.jsonl
      Several agents: whom it hit, and whom not.
  finspect diagnose morning.jsonl --json | jq -r '.incidents[].cause.rule'
      For scripts.
  finspect diagnose short.jsonl --client-profile ping-interval=10s,max-retry=2
      A recording that is too short to show the desktop's clocks.

`finspect explain RULE` and docs/findings.md tell more of a finding. Exit codes: 0 nothing wrong was
found; 1 something was, trouble or notice; 2 wrong usage, or a recording that cannot be read;
3 nothing wrong was found, but events are missing, so that it cannot be ruled out.";

/// Diagnoses recordings.
pub(super) fn run(args: &DiagnoseArgs) -> Result<Exit, Failed> {
    let profile = profile::profile(args.client_profile.as_deref())?;
    if args.files.iter().filter(|file| is_stdin(file)).count() > 1 {
        return Err(Failed::usage("- can be named once: stdin is read once"));
    }
    let zone = if args.utc {
        TimeZone::UTC
    } else {
        TimeZone::system()
    };
    let mut recordings: Vec<Recording> = Vec::new();
    for file in &args.files {
        let recording = Recording::read(file)?;
        match recordings.iter().find(|one| recording.is_same(one)) {
            Some(known) => say(&format!(
                "{} is the same recording as {}: it counts once",
                recording.name, known.name
            )),
            None => recordings.push(recording),
        }
    }
    let mut report = judged(&recordings, &profile, &zone);
    wish(args, &mut report, &zone)?;
    let exit = match report.outcome {
        Outcome::Trouble | Outcome::Notice => Exit::Trouble,
        Outcome::Healthy if recordings.iter().any(|one| one.missing > 0) => Exit::Incomplete,
        Outcome::Healthy => Exit::Done,
    };
    let text = if args.json {
        json(&report)?
    } else {
        text(args, &recordings, &report, &profile, &zone)
    };
    write_out(text.as_bytes())?;
    Ok(exit)
}

/// A recording that was read.
struct Recording {
    path: PathBuf,
    name: String,
    session: Session,
    /// The recording's own name.
    id: String,
    /// Which part of a recording it begins with.
    part: u32,
    /// Events that are missing.
    missing: u64,
}

impl Recording {
    fn read(path: &Path) -> Result<Self, Failed> {
        let mut reading = Reading::open(path)?;
        let header = reading.header();
        let (id, part) = (header.recording.clone(), header.part);
        let mut session = Session::default();
        while let Some(event) = reading.next() {
            session.take(&event);
        }
        let missing = reading.missing();
        reading.finish();
        Ok(Self {
            path: path.to_owned(),
            name: path.display().to_string(),
            session,
            id,
            part,
            missing,
        })
    }

    /// Whether the other one is a copy of it: both are about the same people, and begin and end with the same event.
    fn is_same(&self, other: &Self) -> bool {
        let what = |one: &Self| (one.part, one.session.span());
        self.id == other.id
            && what(self) == what(other)
            && self.session.users() == other.session.users()
    }
}

fn judged(recordings: &[Recording], profile: &Profile, zone: &TimeZone) -> Report {
    let sessions: Vec<&Session> = recordings.iter().map(|one| &one.session).collect();
    let offsets = offsets(&sessions);
    let subjects = recordings.iter().zip(offsets).map(|(one, offset)| Subject {
        name: &one.name,
        session: &one.session,
        offset,
    });
    let subjects: Vec<Subject<'_>> = subjects.collect();
    let mut report = diagnose(&subjects, profile, zone);
    for (told, read) in report.recordings.iter_mut().zip(recordings) {
        if read.part > 1 {
            let says = format!(
                "it begins with part {}: of what came before, only what was still open is known",
                read.part
            );
            told.notes.push(Note {
                name: "later-part",
                says,
            });
        }
    }
    report
}

/// Keeps what was asked for.
fn wish(args: &DiagnoseArgs, report: &mut Report, zone: &TimeZone) -> Result<(), Failed> {
    if let Some(wanted) = args.incident {
        let all = report.incidents.len();
        if !(1..=all).contains(&wanted) {
            return Err(Failed::usage(match all {
                0 => "--incident: there is none".to_owned(),
                all => format!("--incident: there is no {wanted}, only 1 to {all}"),
            }));
        }
    }
    if let Some(wanted) = &args.agent {
        let agents = report.recordings.iter().flat_map(|one| &one.agents);
        let agents: Vec<&str> = agents.map(String::as_str).collect();
        if !agents
            .iter()
            .any(|agent| agent.eq_ignore_ascii_case(wanted))
        {
            let few: Vec<&str> = agents.iter().copied().take(AGENTS).collect();
            return Err(Failed::usage(format!(
                "--agent: there is no {wanted:?} here; there is {}",
                if few.is_empty() {
                    "nobody".to_owned()
                } else {
                    few.join(", ")
                }
            )));
        }
    }
    if args.agent.is_some() || args.incident.is_some() {
        let agent = args.agent.as_deref();
        let wanted = |one: &crate::diagnose::report::Incident| {
            let name = one.agent.as_deref().unwrap_or_default();
            agent.is_none_or(|agent| name.eq_ignore_ascii_case(agent))
                && args.incident.is_none_or(|number| one.number == number)
        };
        narrow(report, wanted, zone);
    }
    Ok(())
}

fn text(
    args: &DiagnoseArgs,
    recordings: &[Recording],
    report: &Report,
    profile: &Profile,
    zone: &TimeZone,
) -> String {
    let sources = recordings.iter().enumerate();
    let sources: Vec<text::Source<'_>> = sources
        .map(|(place, one)| text::Source {
            session: &one.session,
            clocks: Clocks::of(&one.session, profile),
            told: evidence::collect(&one.path, &evidence::wanted(report, place), zone),
            once: is_stdin(&one.path),
        })
        .collect();
    let colour = match args.color {
        When::Auto => colour(),
        When::Always => Colour::Always,
        When::Never => Colour::Never,
    };
    let mut page = Page::new(colour, page::width());
    text::write(&mut page, report, &sources, args.incident.is_some(), zone);
    page.into_text()
}

fn json(report: &Report) -> Result<String, Failed> {
    let text = serde_json::to_string_pretty(report);
    text.map(|text| text + "\n")
        .map_err(|error| Failed::usage(format!("cannot write the report: {error}")))
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Agents named where one is not found.
const AGENTS: usize = 10;
