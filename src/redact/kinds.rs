//! Where text of the wire stands in each kind of event. There is no wildcard in here, so that a new kind or a
//! new reason cannot be forgotten.

#![deny(
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants
)]

use super::Redactor;
use std::borrow::Cow;

use crate::event::{
    Attempt, AttemptOutcome, DialFailure, EventKind, Host, HttpBody, HttpRequest, HttpResponse,
    HttpViolation, Manner, QName, Recorder, Refusal, Rewritten, SessionStarted, Source, Stanza,
    StanzaError, StanzaKind, TlsFailed, TlsFailure, UpstreamFailed, WebSocketOpened,
    WebSocketViolation, XmppStanza,
};

impl Redactor {
    pub(super) fn redact_kind(&self, kind: &mut EventKind) {
        match kind {
            EventKind::SessionStarted(started) => self.session(started),
            EventKind::Listening(listening) => {
                listening
                    .upstream
                    .iter_mut()
                    .for_each(|url| self.target(url));
            }
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
            EventKind::Accepted(_)
            | EventKind::Protocol(_)
            | EventKind::ClientHello(_)
            | EventKind::Minted(_)
            | EventKind::TlsEstablished(_)
            | EventKind::Stalled(_)
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

    fn host(&self, host: &mut Host) {
        match host {
            Host::NetworkChanged(text) | Host::ProxyChanged(text) => self.target(text),
            Host::Suspended | Host::Resumed => {}
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
        self.target(&mut head.target);
        self.headers(&mut head.headers);
    }

    fn response(&self, head: &mut HttpResponse) {
        self.text(&mut head.reason);
        self.headers(&mut head.headers);
    }

    fn body(&self, body: &mut HttpBody) {
        self.texts(&mut body.content_type);
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
        if whole.is_some_and(|text| !self.words.suspect(text.as_bytes())) {
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
        for text in [to, from, id, kind_attribute].into_iter().flatten() {
            self.text(text);
        }
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
                self.texts(user);
            }
            StanzaKind::SaslFailure(error) | StanzaKind::StreamError(error) => self.error(error),
            StanzaKind::Bind { resource, jid } => self.texts(resource.iter_mut().chain(jid)),
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
