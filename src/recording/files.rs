//! The files of a recording: `NAME.jsonl`, then `NAME.part2.jsonl` and on; finished parts end in `.jsonl.zst`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A recording by the names of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The path without the endings: `FOLDER/NAME`.
    pub stem: PathBuf,
    /// Its parts in order, by their numbers.
    pub parts: BTreeMap<u32, PathBuf>,
}

impl Recording {
    /// What to type to read all of it: its first part's file where that is there, else the path without endings.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.parts.get(&1).unwrap_or(&self.stem)
    }
}

/// A part's file name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartName {
    /// The path without the endings.
    pub stem: PathBuf,
    /// Which part, from 1.
    pub part: u32,
    /// Whether it is compressed.
    pub compressed: bool,
}

impl PartName {
    /// The first part of the recording that is to be written to `path`; the ending `.jsonl` is optional.
    #[must_use]
    pub fn first(path: &Path) -> Self {
        Self::parse(path).unwrap_or_else(|| Self {
            stem: path.to_owned(),
            part: 1,
            compressed: false,
        })
    }

    /// Takes a path apart; `None` where it does not have the name of a part.
    #[must_use]
    pub fn parse(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (name, compressed) = match name.strip_suffix(COMPRESSED) {
            Some(name) => (name, true),
            None => (name, false),
        };
        let name = name.strip_suffix(ENDING)?;
        let numbered = name.rsplit_once(PART).and_then(|(stem, number)| {
            let part: u32 = number.parse().ok()?;
            (part > 1 && part.to_string() == number && !stem.is_empty()).then_some((stem, part))
        });
        let (stem, part) = numbered.unwrap_or((name, 1));
        if stem.is_empty() {
            return None;
        }
        Some(Self {
            stem: path.with_file_name(stem),
            part,
            compressed,
        })
    }

    /// The part after this one, not yet compressed.
    #[must_use]
    pub fn next(&self) -> Self {
        Self {
            stem: self.stem.clone(),
            part: self.part.saturating_add(1),
            compressed: false,
        }
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let mut ending = String::new();
        if self.part > 1 {
            ending.push_str(PART);
            ending.push_str(&self.part.to_string());
        }
        ending.push_str(ENDING);
        if self.compressed {
            ending.push_str(COMPRESSED);
        }
        with_suffix(&self.stem, &ending)
    }

    /// The path of the part in whichever form is there, the compressed one first: it appears only when it is whole.
    #[must_use]
    pub fn find(&self) -> Option<PathBuf> {
        [true, false].into_iter().find_map(|compressed| {
            let path = Self {
                compressed,
                ..self.clone()
            }
            .path();
            path.is_file().then_some(path)
        })
    }
}

/// The recordings in a folder, by name; other files are passed over.
///
/// # Errors
/// Where the folder cannot be read.
pub fn recordings(folder: &Path) -> io::Result<Vec<Recording>> {
    let mut found: BTreeMap<PathBuf, BTreeMap<u32, (bool, PathBuf)>> = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = PartName::parse(&path).filter(|_| path.is_file()) else {
            continue;
        };
        let parts = found.entry(name.stem).or_default();
        let known = parts
            .get(&name.part)
            .is_some_and(|(compressed, _)| *compressed);
        if !known {
            parts.insert(name.part, (name.compressed, path));
        }
    }
    Ok(found
        .into_iter()
        .map(|(stem, parts)| Recording {
            stem,
            parts: parts
                .into_iter()
                .map(|(number, (_, path))| (number, path))
                .collect(),
        })
        .collect())
}

/// The path with something added to its last name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

const ENDING: &str = ".jsonl";
const COMPRESSED: &str = ".zst";
const PART: &str = ".part";
