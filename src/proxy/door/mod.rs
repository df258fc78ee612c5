//! The front door: what a client wants is told by its first bytes (`CONNECT`, an absolute form, a page, TLS).

mod refuse;

use std::net::IpAddr;
use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::head::{Head, read_head, read_until};
use super::intercept::parse_authority;
use super::observer::Observer;
use super::relay::{Leg, Relay, Sight, Tcp};
use super::reverse::{Reverse, Scheme};
use super::sniff::{Sniffed, sniff};
use super::tally::Tally;
use super::tls::{Hello, read_hello};
use super::{Shared, pages, rewrite, upstream};
use crate::event::{
    Authority, Closed, DialFailure, Direction, Ended, Entered, EventKind, Manner, Micros, Refusal,
    Way,
};
use refuse::say;

/// One client connection on its way to a relay.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) shared: Arc<Shared>,
    pub(super) observer: Observer,
    /// What went through where no verbatim relay counts.
    pub(super) tally: Tally,
    accepted: Micros,
}

impl Door {
    pub(super) fn new(shared: Arc<Shared>, observer: Observer, accepted: Micros) -> Self {
        Self {
            shared,
            observer,
            tally: Tally::default(),
            accepted,
        }
    }

    /// Serves a connection to a front door; what is returned is left to be relayed.
    pub(super) async fn front(&self, mut tcp: Tcp) -> Option<Relay> {
        match self.first_bytes(&mut tcp).await {
            Ok(Sniffed::Tls) => self.by_server_name(tcp).await,
            Ok(Sniffed::Http) => match read_head(&mut tcp, self.shared.patience).await {
                Ok(head) => self.by_head(tcp, head).await,
                Err(refusal) => self.refuse(tcp, refusal).await,
            },
            Ok(Sniffed::NeedMore | Sniffed::Other) => {
                self.refuse(tcp, Refusal::Unintelligible).await
            }
            Err(refusal) => self.refuse(tcp, refusal).await,
        }
    }

    /// Serves a connection to a reverse listener.
    pub(super) async fn reverse(&self, mut tcp: Tcp, reverse: &Reverse) -> Option<Relay> {
        match (self.first_bytes(&mut tcp).await, reverse.scheme()) {
            (Ok(Sniffed::Tls), Scheme::Https) => self.reverse_tls(tcp, reverse).await,
            (Ok(Sniffed::Http), Scheme::Http) => self.reverse_plain(tcp, reverse).await,
            (Ok(_), _) => self.refuse(tcp, Refusal::Unintelligible).await,
            (Err(refusal), _) => self.refuse(tcp, refusal).await,
        }
    }

    /// A relay between two legs.
    pub(super) fn relay(&self, client: Leg, server: Leg, sight: Sight) -> Relay {
        Relay::new(client, server, sight, self.accepted)
    }

    /// The connection is over, and no verbatim relay has said so.
    pub(super) fn closed(&self) {
        self.observer.fact(EventKind::Closed(Closed {
            first: self.tally.first(),
            to_server: self.tally.bytes(Direction::ToServer),
            to_client: self.tally.bytes(Direction::ToClient),
            lasted: self.observer.now().since(self.accepted),
        }));
    }

    /// Publishes what the client asked for; whether it is looked into.
    pub(super) fn enter(&self, way: Way, target: &Authority, intercepted: bool) {
        self.observer.fact(EventKind::Entered(Entered {
            way,
            target: target.clone(),
            intercepted,
        }));
    }

    /// Whether `target` was named for interception.
    pub(super) fn intercepts(&self, target: &Authority) -> bool {
        self.shared.intercept.iter().any(|one| one.matches(target))
    }

    /// Dials `target`, whatever the client does meanwhile: what it sent and how it ended are for the server to see.
    async fn dial(&self, target: &Authority) -> Result<Tcp, DialFailure> {
        self.shared.dialer.dial(target, &self.observer).await
    }

    /// Publishes that the client left before there was a relay.
    pub(super) fn client_left(&self, manner: Manner) {
        let ended = Ended { manner, bytes: 0 };
        self.observer
            .fact_of(Direction::ToServer, EventKind::Ended(ended));
    }

    async fn first_bytes(&self, tcp: &mut Tcp) -> Result<Sniffed, Refusal> {
        read_until(tcp, self.shared.patience, |bytes| {
            let sniffed = sniff(bytes);
            Ok((sniffed != Sniffed::NeedMore).then_some(sniffed))
        })
        .await
    }

    async fn by_head(&self, tcp: Tcp, head: Head) -> Option<Relay> {
        if head.method == "CONNECT" {
            return self.connect(tcp, &head).await;
        }
        if head.target.starts_with('/') {
            return self.page(tcp, &head).await;
        }
        match absolute_form(&head.target) {
            Some(target) => {
                let intercepted = self.intercepts(&target);
                self.enter(Way::AbsoluteForm, &target, intercepted);
                rewrite::serve(self, Leg::plain(tcp), rewrite::Mode::AbsoluteForm).await
            }
            None => {
                let why = format!(
                    "`{}` is not something that a proxy can fetch; use http:// in absolute form, or CONNECT",
                    head.target.chars().take(80).collect::<String>()
                );
                self.refuse(tcp, Refusal::BadRequest(why)).await
            }
        }
    }

    async fn connect(&self, mut tcp: Tcp, head: &Head) -> Option<Relay> {
        let Some(target) = parse_authority(&head.target, None) else {
            let why = "CONNECT needs HOST:PORT".to_owned();
            return self.refuse(tcp, Refusal::BadRequest(why)).await;
        };
        let intercepted = self.intercepts(&target);
        self.enter(Way::Connect, &target, intercepted);
        let server = match self.dial(&target).await {
            Ok(server) => server,
            Err(DialFailure::Loop) => return self.refuse(tcp, Refusal::Loop(target)).await,
            Err(reason) => {
                let status = upstream::status_of(&reason);
                upstream::failed(&target, &reason, Some(status), &self.observer);
                let text = format!("no connection to {target}: {reason}");
                say(&mut tcp, status, &text).await;
                return None;
            }
        };
        tcp.consume(head.length);
        if let Err(error) = tcp
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .await
        {
            server.reset_on_close();
            self.client_left(super::relay::manner_of(&error));
            return None;
        }
        if intercepted {
            self.inside(tcp, server, &target).await
        } else {
            let sight = Sight::new(self.observer.clone(), None);
            Some(self.relay(Leg::plain(tcp), Leg::plain(server), sight))
        }
    }

    async fn by_server_name(&self, tcp: Tcp) -> Option<Relay> {
        let (tcp, hello) = self.hello(tcp).await?;
        let Some(name) = hello.server_name.clone() else {
            return self.refuse(tcp, Refusal::NoServerName).await;
        };
        let named = self
            .shared
            .intercept
            .iter()
            .filter(|one| one.host().matches(&name))
            .find_map(super::Intercept::port);
        let target = Authority {
            host: name,
            port: named.unwrap_or_else(|| tcp.local().map_or(443, |local| local.port())),
        };
        let intercepted = self.intercepts(&target);
        self.enter(Way::ServerName, &target, intercepted);
        let server = self.dial_or_reset(&target, &tcp).await?;
        if intercepted {
            self.end_tls(tcp, server, &target.host, hello).await
        } else {
            let sight = Sight::new(self.observer.clone(), None);
            Some(self.relay(Leg::plain(tcp), Leg::plain(server), sight))
        }
    }

    /// Reads a ClientHello, or tells the client why it is not served.
    async fn hello(&self, mut tcp: Tcp) -> Option<(Tcp, Hello)> {
        let patience = self.shared.patience;
        match timeout(patience, read_hello(&mut tcp)).await {
            Ok(Ok(hello)) => return Some((tcp, hello)),
            Ok(Err(error)) => self.broken_hello(tcp, None, error).await,
            Err(_) => {
                let silent = Refusal::Silent(patience.as_secs());
                self.refuse(tcp, silent).await
            }
        };
        None
    }

    async fn reverse_tls(&self, tcp: Tcp, reverse: &Reverse) -> Option<Relay> {
        let (tcp, hello) = self.hello(tcp).await?;
        let target = reverse.upstream();
        let same_name = hello.server_name.as_deref() == Some(target.host.as_str());
        if same_name {
            self.enter(Way::Reverse, target, true);
            let server = self.dial_or_reset(target, &tcp).await?;
            return self.end_tls(tcp, server, &target.host, hello).await;
        }
        self.enter(Way::ReverseRewriting, target, true);
        let address = tcp.local().map(|local| local.ip().to_canonical());
        let own = hello
            .server_name
            .clone()
            .or_else(|| address.ok().map(|ip| ip.to_string()))?;
        let Some(certified) = self.leaf_for(&own) else {
            return self.refuse_name(tcp).await;
        };
        let client = self.answer_alone(tcp, certified, &hello).await?;
        rewrite::serve(self, client, rewrite::Mode::Reverse(reverse.clone())).await
    }

    async fn reverse_plain(&self, mut tcp: Tcp, reverse: &Reverse) -> Option<Relay> {
        let head = match read_head(&mut tcp, self.shared.patience).await {
            Ok(head) => head,
            Err(refusal) => return self.refuse(tcp, refusal).await,
        };
        let target = reverse.upstream();
        let asked = head
            .host
            .and_then(|host| parse_authority(&host, Some(target.port)));
        if asked.is_some_and(|asked| asked.host == target.host) {
            self.enter(Way::Reverse, target, true);
            let server = self.dial_or_reset(target, &tcp).await?;
            return Some(self.tapped(Leg::plain(tcp), Leg::plain(server)));
        }
        self.enter(Way::ReverseRewriting, target, true);
        rewrite::serve(
            self,
            Leg::plain(tcp),
            rewrite::Mode::Reverse(reverse.clone()),
        )
        .await
    }

    /// Dials where the client believes that it is connected already: a failure can only be a reset.
    async fn dial_or_reset(&self, target: &Authority, client: &Tcp) -> Option<Tcp> {
        match self.dial(target).await {
            Ok(server) => Some(server),
            Err(reason) => {
                upstream::failed(target, &reason, None, &self.observer);
                client.reset_on_close();
                None
            }
        }
    }

    async fn page(&self, tcp: Tcp, head: &Head) -> Option<Relay> {
        let host = head.host.clone().unwrap_or_default();
        let own = parse_authority(&host, Some(80)).filter(is_own_name);
        let Some(own) = own else {
            return self.refuse(tcp, Refusal::ForeignHost(host)).await;
        };
        self.enter(Way::Page, &own, false);
        pages::serve(tcp, &own, &self.shared).await;
        None
    }
}

/// Waits until the client has left; never returns while it is there, or once it has sent more bytes.
pub(super) async fn gone(client: &mut Tcp) -> Manner {
    match client.peek().await {
        Ok(0) => Manner::Fin,
        Ok(_) => std::future::pending().await,
        Err(error) => super::relay::manner_of(&error),
    }
}

/// The authority of `http://host[:port]/…`.
fn absolute_form(target: &str) -> Option<Authority> {
    let scheme = target.get(..7)?;
    if !scheme.eq_ignore_ascii_case("http://") {
        return None;
    }
    let rest = target.get(7..)?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    parse_authority(host, Some(80))
}

/// Names under which our pages may be asked for: an address, or this machine. Any other name in a `Host` header
/// is one that somebody pointed at us (DNS rebinding).
fn is_own_name(authority: &Authority) -> bool {
    authority.host == "localhost" || authority.host.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_form_names_its_authority() {
        let host = |target: &str| absolute_form(target).map(|one| one.to_string());
        assert_eq!(host("http://A.b/c").as_deref(), Some("a.b:80"));
        assert_eq!(host("HTTP://u:p@a.b:8082?x").as_deref(), Some("a.b:8082"));
        assert_eq!(host("http://[::1]:1/").as_deref(), Some("[::1]:1"));
        assert_eq!(host("https://a.b/"), None);
        assert_eq!(host("*"), None);
        assert_eq!(host("http:///x"), None);
    }
}
