//! Inside a tunnel to an intercepted host: the first bytes decide again.

use std::sync::Arc;

use rustls::AlertDescription;
use rustls::sign::CertifiedKey;

use super::door::{Door, gone};
use super::pages;
use super::relay::{Leg, Relay, Sight, Tcp, manner_of};
use super::sniff::{Sniffed, sniff};
use super::tls::{self, Failure, Hello, Shown, UpstreamHandshake, send_alert};
use crate::event::{Authority, EventKind, Manner, Protocol, Refusal};
use crate::tap::{Limits, Tap};

/// Who spoke first, and what.
enum First {
    Client(Sniffed),
    /// The server said something, or ended; either way the client is to see it now.
    Server,
    ClientLeft(Manner),
}

impl Door {
    /// Decides what is spoken between `client` and `server`, and relays it: with a tap where we can read it.
    pub(super) async fn inside(
        &self,
        mut client: Tcp,
        mut server: Tcp,
        target: &Authority,
    ) -> Option<Relay> {
        let protocol = match first(&mut client, &mut server).await {
            First::Client(Sniffed::Tls) => Protocol::Tls,
            First::Client(Sniffed::Http) => Protocol::Http,
            First::Client(_) => Protocol::Opaque,
            First::Server => Protocol::ServerFirst,
            First::ClientLeft(manner) => {
                if manner == Manner::Reset {
                    server.reset_on_close();
                }
                self.client_left(manner);
                return None;
            }
        };
        self.observer.fact(EventKind::Protocol(protocol));
        match protocol {
            Protocol::Tls => match tls::read_hello(&mut client).await {
                Ok(hello) => self.end_tls(client, server, &target.host, hello).await,
                Err(error) => self.broken_hello(client, Some(&server), error).await,
            },
            Protocol::Http => Some(self.tapped(Leg::plain(client), Leg::plain(server))),
            Protocol::Opaque | Protocol::ServerFirst => Some(self.untapped(client, server)),
        }
    }

    /// Ends TLS on both legs: first towards `server`, then, with what came of it, towards `client`.
    pub(super) async fn end_tls(
        &self,
        mut client: Tcp,
        server: Tcp,
        host: &str,
        hello: Hello,
    ) -> Option<Relay> {
        let observer = &self.observer;
        observer.fact(EventKind::ClientHello(hello.event(host)));
        let name = hello.server_name.as_deref().unwrap_or(host);
        let Some(certified) = self.leaf_for(name) else {
            return Some(self.untapped(client, server));
        };
        let key_log = self.shared.key_log.as_ref();
        let hold = server.hold();
        let handshake = tls::connect(server, host, &hello, &self.shared.trust, key_log, observer);
        let handshake = tokio::select! {
            biased;
            handshake = handshake => handshake,
            manner = gone(&mut client) => {
                if manner == Manner::Reset {
                    hold.reset_on_close();
                }
                self.client_left(manner);
                return None;
            }
        };
        match handshake {
            UpstreamHandshake::Refused(failure) => {
                mirror(&mut client, &failure).await;
                None
            }
            UpstreamHandshake::NotBelieved {
                reason,
                advice,
                chain,
            } => {
                let page = pages::not_believed(name, &reason, advice.as_ref(), &chain);
                let leg = self.answer_alone(client, certified, &hello).await?;
                pages::serve_one(leg, page, &self.shared).await;
                None
            }
            UpstreamHandshake::Established { leg: server, alpn } => {
                let answered = tls::answer(client, certified, alpn, &self.shared.minting, observer);
                match answered.await {
                    Ok(client) => Some(self.tapped(client, server)),
                    Err((failure, _)) => {
                        if failure.shown == Shown::Reset {
                            server.tcp().reset_on_close();
                        }
                        None
                    }
                }
            }
        }
    }

    /// The leaf for a host; where the authority may not speak for it, that is published.
    pub(super) fn leaf_for(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let minted = self.shared.minting.leaf(name, &self.observer);
        minted
            .map_err(|error| {
                tracing::warn!(%error, name, "no certificate for this host");
                let refusal = Refusal::OutsideAuthority(name.to_owned());
                self.observer.fact(EventKind::Refused(refusal));
            })
            .ok()
    }

    /// Answers a ClientHello where no upstream has chosen a protocol: for a page of ours, or a rewriting relay.
    pub(super) async fn answer_alone(
        &self,
        client: Tcp,
        certified: Arc<CertifiedKey>,
        hello: &Hello,
    ) -> Option<Leg> {
        let http = b"http/1.1".to_vec();
        let alpn = hello.alpn.contains(&http).then_some(http);
        tls::answer(
            client,
            certified,
            alpn,
            &self.shared.minting,
            &self.observer,
        )
        .await
        .ok()
    }

    /// A relay that is read along.
    pub(super) fn tapped(&self, client: Leg, server: Leg) -> Relay {
        let tap = Tap::new(Limits::default());
        let sight = Sight::new(self.observer.clone(), Some(tap));
        self.relay(client, server, sight)
    }

    /// A relay that is not read.
    fn untapped(&self, client: Tcp, server: Tcp) -> Relay {
        let sight = Sight::new(self.observer.clone(), None);
        self.relay(Leg::plain(client), Leg::plain(server), sight)
    }
}

/// Waits for whoever speaks first; a server that does is not held up.
async fn first(client: &mut Tcp, server: &mut Tcp) -> First {
    if !server.prefix().is_empty() {
        return First::Server;
    }
    loop {
        match (sniff(client.prefix()), client.prefix()) {
            // Only what may be TLS has to wait: plaintext is relayed as it comes, and the tap tells in time.
            (Sniffed::NeedMore, [] | [0x16]) => {}
            (Sniffed::NeedMore, _) => return First::Client(Sniffed::Http),
            (sniffed, _) => return First::Client(sniffed),
        }
        tokio::select! {
            biased;
            filled = client.fill() => match filled {
                // What the client did say, and that it says no more, is for the server to judge.
                Ok(0) => return First::Client(Sniffed::Other),
                Ok(_) => {}
                Err(error) => return First::ClientLeft(manner_of(&error)),
            },
            _ = server.peek() => return First::Server,
        }
    }
}

/// Shows the browser what the server showed us.
async fn mirror(client: &mut Tcp, failure: &Failure) {
    match failure.shown {
        Shown::Alert(alert) => send_alert(client, alert).await,
        Shown::Fin => {}
        Shown::Reset => client.reset_on_close(),
        Shown::Nothing => send_alert(client, AlertDescription::HandshakeFailure).await,
    }
}
