//! `finspect export`: a recording in the form of another tool.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

use super::output::Output;
use super::reading::Reading;
use super::session::say;
use super::{Exit, Failed};
use crate::export::{Export, Pcapng, Text};

/// The arguments of `finspect export`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExportArgs {
    /// The form
    format: Format,
    /// A recording: a file, a folder with the parts of one, or - for the standard input
    file: PathBuf,
    /// Where to write it: a new file [default: the standard output]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Packets with what passed inside TLS, for Wireshark
    Pcapng,
    /// The session as `show` prints it, for a ticket
    Text,
}

const EXAMPLES: &str = "\
Examples:
  finspect export text morning.jsonl -o morning.txt
      The pretty view, to paste into a ticket.
  finspect export pcapng morning.jsonl -o morning.pcapng
      HTTP, WebSocket and the stanzas in Wireshark, without TLS keys.

Exit codes: 0 done; 2 unreadable input or wrong usage; 3 the recording is incomplete (what is missing is said).";

/// Reads the recording once and writes the other form.
pub(super) fn run(args: &ExportArgs) -> Result<Exit, Failed> {
    let mut reading = Reading::open(&args.file)?;
    let session = reading.header().session.clone();
    let mut output = Output::create(args.output.as_deref())?;
    let written = {
        let mut export: Box<dyn Export + '_> = match args.format {
            Format::Pcapng => Box::new(Pcapng::new(&mut output, &session)),
            Format::Text => Box::new(Text::new(&mut output, TimeZone::system())),
        };
        write(&mut reading, &mut *export)?.and_then(|()| export.finish())
    };
    let remarks = written.map_err(|error| output.failed(&error))?;
    for remark in remarks {
        say(&remark);
    }
    output.finish()?;
    Ok(reading.finish())
}

/// The outer error is the recording's, the inner one the output's.
fn write(reading: &mut Reading, export: &mut dyn Export) -> Result<std::io::Result<()>, Failed> {
    while let Some(event) = reading.next()? {
        if let Err(error) = export.event(&event) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}
