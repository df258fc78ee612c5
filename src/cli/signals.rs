//! Ctrl-C and SIGTERM: the first ends a run in order, the second at once.

use std::io;

/// Waits for the word to end. A second one, any time later, ends the process.
pub(super) async fn told_to_end() -> io::Result<()> {
    first().await?;
    tokio::task::spawn(async {
        if first().await.is_ok() {
            // 128 + SIGINT, as a shell says it.
            std::process::exit(130);
        }
    });
    Ok(())
}

#[cfg(unix)]
async fn first() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
    }
}

#[cfg(windows)]
async fn first() -> io::Result<()> {
    let mut closed = tokio::signal::windows::ctrl_close()?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = closed.recv() => Ok(()),
    }
}
