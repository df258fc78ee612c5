//! The objects of HAR 1.2, the fields that Chrome and HTTP Toolkit add, and ours, whose names begin with `_finspect`.

use std::net::IpAddr;

use serde::Serialize;

use super::seen_by;
use crate::event::{Header, Micros, SessionStarted, Via};

/// Who wrote the file.
#[derive(Debug, Serialize)]
pub(super) struct Creator<'a> {
    name: &'static str,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
}

impl<'a> Creator<'a> {
    /// finspect, and the program that it had the record from.
    pub(super) fn of(session: &'a SessionStarted) -> Self {
        Self {
            name: "finspect",
            version: env!("CARGO_PKG_VERSION"),
            comment: seen_by(&session.source),
        }
    }
}

/// One exchange. The messages of a WebSocket follow its other fields.
#[derive(Debug, Default, Serialize)]
pub(super) struct Entry<'a> {
    #[serde(rename = "startedDateTime")]
    pub(super) started: String,
    /// The sum of the timings, in milliseconds.
    pub(super) time: f64,
    pub(super) request: Request<'a>,
    pub(super) response: Response<'a>,
    pub(super) cache: Cache,
    pub(super) timings: Timings,
    #[serde(rename = "serverIPAddress", skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<IpAddr>,
    /// The server's port, as Chrome has it; its DevTools show it beside the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connection: Option<String>,
    /// finspect's number of the connection.
    #[serde(rename = "_connectionId")]
    pub(super) connection_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
    /// The number of the event that it begins with.
    #[serde(rename = "_finspectEvent", skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<u64>,
    #[serde(rename = "_finspectVia", skip_serializing_if = "Option::is_none")]
    pub(super) via: Option<Via>,
    #[serde(rename = "_resourceType", skip_serializing_if = "Option::is_none")]
    pub(super) resource_type: Option<&'static str>,
    #[serde(rename = "_webSocketClose", skip_serializing_if = "Option::is_none")]
    pub(super) close: Option<SocketEnd>,
}

/// Always `{}`: finspect sees nothing of the browser's cache.
#[derive(Debug, Default, Serialize)]
pub(super) struct Cache {}

/// How a WebSocket ended, in HTTP Toolkit's form.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum SocketEnd {
    Close(SocketClose),
    /// `aborted`: without a Close.
    Aborted(&'static str),
}

/// The first Close of a WebSocket.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SocketClose {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<u16>,
    pub(super) reason: String,
    /// Seconds since the epoch.
    pub(super) timestamp: f64,
}

/// A request.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) url: String,
    pub(super) http_version: &'static str,
    pub(super) cookies: Vec<Cookie<'a>>,
    pub(super) headers: &'a [Header],
    pub(super) query_string: Vec<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) post_data: Option<PostData<'a>>,
    pub(super) headers_size: i64,
    pub(super) body_size: u64,
    /// HTTP Toolkit's field for a body that is no text.
    #[serde(rename = "_content", skip_serializing_if = "Option::is_none")]
    pub(super) binary: Option<Binary>,
    #[serde(rename = "_requestBodyStatus", skip_serializing_if = "Option::is_none")]
    pub(super) body_status: Option<&'static str>,
    #[serde(rename = "_trailers", skip_serializing_if = "<[_]>::is_empty")]
    pub(super) trailers: &'a [Header],
    /// The request target as sent, where it is no part of the URL as it is.
    #[serde(rename = "_finspectTarget", skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<&'a str>,
    #[serde(rename = "_finspectDelayUs", skip_serializing_if = "Option::is_none")]
    pub(super) delay: Option<Micros>,
    #[serde(rename = "_finspectCut", skip_serializing_if = "Option::is_none")]
    pub(super) cut: Option<u64>,
}

impl<'a> Request<'a> {
    /// A request of which no more is known.
    pub(super) fn bare(method: &'a str, url: String) -> Self {
        Self {
            method,
            url,
            http_version: "HTTP/1.1",
            headers_size: UNKNOWN,
            ..Self::default()
        }
    }
}

/// A response.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response<'a> {
    /// 0 if there was none.
    pub(super) status: u16,
    pub(super) status_text: &'a str,
    pub(super) http_version: &'static str,
    pub(super) cookies: Vec<Cookie<'a>>,
    pub(super) headers: &'a [Header],
    pub(super) content: Content<'a>,
    #[serde(rename = "redirectURL")]
    pub(super) redirect: &'a str,
    pub(super) headers_size: i64,
    pub(super) body_size: i64,
    #[serde(rename = "_transferSize")]
    pub(super) transfer_size: u64,
    #[serde(rename = "_trailers", skip_serializing_if = "<[_]>::is_empty")]
    pub(super) trailers: &'a [Header],
    /// What failed, in Chrome's words.
    #[serde(rename = "_error")]
    pub(super) error: Option<&'static str>,
    #[serde(rename = "_finspectDelayUs", skip_serializing_if = "Option::is_none")]
    pub(super) delay: Option<Micros>,
}

impl Response<'_> {
    /// What stands where there is no response.
    pub(super) fn none() -> Self {
        Self {
            content: Content::none(),
            headers_size: UNKNOWN,
            body_size: UNKNOWN,
            ..Self::default()
        }
    }
}

/// The content of a response.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content<'a> {
    /// Bytes, without the content coding.
    pub(super) size: u64,
    /// Bytes that the content coding saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) compression: Option<i64>,
    pub(super) mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<std::borrow::Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encoding: Option<&'static str>,
    /// Bytes at the end that were not kept.
    #[serde(rename = "_finspectCut", skip_serializing_if = "Option::is_none")]
    pub(super) cut: Option<u64>,
    /// The content coding could not be removed to the end.
    #[serde(
        rename = "_finspectStillEncoded",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub(super) still_encoded: bool,
}

impl Content<'_> {
    /// No content, in Chrome's words.
    pub(super) fn none() -> Self {
        Self {
            mime_type: "x-unknown",
            ..Self::default()
        }
    }
}

/// The body of a request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostData<'a> {
    pub(super) mime_type: &'a str,
    pub(super) text: &'a str,
    /// The fields of a form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) params: Vec<Pair>,
}

/// Bytes that are no text.
#[derive(Debug, Serialize)]
pub(super) struct Binary {
    pub(super) text: String,
    pub(super) size: u64,
    pub(super) encoding: &'static str,
}

/// A name and a value.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: String,
}

/// A cookie that is sent or set (RFC 6265).
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http_only: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secure: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) same_site: Option<&'a str>,
}

/// Milliseconds; -1 for what there was not.
#[derive(Debug, Default, Serialize)]
pub(super) struct Timings {
    pub(super) blocked: f64,
    pub(super) dns: f64,
    /// TLS included.
    pub(super) connect: f64,
    pub(super) ssl: f64,
    pub(super) send: f64,
    pub(super) wait: f64,
    pub(super) receive: f64,
}

impl Timings {
    /// A request on a connection that was there.
    pub(super) const fn none() -> Self {
        Self {
            blocked: -1.0,
            dns: -1.0,
            connect: -1.0,
            ssl: -1.0,
            send: 0.0,
            wait: 0.0,
            receive: 0.0,
        }
    }
}

/// HAR's word for a size that is not known.
pub(super) const UNKNOWN: i64 = -1;
