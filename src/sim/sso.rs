//! Single sign-on: access tokens, and the refresh tokens that renew them (finesse.md 1.4).
//!
//! The detour over the identity provider is left out: who asks with the right password gets both.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::Full;

use super::answer::{ApiError, insert};
use super::node::Node;
use super::rest::authenticate as by_password;

/// The tokens that a server has issued, the latest of them.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<Vec<Token>>);

#[derive(Debug, Clone)]
struct Token {
    text: String,
    user: String,
    /// Seconds since the Unix epoch, by the server's clock.
    expires: i64,
    purpose: Use,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Access,
    Refresh,
}

/// Answers `/desktop/sso/token`: both tokens for a password, a new access token for a refresh token.
pub(super) fn token(
    node: &Node,
    request: &Request<impl Sized>,
) -> Result<Response<Full<Bytes>>, ApiError> {
    if node.health().token_expired {
        return Err(ApiError::token_expired());
    }
    let query = request.uri().query().unwrap_or_default();
    let fields = query.split('&').filter_map(|field| field.split_once('='));
    let refresh = { fields }.find(|(name, _)| *name == "refresh-token");
    let (user, refresh) = match refresh {
        Some((_, old)) => (node.tokens.owner(old, Use::Refresh, now(node))?, None),
        None => {
            let user = by_password(node, request.headers())?;
            let refresh = node.tokens.issue(node, &user, Use::Refresh);
            (user, Some(refresh))
        }
    };
    let access = node.tokens.issue(node, &user, Use::Access);
    let mut answer = serde_json::json!({
        "token": access,
        "expires_in": Use::Access.lives(node),
        "user_id": user,
        "realm": node.domain,
        "user_principal": format!("{user}@{}", node.domain),
    });
    if let (Some(refresh), Some(fields)) = (refresh, answer.as_object_mut()) {
        fields.insert("refresh_token".to_owned(), refresh.into());
    }
    let mut response = Response::new(Full::from(answer.to_string()));
    insert(&mut response, CONTENT_TYPE, "application/json");
    Ok(response)
}

/// The bearer token of a request, if it has one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::trim)
}

/// Whose access token it is. What a desktop writes is taken even when its token has expired: that is its sign-out.
pub(super) fn authenticate(node: &Node, token: &str, method: &Method) -> Result<String, ApiError> {
    let now = if method == Method::PUT { 0 } else { now(node) };
    node.tokens.owner(token, Use::Access, now)
}

impl Tokens {
    fn issue(&self, node: &Node, user: &str, purpose: Use) -> String {
        let issued = now(node);
        let expires = issued + purpose.lives(node);
        let seed = node.pubsub.seed();
        let claims = serde_json::json!({
            "iss": format!("ids.{}", node.domain), "iat": issued, "exp": expires, "jti": seed.uuid(),
        });
        let parts = [
            r#"{"cty":"JWT","alg":"RS256"}"#,
            &claims.to_string(),
            &seed.uuid(),
        ];
        let text = parts
            .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part))
            .join(".");
        let mut tokens = self.lock();
        if tokens.len() >= ISSUED {
            tokens.remove(0);
        }
        tokens.push(Token {
            text: text.clone(),
            user: user.to_owned(),
            expires,
            purpose,
        });
        text
    }

    fn owner(&self, text: &str, purpose: Use, now: i64) -> Result<String, ApiError> {
        let tokens = self.lock();
        let known = tokens
            .iter()
            .find(|one| one.text == text && one.purpose == purpose);
        let known = known.ok_or_else(ApiError::unauthorized)?;
        if known.expires <= now {
            return Err(ApiError::token_expired());
        }
        Ok(known.user.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Token>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Use {
    /// How many seconds one is valid, at the node's pace.
    fn lives(self, node: &Node) -> i64 {
        let documented = match self {
            Self::Access => ACCESS,
            Self::Refresh => REFRESH,
        };
        let real = node.pace.seconds(documented).as_secs().max(1);
        i64::try_from(real).unwrap_or(i64::MAX)
    }
}

fn now(node: &Node) -> i64 {
    node.users.now().as_second()
}

/// Seconds that tokens are valid: the sample of Cisco's documents.
const ACCESS: u64 = 300;
const REFRESH: u64 = 7200;
/// Tokens remembered.
const ISSUED: usize = 1024;
