//! WebSocket (RFC 6455) in both directions, with permessage-deflate (RFC 7692) and XMPP inside (RFC 7395).

mod control;
mod decoder;
mod frame;
mod inflate;
mod mask;
mod message;
mod negotiated;
mod pings;
mod reported;
#[cfg(test)]
mod tests;

use crate::event::{Direction, WebSocketOpened};

use super::{Limits, Output};

use decoder::Decoder;
use pings::Pings;

pub(super) use negotiated::agreed;

/// The frames of one connection.
#[derive(Debug)]
pub(super) struct WebSocket {
    client: Decoder,
    server: Decoder,
    client_pings: Pings,
    server_pings: Pings,
}

impl WebSocket {
    /// A socket as the 101 settled it; `client_quiet` if the client's bytes were already past reading.
    pub(super) fn new(opened: WebSocketOpened, client_quiet: bool, limits: Limits) -> Self {
        let mut client = Decoder::new(Direction::ToServer, &opened, limits);
        if client_quiet {
            client.silence();
        }
        Self {
            client,
            server: Decoder::new(Direction::ToClient, &opened, limits),
            client_pings: Pings::new(limits.pings),
            server_pings: Pings::new(limits.pings),
        }
    }

    /// Reads on in one direction.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        match out.direction() {
            Direction::ToServer => {
                let pings = (&mut self.client_pings, &mut self.server_pings);
                self.client.push(bytes, pings.0, pings.1, out);
            }
            Direction::ToClient => {
                let pings = (&mut self.server_pings, &mut self.client_pings);
                self.server.push(bytes, pings.0, pings.1, out);
            }
        }
    }

    /// Ends one direction.
    pub(super) fn end(&mut self, out: &mut Output<'_>) {
        match out.direction() {
            Direction::ToServer => self.client.end(out),
            Direction::ToClient => self.server.end(out),
        }
    }
}
