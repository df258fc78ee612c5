//! The rewriting relay: where the names differ, or the form of the request has to change.
//!
//! hyper on both sides, streaming both ways; what is changed stands in [`headers`], and each change is an event.
//! The tap looks at the upstream's side ([`watched`]), so it sees what the server saw. After a 101 it is the verbatim
//! relay again.

mod expect;
mod headers;
mod watched;

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, Version};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::JoinSet;

use self::expect::Gated;
use self::headers::{Names, rewrite_request, rewrite_response};
use self::watched::Watched;
use super::door::Door;
use super::pages::{self, Page};
use super::relay::{Leg, Relay, Sight};
use super::reverse::{Reverse, Scheme};
use super::tls::{Hello, UpstreamHandshake, connect};
use super::upstream;
use crate::event::{Authority, DialFailure, Direction, EventKind, Refusal};
use crate::tap::{Limits, Tap};

/// Why there is a rewriting relay.
#[derive(Debug, Clone)]
pub(super) enum Mode {
    /// Plain HTTP through the proxy: the request names the upstream in absolute form.
    AbsoluteForm,
    /// A reverse listener under another name.
    Reverse(Reverse),
}

type Body = BoxBody<Bytes, hyper::Error>;
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The upstream end of one client connection.
struct Upstream {
    target: Authority,
    sender: client::SendRequest<Gated>,
    /// Drives the connection; ends with it.
    _driver: JoinSet<()>,
}

/// A 101 went through: both ends wait to become a relay.
struct Switch {
    client: OnUpgrade,
    server: OnUpgrade,
}

struct Rewriting<'a> {
    door: &'a Door,
    mode: Mode,
    upstream: AsyncMutex<Option<Upstream>>,
    switch: Mutex<Option<Switch>>,
}

/// Serves a client connection; what is returned is left to be relayed.
pub(super) async fn serve(door: &Door, leg: Leg, mode: Mode) -> Option<Relay> {
    let rewriting = Rewriting {
        door,
        mode,
        upstream: AsyncMutex::new(None),
        switch: Mutex::new(None),
    };
    let unread = Sight::new(door.observer.clone(), None);
    let client = Watched::new(leg, unread, Direction::ToServer, door.tally.clone());
    let service = service_fn(|request| rewriting.handle(request));
    let serving = server::Builder::new()
        .preserve_header_case(true)
        .half_close(true)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(client), service)
        .with_upgrades();
    if let Err(error) = serving.await {
        tracing::debug!(%error, "the client's side of a rewriting relay ended");
    }
    let switch = rewriting
        .switch
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()?;
    switch.relay(door).await
}

impl Rewriting<'_> {
    async fn handle(&self, mut request: Request<Incoming>) -> Result<Response<Body>, Failure> {
        let (scheme, target) = match self.target(&request) {
            Ok(found) => found,
            Err(page) => return Ok(respond(&page)),
        };
        let client_upgrade = hyper::upgrade::on(&mut request);
        let names = self.names(&request, scheme, &target);
        let visible = matches!(self.mode, Mode::Reverse(_)) || self.door.intercepts(&target);
        let say = |direction, rewritten| {
            if visible {
                let kind = EventKind::Rewritten(rewritten);
                self.door.observer.fact_of(direction, kind);
            }
        };
        rewrite_request(&mut request, &names, |one| say(Direction::ToServer, one));
        let (request, answered) = Gated::wrap(request);
        let mut upstream = self.upstream.lock().await;
        if upstream
            .as_ref()
            .is_none_or(|one| one.target != target || one.sender.is_closed())
        {
            *upstream = match self.open(scheme, &target, visible).await {
                Ok(opened) => Some(opened),
                Err(Opening::Page(page)) => return Ok(respond(&page)),
                Err(Opening::Fail(failure)) => return Err(failure),
            };
        }
        let Some(one) = upstream.as_mut() else {
            return Err("no upstream".into());
        };
        one.sender.ready().await?;
        let response = one.sender.send_request(request).await;
        answered.open();
        let mut response = response?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let switch = Switch {
                client: client_upgrade,
                server: hyper::upgrade::on(&mut response),
            };
            *self.switch.lock().unwrap_or_else(PoisonError::into_inner) = Some(switch);
        }
        rewrite_response(&mut response, &names, |one| say(Direction::ToClient, one));
        Ok(response.map(|body| body.boxed()))
    }

    /// What the request is for.
    fn target(&self, request: &Request<Incoming>) -> Result<(Scheme, Authority), Page> {
        match &self.mode {
            Mode::Reverse(reverse) => Ok((reverse.scheme(), reverse.upstream().clone())),
            Mode::AbsoluteForm => authority_of(request.uri())
                .map(|target| (Scheme::Http, target))
                .ok_or_else(|| {
                    let text = "a request to a proxy names its host: http://HOST/…";
                    pages::plain(StatusCode::BAD_REQUEST, text)
                }),
        }
    }

    /// Under which names the two sides know each other.
    fn names(&self, request: &Request<Incoming>, scheme: Scheme, target: &Authority) -> Names {
        let local = match self.mode {
            Mode::AbsoluteForm => None,
            Mode::Reverse(_) => request
                .headers()
                .get(http::header::HOST)
                .and_then(|host| host.to_str().ok())
                .map(str::to_owned),
        };
        Names::new(local, scheme, target)
    }

    async fn open(
        &self,
        scheme: Scheme,
        target: &Authority,
        visible: bool,
    ) -> Result<Upstream, Opening> {
        let tcp = match self
            .door
            .shared
            .dialer
            .dial(target, &self.door.observer)
            .await
        {
            Ok(tcp) => tcp,
            Err(DialFailure::Loop) => return Err(Opening::Page(self.refuse_loop(target))),
            Err(reason) => return Err(Opening::Page(self.not_reached(target, &reason))),
        };
        let leg = match scheme {
            Scheme::Http => Leg::plain(tcp),
            Scheme::Https => {
                let hello = Hello {
                    server_name: Some(target.host.clone()),
                    alpn: vec![b"http/1.1".to_vec()],
                    cipher_suites: 0,
                };
                let shared = &self.door.shared;
                let key_log = shared.key_log.as_ref();
                let observer = &self.door.observer;
                match connect(tcp, &target.host, &hello, &shared.trust, key_log, observer).await {
                    UpstreamHandshake::Established { leg, .. } => leg,
                    UpstreamHandshake::Refused(failure) => {
                        return Err(Opening::Fail(failure.reason.to_string().into()));
                    }
                    UpstreamHandshake::NotBelieved {
                        reason,
                        advice,
                        chain,
                    } => {
                        let page =
                            pages::not_believed(&target.host, &reason, advice.as_ref(), &chain);
                        return Err(Opening::Page(page));
                    }
                }
            }
        };
        let tap = visible.then(|| Tap::new(Limits::default()));
        let sight = Sight::new(self.door.observer.clone(), tap);
        let io = Watched::new(leg, sight, Direction::ToClient, self.door.tally.clone());
        let (sender, connection) = client::Builder::new()
            .preserve_header_case(true)
            .handshake(TokioIo::new(io))
            .await
            .map_err(|error| Opening::Fail(error.into()))?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "the upstream's side of a rewriting relay ended");
            }
        });
        Ok(Upstream {
            target: target.clone(),
            sender,
            _driver: driver,
        })
    }

    fn refuse_loop(&self, target: &Authority) -> Page {
        let refusal = Refusal::Loop(target.clone());
        self.door.observer.fact(EventKind::Refused(refusal));
        pages::plain(
            StatusCode::FORBIDDEN,
            &format!("{target} is finspect itself"),
        )
    }

    fn not_reached(&self, target: &Authority, reason: &DialFailure) -> Page {
        let status = upstream::status_of(reason);
        upstream::failed(target, reason, Some(status), &self.door.observer);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        pages::plain(status, &format!("no connection to {target}: {reason}"))
    }
}

/// Why an upstream connection did not open.
enum Opening {
    /// The client is to read why.
    Page(Page),
    /// The client is to see the connection end, as it would have without us.
    Fail(Failure),
}

impl Switch {
    async fn relay(self, door: &Door) -> Option<Relay> {
        let (client, server) = match tokio::try_join!(self.client, self.server) {
            Ok(both) => both,
            Err(error) => {
                tracing::debug!(%error, "an upgrade did not come about");
                return None;
            }
        };
        let (client, from_client) = given_back(client)?;
        let (server, from_server) = given_back(server)?;
        let (mut client, _) = client.into_parts();
        let (mut server, mut sight) = server.into_parts();
        // What the server sent behind its 101 was shown when hyper read it; what the client sent was not.
        sight.skip(from_server.len());
        client.unread(from_client);
        server.unread(from_server);
        Some(door.relay(client, server, sight))
    }
}

/// A side of the exchange, given back by hyper, and what it had read beyond the exchange.
fn given_back(upgraded: Upgraded) -> Option<(Watched, Bytes)> {
    let parts = upgraded.downcast::<TokioIo<Watched>>().ok()?;
    Some((parts.io.into_inner(), parts.read_buf))
}

fn authority_of(uri: &Uri) -> Option<Authority> {
    if uri.scheme_str()? != "http" {
        return None;
    }
    super::intercept::parse_authority(uri.authority()?.as_str().rsplit('@').next()?, Some(80))
}

fn respond(page: &Page) -> Response<Body> {
    let mut response = page
        .response()
        .map(|body: Full<Bytes>| body.map_err(|never| match never {}).boxed());
    *response.version_mut() = Version::HTTP_11;
    response
}
