//! What can go wrong with an authority, and whose fault it is.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::validity::date_and_time;
use crate::{Name, NameError, Permitted};

/// Why the authority could not be made, used, kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An authority for nothing was asked for.
    #[error("an authority needs at least one host that it may speak for")]
    NothingPermitted,
    /// More hosts than an authority can sensibly list.
    #[error(
        "an authority for {count} hosts was asked for; at most {most} fit, and `*.example.com` covers a whole domain"
    )]
    TooManyPermitted {
        /// How many were asked for.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A host that no certificate can name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The host lies outside the authority's name constraints.
    #[error("the authority may not speak for {name}; it is limited to {}", list(.permitted))]
    Outside {
        /// The host that was asked for.
        name: Name,
        /// What the authority may speak for.
        permitted: Vec<Permitted>,
    },
    /// The authority's life is over, or its last 24 hours have begun.
    #[error("the authority for {} ends at {}; make a new one and trust that", list(.permitted), date_and_time(*.not_after))]
    Expired {
        /// The last second of its life.
        not_after: SystemTime,
        /// What it may speak for, so that the next one can be made alike.
        permitted: Vec<Permitted>,
    },
    /// The authority's life has not begun: this machine's clock is behind the one that made it.
    #[error("the authority is valid from {} on; the clock of this machine is behind", date_and_time(*.not_before))]
    NotYetValid {
        /// The first second of its life.
        not_before: SystemTime,
    },
    /// The system clock stands before 1970 or beyond the year 9000.
    #[error("the clock of this machine is unusable for certificates")]
    Clock,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random,
    /// A certificate could not be made.
    #[error("a certificate could not be made")]
    Mint(#[from] rcgen::Error),
    /// A key is not one that TLS can use.
    #[error("a key could not be used for TLS")]
    Key(#[from] rustls::Error),
    /// The folder already holds an authority.
    #[error("{} already holds an authority", .dir.display())]
    Exists {
        /// The folder.
        dir: PathBuf,
    },
    /// Another process held the folder's lock all the while.
    #[error("another finspect has held {} for {} s", .path.display(), .waited.as_secs())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long this process waited.
        waited: Duration,
    },
    /// Others than the owner can get at the folder or the key.
    #[error("{} is open to other users (mode {mode:04o}); run: chmod {wanted:o} '{}'", .path.display(), .path.display())]
    TooOpen {
        /// The folder or file.
        path: PathBuf,
        /// The permission bits it has.
        mode: u32,
        /// The permission bits it should have.
        wanted: u32,
    },
    /// The system's own tool could not close the folder to other users.
    #[error("{} could not be closed to other users: {tool} {outcome}", .path.display())]
    Unprotected {
        /// The folder.
        path: PathBuf,
        /// The tool that was run.
        tool: String,
        /// How it ended.
        outcome: String,
    },
    /// The file of the authority is not what finspect wrote.
    #[error("{} is damaged: {damage}; remove the authority and make a new one", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        damage: Damage,
    },
    /// The system refused an operation on the folder.
    #[error("could not {doing} {}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What is wrong with a stored authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// Larger than any authority is.
    #[error("it is larger than an authority can be")]
    TooLarge,
    /// No PEM section with a certificate.
    #[error("it has no certificate")]
    NoCertificate,
    /// No PEM section with a private key.
    #[error("it has no private key")]
    NoKey,
    /// The private key is not ECDSA P-256 in PKCS#8.
    #[error("its private key is not an ECDSA P-256 key")]
    WrongKey,
    /// The key is not the one in the certificate.
    #[error("its key does not belong to its certificate")]
    KeyMismatch,
    /// The certificate does not parse.
    #[error("its certificate does not parse")]
    Unreadable,
    /// The certificate is no certificate authority, or one without name constraints.
    #[error("its certificate is not a name-constrained authority")]
    Unconstrained,
}

fn list(permitted: &[Permitted]) -> String {
    permitted
        .iter()
        .map(Permitted::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
