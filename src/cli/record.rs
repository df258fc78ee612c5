//! Where a session is recorded: `--record`, and the options that go with it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Zoned};

use super::session::say;
use super::{Failed, paths};
use crate::bus::Bus;
use crate::event::SessionStarted;
use crate::recording::{Header, PartName, create_dir, random_id};
use crate::sink::recorder::{Recorder, Rotation, Settings};

/// What is recorded where.
#[derive(Debug)]
pub(super) struct Record {
    place: Place,
    sync: bool,
    rotation: Rotation,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    /// A new file for each run.
    Folder(PathBuf),
}

/// The options as they were typed.
#[derive(Debug, Default)]
pub(super) struct Typed<'a> {
    pub(super) path: Option<&'a Path>,
    pub(super) sync: bool,
    pub(super) rotate_size: Option<&'a str>,
    pub(super) rotate_every: Option<&'a str>,
    pub(super) keep: Option<u32>,
}

impl Record {
    /// Reads the options; without a path, the folder in the user's data directory.
    pub(super) fn from_typed(typed: &Typed<'_>) -> Result<Self, Failed> {
        let place = match typed.path {
            None => Place::Folder(paths::recordings_dir()?),
            Some(path) => place(path)?,
        };
        let size = typed.rotate_size.map(size).transpose()?;
        let every = match typed.rotate_every {
            None => Some(Rotation::EVERY),
            Some("never") => None,
            Some(text) => Some(every(text)?),
        };
        if typed.keep == Some(0) {
            return Err(Failed::usage(
                "--keep 0 would keep nothing; to record nothing there is --no-record",
            ));
        }
        Ok(Self {
            place,
            sync: typed.sync,
            rotation: Rotation {
                size: size.unwrap_or(Rotation::SIZE),
                every,
                keep: typed.keep,
            },
        })
    }

    /// Makes the file and begins to write what is published from now on.
    pub(super) fn start(
        self,
        session: &SessionStarted,
        bus: &Arc<Bus>,
    ) -> Result<Recorder, Failed> {
        let id = random_id().map_err(|error| Failed::usage(error.to_string()))?;
        let mut names = self.place.names(session)?.peekable();
        while let Some(first) = names.next() {
            let path = first.path();
            let settings = Settings {
                first,
                header: Header::new(id.clone(), session.clone()),
                sync: self.sync,
                rotation: self.rotation,
                budget: Rotation::BUDGET,
                talk: say,
            };
            match Recorder::start(settings, bus) {
                Ok(recorder) => return Ok(recorder),
                Err(error)
                    if error.kind() == ErrorKind::AlreadyExists && names.peek().is_some() => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    return Err(Failed::usage(format!(
                        "{} is there already, and finspect overwrites nothing: name another file, or a folder for a new file per run",
                        path.display()
                    )));
                }
                Err(error) => {
                    return Err(Failed::usage(format!(
                        "cannot record to {}: {error}; name another place with --record, or use --no-record",
                        path.display()
                    )));
                }
            }
        }
        Err(Failed::usage("there is no free name for a recording"))
    }
}

impl Place {
    /// Names to try, the first that is free.
    fn names(
        &self,
        session: &SessionStarted,
    ) -> Result<Box<dyn Iterator<Item = PartName>>, Failed> {
        let folder = match self {
            Self::File(path) => return Ok(Box::new(std::iter::once(PartName::first(path)))),
            Self::Folder(folder) => folder,
        };
        create_dir(folder).map_err(|error| {
            Failed::usage(format!(
                "cannot make the folder {}: {error}; name another place with --record, or use --no-record",
                folder.display()
            ))
        })?;
        let name = format!(
            "{}_{}",
            Zoned::now().strftime("%Y-%m-%dT%H-%M-%S"),
            host(session)
        );
        let stem = folder.join(name);
        Ok(Box::new((1..=SAME_SECOND).map(move |count| {
            let mut stem = stem.clone().into_os_string();
            if count > 1 {
                stem.push(format!("-{count}"));
            }
            stem.push(".jsonl");
            PartName::first(Path::new(&stem))
        })))
    }
}

/// A folder that is there or has no ending; a file that ends in `.jsonl`.
fn place(path: &Path) -> Result<Place, Failed> {
    let text = path.as_os_str().to_string_lossy();
    if path.is_dir() || text.ends_with(std::path::is_separator) || path.extension().is_none() {
        return Ok(Place::Folder(path.to_owned()));
    }
    let name = PartName::parse(path).filter(|name| name.part == 1 && !name.compressed);
    if name.is_none() {
        return Err(Failed::usage(format!(
            "--record {text}: a recording's name ends in .jsonl; name such a file, or a folder for a new file per run"
        )));
    }
    Ok(Place::File(path.to_owned()))
}

/// The first intercepted host, as it may stand in a file's name.
fn host(session: &SessionStarted) -> String {
    let first = session
        .intercepted
        .first()
        .map_or("session", String::as_str);
    let host = first.rsplit_once("://").map_or(first, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    let port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let host = match host.rsplit_once(':') {
        Some((host, tail)) if port(tail) => host,
        _ => host,
    };
    let safe = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => character,
        _ => '_',
    };
    host.chars().take(HOST_LONGEST).map(safe).collect()
}

/// `256MiB`, `100MB`, `1G` or bytes.
fn size(text: &str) -> Result<u64, Failed> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let factor: Option<u64> = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "k" | "kib" => Some(1 << 10),
        "m" | "mib" => Some(1 << 20),
        "g" | "gib" => Some(1 << 30),
        "kb" => Some(1_000),
        "mb" => Some(1_000_000),
        "gb" => Some(1_000_000_000),
        _ => None,
    };
    let number: Option<u64> = digits.trim().parse().ok();
    let bytes = number
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor));
    match bytes {
        None => Err(Failed::usage(format!(
            "--rotate-size: `{text}` is no size, such as 256MiB or 100MB"
        ))),
        Some(bytes) if bytes < SMALLEST => Err(Failed::usage(format!(
            "--rotate-size: `{text}` is too small; the smallest is 64KiB"
        ))),
        Some(bytes) => Ok(bytes),
    }
}

/// `90s`, `15m`, `1h`, `1d`.
fn every(text: &str) -> Result<Duration, Failed> {
    let wrong = || {
        Failed::usage(format!(
            "--rotate-every: `{text}` is no time of a second or more, such as 15m or 24h, and not `never`"
        ))
    };
    let time: SignedDuration = text.parse().map_err(|_| wrong())?;
    let time = Duration::try_from(time).map_err(|_| wrong())?;
    if time < Duration::from_secs(1) {
        return Err(wrong());
    }
    Ok(time)
}

/// Runs that may begin in the same second.
const SAME_SECOND: u32 = 100;
/// Characters of a host in a file's name.
const HOST_LONGEST: usize = 80;
/// The smallest size at which a new part is begun.
const SMALLEST: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn session(host: &str) -> SessionStarted {
        SessionStarted {
            intercepted: vec![host.to_owned()],
            ..SessionStarted::default()
        }
    }

    #[test]
    fn a_host_makes_a_name_for_every_file_system() {
        for (named, name) in [
            ("finesse1.example.com", "finesse1.example.com"),
            ("finesse1.example.com:8445", "finesse1.example.com"),
            ("*.example.com", "_.example.com"),
            ("https://10.0.0.1:8445/", "10.0.0.1"),
            ("[fe80::1]:8445", "_fe80__1_"),
        ] {
            assert_eq!(host(&session(named)), name);
        }
    }

    #[test]
    fn sizes_and_times_are_read_or_refused() {
        assert_eq!(size("256MiB").unwrap(), 256 << 20);
        assert_eq!(size("100MB").unwrap(), 100_000_000);
        assert_eq!(size("70000").unwrap(), 70_000);
        assert_eq!(every("1h30m").unwrap(), Duration::from_secs(5400));
        for wrong in ["", "MiB", "1X", "1", "99999999999G"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "1", "-1h", "5ms"] {
            assert!(every(wrong).is_err(), "{wrong}");
        }
    }
}
