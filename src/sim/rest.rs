//! The REST API: `SystemInfo`, `User`, `Dialog`, `Team`, and the desktop page beside it.
//!
//! A change is answered 202 with an empty body and the `requestId` that came; what became of it is an event.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, SET_COOKIE,
};
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;

use super::answer::{ApiError, insert, xml};
use super::element::Element;
use super::node::{Node, update};
use super::sso;
use super::users::{AgentState, Untaken, Wanted};

/// Answers one request.
pub(super) async fn answer(node: &Arc<Node>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().trim_matches('/').to_owned();
    if path == "desktop" {
        return desktop(node);
    }
    if path == "desktop/sso/token" {
        let token = sso::token(node, &request);
        return token.unwrap_or_else(ApiError::into_response);
    }
    let result = match path.strip_prefix("finesse/api/") {
        Some(object) => resource(node, object, request).await,
        None => Err(ApiError::not_found(&path)),
    };
    result.unwrap_or_else(ApiError::into_response)
}

async fn resource(node: &Arc<Node>, object: &str, request: Request<Incoming>) -> Answer {
    let object: Vec<&str> = object.split('/').collect();
    if object == ["SystemInfo"] {
        allow(&request, &[Method::GET])?;
        check_notifications(node)?;
        return Ok(xml(&node.system_info("SystemInfo")));
    }
    check_service(node)?;
    check_token(node, request.method())?;
    let caller = match sso::bearer(request.headers()) {
        Some(token) => sso::authenticate(node, token, request.method())?,
        None => authenticate(node, request.headers())?,
    };
    let answer = match object.as_slice() {
        ["User", id] => {
            allow(&request, &[Method::GET, Method::PUT])?;
            if request.method() == Method::PUT {
                return change_user(node, &caller, id, request).await;
            }
            node.users.xml(id, "User")
        }
        ["User", id, "Dialogs"] => {
            allow(&request, &[Method::GET])?;
            node.users.knows(id).then(|| node.dialogs.of(id))
        }
        ["Dialog", id] => {
            allow(&request, &[Method::GET, Method::PUT])?;
            let number = id.parse().map_err(|_| ApiError::not_found(id))?;
            if request.method() == Method::PUT {
                return change_dialog(node, caller, number, request).await;
            }
            node.dialogs.xml(number)
        }
        ["Team", id, "Users"] => {
            allow(&request, &[Method::GET])?;
            let team = id.parse().map_err(|_| ApiError::not_found(id))?;
            if !node.users.supervises(&caller, team) {
                return Err(ApiError::forbidden(
                    "supervisors of the team alone may read it",
                ));
            }
            node.users.team_xml(team)
        }
        _ => None,
    };
    let body = answer.ok_or_else(|| ApiError::not_found(&object.join("/")))?;
    let mut response = xml(&body);
    let session = format!(
        "JSESSIONID={}; Path=/finesse; Secure; HttpOnly",
        node.pubsub.seed().uuid()
    );
    insert(&mut response, SET_COOKIE, &session);
    Ok(response)
}

/// Signs in or out, or changes the state; the event follows once CTI has answered.
async fn change_user(
    node: &Arc<Node>,
    caller: &str,
    id: &str,
    request: Request<Incoming>,
) -> Answer {
    if caller != id {
        let team = node.users.team(id).ok_or_else(|| ApiError::not_found(id))?;
        if !node.users.supervises(caller, team) {
            return Err(ApiError::forbidden("an agent changes no other agent"));
        }
    }
    let accepted = accepted(request.headers());
    let request_id = request_id(request.headers());
    let user = body(request).await?;
    let state = user
        .child_text("state")
        .ok_or_else(|| ApiError::missing("state"))?;
    let wanted = Wanted::parse(state).ok_or_else(|| ApiError::invalid("state"))?;
    let reason = user
        .child_text("reasonCodeId")
        .and_then(|code| code.parse().ok());
    node.users
        .change(id, wanted, user.child_text("extension"), reason)
        .map_err(|untaken| match untaken {
            Untaken::Unknown => ApiError::not_found(id),
            Untaken::NoExtension => ApiError::missing("extension"),
            Untaken::SignedOut => ApiError::invalid_state(),
        })?;
    let id = id.to_owned();
    node.after_cti(move |node| node.publish_user(&id, &request_id));
    Ok(accepted)
}

/// Answers a call, or drops it.
async fn change_dialog(
    node: &Arc<Node>,
    caller: String,
    id: u64,
    request: Request<Incoming>,
) -> Answer {
    let accepted = accepted(request.headers());
    let request_id = request_id(request.headers());
    let dialog = body(request).await?;
    let source = format!("/finesse/api/Dialog/{id}");
    let list = format!("/finesse/api/User/{caller}/Dialogs");
    let (event, state) = match dialog.child_text("requestedAction") {
        Some("ANSWER") if node.dialogs.answer(id, &caller) => {
            let dialog = node.dialogs.xml(id).unwrap_or_default();
            (
                update(&dialog, "PUT", &request_id, &source),
                AgentState::Talking,
            )
        }
        Some("DROP") => {
            let dialog = node.dialogs.drop_call(id, &caller);
            let dialog = dialog.ok_or_else(|| ApiError::not_found(&source))?;
            let data = format!("<dialogs>{dialog}</dialogs>");
            (
                update(&data, "DELETE", &request_id, &list),
                AgentState::Ready,
            )
        }
        Some(_) => return Err(ApiError::invalid("requestedAction")),
        None => return Err(ApiError::missing("requestedAction")),
    };
    node.after_cti(move |node| {
        node.pubsub.publish(&list, &event);
        if node.users.force(&caller, state, None) {
            node.publish_user(&caller, "");
        }
    });
    Ok(accepted)
}

/// The user whom HTTP Basic names, if the password is right.
pub(super) fn authenticate(node: &Node, headers: &HeaderMap) -> Result<String, ApiError> {
    let credentials = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|value| BASE64_STANDARD.decode(value.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((id, password)) = credentials.as_deref().and_then(|text| text.split_once(':')) else {
        return Err(ApiError::unauthorized());
    };
    if node.authenticate(id, password) {
        Ok(id.to_owned())
    } else {
        Err(ApiError::unauthorized())
    }
}

fn check_notifications(node: &Node) -> Result<(), ApiError> {
    let health = node.health();
    if health.notifications_down || health.webapp_down {
        return Err(ApiError::out_of_service());
    }
    Ok(())
}

fn check_service(node: &Node) -> Result<(), ApiError> {
    check_notifications(node)?;
    let health = node.health();
    if health.cti_lost {
        return Err(ApiError::out_of_service());
    }
    if health.cti_unnoticed {
        return Err(ApiError::cti_failed());
    }
    Ok(())
}

/// With an expired token nothing is read any more; what a desktop still writes is its sign-out.
fn check_token(node: &Node, method: &Method) -> Result<(), ApiError> {
    if node.health().token_expired && method != Method::PUT {
        return Err(ApiError::token_expired());
    }
    Ok(())
}

fn allow(request: &Request<Incoming>, methods: &[Method]) -> Result<(), ApiError> {
    if methods.contains(request.method()) {
        return Ok(());
    }
    Err(ApiError::method(methods))
}

async fn body(request: Request<Incoming>) -> Result<Element, ApiError> {
    let body = Limited::new(request.into_body(), BODY).collect().await;
    let bytes = body.map_err(|_| ApiError::invalid("body"))?.to_bytes();
    let text = std::str::from_utf8(&bytes).map_err(|_| ApiError::invalid("body"))?;
    Element::parse(text).map_err(|_| ApiError::invalid("body"))
}

fn request_id(headers: &HeaderMap) -> String {
    let value = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

fn accepted(headers: &HeaderMap) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::ACCEPTED;
    if let Some(id) = headers.get(REQUEST_ID) {
        response.headers_mut().insert(REQUEST_ID, id.clone());
    }
    response
}

fn desktop(node: &Node) -> Response<Full<Bytes>> {
    let nonce = node.pubsub.seed().uuid();
    let page = DESKTOP
        .replace("{{nonce}}", &nonce)
        .replace("{{domain}}", &node.domain);
    let mut response = Response::new(Full::new(Bytes::from(page)));
    insert(&mut response, CONTENT_TYPE, "text/html; charset=utf-8");
    insert(&mut response, CACHE_CONTROL, "no-store");
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    insert(&mut response, CONTENT_SECURITY_POLICY, &policy);
    response
}

type Answer = Result<Response<Full<Bytes>>, ApiError>;

/// The header that ties a request to its event; hyper's table knows it in lower case, the wire in its own.
const REQUEST_ID: HeaderName = HeaderName::from_static("requestid");
/// Largest request body in bytes.
const BODY: usize = 64 * 1024;
/// The page at `/desktop`.
const DESKTOP: &str = include_str!("desktop.html");
