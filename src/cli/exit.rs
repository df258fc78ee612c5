//! How a command ends: the documented exit codes, and the one error type that reaches `main`.

use std::fmt;
use std::process::ExitCode;

/// The exit codes, a contract with scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: `diagnose` found trouble.
    Trouble,
    /// 2: wrong usage, unreadable input, or a failed start.
    Usage,
    /// 3: the session is incomplete.
    Incomplete,
    /// 70: a bug in finspect.
    Bug,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Trouble => 1,
            Exit::Usage => 2,
            Exit::Incomplete => 3,
            Exit::Bug => 70,
        })
    }
}

/// A command could not do its work: what went wrong, and what to do next.
#[derive(Debug)]
pub struct Failed {
    message: String,
    exit: Exit,
}

impl Failed {
    /// The user's or the world's fault: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            exit: Exit::Usage,
        }
    }

    /// The code that the process ends with.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failed {}
