//! The word to stop, from the proxy to all its connections.

use tokio::sync::watch;

/// The speaking end.
#[derive(Debug)]
pub(crate) struct Stopper(watch::Sender<bool>);

/// The listening end.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

/// A new pair; nobody is told yet.
pub(crate) fn pair() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Tells everybody.
    pub(crate) fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Waits for the word. A speaker that is gone counts as having said it. Cancel safe.
    pub(crate) async fn told(&mut self) {
        drop(self.0.wait_for(|stop| *stop).await);
    }
}
