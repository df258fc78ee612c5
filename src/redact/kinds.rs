//! Where text of the wire stands in each kind of event. There is no wildcard in here, so that a new kind or a
//! new reason cannot be forgotten.

#![deny(
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants
)]

use super::Redactor;
use std::borrow::Cow;

use super::pseudonym::Class;
use crate::event::{
    Accepted, Attempt, AttemptOutcome, CertificateFacts, ClientHello, EventKind, Host, HttpBody,
    HttpRequest, HttpResponse, Interface, Listening, QName, Recorder, Refusal, Rewritten,
    SessionStarted, Source, Stanza, StanzaError, StanzaKind, TlsEstablished, TlsFailed,
    UpstreamFailed, WebSocketOpened, XmppStanza,
};

impl Redactor {
    pub(super) fn redact_kind(&self, kind: &mut EventKind) {
        match kind {
            EventKind::SessionStarted(started) => self.session(started),
            EventKind::Listening(listening) => self.listening(listening),
            EventKind::Accepted(accepted) => self.accepted(accepted),
            EventKind::ClientHello(hello) => self.client_hello(hello),
            EventKind::Minted(minted) => self.target(&mut minted.host),
            EventKind::TlsEstablished(established) => self.tls_established(established),
            EventKind::Entered(entered) => self.authority(&mut entered.target),
            EventKind::Refused(refusal) => self.refusal(refusal),
            EventKind::Resolved(resolved) => self.target(&mut resolved.host),
            EventKind::Attempt(attempt) => self.attempt(attempt),
            EventKind::UpstreamFailed(failed) => self.upstream_failed(failed),
            EventKind::TlsFailed(failed) => self.tls_failed(failed),
            EventKind::Rewritten(rewritten) => self.rewritten(rewritten),
            EventKind::HttpRequest(head) => self.request(head),
            EventKind::HttpResponse(head) => self.response(head),
            EventKind::HttpBody(body) => self.body(body),
            EventKind::HttpViolation(violation) => self.texts(violation.text_mut()),
            EventKind::WebSocketOpened(opened) => self.opened(opened),
            EventKind::WebSocketMessage(message) => self.payload(&mut message.payload),
            EventKind::WebSocketPing(payload) => self.payload(payload),
            EventKind::WebSocketPong(pong) => self.payload(&mut pong.payload),
            EventKind::WebSocketClose(closing) => self.text(&mut closing.reason),
            EventKind::WebSocketViolation(violation) => self.texts(violation.text_mut()),
            EventKind::XmppStanza(stanza) => self.stanza(stanza),
            EventKind::Ended(ended) => self.texts(ended.manner.text_mut()),
            EventKind::Host(host) => self.host(host),
            EventKind::Recorder(recorder) => self.recorder(recorder),
            EventKind::Protocol(_)
            | EventKind::Stalled(_)
            | EventKind::TcpInfo(_)
            | EventKind::Closed(_)
            | EventKind::Gap(_)
            | EventKind::SessionEnded(_) => {}
        }
    }

    fn session(&self, started: &mut SessionStarted) {
        let SessionStarted {
            intercepted,
            options,
            source,
            ..
        } = started;
        for text in intercepted.iter_mut().chain(options) {
            self.target(text);
        }
        match source {
            Source::Har(text) | Source::Netlog(text) => self.text(text),
            Source::Live => {}
        }
    }

    fn listening(&self, listening: &mut Listening) {
        self.client_address(&mut listening.address);
        listening
            .upstream
            .iter_mut()
            .for_each(|url| self.target(url));
    }

    fn accepted(&self, accepted: &mut Accepted) {
        self.client_address(&mut accepted.client);
        self.client_address(&mut accepted.listener);
    }

    fn client_hello(&self, hello: &mut ClientHello) {
        let ClientHello {
            server_name,
            connect_name,
            alpn,
            cipher_suites: _,
        } = hello;
        for name in server_name.iter_mut().chain(connect_name) {
            self.target(name);
        }
        self.texts(alpn);
    }

    fn tls_established(&self, established: &mut TlsEstablished) {
        self.texts(&mut established.alpn);
        self.chain(&mut established.chain);
    }

    /// Certificates name servers: of persons nothing is looked for.
    fn chain(&self, chain: &mut [CertificateFacts]) {
        for certificate in chain {
            let CertificateFacts {
                subject,
                issuer,
                names,
                ..
            } = certificate;
            for text in [subject, issuer].into_iter().chain(names) {
                if let Some(redacted) = self.without_secrets(text) {
                    *text = redacted;
                }
            }
        }
    }

    fn host(&self, host: &mut Host) {
        match host {
            Host::NetworkChanged(text) => self.text(text),
            Host::ProxyChanged(text) => self.target(text),
            Host::Interface(Interface { name, .. }) => self.text(name),
            Host::RouteCame(route) | Host::RouteGone(route) => {
                self.text(&mut route.interface);
                self.address(&mut route.gateway);
            }
            Host::Suspended
            | Host::Resumed
            | Host::Slept(_)
            | Host::ClockJumped(_)
            | Host::Starved(_) => {}
        }
    }

    fn recorder(&self, recorder: &mut Recorder) {
        match recorder {
            Recorder::Interrupted(text) => self.text(text),
            Recorder::Resumed(_) | Recorder::Lost(_) => {}
        }
    }

    fn refusal(&self, refusal: &mut Refusal) {
        match refusal {
            Refusal::BadRequest(text)
            | Refusal::ForeignHost(text)
            | Refusal::OutsideAuthority(text) => self.target(text),
            Refusal::Loop(authority) => self.authority(authority),
            Refusal::HeadTooLarge(_)
            | Refusal::Unintelligible
            | Refusal::Silent(_)
            | Refusal::Vanished
            | Refusal::NoServerName => {}
        }
    }

    fn attempt(&self, attempt: &mut Attempt) {
        attempt
            .local
            .iter_mut()
            .for_each(|address| self.client_address(address));
        match &mut attempt.outcome {
            AttemptOutcome::Failed(failure) => self.texts(failure.text_mut()),
            AttemptOutcome::Connected | AttemptOutcome::Abandoned => {}
        }
    }

    fn upstream_failed(&self, failed: &mut UpstreamFailed) {
        self.authority(&mut failed.target);
        self.texts(failed.reason.text_mut());
    }

    fn tls_failed(&self, failed: &mut TlsFailed) {
        self.texts(&mut failed.advice);
        self.chain(&mut failed.chain);
        self.texts(failed.reason.text_mut());
    }

    fn rewritten(&self, rewritten: &mut Rewritten) {
        self.field(&rewritten.field, &mut rewritten.from);
        self.field(&rewritten.field, &mut rewritten.to);
    }

    fn request(&self, head: &mut HttpRequest) {
        self.text(&mut head.method);
        self.target(&mut head.target);
        self.headers(&mut head.headers);
    }

    fn response(&self, head: &mut HttpResponse) {
        self.text(&mut head.reason);
        self.headers(&mut head.headers);
    }

    fn body(&self, body: &mut HttpBody) {
        self.texts(&mut body.content_type);
        self.texts(&mut body.content_encoding);
        self.headers(&mut body.trailers);
        if body.still_encoded {
            self.opaque(&mut body.content);
        }
        self.payload(&mut body.content);
    }

    fn opened(&self, opened: &mut WebSocketOpened) {
        self.target(&mut opened.target);
        self.texts(&mut opened.subprotocol);
        self.texts(&mut opened.unknown_extensions);
    }

    fn stanza(&self, stanza: &mut XmppStanza) {
        // The outline says nothing that the XML does not say.
        let whole = stanza.xml.text().filter(|_| stanza.xml.cut == 0);
        let clean = whole.is_some_and(|text| !self.words.suspect(text.as_bytes()));
        if clean && self.personal.is_none() {
            return;
        }
        self.payload(&mut stanza.xml);
        let Stanza {
            root,
            to,
            from,
            id,
            kind_attribute,
            error,
            kind,
        } = &mut stanza.stanza;
        self.name(root);
        for jid in [to, from].into_iter().flatten() {
            self.jid(jid);
        }
        self.texts([id, kind_attribute].into_iter().flatten());
        if let Some(error) = error {
            self.error(error);
        }
        self.stanza_kind(kind);
    }

    fn name(&self, name: &mut QName) {
        for part in [&mut name.name, &mut name.namespace] {
            if let Some(redacted) = self.redacted(part) {
                *part = Cow::Owned(redacted);
            }
        }
    }

    fn stanza_kind(&self, kind: &mut StanzaKind) {
        match kind {
            StanzaKind::Features {
                mechanisms,
                caps,
                others,
            } => {
                self.texts(mechanisms);
                self.texts(caps);
                others.iter_mut().for_each(|other| self.name(other));
            }
            StanzaKind::Iq { child } => child.iter_mut().for_each(|child| self.name(child)),
            StanzaKind::Auth { mechanism, user } => {
                self.text(mechanism);
                self.texts(user.as_mut());
                user.iter_mut()
                    .for_each(|user| self.whole(user, Class::User));
            }
            StanzaKind::SaslFailure(error) | StanzaKind::StreamError(error) => self.error(error),
            StanzaKind::Bind { resource, jid } => {
                resource.iter_mut().for_each(|text| self.resource(text));
                jid.iter_mut().for_each(|text| self.jid(text));
            }
            StanzaKind::Pubsub {
                action,
                node,
                subscription,
            } => {
                self.text(action);
                self.texts(node.iter_mut().chain(subscription));
            }
            StanzaKind::Notification { node, .. } => self.texts(node),
            StanzaKind::Presence { show, priority } => self.texts(show.iter_mut().chain(priority)),
            StanzaKind::Malformed { why } => self.text(why),
            StanzaKind::Open
            | StanzaKind::Close
            | StanzaKind::Challenge
            | StanzaKind::Response
            | StanzaKind::Success
            | StanzaKind::Session
            | StanzaKind::Ping
            | StanzaKind::Message
            | StanzaKind::Other
            | StanzaKind::Whitespace
            | StanzaKind::Empty => {}
        }
    }

    fn error(&self, error: &mut StanzaError) {
        self.text(&mut error.condition);
        self.texts(&mut error.text);
    }
}
