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
    Accepted, Attempt, AttemptOutcome, CertificateFacts, ClientHello, DialFailure, EventKind, Host,
    HttpBody, HttpRequest, HttpResponse, HttpViolation, Interface, Listening, Manner, QName,
    Recorder, Refusal, Rewritten, SessionStarted, Source, Stanza, StanzaError, StanzaKind,
    TlsEstablished, TlsFailed, TlsFailure, UpstreamFailed, WebSocketOpened, WebSocketViolation,
    XmppStanza,
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
            EventKind::HttpViolation(violation) => self.http_violation(violation),
            EventKind::WebSocketOpened(opened) => self.opened(opened),
            EventKind::WebSocketMessage(message) => self.payload(&mut message.payload),
            EventKind::WebSocketPing(payload) => self.payload(payload),
            EventKind::WebSocketPong(pong) => self.payload(&mut pong.payload),
            EventKind::WebSocketClose(closing) => self.text(&mut closing.reason),
            EventKind::WebSocketViolation(violation) => self.websocket_violation(violation),
            EventKind::XmppStanza(stanza) => self.stanza(stanza),
            EventKind::Ended(ended) => self.manner(&mut ended.manner),
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
            AttemptOutcome::Failed(failure) => self.dial_failure(failure),
            AttemptOutcome::Connected | AttemptOutcome::Abandoned => {}
        }
    }

    fn upstream_failed(&self, failed: &mut UpstreamFailed) {
        self.authority(&mut failed.target);
        self.dial_failure(&mut failed.reason);
    }

    fn dial_failure(&self, failure: &mut DialFailure) {
        match failure {
            DialFailure::Unresolved(text)
            | DialFailure::ProxyRefused(text)
            | DialFailure::ProxyUnintelligible(text)
            | DialFailure::Other(text) => self.text(text),
            DialFailure::ConnectionRefused
            | DialFailure::NetworkUnreachable
            | DialFailure::HostUnreachable
            | DialFailure::TimedOut
            | DialFailure::Reset
            | DialFailure::Loop => {}
        }
    }

    fn tls_failed(&self, failed: &mut TlsFailed) {
        self.texts(&mut failed.advice);
        self.chain(&mut failed.chain);
        match &mut failed.reason {
            TlsFailure::BadCertificate(text)
            | TlsFailure::AuthorityUnknown(text)
            | TlsFailure::CertificateRejected(text)
            | TlsFailure::BadDate(text)
            | TlsFailure::Alert(text)
            | TlsFailure::Incompatible(text)
            | TlsFailure::Broken(text)
            | TlsFailure::Other(text) => self.text(text),
            TlsFailure::UnknownIssuer
            | TlsFailure::Expired
            | TlsFailure::WrongName
            | TlsFailure::PinMismatch
            | TlsFailure::ClosedSilently
            | TlsFailure::Reset => {}
        }
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

    fn http_violation(&self, violation: &mut HttpViolation) {
        match violation {
            HttpViolation::MalformedHead(text) | HttpViolation::UnknownUpgrade(text) => {
                self.text(text);
            }
            HttpViolation::HeadTooLarge(_)
            | HttpViolation::BadContentLength
            | HttpViolation::BadChunk
            | HttpViolation::UnaskedResponse
            | HttpViolation::CutOff => {}
        }
    }

    fn opened(&self, opened: &mut WebSocketOpened) {
        self.target(&mut opened.target);
        self.texts(&mut opened.subprotocol);
        self.texts(&mut opened.unknown_extensions);
    }

    fn websocket_violation(&self, violation: &mut WebSocketViolation) {
        match violation {
            WebSocketViolation::LostSync(text) => self.text(text),
            WebSocketViolation::ReservedBits(_)
            | WebSocketViolation::UnknownOpcode(_)
            | WebSocketViolation::UnmaskedClientFrame
            | WebSocketViolation::MaskedServerFrame
            | WebSocketViolation::FragmentedControl
            | WebSocketViolation::OversizedControl(_)
            | WebSocketViolation::LengthNotMinimal
            | WebSocketViolation::LengthOverflow
            | WebSocketViolation::UnexpectedContinuation
            | WebSocketViolation::ExpectedContinuation
            | WebSocketViolation::InvalidUtf8
            | WebSocketViolation::TruncatedClose
            | WebSocketViolation::BadCloseCode(_)
            | WebSocketViolation::DataAfterClose
            | WebSocketViolation::InflatedOverLimit(_)
            | WebSocketViolation::CutOff => {}
        }
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

    fn manner(&self, manner: &mut Manner) {
        match manner {
            Manner::Alert(text) | Manner::TlsBroken(text) | Manner::Error(text) => self.text(text),
            Manner::Fin
            | Manner::CloseNotify
            | Manner::FinWithoutCloseNotify
            | Manner::Reset
            | Manner::TimedOut
            | Manner::Stopped
            | Manner::Unknown => {}
        }
    }
}
