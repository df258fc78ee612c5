//! Ctrl-C and SIGTERM: the first ends a run in order, the second at once.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use tokio::runtime;

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

/// For a command without a runtime: a flag that turns true with the first word to end. A second one ends the process.
pub(super) fn watch() -> io::Result<Arc<AtomicBool>> {
    let told = Arc::new(AtomicBool::new(false));
    let (listening, listens) = sync_channel(1);
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let flag = Arc::clone(&told);
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    biased;
                    told = told_to_end() => flag.store(told.is_ok(), Ordering::Relaxed),
                    // By now the first branch is listening.
                    () = async { let _ = listening.send(()); pending().await } => {}
                }
                pending::<()>().await;
            });
        })?;
    // Without a listener the signal would end the process, which is as well.
    let _ = listens.recv();
    Ok(told)
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
