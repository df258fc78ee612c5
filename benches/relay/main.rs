//! What the relay costs: finspect with its tap on, beside the bare relay that a competent person writes in an hour.
//!
//! `cargo bench --bench relay` runs it; `--quick` behind `--` is a smoke run of a few seconds that proves that it
//! works. It fails when something does not relay, never because of a figure. Every relay is a process of its own, so
//! that CPU time and memory are its alone; the origin is one too, the load comes from this one. Rounds of all relays
//! are interleaved, and a figure is the median of its rounds.

mod apart;
mod bare;
mod identity;
mod load;
mod machine;
mod measure;
mod options;
mod origin;
mod peer;
mod script;
mod subject;
mod table;

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use options::{Options, Role};

/// What everything here ends with; what is wrong is said once, at the top.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let ended = Options::typed().and_then(|role| match role {
        Role::Origin(place, topic) => {
            runtime().and_then(|runtime| runtime.block_on(origin::serve(place, &topic)))
        }
        Role::Bare(place, upstream) => bare::run(place, upstream),
        Role::Measure(options) => runtime().and_then(|runtime| measure::all(&options, &runtime)),
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr(), "relay benchmark: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// The runtime of load and origin: one thread each, so that two cores suffice for a run.
fn runtime() -> Outcome<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime)
}
