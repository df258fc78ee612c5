//! Answers of the REST API: XML, and the error body that says what was wrong.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;

use super::element::element;

/// An error body (`ApiErrors`) with its status.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: &'static str,
    data: String,
    allow: Option<String>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: &'static str, data: &str) -> Self {
        Self {
            status,
            kind,
            message,
            data: data.to_owned(),
            allow: None,
        }
    }

    /// 401: wrong credentials, or a locked account.
    pub(super) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Invalid Authorization User Specified",
            "the user id or the password is wrong, or the account is locked",
            "",
        )
    }

    /// 403, and for whom it is not.
    pub(super) fn forbidden(message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message, "")
    }

    /// 404: no such object.
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "Not Found",
            "there is no such object",
            what,
        )
    }

    /// 400: a parameter that has to be there.
    pub(super) fn missing(parameter: &'static str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "Parameter Missing",
            "a parameter is missing",
            parameter,
        )
    }

    /// 400: a parameter that makes no sense.
    pub(super) fn invalid(parameter: &'static str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "Invalid Input",
            "a parameter is not valid",
            parameter,
        )
    }

    /// 400: a state for an agent who is signed out.
    pub(super) fn invalid_state() -> Self {
        let message = "the agent is not signed in";
        Self::new(StatusCode::BAD_REQUEST, "Invalid State", message, "LOGOUT")
    }

    /// 503: something that Finesse depends on is down.
    pub(super) fn out_of_service() -> Self {
        let message = "Finesse is out of service";
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "SERVER_OUT_OF_SERVICE",
            message,
            "",
        )
    }

    /// 500: the CTI server is lost and Finesse does not know it yet.
    pub(super) fn cti_failed() -> Self {
        let message = "the request could not be sent to CTI";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "Internal Server Error", message, "")
    }

    /// 401 for a token that has expired.
    pub(super) fn token_expired() -> Self {
        let message = "the access token has expired";
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", message, "")
    }

    /// 405, and what is allowed.
    pub(super) fn method(allowed: &[Method]) -> Self {
        let message = "the object does not take this method";
        let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
        Self {
            allow: Some(names.join(", ")),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "Method Not Allowed",
                message,
                "",
            )
        }
    }

    /// The error as an answer.
    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = xml(&format!(
            "<ApiErrors><ApiError>{}{}{}</ApiError></ApiErrors>",
            element("ErrorType", self.kind),
            element("ErrorMessage", self.message),
            element("ErrorData", &self.data)
        ));
        *response.status_mut() = self.status;
        if let Some(methods) = self.allow {
            insert(&mut response, ALLOW, &methods);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            insert(&mut response, WWW_AUTHENTICATE, "Basic realm=\"Finesse\"");
        }
        response
    }
}

/// 200 with XML.
pub(super) fn xml(body: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    insert(&mut response, CONTENT_TYPE, "application/xml;charset=UTF-8");
    insert(&mut response, CACHE_CONTROL, "no-cache");
    response
}

/// Sets a header; a value that HTTP cannot carry is left out.
pub(super) fn insert(response: &mut Response<Full<Bytes>>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
