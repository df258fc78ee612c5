//! `finspect ca`: makes, shows, exports and removes the authority; opens it for the commands that intercept.

mod open;
mod words;

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, Subcommand};
use finspect_ca::{Authority, Error, Permitted, Removed, Store};

use self::words::{colons, create_command, date, describe, failed, missing, welcome};
use super::paths::default_ca_dir;
use super::{Exit, Failed, written};

pub use open::{open_or_create, outside};

/// The arguments of `finspect ca`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CaArgs {
    #[command(subcommand)]
    action: Action,
    /// Where the authority lives [default: ca in finspect's data folder]
    #[arg(long, value_name = "DIR", global = true)]
    ca_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an authority that may speak for the named hosts only, for 90 days
    Create(CreateArgs),
    /// Say what the authority is, what it may speak for, and until when
    Show(ShowArgs),
    /// Write out the certificate, to be trusted by a browser profile; the key is never written out
    Export(ExportArgs),
    /// Delete the authority and its key from this machine's disk
    Remove,
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// A host to speak for: name (with all below it), `*.example.com`, or address; may repeat
    #[arg(long = "for", value_name = "HOST", required = true, num_args = 1.., value_parser = Permitted::parse)]
    hosts: Vec<Permitted>,
    /// Take the place of an authority that is there; the new one has to be trusted anew
    #[arg(long)]
    replace: bool,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ExportArgs {
    /// As PEM, which browsers, curl and OpenSSL read; the default
    #[arg(long, conflicts_with = "der")]
    pem: bool,
    /// As DER, which Windows opens as .crt
    #[arg(long)]
    der: bool,
    /// The file to write instead of stdout
    #[arg(short, long, value_name = "OUT")]
    out: Option<PathBuf>,
}

/// Runs `finspect ca …`: data goes to `out`, advice to `talk`.
pub fn run(args: &CaArgs, out: &mut dyn Write, talk: &mut dyn Write) -> Result<Exit, Failed> {
    let dir = match &args.ca_dir {
        Some(dir) => dir.clone(),
        None => default_ca_dir()?,
    };
    let store = Store::at(&dir);
    match &args.action {
        Action::Create(create) => run_create(&store, create, out, talk),
        Action::Show(show) => run_show(&store, show, out),
        Action::Export(export) => run_export(&store, export, out, talk),
        Action::Remove => run_remove(&store, out, talk),
    }
}

fn run_create(
    store: &Store,
    args: &CreateArgs,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<Exit, Failed> {
    let now = SystemTime::now();
    let made = if args.replace {
        store.replace(&args.hosts, now)
    } else {
        store.create(&args.hosts, now)
    };
    let authority = made.map_err(|error| match error {
        Error::Exists { .. } => Failed::usage(format!(
            "{error}\nto make another in its place: {}",
            create_command(&args.hosts, store.dir())
        )),
        error => failed(&error, store.dir()),
    })?;
    written(
        welcome(&authority, store.dir(), talk)
            .and_then(|()| describe(&authority, store.dir(), out)),
    )
}

fn run_show(store: &Store, args: &ShowArgs, out: &mut dyn Write) -> Result<Exit, Failed> {
    let authority = present(store)?;
    if !args.json {
        return written(describe(&authority, store.dir(), out));
    }
    let facts = serde_json::json!({
        "subject": authority.subject(),
        "permitted": authority.permitted().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "not_before": date(authority.not_before()),
        "not_after": date(authority.not_after()),
        "usable": authority.check_time(SystemTime::now()).is_ok(),
        "sha256": authority.fingerprint(),
        "spki_sha256": authority.spki_sha256_base64(),
        "dir": store.dir(),
    });
    written(writeln!(out, "{facts:#}"))
}

fn run_export(
    store: &Store,
    args: &ExportArgs,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<Exit, Failed> {
    let authority = present(store)?;
    let der = authority.certificate_der();
    let bytes = if args.der {
        der.as_ref()
    } else {
        authority.certificate_pem().as_bytes()
    };
    let Some(path) = &args.out else {
        return written(out.write_all(bytes).and_then(|()| out.flush()));
    };
    std::fs::write(path, bytes)
        .map_err(|error| Failed::usage(format!("could not write {}: {error}", path.display())))?;
    let sha256 = colons(&authority.fingerprint());
    written(writeln!(
        talk,
        "wrote the certificate (no key) to {}\nsha256  {sha256}",
        path.display()
    ))
}

fn run_remove(store: &Store, out: &mut dyn Write, talk: &mut dyn Write) -> Result<Exit, Failed> {
    let removed = store
        .remove()
        .map_err(|error| failed(&error, store.dir()))?;
    if removed.files.is_empty() {
        return written(writeln!(
            talk,
            "there is no authority in {}",
            store.dir().display()
        ));
    }
    written(tell_removed(&removed, out, talk))
}

fn tell_removed(removed: &Removed, out: &mut dyn Write, talk: &mut dyn Write) -> io::Result<()> {
    for path in &removed.files {
        writeln!(out, "removed {}", path.display())?;
    }
    writeln!(
        talk,
        "the key is gone, so nothing new can be signed; where you trusted the certificate, take that back too"
    )?;
    if let (Some(subject), Some(fingerprint)) = (&removed.subject, &removed.fingerprint) {
        writeln!(talk, "its subject was {subject}")?;
        writeln!(talk, "its sha256 was  {}", colons(fingerprint))?;
    }
    writeln!(
        talk,
        "docs/trust.md has the steps for each browser and system"
    )
}

/// The stored authority, of whatever age.
fn present(store: &Store) -> Result<Authority, Failed> {
    store
        .read()
        .map_err(|error| failed(&error, store.dir()))?
        .ok_or_else(|| missing(store.dir()))
}

const EXAMPLES: &str = "\
Examples:
  finspect ca create --for finesse.example.com --for 10.1.2.3
  finspect ca show
  finspect ca export --pem -o finspect-ca.pem
  finspect ca create --replace --for '*.example.com'
  finspect ca remove";

#[cfg(test)]
mod tests;
