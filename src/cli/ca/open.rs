//! The authority as the intercepting commands need it: there, good for today, and for all the hosts that were named.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use finspect_ca::{Authority, Error, Name, Permitted, Store};

use super::words::{create_command, failed, list, missing, welcome};
use crate::cli::Failed;

/// The authority for a run: the one in the folder, or on the first run a new one for these hosts.
///
/// Fails with the command that helps if the one that is there is too old or may not speak for all of the hosts.
pub fn open_or_create(
    dir: &Path,
    permitted: &[Permitted],
    talk: &mut dyn Write,
) -> Result<Arc<Authority>, Failed> {
    let store = Store::at(dir);
    if let Some(authority) = store.load().map_err(|error| failed(&error, dir))? {
        return fitting(authority, permitted, dir);
    }
    match store.create(permitted, SystemTime::now()) {
        Ok(authority) => {
            // Talk that nobody reads must not stop a run.
            let _ = welcome(&authority, dir, talk);
            Ok(Arc::new(authority))
        }
        // Another process made one in between.
        Err(Error::Exists { .. }) => match store.load().map_err(|error| failed(&error, dir))? {
            Some(authority) => fitting(authority, permitted, dir),
            None => Err(missing(dir)),
        },
        Err(error) => Err(failed(&error, dir)),
    }
}

/// Says that the authority may not speak for the host, and the command for one that may.
#[must_use]
pub fn outside(authority: &Authority, name: &Name, dir: &Path) -> String {
    outside_all(authority, &[Permitted::from(name.clone())], dir)
}

fn fitting(
    authority: Authority,
    wanted: &[Permitted],
    dir: &Path,
) -> Result<Arc<Authority>, Failed> {
    let excluded: Vec<_> = wanted
        .iter()
        .filter(|entry| !authority.covers(entry))
        .cloned()
        .collect();
    if excluded.is_empty() {
        return Ok(Arc::new(authority));
    }
    Err(Failed::usage(outside_all(&authority, &excluded, dir)))
}

fn outside_all(authority: &Authority, excluded: &[Permitted], dir: &Path) -> String {
    let hosts: Vec<_> = authority
        .permitted()
        .iter()
        .chain(excluded)
        .cloned()
        .collect();
    format!(
        "the authority may not speak for {}: it is limited to {}\n\
         make one for all of them, and trust that in the browser in place of the old one:\n  {}",
        list(excluded),
        list(authority.permitted()),
        create_command(&hosts, dir)
    )
}
