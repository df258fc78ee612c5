//! What the commands say about an authority, and the commands that they tell people to type.

use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use finspect_ca::{Authority, Error, Permitted};
use jiff::Timestamp;

use crate::cli::Failed;
use crate::cli::paths::default_ca_dir;

/// There is nothing to show or export.
pub(super) fn missing(dir: &Path) -> Failed {
    Failed::usage(format!(
        "there is no authority in {}\nmake one: finspect ca create --for HOST{}",
        dir.display(),
        dir_option(dir)
    ))
}

/// An error of the authority with its cause, and the next step where the error itself does not name it.
pub(super) fn failed(error: &Error, dir: &Path) -> Failed {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    match error {
        Error::Expired { permitted, .. } => {
            text.push_str("\n  ");
            text.push_str(&create_command(permitted, dir));
        }
        Error::Damaged { .. } => {
            text.push_str("\n  finspect ca remove");
            text.push_str(&dir_option(dir));
        }
        _ => {}
    }
    Failed::usage(text)
}

/// What a new authority is and how to have a browser trust it.
pub(super) fn welcome(authority: &Authority, dir: &Path, talk: &mut dyn Write) -> io::Result<()> {
    writeln!(
        talk,
        "made a certificate authority in {dir}
  it can speak for {hosts} and names below these, for no other host, until {end}
  its key stays in that folder
  sha256  {sha256}",
        dir = dir.display(),
        hosts = list(authority.permitted()),
        end = date(authority.not_after()),
        sha256 = colons(&authority.fingerprint()),
    )?;
    for wide in authority.permitted().iter().filter(|entry| is_wide(entry)) {
        writeln!(
            talk,
            "  note: {wide} stands for every host whose name ends in .{wide}"
        )?;
    }
    writeln!(
        talk,
        "trust it in the browser profile that you debug with, and nowhere else:
  finspect ca export --pem -o finspect-ca.pem{option}
  Firefox: Settings, Privacy & Security, View Certificates, Authorities, Import
  Chromium on Linux: certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n finspect -i finspect-ca.pem
  docs/trust.md has the other systems, and how to take it back",
        option = dir_option(dir),
    )
}

/// The facts about an authority, one a line.
pub(super) fn describe(authority: &Authority, dir: &Path, out: &mut dyn Write) -> io::Result<()> {
    let usable = match authority.check_time(SystemTime::now()) {
        Ok(()) => "yes".to_owned(),
        Err(error) => format!("no: {error}"),
    };
    writeln!(out, "subject     {}", authority.subject())?;
    writeln!(out, "speaks for  {}", list(authority.permitted()))?;
    writeln!(
        out,
        "valid       {} to {}",
        date(authority.not_before()),
        date(authority.not_after())
    )?;
    writeln!(out, "usable      {usable}")?;
    writeln!(out, "sha256      {}", colons(&authority.fingerprint()))?;
    writeln!(
        out,
        "public key  {}  (base64 of sha256)",
        authority.spki_sha256_base64()
    )?;
    writeln!(out, "folder      {}", dir.display())
}

/// The command that makes an authority for exactly these hosts in place of the one that is there.
pub(super) fn create_command(hosts: &[Permitted], dir: &Path) -> String {
    let mut command = "finspect ca create --replace".to_owned();
    for host in hosts {
        command.push_str(" --for ");
        command.push_str(&host.to_string());
    }
    command + &dir_option(dir)
}

/// ` --ca-dir DIR` as a shell takes it, or nothing for the folder that needs no naming.
fn dir_option(dir: &Path) -> String {
    if default_ca_dir().is_ok_and(|default| default == dir) {
        return String::new();
    }
    let text = dir.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | ':');
    if text.chars().all(plain) {
        format!(" --ca-dir {text}")
    } else if cfg!(windows) {
        format!(" --ca-dir \"{text}\"")
    } else {
        format!(" --ca-dir '{}'", text.replace('\'', r"'\''"))
    }
}

/// The hosts, separated by commas.
pub(super) fn list(permitted: &[Permitted]) -> String {
    permitted
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// A name of one label may be a whole top-level domain; `localhost` is none (RFC 6761 section 6.3).
fn is_wide(permitted: &Permitted) -> bool {
    matches!(permitted, Permitted::Subtree(name) if !name.contains('.') && name != "localhost")
}

/// A fingerprint as browsers and OpenSSL print it.
pub(super) fn colons(hex: &str) -> String {
    let mut text = String::with_capacity(hex.len() * 3 / 2);
    for (index, digit) in hex.chars().enumerate() {
        if index > 0 && index % 2 == 0 {
            text.push(':');
        }
        text.push(digit.to_ascii_uppercase());
    }
    text
}

/// UTC to the second, such as `2026-11-23T10:55:11Z`.
pub(super) fn date(at: SystemTime) -> String {
    Timestamp::try_from(at).map_or_else(|_| "unknown".to_owned(), |at| at.to_string())
}
