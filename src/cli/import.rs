//! `finspect import`: a file that a browser wrote becomes a recording.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::output::Output;
use super::session::say;
use super::{Exit, Failed, reading, redact};
use crate::bus::Clock;
use crate::event::{Authority, Micros, Redaction};
use crate::import::{self, Damage, ImportError, Options, Report};
use crate::proxy::Intercept;

/// The arguments of `finspect import`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ImportArgs {
    /// What wrote the file: the Network panel of DevTools, or chrome://net-export
    format: Format,
    /// The file; `-` is the standard input
    file: PathBuf,
    /// The recording to write, a new file; without it, to stdout
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Only connections to this host (`*.example.com` covers subdomains); may repeat
    #[arg(short, long, value_name = "HOST[:PORT]")]
    intercept: Vec<String>,
    /// How much is replaced by pseudonyms: standard (credentials, tokens, cookies, call variables), strict or off
    #[arg(long, value_name = "LEVEL", default_value = "standard")]
    redact: String,
    /// The key of the pseudonyms, so that those of several recordings can be compared; made if it is not there
    #[arg(long, value_name = "FILE")]
    redact_key: Option<PathBuf>,
}

/// A format that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// HAR 1.2, as DevTools of Chrome and Edge export it
    Har,
    /// NetLog, as chrome://net-export and --log-net-log write it
    Netlog,
}

const EXAMPLES: &str = "\
Examples:
  finspect import har agent.har -o agent.jsonl
      what an agent saved in DevTools, as a recording
  finspect import netlog net-export.json -i finesse1.example.com -o agent.jsonl
      the connections to one host out of a log of the whole browser
  finspect import har agent.har | finspect show -
      print it at once

How an agent saves such a file, and what is not in it: docs/importing.md";

/// Runs `finspect import …`.
pub(super) fn run(args: &ImportArgs) -> Result<Exit, Failed> {
    let hosts: Vec<Intercept> = args
        .intercept
        .iter()
        .map(|host| {
            host.parse()
                .map_err(|error| Failed::usage(format!("--intercept: {error}")))
        })
        .collect::<Result<_, _>>()?;
    let wanted =
        |target: &Authority| hosts.is_empty() || hosts.iter().any(|host| host.matches(target));
    let level = redact::level(Some(&args.redact))?;
    let redactor = redact::redactor(level, args.redact_key.as_deref())?;
    let input = open(&args.file)?;
    let mut output = Output::create(args.output.as_deref())?;
    if level == Redaction::Off {
        say(reading::OFF);
    }
    let options = Options { wanted: &wanted };
    let input = Watched::new(input);
    let imported = match args.format {
        Format::Har => import::har(input, &mut output, &redactor, &options),
        Format::Netlog => import::netlog(input, &mut output, &redactor, &options),
    };
    let report = match imported {
        Ok((report, _)) => report,
        Err(ImportError::Write(error)) => return Err(output.failed(&error)),
        Err(error) => return Err(Failed::usage(format!("{}: {error}", args.file.display()))),
    };
    output.finish()?;
    Ok(tell(&args.file, &report))
}

/// Says what was read, and what is missing of it.
fn tell(file: &Path, report: &Report) -> Exit {
    let file = file.display();
    match report.damage {
        None => {}
        Some(Damage::CutOff) => say(&format!(
            "{file}: it ends in the middle, as after a crash; what was whole until there is imported"
        )),
        Some(Damage::Broken(line)) => say(&format!(
            "{file}: it is no JSON from line {line} on; only what came before is imported"
        )),
    }
    if report.not_on_the_wire > 0 {
        say(&format!(
            "{file}: {} entries never were on the wire (from the cache, `data:`, `blob:`) and are left out",
            report.not_on_the_wire
        ));
    }
    if report.lost > 0 {
        say(&format!(
            "{file}: {} messages or events cannot be told: their entry has no URL, their time or their direction is missing",
            report.lost
        ));
    }
    if report.connections == 0 {
        say(&format!(
            "{file}: there is no connection in it that was asked for"
        ));
    }
    say(&format!(
        "{file}: {} events on {} connections",
        report.events, report.connections
    ));
    let is_broken = matches!(report.damage, Some(Damage::Broken(_)));
    if is_broken || report.lost > 0 {
        Exit::Incomplete
    } else {
        Exit::Done
    }
}

fn open(file: &Path) -> Result<Box<dyn Read>, Failed> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let opened = File::open(file)
        .map_err(|error| Failed::usage(format!("{}: cannot read: {error}", file.display())))?;
    Ok(Box::new(opened))
}

/// An input that says how far it was read, once a second, where a person looks.
struct Watched {
    input: Box<dyn Read>,
    clock: Clock,
    read: u64,
    said: Micros,
    shows: bool,
}

impl Watched {
    fn new(input: Box<dyn Read>) -> Self {
        Self {
            input,
            clock: Clock::start(),
            read: 0,
            said: Micros(0),
            shows: io::stderr().is_terminal(),
        }
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.read += count as u64;
        if self.shows {
            let now = self.clock.now();
            if now.since(self.said) >= SECOND {
                self.said = now;
                drop(writeln!(io::stderr(), "{} MB read", self.read / 1_000_000));
            }
        }
        Ok(count)
    }
}

const SECOND: Micros = Micros(1_000_000);
