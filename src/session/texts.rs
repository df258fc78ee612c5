//! Where text stands in what the projection keeps.

use std::borrow::Cow;

use super::kept::Texts;
use super::{
    Asked, Asking, At, Call, Close, End, Exchange, Failure, Grant, Handshake, Pair, Ping, Poll,
    Presence, Reading, Service, StateChange, Success, Wish,
};
use crate::event::{
    Attempt, AttemptOutcome, Authority, CertificateFacts, ConnectionId, DialFailure, Direction,
    Gap, Header, Host, HttpResponse, HttpViolation, Interface, Manner, QName, Refusal, Stalled,
    StanzaError, StanzaKind, TcpSample, TlsFailure, WebSocketViolation,
};

/// The fields of a structure that are text, or hold some; without any it has none.
macro_rules! texts {
    ($($of:ty { $($field:ident),* })*) => {
        $(impl Texts for $of {
            fn texts(&mut self, _each: &mut dyn FnMut(&mut String)) {
                $(self.$field.texts(_each);)*
            }
        })*
    };
}

/// Those that say something in free words, or nothing.
macro_rules! words {
    ($($of:ty)*) => {
        $(impl Texts for $of {
            fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
                if let Some(text) = self.text_mut() {
                    each(text);
                }
            }
        })*
    };
}

words! { DialFailure HttpViolation Manner TlsFailure WebSocketViolation }

texts! {
    At {}
    ConnectionId {}
    Direction {}
    // Its kinds are cut before it is kept.
    Gap {}
    Presence { user }
    Reading {}
    Stalled {}
    TcpSample {}
    Asked { id, what }
    Authority { host }
    Call { id, state }
    CertificateFacts { subject, issuer, names, sha256 }
    Close { reason }
    End { manner }
    Exchange { method, target, request_id }
    Failure { method, target, location, error }
    Grant { host, user }
    Handshake { failure, chain }
    Header { name, value }
    HttpResponse { reason, headers }
    Interface { name, was, is }
    Pair { what, request_id }
    Ping { id }
    Poll { host }
    QName { name, namespace }
    Service { host, status, reason }
    StanzaError { condition, kind_attribute, text }
    StateChange { state, reason_code, reason }
    Success { host, method, user }
    Wish { user, state }
}

impl Texts for String {
    fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
        each(self);
    }
}

impl Texts for Cow<'static, str> {
    fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
        // What is borrowed takes no memory of its own.
        if let Self::Owned(text) = self {
            each(text);
        }
    }
}

impl<T: Texts> Texts for Option<T> {
    fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
        if let Some(one) = self {
            one.texts(each);
        }
    }
}

impl<T: Texts> Texts for Vec<T> {
    fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
        self.iter_mut().for_each(|one| one.texts(each));
    }
}

impl<A: Texts, B: Texts> Texts for (A, B) {
    fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
        self.0.texts(each);
        self.1.texts(each);
    }
}

impl<A: Texts, B: Texts, C: Texts> Texts for (A, B, C) {
    fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
        self.0.texts(each);
        self.1.texts(each);
        self.2.texts(each);
    }
}

impl Texts for Attempt {
    fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
        match &mut self.outcome {
            AttemptOutcome::Failed(failure) => failure.texts(each),
            AttemptOutcome::Connected | AttemptOutcome::Abandoned => {}
        }
    }
}

impl Texts for Refusal {
    fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
        match self {
            Self::BadRequest(text) | Self::ForeignHost(text) | Self::OutsideAuthority(text) => {
                each(text);
            }
            Self::Loop(target) => target.texts(each),
            Self::HeadTooLarge(_)
            | Self::Unintelligible
            | Self::Silent(_)
            | Self::Vanished
            | Self::NoServerName => {}
        }
    }
}

impl Texts for Host {
    fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Interface(one) => one.texts(each),
            Self::RouteCame(route) | Self::RouteGone(route) => each(&mut route.interface),
            Self::NetworkChanged(text) | Self::ProxyChanged(text) => each(text),
            Self::Suspended
            | Self::Resumed
            | Self::Slept(_)
            | Self::ClockJumped(_)
            | Self::Starved(_) => {}
        }
    }
}

impl Texts for Asking {
    fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
        self.method.texts(each);
        self.target.texts(each);
        if let Some((head, _)) = &mut self.response {
            head.texts(each);
        }
    }
}

impl Texts for StanzaKind {
    fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Features {
                mechanisms,
                caps,
                others,
            } => {
                mechanisms.texts(each);
                caps.texts(each);
                others.texts(each);
            }
            Self::Auth { mechanism, user } => {
                mechanism.texts(each);
                user.texts(each);
            }
            Self::SaslFailure(error) | Self::StreamError(error) => error.texts(each),
            Self::Bind { resource, jid } => {
                resource.texts(each);
                jid.texts(each);
            }
            Self::Pubsub {
                action,
                node,
                subscription,
            } => {
                action.texts(each);
                node.texts(each);
                subscription.texts(each);
            }
            Self::Notification { node, .. } => node.texts(each),
            Self::Presence { show, priority } => {
                show.texts(each);
                priority.texts(each);
            }
            Self::Iq { child } => child.texts(each),
            Self::Malformed { why } => each(why),
            Self::Open
            | Self::Close
            | Self::Challenge
            | Self::Response
            | Self::Success
            | Self::Session
            | Self::Ping
            | Self::Message
            | Self::Other
            | Self::Whitespace
            | Self::Empty => {}
        }
    }
}
