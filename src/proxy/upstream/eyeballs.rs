//! Happy eyeballs (RFC 8305): a dead address family costs a quarter of a second, not a minute.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::failure_of;
use crate::event::{Attempt, AttemptOutcome, DialFailure, EventKind, Micros, Via};
use crate::proxy::observer::Observer;

/// How long an attempt has for itself before the next address is tried beside it (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to the first address that answers; each attempt's end is an event.
pub(super) async fn connect(
    addresses: Vec<SocketAddr>,
    via: Option<Via>,
    observer: &Observer,
) -> Result<TcpStream, DialFailure> {
    let mut waiting = addresses.into_iter();
    let mut running: JoinSet<(SocketAddr, std::io::Result<TcpStream>)> = JoinSet::new();
    let mut started: Vec<(SocketAddr, Micros)> = Vec::new();
    let mut last = DialFailure::Unresolved("no address".to_owned());
    let say = |address, outcome, local, since: Micros| {
        observer.fact(EventKind::Attempt(Attempt {
            address,
            local,
            outcome,
            took: observer.now().since(since),
            via,
        }));
    };
    loop {
        if let Some(address) = waiting.next() {
            started.push((address, observer.now()));
            running.spawn(async move { (address, TcpStream::connect(address).await) });
        } else if running.is_empty() {
            return Err(last);
        }
        let ended = tokio::select! {
            ended = running.join_next() => ended,
            () = sleep(HEAD_START), if waiting.len() > 0 => None,
        };
        let Some(Ok((address, result))) = ended else {
            continue;
        };
        let since = take(&mut started, address);
        match result {
            Ok(stream) => {
                let local = stream.local_addr().ok();
                say(address, AttemptOutcome::Connected, local, since);
                for (address, since) in started {
                    say(address, AttemptOutcome::Abandoned, None, since);
                }
                return Ok(stream);
            }
            Err(error) => {
                last = failure_of(&error);
                let outcome = AttemptOutcome::Failed(last.clone());
                say(address, outcome, None, since);
            }
        }
    }
}

fn take(started: &mut Vec<(SocketAddr, Micros)>, address: SocketAddr) -> Micros {
    let at = started.iter().position(|(one, _)| *one == address);
    at.map_or(Micros(0), |at| started.swap_remove(at).1)
}
