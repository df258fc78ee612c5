//! What was typed, what it means, which command runs.

pub mod ca;
mod demo;
mod diagnose;
mod exit;
mod explain;
mod export;
mod findings;
mod import;
mod log;
mod moment;
mod output;
mod page;
mod paths;
mod reading;
mod record;
mod recordings;
mod redact;
mod run;
mod session;
mod show;
mod signals;
pub mod simulate;

pub use exit::{Exit, Failed};

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use tokio::runtime::{Builder, Runtime};

/// A debugging proxy for the Cisco Finesse agent desktop.
///
/// Stands between the browser and Finesse on this machine, relays every byte both ways unchanged, and prints each
/// XMPP stanza, REST call and TLS handshake with its timing.
#[derive(Debug, Parser)]
#[command(name = "finspect", version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Intercept the named hosts, print what passes, and record it
    Run(Box<run::RunArgs>),
    /// An embedded Finesse, an agent, the proxy between them, a disconnect, and what happened
    Demo(demo::DemoArgs),
    /// A recording, printed as it was live
    Show(show::ShowArgs),
    /// Why it disconnected: the cause, the evidence, what to do
    Diagnose(diagnose::DiagnoseArgs),
    /// What a finding means, what it looks like on the wire, what to do
    Explain(explain::ExplainArgs),
    /// What is recorded: started, duration, size, hosts, agents, disconnects, gaps
    Recordings(recordings::RecordingsArgs),
    /// Tighten a recording before it is shared, and say what was replaced
    Redact(redact::RedactArgs),
    /// A recording in the form of another tool: har, pcapng, csv, text
    Export(export::ExportArgs),
    /// A file that a browser wrote (HAR, NetLog) becomes a recording
    Import(import::ImportArgs),
    /// The embedded Finesse alone, to point a browser or a gadget at
    Simulate(simulate::SimulateArgs),
    /// The certificate authority: create, show, export, remove
    Ca(ca::CaArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

const EXAMPLES: &str = "\
Examples:
  finspect demo                                            see what it does, with nothing but this program
  finspect run finesse1.example.com finesse2.example.com   the proxy, for both nodes of a pair; recorded
  finspect diagnose session.jsonl                          why it disconnected, with the evidence
  finspect explain path-black-hole                         what a finding means, and what to do
  finspect recordings                                      what is recorded, and where it disconnected
  finspect show session.jsonl --from 12:31                 a recording, printed as it was live
  finspect redact session.jsonl --level strict -o OUT      a recording without its persons, to be shared
  finspect ca show                                         whom the browser has to trust, and until when
  finspect run --help                                      everything that `run` can do

stdout is the session, stderr is talk. Exit codes: 0 done, and for `diagnose` nothing wrong found;
1 `diagnose` found something; 2 wrong usage, unreadable input or a failed start; 3 the session is
incomplete (events were lost, and how many is said); 70 a bug in finspect; 130 a second Ctrl-C.";

/// Runs the program on the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // To stdout for --help and --version, to stderr for errors; a closed pipe is nobody's fault.
            drop(error.print());
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            }
            .into();
        }
    };
    log::start();
    let talk = &mut io::stderr();
    match catch_unwind(AssertUnwindSafe(|| run_command(cli.command))) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(failed)) => {
            // With stderr gone there is nobody to tell; the exit code tells.
            drop(writeln!(talk, "finspect: {failed}"));
            failed.exit().into()
        }
        Err(_) => {
            drop(writeln!(
                talk,
                "finspect: this is a bug in finspect; please report it with the lines above"
            ));
            Exit::Bug.into()
        }
    }
}

fn run_command(command: Command) -> Result<Exit, Failed> {
    let (out, talk) = (&mut io::stdout(), &mut io::stderr());
    match command {
        Command::Run(args) => run::run(&args),
        Command::Demo(args) => demo::run(&args, out),
        Command::Show(args) => show::run(&args),
        Command::Diagnose(args) => diagnose::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Recordings(args) => recordings::run(&args, out, talk),
        Command::Redact(args) => redact::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Simulate(args) => runtime()?.block_on(simulate::run(&args, out, talk)),
        Command::Ca(args) => ca::run(&args, out, talk),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "finspect", &mut script);
            write_out(&script)
        }
    }
}

/// The runtime of the commands that serve.
fn runtime() -> Result<Runtime, Failed> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed::usage(format!("cannot start: {error}")))
}

/// Writes data to stdout.
fn write_out(data: &[u8]) -> Result<Exit, Failed> {
    written(io::stdout().write_all(data))
}

/// What came of writing to stdout: a reader that has left is no failure.
fn written(result: io::Result<()>) -> Result<Exit, Failed> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failed::usage(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(Exit::Done),
    }
}
