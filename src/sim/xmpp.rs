//! One XMPP session as Openfire holds it on a WebSocket: a text message in, text messages out.
//!
//! The order is that of finesse.md 1.4; the framing is RFC 7395. Openfire writes what frames the stream with single
//! quotes and without a blank before `/>`, and so does this: clients exist that compare those strings.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use quick_xml::escape::escape;
use tokio::sync::mpsc;

use super::element::Element;
use super::node::Node;
use super::pubsub::{Bound, Ending, Outgoing, finesse_presence};

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    node: Arc<Node>,
    key: u64,
    outbox: mpsc::Sender<Outgoing>,
    stage: Stage,
    /// The id of the stream that is open.
    stream: String,
}

impl Session {
    /// A session before its first `<open/>`; what others want to tell it comes through `outbox`.
    pub(super) fn new(node: Arc<Node>, outbox: mpsc::Sender<Outgoing>) -> Self {
        let key = node.key();
        let stream = node.pubsub.seed().stream_id();
        Self {
            node,
            key,
            outbox,
            stage: Stage::Anonymous,
            stream,
        }
    }

    /// Takes one text message; the answers in order.
    pub(super) fn receive(&mut self, message: &str) -> Vec<Outgoing> {
        // Openfire 4.2 to 4.7 logs what it cannot parse and leaves the socket open.
        let Ok(stanza) = Element::parse(message) else {
            tracing::info!("the simulator ignored a message that is no XML");
            return Vec::new();
        };
        match (stanza.name.as_str(), &self.stage) {
            ("open", _) => self.open(&stanza),
            ("close", _) => vec![Outgoing::Bye(Ending::Stream(None))],
            ("auth", Stage::Anonymous) => self.authenticate(&stanza),
            // The answer to a ping of the server's own, whatever it is.
            ("iq", _) if matches!(stanza.attribute("type"), Some("result" | "error")) => Vec::new(),
            ("iq", _) => vec![Outgoing::Stanza(self.iq(&stanza))],
            ("presence", Stage::Bound(jid)) => {
                let jid = jid.clone();
                self.presence(&stanza, &jid)
            }
            // Openfire takes messages of users to nobody in particular without an answer.
            ("presence" | "message", _) => Vec::new(),
            _ => vec![Outgoing::Bye(Ending::Stream(Some(
                "unsupported-stanza-type",
            )))],
        }
    }

    /// A ping of the server's own; the desktop has no handler for it (finesse.md 4.2).
    pub(super) fn ping(&self) -> Vec<Outgoing> {
        let Stage::Bound(jid) = &self.stage else {
            return Vec::new();
        };
        let (id, domain) = (self.node.pubsub.seed().stream_id(), &self.node.domain);
        vec![Outgoing::Stanza(format!(
            "<iq type=\"get\" id=\"{id}\" from=\"{domain}\" to=\"{}\"><ping xmlns=\"urn:xmpp:ping\"/></iq>",
            escape(jid)
        ))]
    }

    /// The socket is gone, in whatever way.
    pub(super) fn gone(&mut self) {
        self.stage = Stage::Anonymous;
        if let Some(user) = self.node.pubsub.unbind(self.key) {
            self.node.presence_lost(user);
        }
    }

    fn open(&mut self, open: &Element) -> Vec<Outgoing> {
        if open.attribute("xmlns") != Some(FRAMING) {
            return vec![Outgoing::Bye(Ending::Stream(Some("invalid-namespace")))];
        }
        if let Some(condition) = self.node.health().stream_error {
            return vec![Outgoing::Bye(Ending::Stream(Some(condition)))];
        }
        self.stream = self.node.pubsub.seed().stream_id();
        let header = format!(
            "<open from='{}' id='{}' xmlns='{FRAMING}' xml:lang='en' version='1.0'/>",
            self.node.domain, self.stream
        );
        let features = match self.stage {
            Stage::Anonymous => {
                "<mechanisms xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"><mechanism>PLAIN</mechanism></mechanisms>"
            }
            Stage::Authenticated(_) | Stage::Bound(_) => {
                "<bind xmlns=\"urn:ietf:params:xml:ns:xmpp-bind\"/>\
                 <session xmlns=\"urn:ietf:params:xml:ns:xmpp-session\"><optional/></session>"
            }
        };
        let features = format!(
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{features}{CAPS}</stream:features>"
        );
        vec![Outgoing::Stanza(header), Outgoing::Stanza(features)]
    }

    fn authenticate(&mut self, auth: &Element) -> Vec<Outgoing> {
        let verdict = match auth.attribute("mechanism") {
            Some("PLAIN") => self.plain(&auth.text),
            _ => Err("invalid-mechanism"),
        };
        vec![Outgoing::Stanza(match verdict {
            Ok(user) => {
                self.stage = Stage::Authenticated(user);
                format!("<success xmlns='{SASL}'/>")
            }
            Err(condition) => format!("<failure xmlns=\"{SASL}\"><{condition}/></failure>"),
        })]
    }

    /// RFC 4616: authzid NUL authcid NUL password, in Base64.
    fn plain(&self, payload: &str) -> Result<String, &'static str> {
        let decoded = BASE64_STANDARD
            .decode(payload.trim())
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or("incorrect-encoding")?;
        let parts: Vec<&str> = decoded.split('\0').collect();
        let [authzid, user, password] = parts.as_slice() else {
            return Err("malformed-request");
        };
        let own = format!("{user}@{}", self.node.domain);
        if !authzid.is_empty() && *authzid != own && authzid != user {
            return Err("invalid-authzid");
        }
        if let Some(condition) = self.node.health().sasl_failure {
            return Err(condition);
        }
        if self.node.authenticate(user, password) {
            Ok(user.to_lowercase())
        } else {
            Err("not-authorized")
        }
    }

    fn iq(&mut self, iq: &Element) -> String {
        let Some(payload) = iq.children.first() else {
            return self.refuse(iq, "modify", "bad-request");
        };
        match (payload.name.as_str(), &self.stage) {
            (_, Stage::Anonymous) => self.refuse(iq, "auth", "not-authorized"),
            ("bind", Stage::Authenticated(user)) => {
                let user = user.clone();
                self.bind(iq, payload, user)
            }
            (_, Stage::Authenticated(_)) => self.refuse(iq, "auth", "not-authorized"),
            ("session" | "ping", Stage::Bound(_)) => self.answer(iq, ""),
            ("query", Stage::Bound(_))
                if payload.attribute("xmlns") == Some("jabber:iq:roster") =>
            {
                self.answer(iq, "<query xmlns=\"jabber:iq:roster\"/>")
            }
            ("pubsub", Stage::Bound(_)) => self.pubsub(iq, payload),
            _ => self.refuse(iq, "cancel", "service-unavailable"),
        }
    }

    fn bind(&mut self, iq: &Element, bind: &Element, user: String) -> String {
        let resource = match bind.child_text("resource") {
            Some(resource) => resource.to_owned(),
            None => self.node.pubsub.seed().stream_id(),
        };
        let jid = format!("{user}@{}/{resource}", self.node.domain);
        self.node.pubsub.bind(Bound {
            key: self.key,
            user,
            jid: jid.clone(),
            available: false,
            outbox: self.outbox.clone(),
        });
        self.stage = Stage::Bound(jid.clone());
        let bound = format!(
            "<bind xmlns=\"urn:ietf:params:xml:ns:xmpp-bind\"><jid>{}</jid></bind>",
            escape(&jid)
        );
        self.answer(iq, &bound)
    }

    /// A presence below priority 0 gets no events; the first real one is answered with that of `finesse@`.
    fn presence(&self, presence: &Element, jid: &str) -> Vec<Outgoing> {
        let leaves = presence.attribute("type") == Some("unavailable");
        let priority = presence
            .child_text("priority")
            .and_then(|text| text.parse::<i32>().ok());
        self.node
            .pubsub
            .available(self.key, !leaves && priority.unwrap_or(0) >= 0);
        let health = self.node.health();
        if leaves || health.webapp_down || health.finesse_absent {
            return Vec::new();
        }
        vec![Outgoing::Stanza(finesse_presence(
            &self.node.domain,
            jid,
            true,
        ))]
    }

    fn pubsub(&self, iq: &Element, pubsub: &Element) -> String {
        let Some(request) = pubsub.children.first() else {
            return self.refuse(iq, "modify", "bad-request");
        };
        let (Some(node), Some(jid)) = (request.attribute("node"), request.attribute("jid")) else {
            return self.refuse(iq, "modify", "bad-request");
        };
        if !self.is_own(jid) {
            return self.refuse(iq, "auth", "forbidden");
        }
        match request.name.as_str() {
            "subscribe" if !self.exists(node) => self.refuse(iq, "cancel", "item-not-found"),
            "subscribe" if self.node.pubsub.subscribe(node, jid) => {
                let subscription = format!(
                    "<pubsub xmlns=\"http://jabber.org/protocol/pubsub\"><subscription node=\"{}\" jid=\"{}\" \
                     subid=\"{}\" subscription=\"subscribed\"/></pubsub>",
                    escape(node),
                    escape(jid),
                    self.node.pubsub.seed().uuid()
                );
                self.answer(iq, &subscription)
            }
            "subscribe" => self.refuse(iq, "wait", "resource-constraint"),
            "unsubscribe" if self.node.pubsub.unsubscribe(node, jid) => self.answer(iq, ""),
            "unsubscribe" => self.refuse(iq, "cancel", "unexpected-request"),
            _ => self.refuse(iq, "cancel", "feature-not-implemented"),
        }
    }

    /// Whether the JID, bare or full, is this session's.
    fn is_own(&self, jid: &str) -> bool {
        let Stage::Bound(own) = &self.stage else {
            return false;
        };
        jid == own || own.split('/').next() == Some(jid)
    }

    /// Whether Finesse has such a node.
    fn exists(&self, node: &str) -> bool {
        let Some(path) = node.strip_prefix("/finesse/api/") else {
            return false;
        };
        match path.split('/').collect::<Vec<_>>().as_slice() {
            ["SystemInfo"] | ["Queue", _] => true,
            ["User", id, ..] => self.node.users.knows(id),
            ["Team", id, "Users"] => id
                .parse()
                .is_ok_and(|id| self.node.users.team_xml(id).is_some()),
            _ => false,
        }
    }

    fn answer(&self, iq: &Element, payload: &str) -> String {
        let head = self.head(iq, "result");
        if payload.is_empty() {
            format!("<iq {head}/>")
        } else {
            format!("<iq {head}>{payload}</iq>")
        }
    }

    fn refuse(&self, iq: &Element, kind: &str, condition: &str) -> String {
        format!(
            "<iq {}><error type=\"{kind}\"><{condition} xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\"/></error></iq>",
            self.head(iq, "error")
        )
    }

    fn head(&self, iq: &Element, kind: &str) -> String {
        let from = iq.attribute("to").unwrap_or(&self.node.domain);
        let to = match &self.stage {
            Stage::Bound(jid) => jid.clone(),
            Stage::Anonymous | Stage::Authenticated(_) => {
                format!("{}/{}", self.node.domain, self.stream)
            }
        };
        format!(
            "type=\"{kind}\" id=\"{}\" from=\"{}\" to=\"{}\"",
            escape(iq.attribute("id").unwrap_or_default()),
            escape(from),
            escape(to)
        )
    }
}

/// How far a session has come.
#[derive(Debug)]
enum Stage {
    Anonymous,
    /// The user's id.
    Authenticated(String),
    /// The full JID.
    Bound(String),
}

/// The stream error element of Openfire, which has no `<text/>`.
pub(super) fn stream_error(condition: &str) -> String {
    format!(
        "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>\
         <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
    )
}

/// How Openfire closes the stream; Strophe compares with another spelling and so overlooks it (finesse.md 4.2).
pub(super) const CLOSE: &str = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";
const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
const CAPS: &str = "<c xmlns=\"http://jabber.org/protocol/caps\" hash=\"sha-1\" \
     node=\"https://www.igniterealtime.org/projects/openfire/\" ver=\"ilVQC7/1pEBLeNlhkeeuOwKDMGQ=\"/>";
