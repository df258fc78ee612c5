//! Tokens of single sign-on, as Finesse hands them to a desktop (`finesse.md` 1.4).

use serde::Deserialize;

use super::{At, Connection, Exchange};
use crate::event::{ConnectionId, Micros};
use crate::finesse::token;

/// An access token was issued, for the first time or in place of one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The answer that brought it.
    pub at: At,
    /// On which connection.
    pub connection: ConnectionId,
    /// Which server answered; empty where that was not seen.
    pub host: String,
    /// Whose it is, where the answer or the request tells: a login name, or an id.
    pub user: Option<String>,
    /// How long it is valid, from the answer on.
    pub lives: Option<Micros>,
    /// When the refresh token that came with it expires, in seconds since the Unix epoch by its issuer's clock; a renewal
    /// brings none.
    pub refresh_expires: Option<i64>,
}

/// What is read of the answer's JSON.
#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "access_token")]
    token: String,
    refresh_token: Option<String>,
    expires_in: Option<Seconds>,
    user_id: Option<String>,
}

/// A number of seconds, which some write as a string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(u64),
    Text(String),
}

impl Grant {
    /// What the body of an answer to `/desktop/sso/token` says.
    pub(super) fn of(exchange: &Exchange, from: &Connection, body: &str, at: At) -> Option<Self> {
        let granted = exchange.answered.is_some_and(|(_, status)| status == 200);
        if !granted || !is_token_service(&exchange.target) {
            return None;
        }
        let answer: Answer = serde_json::from_str(body).ok()?;
        if answer.token.is_empty() {
            return None;
        }
        let host = from.target.as_ref().map(|target| target.host.clone());
        Some(Self {
            at,
            connection: from.id,
            host: host.unwrap_or_default(),
            user: answer.user_id.or_else(|| asked_for(&exchange.target)),
            lives: answer.expires_in.and_then(|seconds| seconds.read()),
            refresh_expires: answer.refresh_token.as_deref().and_then(token::expires),
        })
    }
}

impl Seconds {
    fn read(&self) -> Option<Micros> {
        let seconds = match self {
            Self::Number(seconds) => *seconds,
            Self::Text(text) => text.trim().parse().ok()?,
        };
        seconds.checked_mul(1_000_000).map(Micros)
    }
}

/// Whether a request target is that of the service that issues tokens and renews them.
#[must_use]
pub fn is_token_service(target: &str) -> bool {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    path.trim_end_matches('/').ends_with("/sso/token")
}

/// The user whom a request for a token names.
fn asked_for(target: &str) -> Option<String> {
    let (_, query) = target.split_once('?')?;
    let mut fields = query.split('&').filter_map(|field| field.split_once('='));
    let (_, user) = fields.find(|(name, _)| *name == "cc_username")?;
    (!user.is_empty()).then(|| user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Redaction;
    use crate::redact::{Key, Redactor};

    /// What the answer gives after redaction, for a request for `target` that was answered with 200.
    fn granted(level: Redaction, target: &str, body: &str) -> Option<Grant> {
        let exchange = Exchange {
            number: 1,
            method: "GET".to_owned(),
            target: target.to_owned(),
            request_id: None,
            asked: At::default(),
            answered: Some((At::default(), 200)),
            upgrade: false,
            credentials: false,
            token_expires: None,
        };
        let from = Connection::new(ConnectionId(1), At::default());
        let redactor = Redactor::new(level, &Key::from([7; 32]));
        Grant::of(&exchange, &from, &redactor.redact_text(body), At::default())
    }

    /// Header, claims and signature in base64; the claims are `{"exp":1671713561}` and `{"exp":1671720461}`.
    const ANSWER: &str = r#"{"token":"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE2NzE3MTM1NjF9.c2lnbmF0dXJl",
        "refresh_token":"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE2NzE3MjA0NjF9.c2lnbmF0dXJl",
        "expires_in":300,"user_id":"sjefferson","realm":"finesse.com","user_principal":"sjefferson@finesse.com"}"#;

    #[test]
    fn an_answer_tells_how_long_its_tokens_live_at_every_level_of_redaction() {
        for level in [Redaction::Off, Redaction::Standard, Redaction::Strict] {
            let grant = granted(level, "/desktop/sso/token?return_user=yes", ANSWER).unwrap();
            assert_eq!(grant.lives, Some(Micros(300_000_000)));
            assert_eq!(grant.refresh_expires, Some(1_671_720_461), "{level:?}");
            let named = grant.user.unwrap();
            assert_eq!(named == "sjefferson", level != Redaction::Strict, "{named}");
        }
    }

    #[test]
    fn what_the_answer_leaves_out_is_taken_from_the_request_or_unknown() {
        let target = "/desktop/sso/token?cc_username=ada";
        let grant = granted(
            Redaction::Off,
            target,
            r#"{"token":"x","expires_in":"299"}"#,
        );
        let grant = grant.unwrap();
        assert_eq!(grant.user.as_deref(), Some("ada"));
        assert_eq!(grant.lives, Some(Micros(299_000_000)));
        assert_eq!(grant.refresh_expires, None);
    }

    #[test]
    fn another_answer_grants_nothing() {
        let token = "/desktop/sso/token";
        for (target, body) in [
            ("/desktop/sso/tokens", ANSWER),
            (token, ""),
            (token, "<html>"),
            (token, "{}"),
            (token, r#"{"token":""}"#),
        ] {
            assert_eq!(
                granted(Redaction::Off, target, body),
                None,
                "{target} {body}"
            );
        }
        let huge = r#"{"token":"x","expires_in":18446744073709551615}"#;
        assert_eq!(granted(Redaction::Off, token, huge).unwrap().lives, None);
    }
}
