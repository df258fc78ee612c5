//! The lock that keeps two processes from writing one authority.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::failed;
use crate::Error;

/// Held as long as this lives; the system lets go of it even if the process dies.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits a bounded time for the lock; creates the file if need be.
    pub(super) fn take(path: &Path) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(failed("open", path))?;
        for _ in 0..ATTEMPTS {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => return Err(failed("lock", path)(error)),
            }
        }
        Err(Error::Locked {
            path: path.to_owned(),
            waited: PAUSE * ATTEMPTS,
        })
    }
}

const PAUSE: Duration = Duration::from_millis(20);

/// Times the pause this is 3 s; a writer needs some milliseconds.
const ATTEMPTS: u32 = 150;
