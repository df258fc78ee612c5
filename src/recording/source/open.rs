//! From what was named to files, and from files to lines: plain or zstd, told by the first bytes.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use crate::recording::files::{PartName, Recording, recordings};
use crate::recording::reader::HeaderError;

pub(super) type Input = Box<dyn BufRead + Send>;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing there.
    #[error("{path}: there is no such file or folder", path = .0.display())]
    NotFound(PathBuf),
    /// It cannot be opened or read.
    #[error("{path}: {error}", path = .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no recording.
    #[error("{path}: {error}", path = .path.display())]
    Header {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: HeaderError,
    },
    /// A folder without a recording.
    #[error("{path}: there is no recording in this folder", path = .0.display())]
    NoRecording(PathBuf),
    /// A folder with several.
    #[error("{}", several(folder, names))]
    Several {
        /// The folder.
        folder: PathBuf,
        /// What to type for each of them.
        names: Vec<PathBuf>,
    },
}

impl OpenError {
    /// What is wrong, without the path.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::NotFound(_) => "it is not there any more".to_owned(),
            Self::Io { error, .. } => error.to_string(),
            Self::Header { error, .. } => error.to_string(),
            Self::NoRecording(_) | Self::Several { .. } => self.to_string(),
        }
    }
}

/// The files that a path stands for, in order.
pub(super) struct Parts {
    pub(super) files: VecDeque<PathBuf>,
    /// A later part was named, and stands for itself.
    pub(super) alone: bool,
}

impl Parts {
    fn all(parts: BTreeMap<u32, PathBuf>) -> Self {
        Self {
            files: parts.into_values().collect(),
            alone: false,
        }
    }

    fn only(path: PathBuf, alone: bool) -> Self {
        Self {
            files: VecDeque::from([path]),
            alone,
        }
    }
}

/// The files that a path stands for.
pub(super) fn parts(path: &Path) -> Result<Parts, OpenError> {
    if path.is_dir() {
        return in_folder(path);
    }
    let name = PartName::parse(path);
    if let Some(name) = name.as_ref().filter(|name| name.part > 1) {
        let found = name.find().unwrap_or_else(|| path.to_owned());
        return Ok(Parts::only(found, true));
    }
    if name.is_none() && path.exists() {
        return Ok(Parts::only(path.to_owned(), false));
    }
    let stem = name.map_or_else(|| path.to_owned(), |name| name.stem);
    let all = beside(&stem);
    if !all.is_empty() {
        return Ok(Parts::all(all));
    }
    if path.exists() {
        return Ok(Parts::only(path.to_owned(), false));
    }
    Err(OpenError::NotFound(path.to_owned()))
}

fn in_folder(folder: &Path) -> Result<Parts, OpenError> {
    let mut found = recordings(folder).map_err(|error| OpenError::Io {
        path: folder.to_owned(),
        error,
    })?;
    if found.len() > 1 {
        let names = found.iter().map(|one| one.path().to_owned()).collect();
        return Err(OpenError::Several {
            folder: folder.to_owned(),
            names,
        });
    }
    let only = found
        .pop()
        .ok_or_else(|| OpenError::NoRecording(folder.to_owned()))?;
    Ok(Parts::all(only.parts))
}

/// The parts of one recording.
pub(super) fn beside(stem: &Path) -> BTreeMap<u32, PathBuf> {
    let folder = match stem.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let same = |one: &Recording| one.stem.file_name() == stem.file_name();
    let found = recordings(folder).unwrap_or_default();
    let parts = found.into_iter().find(same).map(|one| one.parts);
    // As the user named it, without a `./` of ours.
    let named = |path: PathBuf| match path.file_name() {
        Some(name) => stem.with_file_name(name),
        None => path,
    };
    let parts = parts.unwrap_or_default().into_iter();
    parts.map(|(part, path)| (part, named(path))).collect()
}

pub(super) fn open(path: &Path) -> Result<Input, OpenError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => OpenError::NotFound(path.to_owned()),
        _ => OpenError::Io {
            path: path.to_owned(),
            error,
        },
    };
    let file = File::open(path).map_err(failed)?;
    input(file).map_err(failed)
}

/// Plain or zstd, told by the first bytes.
pub(super) fn input(raw: impl io::Read + Send + 'static) -> io::Result<Input> {
    const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let mut raw = raw;
    let mut start = Vec::with_capacity(ZSTD.len());
    (&mut raw).take(ZSTD.len() as u64).read_to_end(&mut start)?;
    let compressed = start == ZSTD;
    let whole = BufReader::with_capacity(BUFFER, io::Cursor::new(start).chain(raw));
    if !compressed {
        return Ok(Box::new(whole));
    }
    let mut decoder = zstd::stream::read::Decoder::with_buffer(whole)?;
    decoder.window_log_max(WINDOW)?;
    Ok(Box::new(BufReader::with_capacity(BUFFER, decoder)))
}

fn several(folder: &Path, names: &[PathBuf]) -> impl fmt::Display {
    let mut text = format!(
        "{}: there are {} recordings in this folder; name one of them:",
        folder.display(),
        names.len()
    );
    for name in names.iter().rev().take(SHOWN) {
        text.push_str("\n  ");
        text.push_str(&name.display().to_string());
    }
    if names.len() > SHOWN {
        text.push_str("\n  …");
    }
    text
}

/// Read at a time.
const BUFFER: usize = 128 * 1024;
/// The largest window of a compressed file that is read, as a power of two: 8 MiB.
const WINDOW: u32 = 23;
/// Recordings named in an error.
const SHOWN: usize = 20;
