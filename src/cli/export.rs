//! `finspect export`: a recording in the form of another tool.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

use super::output::Output;
use super::reading::Reading;
use super::session::say;
use super::{Exit, Failed};
use crate::export::{Csv, Export, Har, Pcapng, Text};

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
    /// One row an event, for a spreadsheet
    Csv,
    /// HAR 1.2 with WebSocket messages, for the browser's DevTools or HTTP Toolkit
    Har,
    /// The session as `show` prints it, for a ticket
    Text,
}

const EXAMPLES: &str = "\
Examples:
  finspect export har morning.jsonl -o morning.har
      To load into the Network panel of the browser's DevTools.
  finspect export csv morning.jsonl -o morning.csv
      To sort and count in a spreadsheet.
  finspect export text morning.jsonl -o morning.txt
      The pretty view, to paste into a ticket.
  finspect export pcapng morning.jsonl -o morning.pcapng
      HTTP, WebSocket and the stanzas in Wireshark, without TLS keys.

Exit codes: 0 done; 2 unreadable input or wrong usage; 3 the recording is incomplete (what is missing is said).";

/// Reads the recording once and writes the other form.
pub(super) fn run(args: &ExportArgs) -> Result<Exit, Failed> {
    let mut reading = Reading::open(&args.file)?;
    let output = RefCell::new(Output::create(args.output.as_deref())?);
    let written = write(args.format, &mut reading, &output);
    let output = output.into_inner();
    let remarks = written.map_err(|error| output.failed(&error))?;
    for remark in remarks {
        say(&remark);
    }
    let reader_left = output.reader_left();
    output.finish()?;
    Ok(if reader_left {
        Exit::Done
    } else {
        reading.finish()
    })
}

/// Writes the other form; what there is to remark on it.
fn write(
    format: Format,
    reading: &mut Reading,
    output: &RefCell<Output>,
) -> io::Result<Vec<String>> {
    let mut export = exporter(format, reading, Shared(output))?;
    while let Some(event) = reading.next() {
        export.event(&event)?;
        if output.borrow().reader_left() {
            return Ok(Vec::new());
        }
    }
    export.finish()
}

fn exporter<'a>(
    format: Format,
    reading: &Reading,
    output: Shared<'a>,
) -> io::Result<Box<dyn Export + 'a>> {
    let session = &reading.header().session;
    Ok(match format {
        Format::Csv => Box::new(Csv::new(output, session)?),
        Format::Har => Box::new(Har::new(output, session.clone())?),
        Format::Pcapng => Box::new(Pcapng::new(output, session)),
        Format::Text => Box::new(Text::new(output, TimeZone::system())),
    })
}

/// The output while an exporter writes to it: whether anybody still reads can be asked all the while.
struct Shared<'a>(&'a RefCell<Output>);

impl Write for Shared<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}
