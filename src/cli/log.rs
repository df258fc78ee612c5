//! finspect's own log: through tracing to stderr, filtered by `FINSPECT_LOG`.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

/// Installs the log. Without `FINSPECT_LOG`, warnings and errors are shown.
pub(super) fn start() {
    let filter = EnvFilter::try_from_env("FINSPECT_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let installed = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .try_init();
    debug_assert!(installed.is_ok(), "the log is installed once");
}
