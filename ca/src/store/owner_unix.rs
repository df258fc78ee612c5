//! Owner-only files and folders where permission bits rule.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::failed;
use crate::Error;

/// Makes the folder and its missing parents, closed to others from the start.
pub(super) fn create_dir(dir: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(DIR_MODE)
        .create(dir)
        .map_err(failed("create", dir))
}

/// Makes a new file that others never could open.
pub(super) fn create_file(path: &Path) -> Result<File, Error> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)
        .map_err(failed("create", path))
}

/// Refuses a folder that others can look into or write to.
pub(super) fn check_dir(dir: &Path) -> Result<(), Error> {
    let metadata = dir.metadata().map_err(failed("look at", dir))?;
    check(&metadata, dir, DIR_MODE)
}

/// Refuses a file that others can read or write.
pub(super) fn check_file(file: &File, path: &Path) -> Result<(), Error> {
    let metadata = file.metadata().map_err(failed("look at", path))?;
    check(&metadata, path, FILE_MODE)
}

/// Makes a rename or a removal last through a power cut.
pub(super) fn sync_dir(dir: &Path) -> Result<(), Error> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(failed("write", dir))
}

fn check(metadata: &Metadata, path: &Path, wanted: u32) -> Result<(), Error> {
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Error::TooOpen {
        path: path.to_owned(),
        mode,
        wanted,
    })
}

const DIR_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
