//! What HTTP, stanzas and handshakes say beyond their own connection: of agents, of Finesse, of a server.

use super::kept::clip;
use super::{Agent, At, Issuer, Service, Session, StateChange, exchange, rest};
use crate::event::{CertificateFacts, ConnectionId, Event, EventKind, StanzaKind, XmppStanza};
use crate::finesse::{self, Reason, Update};

impl Session {
    /// What an event of HTTP says beyond its own connection.
    pub(super) fn http(&mut self, id: ConnectionId, event: &Event, at: At, when: When) {
        let (number, wanted) = match &event.kind {
            EventKind::HttpRequest(head) => (head.exchange, When::After),
            EventKind::HttpResponse(head) => (head.exchange, When::Before),
            EventKind::HttpBody(body) => (body.exchange, When::Before),
            _ => return,
        };
        let Some(connection) = self.connections.get(&id).filter(|_| when == wanted) else {
            return;
        };
        let exchange = connection.exchanges.get(number);
        if let Some(exchange) = exchange {
            self.rest.take(event, connection, exchange, at);
        }
        let told = exchange.filter(|one| rest::is_poll(one)).and_then(|one| {
            let (EventKind::HttpBody(body), Some(_)) = (&event.kind, one.answered) else {
                return None;
            };
            Some(Update::of_object(body.content.text()?))
        });
        if let (EventKind::HttpResponse(head), Some(target)) = (&event.kind, &connection.target)
            && let Some(date) = exchange::field(&head.headers, "date")
            // What a cache has kept has the date of then (RFC 9111 section 5.1).
            && exchange::field(&head.headers, "age").is_none()
        {
            let wall = self.wall.as_ref().map(|wall| wall.at(at.time));
            if let Some(wall) = wall {
                self.server_clocks.answered(&target.host, &date, at, wall);
            }
        }
        if let Some(service) = told.and_then(|told| self.service_told(id, at, &told)) {
            // Desktops ask again and again; what is new is remembered.
            let mut known = self.service.iter().rev();
            let known = known.find(|one| one.host == service.host);
            if !known.is_some_and(|known| known.says_the_same(&service)) {
                self.service.keep(service);
            }
        }
    }

    /// What a stanza says beyond its own connection: of an agent, of Finesse.
    pub(super) fn stanza(&mut self, id: ConnectionId, at: At, stanza: &XmppStanza) {
        match &stanza.stanza.kind {
            StanzaKind::Auth {
                user: Some(user), ..
            } => self.users.signed_in(local_part(user)),
            StanzaKind::Bind { jid: Some(jid), .. } => {
                let user = local_part(jid);
                self.users.signed_in(user);
                self.of_agent(user, |agent| agent.bound(id, at));
            }
            StanzaKind::Notification { node, .. } => {
                let text = stanza.xml.text().unwrap_or_default();
                if finesse::warns_of_maintenance(text) {
                    self.maintenance_warnings.keep(at);
                }
                if let Some(update) = Update::find(text) {
                    self.update(id, at, node.as_deref().unwrap_or_default(), &update);
                }
            }
            _ => {}
        }
    }

    fn update(&mut self, id: ConnectionId, at: At, node: &str, update: &Update) {
        if let Some(request_id) = &update.request_id {
            self.rest.pairs.echoed(request_id, at);
        }
        let fact = |name: &str| update.fact(name).map(str::to_owned);
        let object = update.object.as_deref().unwrap_or_default();
        if object.eq_ignore_ascii_case("systemInfo") {
            if let Some(service) = self.service_told(id, at, update) {
                self.service.keep(service);
            }
        } else if object.eq_ignore_ascii_case("user") {
            if let (Some(user), Some(state)) = (fact("loginId"), fact("state")) {
                let change = StateChange {
                    at,
                    connection: id,
                    state,
                    reason_code: fact("code").or_else(|| system_code(update)),
                    reason: fact("label"),
                };
                self.told(id, node, &user, |agent| agent.changed(change));
            }
        } else if ["dialog", "dialogs"]
            .iter()
            .any(|one| object.eq_ignore_ascii_case(one))
            && let (Some(user), Some(call)) = (user_of(node), fact("id"))
        {
            let over = update.event.as_deref() == Some("DELETE");
            let state = fact("state");
            self.told(id, node, user, |agent| agent.call(&call, state, over, at));
        }
    }

    /// What Finesse says of a person. A supervisor's desktop is told of the whole team (`finesse.md` 1.5): others than the
    /// socket's own user are no agents of the session, unless they have sockets of their own in it.
    fn told(&mut self, id: ConnectionId, node: &str, user: &str, say: impl FnOnce(&mut Agent)) {
        let user = clip(user).to_lowercase();
        let socket = self
            .connections
            .get(&id)
            .and_then(|one| one.socket.as_ref());
        let own = match socket.and_then(|socket| socket.stream.user()) {
            Some(own) => own.to_lowercase() == user,
            None => user_of(node).is_some_and(|own| own.to_lowercase() == user),
        };
        if own {
            self.users.signed_in(&user);
        }
        if own || self.agents.contains_key(&user) {
            self.of_agent(&user, say);
        }
    }

    /// What Finesse says of itself in a `SystemInfo`.
    fn service_told(&self, id: ConnectionId, at: At, told: &Update) -> Option<Service> {
        let target = self
            .connections
            .get(&id)
            .and_then(|one| one.target.as_ref());
        let modes = ["finesseMMode", "ctiMMode"];
        let heartbeat = told.fact("lastCTIHeartbeatStatus");
        Some(Service {
            at,
            connection: id,
            host: target.map(|one| one.host.clone()).unwrap_or_default(),
            status: told.fact("status")?.to_owned(),
            reason: told.fact("statusReason").map(str::to_owned),
            maintenance: modes.iter().any(|name| told.fact(name).is_some_and(is_on)),
            heartbeat_failed: heartbeat.is_some_and(|one| one.eq_ignore_ascii_case("failure")),
        })
    }

    /// A server's certificate was accepted.
    pub(super) fn vouched(&mut self, id: ConnectionId, at: At, chain: &[CertificateFacts]) {
        let target = self.connections.get(&id).and_then(|one| one.target.clone());
        let (Some(target), Some(leaf)) = (target, chain.first()) else {
            return;
        };
        if self.issuers.len() >= TARGETS && !self.issuers.contains_key(&target) {
            return;
        }
        let issuers = self.issuers.entry(target).or_default();
        let issuer = clip(&leaf.issuer);
        if let Some(known) = issuers.iter_mut().find(|one| one.name == issuer) {
            known.last = at;
        } else if issuers.len() < ISSUERS {
            issuers.push(Issuer {
                name: issuer.to_owned(),
                first: at,
                last: at,
            });
        }
    }

    /// A browser went through with TLS.
    pub(super) fn accepted(&mut self, id: ConnectionId, at: At) {
        let target = self.connections.get(&id).and_then(|one| one.target.clone());
        if let Some(target) = target.filter(|_| self.accepted.len() < TARGETS) {
            self.accepted.entry(target).or_insert(at);
        }
    }
}

/// Whether an event is taken in before or after its connection knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
}

/// `reasonCodeId` where it can be nothing but a code of the system: the ids of other reasons are small.
fn system_code(update: &Update) -> Option<String> {
    let id = update.reason_code_id.as_ref()?;
    let reason = Reason::of(id).filter(|reason| !reason.ambiguous)?;
    Some(reason.code.to_string())
}

/// The user of `/finesse/api/User/ID` and of the nodes below it.
fn user_of(node: &str) -> Option<&str> {
    node.strip_prefix("/finesse/api/User/")?.split('/').next()
}

/// The user of a JID.
fn local_part(jid: &str) -> &str {
    jid.split_once('@').map_or(jid, |(user, _)| user)
}

/// Whether Finesse's word for a mode says that it is on.
fn is_on(mode: &str) -> bool {
    !["false", "off", "no", "0", "none"]
        .iter()
        .any(|off| mode.eq_ignore_ascii_case(off))
}

/// Issuers remembered of each target.
const ISSUERS: usize = 16;
/// Targets remembered.
const TARGETS: usize = 256;
