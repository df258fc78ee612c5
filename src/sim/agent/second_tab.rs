//! The same desktop in a second tab: it binds the same full JID, and goes when somebody else does.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{interval, timeout};

use super::desktop::told_to_leave;
use super::diary::Diary;
use super::pings::INTERVAL;
use super::socket::Socket;
use super::tunnel::Tunnel;
use super::{AgentConfig, patience};

/// Opens it; it lives until its socket ends or the agent leaves.
pub(super) fn open(
    tunnel: &Arc<Tunnel>,
    config: &Arc<AgentConfig>,
    mut leaving: watch::Receiver<bool>,
) {
    let (tunnel, config) = (Arc::clone(tunnel), Arc::clone(config));
    tokio::spawn(async move {
        // What this tab experiences is no part of the first one's diary.
        let (diary, _reader) = Diary::new();
        let login = Socket::login(&tunnel, &config, &diary);
        let Ok(Ok((mut socket, _))) = timeout(patience(config.pace), login).await else {
            return;
        };
        let mut ping = interval(config.pace.seconds(INTERVAL));
        ping.tick().await;
        loop {
            tokio::select! {
                stanza = socket.next(&diary) => if stanza.is_err() { return },
                _ = ping.tick() => if socket.ping(&diary, &config.host).await.is_err() { return },
                () = told_to_leave(&mut leaving) => break,
            }
        }
        // A socket that dies during the goodbye is gone as well.
        let _ = timeout(patience(config.pace), socket.goodbye(&diary)).await;
    });
}
