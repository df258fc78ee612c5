//! Owner-only files and folders where access lists rule: `icacls` closes a new one to all but its owner while it is
//! still empty.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Makes a new file that others cannot open; never opens one that is there.
///
/// # Errors
/// Where that cannot be done; `AlreadyExists` for a file that is there.
pub fn create_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    close_to_others(path, "*S-1-3-4:F").inspect_err(|_| drop(fs::remove_file(path)))?;
    Ok(file)
}

/// Makes the folder and its missing parents, closed to others; one that is there stays as it is.
///
/// # Errors
/// Where that cannot be done.
pub fn create_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    close_to_others(path, "*S-1-3-4:(OI)(CI)F").inspect_err(|_| drop(fs::remove_dir(path)))
}

/// Whether the path still leads to this open file. A file that is open cannot be moved or removed here.
#[must_use]
pub fn same_file(_file: &File, path: &Path) -> bool {
    path.is_file()
}

/// `grant` names OWNER RIGHTS by its well-known identifier, S-1-3-4, which no language of Windows translates.
fn close_to_others(path: &Path, grant: &str) -> io::Result<()> {
    let outcome = Command::new(icacls())
        .arg(path)
        .args(["/inheritance:r", "/grant:r", grant])
        .stdin(Stdio::null())
        .output()?;
    if outcome.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "icacls could not close it to other users ({})",
        outcome.status
    )))
}

/// The system's own tool by its full path, so that no other program of that name is run.
fn icacls() -> PathBuf {
    let root =
        env::var_os("SystemRoot").map_or_else(|| PathBuf::from(r"C:\Windows"), PathBuf::from);
    root.join("System32").join("icacls.exe")
}
