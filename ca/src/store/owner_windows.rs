//! Owner-only files and folders where access lists rule: the folder is closed with `icacls` before a key is in it.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::failed;
use crate::Error;

/// Makes the folder and its missing parents; a new one is closed to all but the current user, as are its future files.
pub(super) fn create_dir(dir: &Path) -> Result<(), Error> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(dir).map_err(failed("create", dir))?;
    let tool = icacls();
    let outcome = Command::new(&tool)
        .arg(dir)
        .args(["/inheritance:r", "/grant:r"])
        .arg(format!("{}:(OI)(CI)F", user()))
        .stdin(Stdio::null())
        .output()
        .map_err(failed("run icacls on", dir))?;
    if outcome.status.success() {
        return Ok(());
    }
    // The folder is empty still; left behind, it would pass for a closed one at the next try.
    fs::remove_dir(dir).map_err(failed("remove", dir))?;
    Err(Error::Unprotected {
        path: dir.to_owned(),
        tool: tool.display().to_string(),
        outcome: outcome.status.to_string(),
    })
}

/// Makes a new file, which takes over the folder's access list.
pub(super) fn create_file(path: &Path) -> Result<File, Error> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(failed("create", path))
}

/// Nothing to check: whoever may change an access list here is its owner or an administrator.
pub(super) fn check_dir(_dir: &Path) -> Result<(), Error> {
    Ok(())
}

/// Nothing to check, as for the folder.
pub(super) fn check_file(_file: &File, _path: &Path) -> Result<(), Error> {
    Ok(())
}

/// Nothing to do: folders cannot be flushed here, and NTFS journals renames.
pub(super) fn sync_dir(_dir: &Path) -> Result<(), Error> {
    Ok(())
}

/// The system's own tool by its full path, so that no other program of that name is run.
fn icacls() -> PathBuf {
    let root =
        env::var_os("SystemRoot").map_or_else(|| PathBuf::from(r"C:\Windows"), PathBuf::from);
    root.join("System32").join("icacls.exe")
}

/// The current user as `DOMAIN\name`.
fn user() -> String {
    let name = env::var("USERNAME")
        .or_else(|_| whoami::username())
        .unwrap_or_else(|_| "%USERNAME%".to_owned());
    match env::var("USERDOMAIN") {
        Ok(domain) => format!(r"{domain}\{name}"),
        Err(_) => name,
    }
}
