//! What was typed, and what a process that the benchmark starts is to be.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::Outcome;
use crate::identity::Place;
use crate::subject::Subject;

/// What this process is.
pub(crate) enum Role {
    /// The server that is relayed to, and what it publishes.
    Origin(Place, String),
    /// The relay to compare with, and its upstream.
    Bare(Place, Upstream),
    /// The benchmark itself.
    Measure(Options),
}

/// Where a relay finds the origin, and the authority that vouches for it.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    /// A certificate in PEM.
    pub(crate) ca: PathBuf,
}

/// How the benchmark runs.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// A smoke run: small numbers, one round.
    pub(crate) quick: bool,
    /// Rounds of each scenario.
    pub(crate) rounds: usize,
    /// The scenarios to run; empty for all.
    pub(crate) only: Vec<String>,
    /// The finspect to measure: the one that was built with this benchmark, unless two builds are to be compared.
    pub(crate) finspect: PathBuf,
    /// The relays to measure, by a part of their names; empty for all.
    pub(crate) subjects: Vec<String>,
    /// What the origin publishes.
    pub(crate) topic: String,
}

impl Options {
    /// Reads the command line. Without `--bench`, which `cargo bench` adds, the run is a quick one: then it is a test.
    pub(crate) fn typed() -> Outcome<Role> {
        let mut words = std::env::args().skip(1);
        let mut options = Self {
            quick: true,
            rounds: 0,
            only: Vec::new(),
            finspect: env!("CARGO_BIN_EXE_finspect").into(),
            subjects: Vec::new(),
            topic: "mix".to_owned(),
        };
        let mut is_quick = false;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--bench" => options.quick = false,
                "--quick" => is_quick = true,
                "--rounds" => options.rounds = value()?.parse()?,
                "--only" => options.only.push(value()?),
                "--finspect" => options.finspect = value()?.into(),
                "--subject" => options.subjects.push(value()?),
                "--topic" => options.topic = value()?,
                ORIGIN => return Ok(Role::Origin(Place::at(value()?), value()?)),
                BARE => {
                    let place = Place::at(value()?);
                    let address = value()?.parse()?;
                    let ca = value()?.into();
                    return Ok(Role::Bare(place, Upstream { address, ca }));
                }
                other => return Err(format!("`{other}` means nothing here; {USAGE}").into()),
            }
        }
        options.quick |= is_quick;
        if options.rounds == 0 {
            options.rounds = if options.quick { 1 } else { 5 };
        }
        Ok(Role::Measure(options))
    }

    /// Which of these relays were asked for.
    pub(crate) fn wanted(&self, subjects: &[Subject]) -> Vec<Subject> {
        let is_wanted = |subject: &&Subject| {
            let name = subject.name();
            self.subjects.is_empty() || self.subjects.iter().any(|part| name.contains(part))
        };
        subjects.iter().filter(is_wanted).copied().collect()
    }

    /// Whether this scenario was asked for.
    pub(crate) fn wants(&self, scenario: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|one| one == scenario)
    }
}

/// The word that makes this program the origin.
pub(crate) const ORIGIN: &str = "origin";

/// The word that makes this program the bare relay.
pub(crate) const BARE: &str = "bare";

const USAGE: &str = "there is --quick, --rounds N, --only tap|latency|pipelined|idle, --subject NAME, --topic user|dialog|team|queue|mix and --finspect PATH";
