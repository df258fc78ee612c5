//! Why the file cannot be written: in one form for stderr, in another for the session.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A write that failed. It displays as what is said on stderr, where a path may stand.
#[derive(Debug)]
pub(super) struct Failure {
    reason: String,
    /// The file that cannot be made, where it is that.
    unmade: Option<PathBuf>,
}

impl Failure {
    /// The file is not where it was made.
    pub(super) fn gone() -> Self {
        Self {
            reason: "the file was moved or removed".to_owned(),
            unmade: None,
        }
    }

    /// The file of a part cannot be made.
    pub(super) fn to_make(path: PathBuf, error: &io::Error) -> Self {
        Self {
            reason: error.to_string(),
            unmade: Some(path),
        }
    }

    /// What the session is told: the system's words, without a path. A path can hold the user's name, and the recorder's
    /// events do not pass the redaction.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self {
            reason: error.to_string(),
            unmade: None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.unmade {
            write!(f, "{} cannot be made: ", path.display())?;
        }
        f.write_str(&self.reason)
    }
}
