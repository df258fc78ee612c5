//! `finspect recordings`: what is recorded, one line a session.

mod survey;

#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Exit, Failed, paths, written};
use crate::event::{Micros, Redaction};
use crate::recording::{Recording, recordings};
use crate::sink::console::{bytes, duration, visible};
use survey::Survey;

/// The arguments of `finspect recordings`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RecordingsArgs {
    /// The folder; otherwise the one in the user's data directory
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// As JSON, an array with the newest first
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  finspect recordings
  finspect recordings /var/tmp/finesse
  finspect recordings --json | jq -r '.[] | select(.disconnects > 0) | .path'

The newest comes first. The last column is what to type into `finspect show` and `finspect diagnose`. DISCONNECTS counts
desktop sockets that were lost, other than by the desktop's own leave; GAPS counts events that are missing.
docs/reading.md has the columns and the JSON.";

/// Lists the recordings of a folder.
pub(super) fn run(
    args: &RecordingsArgs,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<Exit, Failed> {
    let (folder, named) = match &args.folder {
        Some(folder) => (folder.clone(), true),
        None => (paths::recordings_dir()?, false),
    };
    let found = match recordings(&folder) {
        Err(error) if !named && error.kind() == ErrorKind::NotFound => Vec::new(),
        found => found
            .map_err(|error| Failed::usage(format!("cannot read {}: {error}", folder.display())))?,
    };
    let mut rows = Vec::new();
    for recording in &found {
        match Survey::of(recording) {
            Ok(survey) => rows.push(Row::new(recording, survey)),
            Err(error) => tell(talk, &error.to_string()),
        }
    }
    rows.sort_by(|a, b| b.began.cmp(&a.began).then_with(|| b.path.cmp(&a.path)));
    if rows.is_empty() {
        tell(
            talk,
            &format!("there is no recording in {}", folder.display()),
        );
    }
    let listed = if args.json {
        json(&rows, out)
    } else {
        table(&rows, &TimeZone::system(), out)
    };
    written(listed.and_then(|()| out.flush()))
}

/// One recording.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row {
    /// What to type to read it.
    path: String,
    state: State,
    /// RFC 3339, in UTC; absent where the header's time is impossible.
    started: Option<String>,
    duration_ms: u64,
    /// On disk, over all parts.
    bytes: u64,
    parts: usize,
    events: u64,
    hosts: Vec<String>,
    agents: Vec<String>,
    disconnects: u64,
    /// Events that are missing.
    gaps: u64,
    redaction: Redaction,
    #[serde(skip)]
    lasted: Micros,
    #[serde(skip)]
    began: i64,
}

/// How a recording ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// With the session's end.
    Complete,
    /// Not yet: it was written to a moment ago.
    Running,
    /// Without an end: finspect was killed, or the last part is not here.
    CutOff,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Running => "running",
            Self::CutOff => "cut off",
        }
    }
}

impl Row {
    fn new(recording: &Recording, survey: Survey) -> Self {
        let sizes = recording.parts.values().filter_map(|part| size(part));
        let last = recording.parts.values().next_back();
        let began = survey.session.wall_clock;
        Self {
            path: recording.path().display().to_string(),
            state: if survey.ended {
                State::Complete
            } else if last.is_some_and(|part| is_fresh(part)) {
                State::Running
            } else {
                State::CutOff
            },
            started: Timestamp::from_microsecond(began)
                .ok()
                .map(|at| format!("{at:.3}")),
            duration_ms: survey.lasted.0 / 1000,
            lasted: survey.lasted,
            bytes: sizes.sum(),
            parts: recording.parts.len(),
            events: survey.events,
            hosts: survey.hosts,
            agents: survey.agents,
            disconnects: survey.disconnects,
            gaps: survey.missing,
            redaction: survey.session.redaction,
            began,
        }
    }

    /// How it ends, and whether it may be shared.
    fn state(&self) -> String {
        let state = self.state.name();
        match self.redaction {
            Redaction::Off => format!("{state}, NOT REDACTED"),
            Redaction::Standard | Redaction::Strict => state.to_owned(),
        }
    }

    fn cells(&self, zone: &TimeZone) -> [String; 9] {
        let started = Timestamp::from_microsecond(self.began).map_or_else(
            |_| "?".to_owned(),
            |at| {
                let local = at.to_zoned(zone.clone());
                local.strftime("%Y-%m-%d %H:%M:%S").to_string()
            },
        );
        [
            started,
            duration(self.lasted),
            bytes(self.bytes),
            self.state(),
            few(&self.hosts),
            few(&self.agents),
            self.disconnects.to_string(),
            self.gaps.to_string(),
            self.path.clone(),
        ]
    }
}

fn size(part: &Path) -> Option<u64> {
    Some(fs::metadata(part).ok()?.len())
}

/// Whether the file was written to a moment ago.
fn is_fresh(part: &Path) -> bool {
    let written = fs::metadata(part).and_then(|facts| facts.modified());
    // A time in the future is a moment ago as well.
    written.is_ok_and(|at| SystemTime::now().duration_since(at).unwrap_or_default() < FRESH)
}

/// The first few names, and how many more there are.
fn few(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(FEW).map(String::as_str).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(FEW) {
        0 if names.is_empty() => "-".to_owned(),
        0 => shown,
        more => format!("{shown} +{more}"),
    }
}

fn json(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, rows)?;
    writeln!(out)
}

fn table(rows: &[Row], zone: &TimeZone, out: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut lines = vec![COLUMNS.map(ToOwned::to_owned)];
    lines.extend(rows.iter().map(|row| row.cells(zone).map(harmless)));
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: [usize; 9] = std::array::from_fn(width);
    for line in &lines {
        let cells = line.iter().zip(widths);
        let padded = cells.map(|(cell, width)| format!("{cell:<width$}"));
        let text = padded.collect::<Vec<_>>().join("  ");
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

/// What stands in a recording must not command the terminal.
fn harmless(cell: String) -> String {
    let mut safe = String::with_capacity(cell.len());
    visible(&mut safe, &cell);
    safe
}

/// Talk that nobody reads stops nothing.
fn tell(talk: &mut dyn Write, text: &str) {
    let mut line = String::new();
    visible(&mut line, text);
    drop(writeln!(talk, "{line}"));
}

const COLUMNS: [&str; 9] = [
    "STARTED",
    "DURATION",
    "SIZE",
    "STATE",
    "HOSTS",
    "AGENTS",
    "DISCONNECTS",
    "GAPS",
    "RECORDING",
];
/// Names shown in one cell.
const FEW: usize = 2;
/// A recording without an end that was written to within this time is held to be running.
const FRESH: Duration = Duration::from_secs(120);
