//! The agent's REST calls, one connection kept alive.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::super::element::Element;
use super::super::seed::Seed;
use super::diary::{Diary, Experience};
use super::tunnel::Tunnel;
use super::{AgentConfig, patience};

/// Makes REST calls and notes what came of them.
pub(super) struct Rest {
    config: Arc<AgentConfig>,
    tunnel: Arc<Tunnel>,
    diary: Arc<Diary>,
    seed: Seed,
    kept: Mutex<Option<SendRequest<Full<Bytes>>>>,
    /// Carries what is kept.
    carrier: std::sync::Mutex<Option<AbortHandle>>,
    /// Sign-ins that are still tried with a wrong password.
    wrong_passwords: AtomicU32,
    /// The tokens of single sign-on, once there are some.
    tokens: std::sync::Mutex<Tokens>,
}

/// What a call brought.
struct Answer {
    status: u16,
    body: Bytes,
}

/// What single sign-on hands out.
#[derive(Default, Deserialize)]
struct Tokens {
    token: String,
    #[serde(default)]
    refresh_token: String,
}

impl Rest {
    /// No connection yet.
    pub(super) fn new(config: Arc<AgentConfig>, tunnel: Arc<Tunnel>, diary: Arc<Diary>) -> Self {
        let seed = Seed::new(config.seed);
        let wrong_passwords = AtomicU32::new(config.habits().wrong_passwords);
        Self {
            config,
            tunnel,
            diary,
            seed,
            kept: Mutex::new(None),
            carrier: std::sync::Mutex::new(None),
            wrong_passwords,
            tokens: std::sync::Mutex::default(),
        }
    }

    /// GET of an object below `/finesse/api/`: its XML, where the answer is some.
    pub(super) async fn fetch(&self, object: &str) -> Option<Element> {
        let answer = self.call(Method::GET, object, String::new()).await?;
        let text = std::str::from_utf8(&answer.body).ok()?;
        Element::parse(text).ok()
    }

    /// Asks for tokens, or for a new access token with the refresh token that is there.
    pub(super) async fn obtain_token(&self) {
        let user = &self.config.user;
        let refresh = std::mem::take(&mut self.tokens().refresh_token);
        let answer = if refresh.is_empty() {
            // Only a password proves who asks: an old access token does not.
            self.tokens().token.clear();
            let target = format!("{TOKEN}?cc_username={user}&return_refresh_token=true");
            self.call(Method::GET, &target, String::new()).await
        } else {
            let target = format!("{TOKEN}?cc_username={user}&refresh-token={refresh}");
            self.call(Method::POST, &target, String::new()).await
        };
        let new = answer.and_then(|answer| serde_json::from_slice(&answer.body).ok());
        let mut tokens = self.tokens();
        if let Some(new) = new {
            *tokens = new;
        }
        if tokens.refresh_token.is_empty() {
            tokens.refresh_token = refresh;
        }
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a state: true for 202.
    pub(super) async fn set_state(&self, state: &str) -> bool {
        let extension = match state {
            "LOGIN" => format!("<extension>{}</extension>", self.config.extension),
            _ => String::new(),
        };
        let object = format!("User/{}", self.config.user);
        let body = format!("<User><state>{state}</state>{extension}</User>");
        let answer = self.call(Method::PUT, &object, body).await;
        // The next one may be right; below zero there is nothing to count.
        let next = |left: u32| left.checked_sub(1);
        let _ = self
            .wrong_passwords
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        answer.is_some_and(|answer| answer.status == 202)
    }

    /// Ends the connection without a goodbye, as a browser does that dies.
    pub(super) async fn cut(&self) {
        let carrier = self.carrier.lock();
        let carrier = carrier.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(carrier) = carrier {
            carrier.abort();
        }
        *self.kept.lock().await = None;
    }

    async fn call(&self, method: Method, object: &str, body: String) -> Option<Answer> {
        let request_id = (method == Method::PUT).then(|| self.seed.uuid());
        let path = object.split('?').next().unwrap_or_default();
        let name = format!("{method} {path}");
        let call = self.exchange(method, object, body, request_id.clone());
        let result = match timeout(patience(self.config.pace), call).await {
            Ok(result) => result,
            Err(_) => {
                *self.kept.lock().await = None;
                Err("timeout".to_owned())
            }
        };
        let what = match &result {
            Ok(answer) => Experience::Answered {
                request: name,
                status: answer.status,
                request_id,
            },
            Err(why) => Experience::Unanswered {
                request: name,
                why: why.clone(),
            },
        };
        self.diary.note(what);
        result.ok()
    }

    async fn exchange(
        &self,
        method: Method,
        object: &str,
        body: String,
        request_id: Option<String>,
    ) -> Result<Answer, String> {
        let wrong = self.wrong_passwords.load(Ordering::Relaxed) > 0;
        let password = if wrong {
            "wrong"
        } else {
            &self.config.password
        };
        let credentials = match self.tokens().token.as_str() {
            "" => {
                let plain = format!("{}:{password}", self.config.user);
                format!("Basic {}", BASE64_STANDARD.encode(plain))
            }
            token => format!("Bearer {token}"),
        };
        let target = match object.strip_prefix('/') {
            Some(_) => object.to_owned(),
            None => format!("/finesse/api/{object}"),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, self.tunnel.authority())
            .header(AUTHORIZATION, credentials);
        if let Some(id) = request_id {
            request = request
                .header("requestId", id)
                .header(CONTENT_TYPE, "application/xml");
        }
        let request = request
            .body(Full::from(body))
            .map_err(|error| error.to_string())?;
        let mut kept = self.kept.lock().await;
        let alive = match kept.as_mut() {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        let mut sender = match kept.take().filter(|_| alive) {
            Some(sender) => sender,
            None => self.open().await?,
        };
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), BODY).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        *kept = Some(sender);
        Ok(Answer { status, body })
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let stream = self
            .tunnel
            .dial()
            .await
            .map_err(|error| error.to_string())?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| error.to_string())?;
        // It ends when its sender is dropped.
        let carrier = tokio::spawn(connection).abort_handle();
        *self.carrier.lock().unwrap_or_else(PoisonError::into_inner) = Some(carrier);
        Ok(sender)
    }
}

/// Where tokens are issued and renewed.
const TOKEN: &str = "/desktop/sso/token";
/// Longest answer in bytes.
const BODY: usize = 1 << 20;
