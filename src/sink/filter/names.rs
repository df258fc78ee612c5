//! The names that a filter knows kinds of stanzas by: those of the JSON form.

#![deny(
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants
)]

use crate::event::StanzaKind;

/// The name of a stanza's purpose.
pub(crate) const fn purpose(kind: &StanzaKind) -> &'static str {
    match kind {
        StanzaKind::Open => "open",
        StanzaKind::Close => "close",
        StanzaKind::Features { .. } => "features",
        StanzaKind::Auth { .. } => "auth",
        StanzaKind::Challenge => "challenge",
        StanzaKind::Response => "response",
        StanzaKind::Success => "success",
        StanzaKind::SaslFailure(_) => "sasl-failure",
        StanzaKind::Bind { .. } => "bind",
        StanzaKind::Session => "session",
        StanzaKind::Ping => "ping",
        StanzaKind::Pubsub { .. } => "pubsub",
        StanzaKind::Notification { .. } => "notification",
        StanzaKind::Presence { .. } => "presence",
        StanzaKind::Message => "message",
        StanzaKind::Iq { .. } => "iq",
        StanzaKind::StreamError(_) => "stream-error",
        StanzaKind::Other => "other",
        StanzaKind::Whitespace => "whitespace",
        StanzaKind::Empty => "empty",
        StanzaKind::Malformed { .. } => "malformed",
    }
}
