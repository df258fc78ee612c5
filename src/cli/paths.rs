//! Where finspect keeps its things on each system.

use std::path::PathBuf;

use etcetera::BaseStrategy as _;

use super::Failed;

/// The folder of the user's data, such as `~/.local/share/finspect`. On Windows the local one: a roaming profile
/// would carry the authority's key to other machines.
pub(crate) fn data_dir() -> Result<PathBuf, Failed> {
    if cfg!(windows)
        && let Some(local) = std::env::var_os("LOCALAPPDATA")
    {
        return Ok(PathBuf::from(local).join("finspect"));
    }
    let base = etcetera::choose_base_strategy().map_err(|error| {
        Failed::usage(format!(
            "no home folder is known ({error}); name the folders with --ca-dir and --record"
        ))
    })?;
    Ok(base.data_dir().join("finspect"))
}

/// Where the authority lives unless `--ca-dir` says otherwise.
pub(crate) fn default_ca_dir() -> Result<PathBuf, Failed> {
    Ok(data_dir()?.join("ca"))
}

/// Where recordings go unless `--record` says otherwise.
pub(crate) fn recordings_dir() -> Result<PathBuf, Failed> {
    Ok(data_dir()?.join("recordings"))
}
